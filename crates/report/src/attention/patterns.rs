//! Attention maps of a few heads that show what there is: queries down, keys across.

use super::heat::shade;
use crate::figures::Figure;
use crate::phase_chart::key;
use crate::svg::{Svg, WIDTH};
use crate::words::percent;
use dunwu_attention::sparsity::{Head, Sparsity};

/// Weights below are not drawn: most are, and none of them could be seen.
const LEAST: f32 = 0.01;

/// A head and what it stands for.
struct Telling<'a> {
    head: &'a Head,
    name: &'static str,
}

/// What a head may do most, and how much of it it does.
type Kind<'k> = (&'static str, &'k dyn Fn(&Head) -> f64);

/// The maps, two beside two.
pub(super) fn figure(sparsity: &Sparsity, tokens: &[String]) -> Figure {
    const TITLE: &str = "What some heads look at";
    const SIDE: f64 = WIDTH / 2.0 - 12.0;
    let mut svg = Svg::default();
    let telling = telling(sparsity);
    let mut top = 24.0;
    for pair in telling.chunks(2) {
        for (i, of) in pair.iter().enumerate() {
            let left = i as f64 * (SIDE + 24.0);
            let place = format!("(layer {}, head {})", of.head.layer, of.head.head);
            svg.heading((left, top - 9.0), of.name, &place);
            map(&mut svg, of.head, tokens, (left, top), SIDE);
        }
        top += SIDE + 34.0;
    }
    key(&mut svg, (0.0, top - 22.0), Some((0.0, 1.0, true)), false);
    let n = telling.first().map_or(0, |of| of.head.map.len());
    let caption = format!(
        "The first {n} tokens: each row is a query, each column a key, from the left the first token. Rest the pointer on a cell for \
         the two tokens and the weight, on a row for its token. Shades go by the square root of the weight; weights below \
         {} are left white.",
        percent(f64::from(LEAST))
    );
    Figure::drawn("attention_patterns", TITLE, caption, svg, top - 6.0)
}

/// The heads that do one thing most, each once.
fn telling(sparsity: &Sparsity) -> Vec<Telling<'_>> {
    let far = |head: &Head| 1.0 - head.mean("mass_first") - head.mean("mass_next") - head.mean("mass_recent");
    let kinds: [Kind<'_>; 4] = [
        ("Most on the first token", &|head| head.mean("mass_first")),
        ("Most on recent tokens", &|head| head.mean("mass_recent")),
        ("Most spread", &|head| head.mean("evenness")),
        ("Most on neither", &far),
    ];
    let mut telling: Vec<Telling<'_>> = Vec::new();
    for (name, much) in kinds {
        let is_free = |head: &&Head| telling.iter().all(|of| (of.head.layer, of.head.head) != (head.layer, head.head));
        let most = sparsity.heads.iter().filter(is_free).max_by(|a, b| much(a).total_cmp(&much(b)));
        telling.extend(most.map(|head| Telling { head, name }));
    }
    telling
}

fn map(svg: &mut Svg, head: &Head, tokens: &[String], (left, top): (f64, f64), side: f64) {
    let cell = side / head.map.len().max(1) as f64;
    let token = |position: usize| tokens.get(position).map_or("?", String::as_str);
    for (query, weights) in head.map.iter().enumerate() {
        let y = top + query as f64 * cell;
        svg.titled(&format!("query {query}: ‘{}’", token(query)), |svg| {
            svg.rect((left, y), ((query + 1) as f64 * cell, cell), "fill=\"#fff\"");
        });
        for (position, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight >= LEAST) {
            let weight = f64::from(*weight);
            let told = format!(
                "‘{}’ ({query}) looks at ‘{}’ ({position}): {}",
                token(query),
                token(position),
                percent(weight)
            );
            let style = format!("fill=\"{}\"", shade(weight.sqrt()));
            let corner = (left + position as f64 * cell, y);
            svg.titled(&told, |svg| svg.rect(corner, (cell, cell), &style));
        }
    }
    svg.rect((left, top), (side, side), "fill=\"none\" stroke=\"#888\" stroke-width=\"0.8\"");
}
