//! Spectra over time: arrays whose name says that they are one.

use super::layers::evenly;
use crate::plot::LEFT;
use crate::words::{count, number};
use dunwu::answer::{Axis, FAINT, Figure, Frame, Layer, Line, NEUTRAL, Plot, Plots, Points, RESTORED, Scale, WIDTH};
use dunwu::measure::effective_rank;
use dunwu::store::StoreError;
use dunwu_foreign::run::{ForeignRecord, UnitsEntry};
use std::collections::BTreeMap;

const NAME: &str = "spectra";
const TITLE: &str = "Spectra of layers";
const HEIGHT: f64 = 150.0;
/// Rows of the figure, and spectra of one row that are read.
const MOST_ROWS: usize = 6;
const MOST_SPECTRA: usize = 100;

/// Whether arrays of this name are spectra: its last word is `spectrum` or `singular_values`.
pub(super) fn is_spectrum(series: &str) -> bool {
    let name = series.to_lowercase();
    ["spectrum", "singular_values"].iter().any(|end| {
        name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with(['_', '/', '.', '-', ' ']))
    })
}

/// One spectrum, largest value first.
struct Spectrum {
    step: u64,
    values: Vec<f64>,
}

/// For each layer its effective rank over time, and its spectrum at its first step, in the middle and at the last; `None` where no
/// spectrum was recorded.
pub(super) fn figure(record: &ForeignRecord) -> Result<Option<Figure>, StoreError> {
    let mut all: BTreeMap<(&str, &str), Vec<&UnitsEntry>> = BTreeMap::new();
    for entry in record.units.iter().filter(|entry| is_spectrum(&entry.series)) {
        all.entry((&entry.layer, &entry.series)).or_default().push(entry);
    }
    let (mut plots, mut sentences, mut top) = (Vec::new(), Vec::new(), 26.0);
    for ((layer, series), entries) in all.iter().take(MOST_ROWS) {
        let mut spectra = Vec::new();
        for entry in evenly(entries.len(), MOST_SPECTRA).into_iter().map(|index| entries[index]) {
            let mut values: Vec<f64> = record.load_units(entry)?.into_iter().map(f64::from).collect();
            values.retain(|value| value.is_finite());
            values.sort_by(|a, b| b.total_cmp(a));
            spectra.push(Spectrum { step: entry.step, values });
        }
        let ranks: Vec<(f64, f64)> =
            spectra.iter().filter_map(|one| Some((one.step as f64, effective_rank(&one.values)?))).collect();
        if let (Some(first), Some(last)) = (ranks.first(), ranks.last()) {
            let (from, to) = (number(first.1), number(last.1));
            sentences.push(format!("the effective rank of {layer} goes from {from} to {to}"));
            plots.extend(row(&format!("{layer}: {series}"), top, &spectra, &ranks));
            top += HEIGHT + 62.0;
        }
    }
    if all.is_empty() {
        return Ok(None);
    }
    if plots.is_empty() {
        return Ok(Some(Figure::undefined(NAME, TITLE, "no spectrum has a value above zero")));
    }
    let caption = format!(
        "By step, {}; it is the exponential of the entropy of the squared values (Roy & Vetterli 2007).",
        sentences.join("; ")
    );
    Ok(Some(Figure::of_plots(NAME, TITLE, caption, Plots { size: (WIDTH, top - 16.0), plots, items: Vec::new() })))
}

/// The effective rank over time beside whole spectra.
fn row(name: &str, top: f64, spectra: &[Spectrum], ranks: &[(f64, f64)]) -> [Plot; 2] {
    let gap = 60.0;
    let width = (WIDTH - LEFT - gap - 84.0) / 2.0;
    let frame = |left: f64| Frame { left, top, width, height: HEIGHT };
    let last = ranks.last().map_or(1.0, |point| point.0).max(1.0);
    let x = Axis::of(Scale::Step { last }, Some("training step"));
    let y = Axis::of(Scale::linear(ranks.iter().map(|point| point.1), &[0.0]), None);
    let mut left = Plot::new(frame(LEFT), format!("Effective rank, {name}"), x, y);
    left.layers = vec![
        Layer::Line(Line::solid(None, ranks.to_vec(), NEUTRAL, 1.5)),
        Layer::Points(Points::filled(ranks.iter().copied(), 2.1, NEUTRAL)),
    ];
    let mut chosen: Vec<(&Spectrum, _)> = [(0, FAINT), (spectra.len() / 2, RESTORED), (spectra.len() - 1, NEUTRAL)]
        .map(|(index, color)| (&spectra[index], color))
        .to_vec();
    chosen.dedup_by_key(|(spectrum, _)| spectrum.step);
    let values = chosen.iter().flat_map(|(spectrum, _)| spectrum.values.iter().copied());
    let longest = chosen.iter().map(|(spectrum, _)| spectrum.values.len()).max().unwrap_or(1).max(2) as f64;
    let (x, y) = (Scale::Linear { low: 1.0, high: longest }, Scale::log(values, 6));
    let axes = (Axis::of(x, Some("index, largest first")), Axis::of(y, None));
    let mut right = Plot::new(frame(LEFT + width + gap), "Values", axes.0, axes.1);
    for (spectrum, color) in chosen {
        let points = spectrum.values.iter().enumerate().map(|(i, &value)| (i as f64 + 1.0, value));
        // What lies below the axis is left out, not drawn along its edge.
        let points = points.filter(|point| point.1 >= y.low()).collect();
        let name = format!("step {}", count(spectrum.step));
        right.layers.push(Layer::Line(Line::solid(Some(&name), points, color, 1.6)));
    }
    [left, right]
}

#[cfg(test)]
mod tests {
    use super::is_spectrum;

    #[test]
    fn names_that_end_in_a_spectrum_are_spectra() {
        for name in ["spectrum", "weight_spectrum", "fc1/singular_values", "Singular_Values"] {
            assert!(is_spectrum(name), "{name}");
        }
        for name in ["norm", "spectrum_norm", "myspectrum", ""] {
            assert!(!is_spectrum(name), "{name}");
        }
    }
}
