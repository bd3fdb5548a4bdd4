//! Arrays of layers over time: for each quantity a plot with a curve a layer, the median over its units.

use super::curves::fitting;
use super::spectra::is_spectrum;
use super::thinned::thinned;
use crate::timeline::{self, Content, Series as Curve, Track};
use crate::words::{counted, list};
use dunwu::answer::{CORRUPTED, Color, FAINT, Figure, NEUTRAL, RESTORED, TEST, TRAIN};
use dunwu::stats::median;
use dunwu::store::StoreError;
use dunwu_foreign::run::{ForeignRecord, UnitsEntry};
use std::collections::BTreeMap;

const NAME: &str = "layers";
const TITLE: &str = "Layers over time";
const COLORS: [Color; 6] = [TEST, TRAIN, RESTORED, CORRUPTED, NEUTRAL, FAINT];
/// Plots of one figure, curves of one plot, and arrays of one curve that are read for it.
const MOST_PLOTS: usize = 12;
const MOST_LAYERS: usize = 6;
const MOST_ARRAYS: usize = 200;

/// The figure; `None` where no array was recorded.
pub(super) fn figure(record: &ForeignRecord) -> Result<Option<Figure>, StoreError> {
    let mut by_series: BTreeMap<&str, BTreeMap<&str, Vec<&UnitsEntry>>> = BTreeMap::new();
    for entry in record.units.iter().filter(|entry| !is_spectrum(&entry.series)) {
        by_series.entry(&entry.series).or_default().entry(&entry.layer).or_default().push(entry);
    }
    let Some(last) = record.last_step().filter(|_| !by_series.is_empty()) else { return Ok(None) };
    let mut tracks = Vec::new();
    for (series, layers) in by_series.iter().take(MOST_PLOTS) {
        // The first layers and the last ones say most of how a quantity goes through a network.
        let chosen = evenly(layers.len(), MOST_LAYERS);
        let layers: Vec<(&&str, &Vec<&UnitsEntry>)> = layers.iter().collect();
        let mut curves = Vec::new();
        for (place, index) in chosen.into_iter().enumerate() {
            let (layer, entries) = layers[index];
            let mut points = Vec::new();
            for entry in evenly(entries.len(), MOST_ARRAYS).into_iter().map(|index| entries[index]) {
                let values = record.load_units(entry)?.into_iter().map(f64::from);
                points.extend(median(values.filter(|value| value.is_finite())).map(|value| (entry.step, value)));
            }
            curves.push(Curve::evaluated(layer, COLORS[place % COLORS.len()], thinned(&points, last)));
        }
        let values: Vec<f64> = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1).collect();
        let is_of_units = layers.iter().any(|(_, entries)| entries.iter().any(|entry| entry.n > 1));
        let title =
            if is_of_units { format!("{series} (median over the units of a layer)") } else { (*series).to_owned() };
        tracks.push(Track { title, scale: fitting(&values), height: 104.0, content: Content::Curves(curves) });
    }
    let all: Vec<String> = by_series.keys().map(|&series| series.to_owned()).collect();
    let n_layers = by_series.values().map(BTreeMap::len).max().unwrap_or(0);
    let caption = format!("{} of {}.", list(&all, MOST_PLOTS), counted(n_layers, "layer"));
    Ok(Some(Figure::of_plots(NAME, TITLE, caption, timeline::stack_over(last.max(1), &[], &[], &tracks))))
}

/// At most `most` of `n` places, evenly spread, the first and the last among them.
pub(super) fn evenly(n: usize, most: usize) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    (0..most).map(|i| i * (n - 1) / (most - 1)).collect()
}
