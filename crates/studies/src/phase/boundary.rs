//! Where generalization begins along the amount of data: as measured, and as the theory has it.

use super::axes::{AMOUNTS, Axis};
use super::cell::Cell;
use crate::sweep::Results;
use dunwu::group::Decomposition;
use dunwu::landscape::race::Crossing;
use dunwu::theory::{Expectation, expectation};
use dunwu_engine::spec::{apply, settings};
use dunwu_engine::{Problem, RunSpec};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Which axis is the amount of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// Along x, so that each row has a boundary.
    X,
    /// Along y, so that each column has one.
    Y,
}

impl Along {
    /// The axis that says how much is trained on, or along which it grows in every line; `None` where neither does.
    pub(super) fn of(x: &Axis, y: Option<&Axis>, cells: &[Cell]) -> Option<Self> {
        let axes = [(Self::X, Some(x)), (Self::Y, y)].into_iter().filter_map(|(along, axis)| Some((along, axis?)));
        let axes: Vec<_> = axes.filter(|(_, axis)| axis.numbers().is_some()).collect();
        let named = axes.iter().find(|(_, axis)| AMOUNTS.contains(&axis.name.as_str()));
        let grows = |along: Self| {
            let lines = along.lines(cells);
            lines.values().all(|line| line.is_sorted_by(|a, b| a.n_train < b.n_train))
                && lines.values().any(|line| line.len() > 1)
        };
        let free = || axes.iter().find(|(along, axis)| axis.name.starts_with("let.") && grows(*along));
        named.or_else(free).map(|(along, _)| *along)
    }

    /// A cell's position along the amount of data.
    pub fn position(self, cell: &Cell) -> usize {
        if self == Self::X { cell.x } else { cell.y }
    }

    /// The line of the diagram that a cell is in.
    pub fn line(self, cell: &Cell) -> usize {
        if self == Self::X { cell.y } else { cell.x }
    }

    /// The cells of each line from the least data to the most.
    pub(super) fn lines(self, cells: &[Cell]) -> BTreeMap<usize, Vec<&Cell>> {
        let mut lines: BTreeMap<usize, Vec<&Cell>> = BTreeMap::new();
        for cell in cells {
            lines.entry(self.line(cell)).or_default().push(cell);
        }
        lines.values_mut().for_each(|line| line.sort_by_key(|cell| self.position(cell)));
        lines
    }
}

/// A boundary's place on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Position of the line's value on the other axis.
    pub line: usize,
    /// Training samples there; `None` where a measured one lies outside of what was swept.
    pub n: Option<f64>,
    /// Ends of the interval of a measured one, where the interval of the share of seeds leaves one half; `None` beyond the sweep.
    pub low: Option<f64>,
    /// See `low`.
    pub high: Option<f64>,
    /// Value of the axis; `None` outside of what was swept.
    pub value: Option<f64>,
    /// Values of the axis at the ends of the interval; `None` outside of what was swept.
    pub value_ends: [Option<f64>; 2],
    /// Where it is drawn, in cells from the near end of the axis, between 0 and their number.
    pub at: f64,
    /// Whether it lies before, within or beyond what was swept.
    pub within: Within,
}

/// Whether a boundary lies within what was swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Within {
    /// Even the least data is enough.
    Below,
    /// It lies between two cells, or on one.
    Swept,
    /// Even the most data is not.
    Beyond,
}

impl Within {
    /// As programs know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::Swept => "swept",
            Self::Beyond => "beyond",
        }
    }
}

/// A boundary, a place a line, in the order of lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Boundary {
    /// Lines without a place have none.
    pub places: Vec<Place>,
}

impl Boundary {
    /// The place on a line.
    pub fn on(&self, line: usize) -> Option<&Place> {
        self.places.iter().find(|place| place.line == line)
    }
}

/// One line of cells as a scale from training samples to places.
struct Ruler<'a> {
    line: usize,
    cells: Vec<&'a Cell>,
    n: Vec<f64>,
    values: Vec<f64>,
    positions: Vec<usize>,
    n_cells: usize,
}

