//! What is asked for, and what comes out.

use super::belief::{Belief, chance};
use super::design::{Aim, Chosen, design, expected_steps};
use super::grid::{Cell, Grid, command};
use crate::early::forecast::When;
use crate::early::model::Model;
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::spec::settings;
use dunwu_studies::law::{Further, Study};
use dunwu_studies::sweep::{Filter, Results, ResultsError};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A table, what further runs are for, and the steps that they may make together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextRequest {
    /// The file that `dunwu sweep` wrote.
    pub table: PathBuf,
    /// What they are for.
    pub aim: Aim,
    /// Steps.
    pub budget: u64,
    /// Settings that are held fixed.
    pub fixed: Vec<Filter>,
}

/// Runs to make next.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Next {
    /// What they are for.
    pub aim: Aim,
    /// Steps that they may make together.
    pub budget: u64,
    /// Steps that they make together at most.
    pub steps: u64,
    /// Steps that they are expected to make together.
    pub expected_steps: f64,
    /// The runs, the one to make first at the front.
    pub runs: Vec<NextRun>,
    /// The command that makes them, and no others; empty where there are none.
    pub command: String,
    /// Of `one`: the probability that at least one of them generalizes.
    pub chance: Option<f64>,
    /// Of `laws`: bits that they are expected to say.
    pub expected_bits: Option<f64>,
    /// Of `laws`: why there is no list, in words.
    pub why_none: Option<String>,
    /// The step of the run that generalized soonest so far.
    pub fastest: Option<u64>,
    /// Runs of the table that ended.
    pub known: usize,
    /// Runs of the table that generalized.
    pub generalized: usize,
    /// Of these, runs of kinds and sizes that the shipped verdict knows; where all are, what it says comes in.
    pub inside: usize,
    /// Cells that were looked at.
    pub cells: usize,
    /// Settings that differ between the table's runs.
    pub varied: Vec<String>,
}

/// A run to make.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NextRun {
    /// What tells it from the others: `data.fraction=0.4 seed=7`.
    pub words: String,
    /// The probability that it generalizes, given that those before it helped least; null where the aim is to tell laws apart.
    pub probability: Option<f64>,
    /// When, if it does; nine in ten lie in the interval if the belief is right.
    pub steps_to_generalize: Option<When>,
    /// Most steps that it makes.
    pub steps: u64,
    /// What is gained by it: a probability (`one`), bits (`boundary`, `laws`) or steps (`fastest`).
    pub gain: f64,
}

/// Half of the middle nine tenths of a normal distribution, in standard deviations.
const NINE_TENTHS: f64 = 1.644_853_626_951_472_2;

impl NextRequest {
    /// From words `KEY=VALUE`, each a setting that is to be held fixed.
    ///
    /// # Errors
    ///
    /// Where a word is none.
    pub fn from_words(table: &Path, aim: Aim, budget: u64, words: &[String]) -> Result<Self, VerbError> {
        let fixed = words.iter().map(|word| Filter::from_word(word)).collect::<Result<_, _>>()?;
        Ok(Self { table: table.to_owned(), aim, budget, fixed })
    }

    /// Reads the table and chooses.
    ///
    /// # Errors
    ///
    /// Where the table cannot be read, or does not allow a choice.
    pub fn choose(&self, model: &Model, watcher: &mut Watcher<'_>) -> Result<Next, VerbError> {
        let results = Results::read(&self.table, watcher).and_then(|results| results.filtered(&self.fixed));
        let results = results.map_err(ResultsError::of_verb)?;
        watcher.phase("choosing", None);
        if self.aim == Aim::Laws {
            let study = Study::of(&results).map_err(VerbError::usage)?;
            return Ok(self.of_laws(&results, &study));
        }
        self.of_cells(model, &results)
    }

