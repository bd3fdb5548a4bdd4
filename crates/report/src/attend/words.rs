//! Where attention is sparse, in sentences.

use crate::words::{count, counted, list, percent};
use dunwu_attention::sparsity::{Layer, SINK_HEAD, SINK_KEY, SINKS, Sparsity};
use dunwu_streams::{Attended, BeginToken, WrittenAssignment};

/// The token at a position of the text.
pub(super) fn token(tokens: &[String], position: usize) -> &str {
    tokens.get(position).map_or("?", String::as_str)
}

/// A token in quotation marks.
pub(super) fn quoted(tokens: &[String], position: usize) -> String {
    format!("‘{}’", token(tokens, position).escape_debug())
}

/// A token with its position.
pub(super) fn token_at(tokens: &[String], position: usize) -> String {
    format!("{} at {}", quoted(tokens, position), count(position as u64))
}

/// Where it is sparse, first in one sentence.
pub(super) fn sentences(attended: &Attended) -> Vec<String> {
    let sparsity = &attended.sparsity;
    let overall = sparsity.overall();
    let mean = |name: &str| percent(overall.mean(name));
    let recent = counted(sparsity.plan.recent, "token");
    let mut sentences = vec![format!(
        "{} of the attention rests on the first token and {} on the last {recent}.",
        mean("mass_first"),
        mean("mass_recent"),
    )];
    sentences.push(format!("On average {} of the keys hold 95 % of a query's attention.", mean("share_for_95")));
    sentences.push(sink_sentence(sparsity));
    let layers = sparsity.layers();
    let by_density = |a: &usize, b: &usize| layers[*a].mean("share_for_95").total_cmp(&layers[*b].mean("share_for_95"));
    let (sparsest, densest) = ((0..layers.len()).min_by(by_density), (0..layers.len()).max_by(by_density));
    if let (Some(sparsest), Some(densest), 2..) = (sparsest, densest, layers.len()) {
        let said = |layer: usize| format!("{layer} ({} of the keys)", percent(layers[layer].mean("share_for_95")));
        sentences.push(format!("The sparsest layer is {}, the densest {}.", said(sparsest), said(densest)));
    }
    let sizes = sparsity.plan.sizes();
    if let Some((first, last)) = sizes.first().zip(sizes.last()) {
        let lost =
            |i: usize, size: usize| format!("{} at {size} keys ({SINKS}+{})", percent(overall.lost[i]), size - SINKS);
        let rest = if sizes.len() > 1 { format!(", {}", lost(sizes.len() - 1, *last)) } else { String::new() };
        sentences
            .push(format!("Of the attention, a cache of first and last keys would lose {}{rest}.", lost(0, *first)));
    }
    sentences.push(other_sinks(attended));
    sentences.push(begin_sentence(attended.begin.as_ref()));
    sentences.extend(attended.assigned.as_ref().map(assignment_sentence));
    sentences
}

fn sink_sentence(sparsity: &Sparsity) -> String {
    let layers = sparsity.layers();
    let mean =
        |layers: &[Layer]| layers.iter().map(|layer| layer.mean("mass_first")).sum::<f64>() / layers.len() as f64;
    let n_sinks = sparsity.heads.iter().filter(|head| head.mean("mass_first") > SINK_HEAD).count();
    let heads =
        format!("{} of {} put more than {} there", n_sinks, counted(sparsity.heads.len(), "head"), percent(SINK_HEAD));
    match sparsity.sink_onset() {
        None => format!("There is no sink: no head puts more than {} on the first token.", percent(SINK_HEAD)),
        Some(0) => format!("The heads of the first layer have the sink already: {heads}."),
        Some(layer) => format!(
            "The sink switches on at layer {layer}: the first token draws {} before it and {} from it on; {heads}.",
            percent(mean(&layers[..layer])),
            percent(mean(&layers[layer..])),
        ),
    }
}

fn other_sinks(attended: &Attended) -> String {
    let sinks = &attended.sparsity.sinks;
    if sinks.is_empty() {
        return format!("No other key draws more than {} of a head's attention from afar.", percent(SINK_KEY));
    }
    let named: Vec<String> = sinks.iter().map(|sink| token_at(&attended.tokens, sink.position)).collect();
    format!(
        "Other keys that draw more than {} of a head's attention from afar: {}.",
        percent(SINK_KEY),
        list(&named, 3)
    )
}

/// The sentence that says which token was put before the text, and whether the model's file demands it.
pub(super) fn begin_sentence(begin: Option<&BeginToken>) -> String {
    match begin {
        Some(begin) if begin.is_demanded => {
            format!("The text begins with {}, as the model's file demands.", begin.text)
        }
        Some(begin) => {
            format!("The text begins with {}, which parts texts; the model's file demands nothing.", begin.text)
        }
        None => "Nothing is put before the text.".to_owned(),
    }
}

fn assignment_sentence(written: &WrittenAssignment) -> String {
    let WrittenAssignment { path, hold, otherwise, n_tokens, n_otherwise, n_key_heads, .. } = written;
    let [bytes, uniform] = [written.bytes, written.bytes_uniform].map(|bytes| bytes as f64 / 1e6);
    let path = path.display();
    format!(
        "{} of {n_key_heads} key heads hold {:.0} % of their attention in a small cache and {n_otherwise} get {otherwise}: {bytes:.1} MB \
         after {} tokens, {uniform:.1} MB with {otherwise} everywhere. Written to {path}, for `dunwu stream --policy heads:{path}`.",
        n_key_heads - n_otherwise,
        100.0 * hold,
        count(*n_tokens as u64),
    )
}

/// What was measured on what, in half a line.
pub(super) fn setup(attended: &Attended) -> String {
    let sparsity = &attended.sparsity;
    let plan = sparsity.plan;
    let begin = attended
        .begin
        .as_ref()
        .map_or("nothing put before them".to_owned(), |begin| format!("{} before them", begin.text));
    format!(
        "{} of {}, {begin} · {} from {} on · all keys kept · {} of {}",
        counted(plan.n_tokens, "token"),
        attended.text_name(),
        counted(plan.n_queries(), "query").replace("querys", "queries"),
        count(plan.from as u64),
        counted(sparsity.n_layers(), "layer"),
        counted(sparsity.n_heads, "query head"),
    )
}
