//! Tables of a model's attention.

use super::words;
use dunwu::answer::{Table, TableCell};
use dunwu_attention::sparsity::{Layer, MEASURES, Measure, Sink, Sparsity};
use dunwu_streams::Attended;

/// More sinks than this are left to the data.
const MOST_SINKS: usize = 20;

/// Means by layer under the measures' names, which are the keys of the data.
pub(super) fn layers_with_names(sparsity: &Sparsity) -> Table {
    layers(sparsity, |measure| measure.name, "sink_heads")
}

/// Means by layer under the measures' titles.
pub(super) fn layers_with_titles(sparsity: &Sparsity) -> Table {
    layers(sparsity, |measure| measure.title, "Heads with a sink")
}

fn layers(sparsity: &Sparsity, heading: fn(&Measure) -> &'static str, sink_heads: &'static str) -> Table {
    let row = |name: String, layer: &Layer| -> Vec<TableCell> {
        let measures = MEASURES.iter().zip(&layer.measures).map(|(measure, value)| match measure.unit {
            "share" => TableCell::Share(*value),
            _ => TableCell::Number(*value),
        });
        [name.into()].into_iter().chain(measures).chain([TableCell::Share(layer.sink_heads)]).collect()
    };
    let means = sparsity.layers();
    let rows = means.iter().enumerate().map(|(i, layer)| row(i.to_string(), layer));
    let heads: Vec<&str> = ["layer"].into_iter().chain(MEASURES.iter().map(heading)).chain([sink_heads]).collect();
    Table::new("layers", 1, &heads, rows.chain([row("all".to_owned(), &sparsity.overall())]).collect())
}

/// Keys besides the first that far queries keep looking at.
pub(super) fn sinks(attended: &Attended) -> Table {
    let row = |sink: &Sink| {
        vec![
            words::token_at(&attended.tokens, sink.position).into(),
            format!("layer {}, head {}", sink.layer, sink.head).into(),
            TableCell::Share(sink.mass),
            TableCell::Count(sink.n_heads as u64),
        ]
    };
    let rows = attended.sparsity.sinks.iter().take(MOST_SINKS).map(row).collect();
    Table::new("sinks", 2, &["key", "strongest head", "its mass on the key", "heads above a tenth"], rows)
}
