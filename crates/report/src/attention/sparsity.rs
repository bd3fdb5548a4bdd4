//! Where attention is sparse: sentences, the table by layer, and the page.

use super::{maps, onset, patterns};
use crate::figures::Figure;
use crate::landscape::Page;
use crate::landscape::table::Table;
use crate::page::{self, Head, document};
use crate::svg::escape;
use crate::words::{count, counted, list, percent};
use dunwu_attention::sparsity::{Layer, MEASURES, Measure, SINK_HEAD, SINK_KEY, SINKS, Sparsity};

/// What was read by what.
pub struct Reading {
    /// The model's name.
    pub model: String,
    /// The text's.
    pub text: String,
    /// The token that was put before the text, if one was.
    pub begin: Option<String>,
    /// The tokens that were read, as text.
    pub tokens: Vec<String>,
}

impl Reading {
    /// A token with its position.
    fn at(&self, position: usize) -> String {
        let token = self.tokens.get(position).map_or("?", String::as_str);
        format!("‘{}’ at {}", token.escape_debug(), count(position as u64))
    }
}

/// Where it is sparse, first in one sentence.
pub fn sparsity_sentences(sparsity: &Sparsity, reading: &Reading) -> Vec<String> {
    let overall = sparsity.overall();
    let mean = |name: &str| percent(overall.mean(name));
    let recent = counted(sparsity.plan.recent, "token");
    let mut sentences = vec![format!(
        "{} of the attention rests on the first token and {} on the last {recent}; {} of the keys hold 95 % of it.",
        mean("mass_first"),
        mean("mass_recent"),
        mean("share_for_95"),
    )];
    sentences.push(sink_sentence(sparsity));
    let layers = sparsity.layers();
    let by_density = |a: &usize, b: &usize| layers[*a].mean("share_for_95").total_cmp(&layers[*b].mean("share_for_95"));
    let (sparsest, densest) = ((0..layers.len()).min_by(by_density), (0..layers.len()).max_by(by_density));
    if let (Some(sparsest), Some(densest), 2..) = (sparsest, densest, layers.len()) {
        let said =
            |layer: usize| format!("layer {layer} ({} of the keys)", percent(layers[layer].mean("share_for_95")));
        sentences.push(format!("Sparsest is {}, densest {}.", said(sparsest), said(densest)));
    }
    let sizes = sparsity.plan.sizes();
    if let Some((first, last)) = sizes.first().zip(sizes.last()) {
        let lost =
            |i: usize, size: usize| format!("{} at {size} keys ({SINKS}+{})", percent(overall.lost[i]), size - SINKS);
        let rest = if sizes.len() > 1 { format!(", {}", lost(sizes.len() - 1, *last)) } else { String::new() };
        sentences.push(format!("A cache of first and last keys would lose {}{rest}.", lost(0, *first)));
    }
    sentences.push(other_sinks(sparsity, reading));
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
        Some(0) => format!("The sink is on from the first layer: {heads}."),
        Some(layer) => format!(
            "The sink switches on at layer {layer}: the first token draws {} before it and {} from it on; {heads}.",
            percent(mean(&layers[..layer])),
            percent(mean(&layers[layer..])),
        ),
    }
}

fn other_sinks(sparsity: &Sparsity, reading: &Reading) -> String {
    if sparsity.sinks.is_empty() {
        return format!("No other key draws more than {} of a head from afar.", percent(SINK_KEY));
    }
    let named: Vec<String> = sparsity.sinks.iter().map(|sink| reading.at(sink.position)).collect();
    format!("Other keys that draw more than {} of a head from afar: {}.", percent(SINK_KEY), list(&named, 3))
}

