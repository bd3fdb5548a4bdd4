//! What all drawings of a set share: one scale of heights, its levels and tints, one extent of the axes.

use super::grid::{Grid, Terrain};
use dunwu::answer as palette;
use dunwu::answer::{Scale, range};

/// The shared scale. A frame that had its own would hide that the mountains exchange rank.
#[derive(Clone, Debug)]
pub(super) struct Relief {
    pub(super) theta: (f64, f64),
    pub(super) phi: (f64, f64),
    /// Heights from zero to a round number above all of them.
    pub(super) heights: Scale,
    /// Lower edges of the bands of tint; the first is zero.
    pub(super) levels: Vec<f64>,
}

/// Bands of tint, at least: fewer do not look like a mountain, twice as many cannot be told apart.
const BANDS: usize = 10;

impl Relief {
    pub(super) fn of(terrains: &[Terrain]) -> Self {
        let grids: Vec<(&Terrain, Grid)> = terrains.iter().filter_map(|t| Some((t, Grid::of(t)?))).collect();
        let marked = grids.iter().flat_map(|(terrain, grid)| grid.marks(terrain)).map(|mark| mark.height);
        let heights = grids.iter().flat_map(|(terrain, _)| terrain.heights.iter().copied()).chain(marked);
        let heights = Scale::linear(heights.filter(|&z| z >= 0.0), &[0.0]);
        let ticks: Vec<f64> = heights.ticks().iter().map(|t| t.value).collect();
        let parts = BANDS.div_ceil(ticks.len().max(2) - 1).next_power_of_two();
        let step = heights.high() / ((ticks.len().max(2) - 1) * parts) as f64;
        let levels = (0..(ticks.len().max(2) - 1) * parts).map(|k| k as f64 * step).collect();
        Self {
            theta: range(grids.iter().flat_map(|(t, _)| t.theta.iter().copied())).unwrap_or((0.0, 1.0)),
            phi: range(grids.iter().flat_map(|(t, _)| t.phi.iter().copied())).unwrap_or((0.0, 1.0)),
            heights,
            levels,
        }
    }

    /// The height as a share of the scale.
    pub(super) fn share(&self, height: f64) -> f64 {
        self.heights.place(height).unwrap_or(0.0)
    }

    /// The tint of the band that begins at level `k`.
    pub(super) fn tint(&self, k: usize) -> String {
        palette::hex(palette::hypsometric(k as f64 / (self.levels.len() - 1).max(1) as f64))
    }

    /// Whether level `k` is one that the axis names.
    pub(super) fn is_named(&self, k: usize) -> bool {
        let step = self.heights.high() * 1e-9;
        self.heights.ticks().iter().any(|tick| (tick.value - self.levels[k]).abs() < step)
    }
}