    fn of_cells(&self, model: &Model, results: &Results) -> Result<Next, VerbError> {
        let mut grid = Grid::of(model, results)?;
        let belief = Belief::of(&grid.known, &grid.hopes);
        let fastest = grid.known.iter().filter_map(|cell| cell.generalized).min();
        let chosen = design(&belief, &grid.cells, fastest, self.aim, self.budget);
        let seeds: Vec<u64> = chosen.iter().map(|chosen| grid.next_seed(chosen.cell)).collect();
        let planned: Vec<_> =
            chosen.iter().zip(&seeds).map(|(chosen, &seed)| (&grid.cells[chosen.cell].planned, seed)).collect();
        let runs: Vec<NextRun> =
            chosen.iter().zip(&seeds).map(|(chosen, &seed)| run(&belief, &grid, chosen, seed)).collect();
        let cells = || chosen.iter().map(|chosen| &grid.cells[chosen.cell]);
        let probability = |cell: &Cell| chance(belief.odds.of(&cell.x));
        // Of `one` each probability allows for those before it.
        let none: f64 = chosen.iter().map(|chosen| 1.0 - chosen.probability).product();
        Ok(Next {
            aim: self.aim,
            budget: self.budget,
            steps: cells().map(|cell| cell.steps).sum(),
            expected_steps: cells().map(|cell| expected_steps(&belief, cell, probability(cell))).sum(),
            command: command(&grid.varied, &planned),
            chance: (self.aim == Aim::One).then_some(1.0 - none),
            expected_bits: None,
            why_none: None,
            fastest,
            known: grid.known.len(),
            generalized: grid.known.iter().filter(|cell| cell.generalized.is_some()).count(),
            inside: grid.known.iter().filter(|cell| cell.shipped.is_some()).count(),
            cells: grid.cells.len(),
            varied: grid.varied.clone(),
            runs,
        })
    }

    /// The study of laws has its own design; here it is held to the budget.
    fn of_laws(&self, results: &Results, study: &Study) -> Next {
        let found = study.further_within(self.budget);
        let (further, why_none) = match found {
            Ok(further) => (Some(further), None),
            Err(why) => (None, Some(why)),
        };
        let runs = further.as_ref().map(|further| law_runs(further, study.runs.steps)).unwrap_or_default();
        Next {
            aim: self.aim,
            budget: self.budget,
            steps: runs.iter().map(|run| run.steps).sum(),
            expected_steps: runs.iter().map(|run| run.steps as f64).sum(),
            command: further.as_ref().map(|further| further.command.clone()).unwrap_or_default(),
            chance: None,
            expected_bits: further.as_ref().map(|further| further.expected_bits),
            why_none,
            fastest: (0..results.len()).filter_map(|run| results.count(run, "step_generalized")).min(),
            known: results.len(),
            generalized: (0..results.len()).filter(|&run| results.generalizes(run)).count(),
            inside: 0,
            cells: 0,
            varied: results.varied().into_iter().map(str::to_owned).collect(),
            runs,
        }
    }
}

fn run(belief: &Belief, grid: &Grid, chosen: &Chosen, seed: u64) -> NextRun {
    let cell = &grid.cells[chosen.cell];
    let word = |name: &String| {
        let setting = settings::find(name)?;
        let value = super::grid::written(setting, setting.get(&cell.planned.spec).as_ref())?;
        Some(format!("{name}={value}"))
    };
    let words: Vec<String> = grid.varied.iter().filter_map(word).chain([format!("seed={seed}")]).collect();
    let when = belief.log_time(cell).map(|(mean, deviation)| {
        let at = |z: f64| (mean + z * deviation).exp().min(cell.steps as f64).round().max(1.0) as u64;
        When { median: at(0.0), low: at(-NINE_TENTHS), high: at(NINE_TENTHS), coverage: 0.9 }
    });
    NextRun {
        words: words.join(" "),
        probability: Some(chosen.probability),
        steps_to_generalize: when,
        steps: cell.steps,
        gain: chosen.gain,
    }
}

fn law_runs(further: &Further, steps: u64) -> Vec<NextRun> {
    let n = further.amounts.len() * further.seeds;
    let runs = further.amounts.iter().flat_map(|amount| (0..further.seeds).map(move |seed| (amount, seed)));
    runs.map(|(amount, seed)| NextRun {
        words: format!("M={} data.count={amount} seed={seed}", further.m),
        probability: None,
        steps_to_generalize: None,
        steps,
        gain: further.expected_bits / n as f64,
    })
    .collect()
}
