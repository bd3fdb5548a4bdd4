//! The diagram: cells on two axes, with both boundaries.

use super::axes::{Axes, Axis, PhaseError};
use super::boundary::{self, Along, Boundary};
use super::cell::{Cell, Run};
use super::kind::Phase;
use crate::sweep::Results;
use std::collections::BTreeMap;

/// What became of runs over two settings.
#[derive(Clone, Debug)]
pub struct Diagram {
    /// Along the rows.
    pub x: Axis,
    /// Along the columns; `None` where one setting varies.
    pub y: Option<Axis>,
    /// Cells with runs, row after row.
    pub cells: Vec<Cell>,
    /// Which axis is the amount of data.
    pub along: Option<Along>,
    /// Where half of the seeds of each line generalize; empty where neither axis is the amount of data.
    pub measured: Boundary,
    /// Where the theory's fitted line runs; empty where it is silent.
    pub theory: Boundary,
    /// Why the theory is silent on some lines.
    pub silent: Vec<String>,
    /// Settings that vary too, each going with the axes.
    pub beside: Vec<String>,
    /// Runs that generalized and are below their own level at the last step.
    pub lost: usize,
}

impl Diagram {
    /// Of these runs, against the columns that are named; what is not named is chosen if only one choice settles all that varies.
    pub fn of(results: &Results, x: Option<&str>, y: Option<&str>) -> Result<Self, PhaseError> {
        let Axes { x, y, beside } = Axes::choose(results, x, y)?;
        let runs = (0..results.len()).map(|run| Run::of(results, run)).collect::<Result<Vec<_>, _>>()?;
        let xs = x.positions(results);
        let ys = y.as_ref().map_or_else(|| vec![0; runs.len()], |y| y.positions(results));
        let mut rows: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (run, place) in ys.into_iter().zip(xs).enumerate() {
            rows.entry(place).or_default().push(run);
        }
        let mut cells: Vec<Cell> = rows.into_iter().map(|((y, x), rows)| Cell::of((x, y), rows, &runs)).collect();
        let along = Along::of(&x, y.as_ref(), &cells);
        settle(&mut cells, &runs, along.unwrap_or(Along::X));
        let data_axis = match along {
            Some(Along::X) => Some(&x),
            Some(Along::Y) => y.as_ref(),
            None => None,
        };
        let (mut measured, mut theory, mut silent) = Default::default();
        if let Some((along, axis)) = along.zip(data_axis) {
            measured = boundary::measured(along, axis, &cells);
            (theory, silent) = boundary::of_theory(along, axis, &cells, results);
        }
        let lost = runs.iter().filter(|run| run.lost()).count();
        Ok(Self { x, y, cells, along, measured, theory, silent, beside, lost })
    }

    /// Rows of cells.
    pub fn n_rows(&self) -> usize {
        self.y.as_ref().map_or(1, |y| y.values.len())
    }

    /// The cell at a position.
    pub fn cell(&self, x: usize, y: usize) -> Option<&Cell> {
        self.cells.iter().find(|cell| (cell.x, cell.y) == (x, y))
    }

    /// The axis whose values name the lines of a boundary.
    pub fn lines(&self) -> Option<&Axis> {
        if self.along? == Along::X { self.y.as_ref() } else { Some(&self.x) }
    }

    /// The axis that is the amount of data.
    pub fn amounts(&self) -> Option<&Axis> {
        if self.along? == Along::X { Some(&self.x) } else { self.y.as_ref() }
    }

    /// Measured over theoretical sample size of a line, where both are known.
    pub fn ratio(&self, line: usize) -> Option<f64> {
        Some(self.measured.on(line)?.n? / self.theory.on(line)?.n?)
    }

    /// How many cells are of each phase that there is, from the most grokked.
    pub fn counts(&self) -> Vec<(Phase, usize)> {
        let count = |phase| self.cells.iter().filter(|cell| cell.phase == phase).count();
        Phase::ALL.into_iter().map(|phase| (phase, count(phase))).filter(|(_, count)| *count > 0).collect()
    }
}

/// Settles the phase of every cell; what is slow is judged by the quickest cell of its line.
fn settle(cells: &mut [Cell], runs: &[Run], along: Along) {
    let mut quickest: BTreeMap<usize, f64> = BTreeMap::new();
    for cell in cells.iter() {
        if let Some(median) = cell.median_step_generalized {
            quickest.entry(along.line(cell)).and_modify(|least| *least = least.min(median)).or_insert(median);
        }
    }
    for cell in cells {
        let line = along.line(cell);
        cell.settle(runs, quickest.get(&line).copied());
    }
}