impl<'a> Ruler<'a> {
    fn of(along: Along, axis: &Axis, line: usize, cells: &[&'a Cell]) -> Option<Self> {
        let numbers = axis.numbers()?;
        let cells: Vec<&Cell> = cells.iter().copied().filter(|cell| cell.n_train.is_some()).collect();
        let positions: Vec<usize> = cells.iter().map(|cell| along.position(cell)).collect();
        let n: Vec<f64> = cells.iter().filter_map(|cell| cell.n_train).collect();
        let values = positions.iter().map(|&position| numbers[position]).collect();
        // Where more of the setting is not more data, there is nothing to interpolate.
        let is_rising = n.is_sorted() && !n.is_empty();
        is_rising.then_some(Self { line, cells, n, values, positions, n_cells: axis.values.len() })
    }

    /// Where `n` samples stand, by the straight line between the neighbouring cells.
    fn place(&self, n: f64) -> Place {
        let last = self.n.len() - 1;
        let outside = |within, at| Place {
            line: self.line,
            n: Some(n),
            low: None,
            high: None,
            value: None,
            value_ends: [None; 2],
            at,
            within,
        };
        if n < self.n[0] {
            return outside(Within::Below, self.positions[0] as f64);
        }
        if n > self.n[last] {
            return outside(Within::Beyond, (self.positions[last] + 1) as f64);
        }
        let after = self.n.partition_point(|&other| other < n);
        let before = after.saturating_sub(usize::from(self.n[after] != n));
        let span = self.n[after] - self.n[before];
        let share = if span > 0.0 { (n - self.n[before]) / span } else { 0.0 };
        let between = |a: f64, b: f64| a + share * (b - a);
        let at = between(self.positions[before] as f64, self.positions[after] as f64) + 0.5;
        debug_assert!(at <= self.n_cells as f64, "a cell stands on its axis");
        Place { value: Some(between(self.values[before], self.values[after])), at, ..outside(Within::Swept, at) }
    }

    /// Where half of the seeds generalize: after the last cell in which fewer do, by the straight line through the shares over ln n.
    fn measured(&self) -> Option<Place> {
        let crossing = |share: fn(&Cell) -> f64| {
            let ended = self.cells.iter().zip(&self.n).filter(|(cell, _)| cell.seeds > 0);
            Crossing::of(&ended.map(|(cell, &n)| (n, share(cell) - 0.5)).collect::<Vec<_>>())
        };
        let inside = |crossing: Option<Crossing>| match crossing {
            Some(Crossing::At(n)) => Some(n),
            _ => None,
        };
        let (low, high) = (inside(crossing(|cell| cell.share.high)), inside(crossing(|cell| cell.share.low)));
        let place = match crossing(|cell| cell.share.share)? {
            Crossing::At(n) => Place { low, high, ..self.place(n) },
            Crossing::Below(_) => Place { n: None, high, ..self.place(f64::NEG_INFINITY) },
            Crossing::Beyond(_) => Place { n: None, low, ..self.place(f64::INFINITY) },
        };
        let value_ends = [place.low, place.high].map(|end| self.place(end?).value);
        Some(Place { value_ends, ..place })
    }
}

/// Where half of the seeds of each line generalize.
pub(super) fn measured(along: Along, axis: &Axis, cells: &[Cell]) -> Boundary {
    let of_line = |(line, cells): (usize, Vec<&Cell>)| Ruler::of(along, axis, line, &cells)?.measured();
    Boundary { places: along.lines(cells).into_iter().filter_map(of_line).collect() }
}

/// Where each line meets the author's fitted line n = 2.7482 · max(1, d/2) · M ln M; beside it why lines have none.
pub(super) fn of_theory(along: Along, axis: &Axis, cells: &[Cell], results: &Results) -> (Boundary, Vec<String>) {
    let mut problems = Problems::default();
    let (mut places, mut silent) = (Vec::new(), Vec::new());
    for (line, cells) in along.lines(cells) {
        match problems.critical(results, &cells) {
            Ok(critical) => places.extend(Ruler::of(along, axis, line, &cells).map(|ruler| ruler.place(critical))),
            Err(because) if !silent.contains(&because) => silent.push(because),
            Err(_) => {}
        }
    }
    (Boundary { places }, silent)
}

/// Problems by their task's name: resolving one takes an eigendecomposition.
#[derive(Default)]
struct Problems {
    known: BTreeMap<String, Result<(Problem, Option<Decomposition>), String>>,
}

impl Problems {
    /// The critical number of samples of a line's runs, or why the theory says none.
    fn critical(&mut self, results: &Results, cells: &[&Cell]) -> Result<f64, String> {
        let mut found: Option<f64> = None;
        for cell in cells {
            let critical = self.of_run(results, cell.rows[0])?;
            if found.is_some_and(|found| found != critical) {
                return Err("runs along one line are of tasks of different size".to_owned());
            }
            found = Some(critical);
        }
        found.ok_or_else(|| "there are no runs".to_owned())
    }

    fn of_run(&mut self, results: &Results, run: usize) -> Result<f64, String> {
        let spec = spec(results, run)?;
        let name = spec.task.to_string();
        let (problem, decomposition) =
            self.known.entry(name).or_insert_with(|| resolved(&spec)).as_ref().map_err(Clone::clone)?;
        let irreps = decomposition.as_ref().map(|decomposition| decomposition.irreps.as_slice());
        // The line is wanted even at the cell in which nothing is held out.
        match expectation(&spec, problem, irreps, problem.n_population() - 1) {
            Expectation::Generalizes { critical }
            | Expectation::Memorizes { critical }
            | Expectation::Undecided { critical } => Ok(critical),
            Expectation::StopsAtInterpolation => {
                Err("without weight decay it expects no generalization at any sample size".to_owned())
            }
            Expectation::Silent { because } => Err(because.to_owned()),
        }
    }
}

fn resolved(spec: &RunSpec) -> Result<(Problem, Option<Decomposition>), String> {
    let problem = spec.task.resolve(None).map_err(|error| error.to_string())?;
    let decomposition = problem.group().map(Decomposition::of).transpose().map_err(|error| error.to_string())?;
    Ok((problem, decomposition))
}

/// A run's spec, from the columns that are settings.
fn spec(results: &Results, run: usize) -> Result<RunSpec, String> {
    let known = results.settings().filter(|name| settings::find(name).is_some_and(|setting| setting.key == *name));
    let assigned: Vec<_> = known.filter_map(|name| Some((name.to_owned(), results.value(run, name)?))).collect();
    apply(&RunSpec::default(), &assigned).map_err(|(_, error)| error.to_string())
}