/// A value as its unit is written.
fn written(measure: &Measure, value: f64) -> String {
    match measure.unit {
        "share" => percent(value),
        "keys" => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

fn table(sparsity: &Sparsity, heading: fn(&Measure) -> &'static str, sink_heads: &'static str) -> Table {
    let row = |name: String, layer: &Layer| {
        let measures = MEASURES.iter().zip(&layer.measures).map(|(measure, value)| written(measure, *value));
        [name].into_iter().chain(measures).chain([percent(layer.sink_heads)]).collect()
    };
    let layers = sparsity.layers();
    let rows = layers.iter().enumerate().map(|(i, layer)| row(i.to_string(), layer));
    Table {
        head: ["layer"].into_iter().chain(MEASURES.iter().map(heading)).chain([sink_heads]).collect(),
        n_text: 1,
        rows: rows.chain([row("all".to_owned(), &sparsity.overall())]).collect(),
    }
}

/// Means by layer, for a terminal.
pub fn sparsity_text(sparsity: &Sparsity) -> String {
    table(sparsity, |measure| measure.name, "sink_heads").text()
}

fn sinks(sparsity: &Sparsity, reading: &Reading) -> Table {
    let row = |sink: &dunwu_attention::sparsity::Sink| {
        vec![
            reading.at(sink.position),
            percent(sink.mass),
            format!("layer {}, head {}", sink.layer, sink.head),
            count(sink.n_heads as u64),
        ]
    };
    Table {
        head: vec!["key", "mass", "of", "heads above a tenth"],
        n_text: 1,
        rows: sparsity.sinks.iter().take(20).map(row).collect(),
    }
}

/// The page and its drawings.
pub fn sparsity_page(sparsity: &Sparsity, reading: &Reading) -> Page {
    let figures: Vec<Figure> = vec![
        maps::measures(sparsity),
        onset::figure(sparsity),
        patterns::figure(sparsity, &reading.tokens),
        maps::losses(sparsity),
    ];
    let sentences = sparsity_sentences(sparsity, reading);
    let mut body = format!("<ul class=\"story both\">\n{}</ul>\n", page::items(&sentences[1..]));
    body += "<h2>What the figures show</h2>\n";
    body.extend(figures.iter().map(page::shown));
    body += "<h2>Means by layer</h2>\n";
    let by_layer = table(sparsity, |measure| measure.title, "Heads with a sink");
    body += &page::dense(&by_layer.html());
    if !sparsity.sinks.is_empty() {
        body += "<h2>Other sinks</h2>\n";
        body += &sinks(sparsity, reading).html();
    }
    body += &measures();
    let html = document(&Head {
        kicker: "Dunwu · where attention is sparse",
        title: &reading.model,
        setup: &escape(&setup(sparsity, reading)),
        lede: &sentences[0],
        body: &body,
        footer: ". Sinks: Xiao et al. 2023, arXiv:2309.17453; Gu et al. 2024, arXiv:2410.10781. Colours: Okabe &amp; Ito.",
    });
    let drawings = figures.into_iter().filter_map(|figure| Some((figure.name.to_owned(), figure.svg?)));
    Page { html, drawings: drawings.collect() }
}

/// What was measured on what, in half a line.
fn setup(sparsity: &Sparsity, reading: &Reading) -> String {
    let plan = sparsity.plan;
    let begin =
        reading.begin.as_ref().map_or("nothing put before them".to_owned(), |begin| format!("{begin} before them"));
    format!(
        "{} tokens of {}, {begin} · {} from {} on · all keys kept · {} of {}",
        count(plan.n_tokens as u64),
        reading.text,
        counted(plan.n_queries(), "query").replace("querys", "queries"),
        count(plan.from as u64),
        counted(sparsity.n_layers(), "layer"),
        counted(sparsity.n_heads, "query head"),
    )
}

/// What is measured, from the one table.
fn measures() -> String {
    let described = MEASURES.iter().map(|Measure { name, title, tells, formula, unit, source, .. }| {
        let [title, tells, formula, source] = [title, tells, formula, source].map(|text| page::prose(text));
        format!(
            "<dt>{title} <small>({name}, {unit})</small></dt>\n<dd>Tells {tells}. {formula}, over the weights wᵢ of a query on \
             the n keys that there are. Source: {source}.</dd>\n"
        )
    });
    let described: Vec<String> = described.collect();
    ["<h2>What is measured</h2>\n<dl class=\"words\">\n", &described.concat(), "</dl>\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{reading, sparsity};
    use super::*;
    use crate::drawing_checks::{assert_sound, assert_texts_apart, has_a_broken_number};

    #[test]
    fn every_page_is_well_formed_and_its_texts_stand_apart() {
        for (n_layers, n_heads, n_tokens) in [(30, 9, 700), (1, 1, 20), (2, 4, 100), (32, 32, 140), (61, 8, 140)] {
            let name = format!("{n_layers} layers of {n_heads} heads, {n_tokens} tokens");
            let page = sparsity_page(&sparsity(n_layers, n_heads, n_tokens), &reading(n_tokens));
            let xml = page.html.strip_prefix("<!doctype html>").unwrap();
            roxmltree::Document::parse(xml).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!has_a_broken_number(&page.html), "{name}");
            for (drawing, svg) in &page.drawings {
                assert_sound(svg, &format!("{name}, {drawing}"));
                assert_texts_apart(svg, &format!("{name}, {drawing}"));
            }
        }
    }

    #[test]
    fn every_head_tells_its_four_values() {
        let page = sparsity_page(&sparsity(12, 4, 200), &reading(200));
        let (_, svg) = page.drawings.iter().find(|(name, _)| name == "attention_heads").unwrap();
        for layer in 0..12 {
            for head in 0..4 {
                assert_eq!(svg.matches(&format!("<title>layer {layer}, head {head}: ")).count(), 4);
            }
        }
    }

    #[test]
    fn the_sentences_say_where_the_sink_is() {
        let said = |n_layers| sparsity_sentences(&sparsity(n_layers, 4, 300), &reading(300)).join(" ");
        assert!(said(12).contains("switches on at layer 4"), "{}", said(12));
        assert!(said(1).contains("no sink"), "{}", said(1));
        let table = sparsity_text(&sparsity(12, 4, 300));
        assert_eq!(table.lines().count(), 14);
        assert!(MEASURES.iter().all(|measure| table.lines().next().unwrap().contains(measure.name)), "{table}");
    }

    /// Writes a sample to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
    #[test]
    #[ignore = "writes files for the eye, checks nothing that others do not"]
    fn write_the_sample() {
        let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
        let page = sparsity_page(&sparsity(30, 9, 700), &reading(700));
        std::fs::write(folder.join("attend.html"), page.html).unwrap();
    }
}
