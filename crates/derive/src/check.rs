//! The check itself: draws, the standing of every step, and what becomes of the first false one.

use crate::attack;
use crate::compare::{Comparison, Outcome, compare};
use crate::derivation::{Derivation, Relation, Step};
use crate::draw::{Choice, Drawn, Fixed, Groups, NoDraw, Recipe};
use crate::report::{Report, Standing, StateReport, StepReport};
use crate::rescue;
use crate::state::{self, State};
use crate::trend::trend;
use crate::witness;
use std::collections::BTreeMap;

/// How a derivation is tried.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The seed of all draws.
    pub seed: u64,
    /// The least number of draws; there are more where there are more groups and representations than that.
    pub draws: usize,
    /// Tensors of real runs, on which the steps are tried as well.
    pub states: &'a [State],
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { seed: 0, draws: 24, states: &[] }
    }
}

/// What all parts of a check share.
pub(crate) struct Context<'a> {
    pub(crate) derivation: &'a Derivation,
    pub(crate) choices: Vec<Choice>,
    pub(crate) seed: u64,
}

/// Draws of one choice before it counts as one that nothing meets.
const ATTEMPTS: u64 = 8;
/// Further draws in which a failure has to be seen again.
const CONFIRMING: u64 = 8;
/// Draws along which an order or a limit is followed.
const FOLLOWED: usize = 16;
/// Numbers of draws beyond the first round are taken from here, so that no draw is used twice.
const SECOND_ROUND: u64 = 1_000_000;

impl Context<'_> {
    pub(crate) fn recipe(&self, draw: u64) -> Recipe {
        let choice = self.choices[draw as usize % self.choices.len()].clone();
        Recipe { seed: self.seed, draw, choice, sizes: BTreeMap::new(), fixed: BTreeMap::new() }
    }

    /// A draw that meets the assumptions, if one of several attempts does.
    pub(crate) fn attempt(&self, draw: u64) -> Result<(Recipe, Drawn), NoDraw> {
        let mut recipe = self.recipe(draw);
        let mut found = recipe.draw(self.derivation);
        for attempt in 1..ATTEMPTS {
            if found.is_ok() {
                break;
            }
            recipe.draw = draw + attempt * 10_000_000;
            found = recipe.draw(self.derivation);
        }
        found.map(|drawn| (recipe, drawn))
    }
}

/// Tries every step of a derivation on random tensors, and on recorded ones where there are any.
pub fn check(derivation: &Derivation, options: &Options) -> Report {
    let choices = Choice::all(derivation, &mut Groups::new());
    if choices.is_empty() {
        return empty(derivation, "no group or representation meets what is assumed of it".to_owned());
    }
    let context = Context { derivation, choices, seed: options.seed };
    let draws = options.draws.max(context.choices.len()).max(1) as u64;
    let mut drawn = Vec::new();
    let mut reason = None;
    for draw in 0..draws {
        match context.attempt(draw) {
            Ok(found) => drawn.push(found),
            Err(error) => reason = Some(error),
        }
    }
    if drawn.is_empty() {
        return empty(derivation, reason.map_or_else(String::new, |reason| reason.to_string()));
    }
    let (states, states_left_out) = state::bind(derivation, options);
    let mut report = Report { states_left_out, ..empty(derivation, String::new()) };
    report.empty = None;
    report.identically_zero = identically_zero(derivation, &mut drawn);
    let mut trials = Vec::new();
    for step in &derivation.steps {
        let trial = Trial::run(&context, step, &mut drawn);
        report.steps.push(trial.report(step, &states, derivation));
        trials.push(trial);
    }
    let at = |standing: Standing| report.steps.iter().position(|step| step.standing == standing);
    let (first_false, first_vacuous) = (at(Standing::False), at(Standing::Vacuous));
    report.ok = report.steps.iter().all(|step| step.standing == Standing::Stands);
    report.first_false = first_false.map(|at| at + 1);
    report.first_vacuous = first_vacuous.map(|at| at + 1);
    if let Some(at) = first_false {
        explain(&context, &mut report, at, &trials[at], &mut drawn, &states);
    }
    report
}

fn empty(derivation: &Derivation, reason: String) -> Report {
    Report {
        title: derivation.title.clone(),
        ok: false,
        first_false: None,
        first_vacuous: None,
        witness: None,
        steps: Vec::new(),
        empty: Some(reason),
        identically_zero: Vec::new(),
        saved_by: Vec::new(),
        factor: None,
        correction: None,
        states_left_out: Vec::new(),
    }
}

/// Everything found about the first false step.
fn explain(
    context: &Context,
    report: &mut Report,
    at: usize,
    trial: &Trial,
    drawn: &mut [(Recipe, Drawn)],
    states: &[(String, Recipe)],
) {
    let step = &context.derivation.steps[at];
    let mended = rescue::correction(context, step, drawn, trial);
    report.factor = mended.factor;
    report.correction = mended.words;
    report.witness = match &trial.failing {
        Some(recipe) => witness::smallest(context, at, recipe),
        None => states.iter().find_map(|(name, recipe)| witness::of_state(context, at, name, recipe)),
    };
    if trial.failing.is_some() {
        report.saved_by = rescue::saving(context, at);
    }
}

/// A tensor counts as zero if no draw has one of its entries above rounding.
fn identically_zero(derivation: &Derivation, drawn: &mut [(Recipe, Drawn)]) -> Vec<String> {
    let defined = derivation.definitions.iter().filter(|(_, d)| d.parameters.is_empty()).map(|(name, _)| name.clone());
    let names = derivation.tensors.iter().map(|declared| declared.name.clone()).chain(defined);
    let is_zero = |name: &String| {
        let literally = derivation.definitions.get(name).is_some_and(|definition| definition.body.is_zero());
        !literally
            && drawn.iter_mut().all(|(_, drawn)| {
                let Ok(node) = drawn.evaluator.value(&crate::expr::Expr::name(name)) else { return false };
                drawn.evaluator.tape.value(node).norm() <= (4.0 * drawn.evaluator.tape.error(node)).max(1e-300)
            })
    };
    names.filter(is_zero).collect()
}

/// How one step fared over all draws.
pub(crate) struct Trial {
    pub(crate) standing: Standing,
    pub(crate) failing: Option<Recipe>,
    draws: usize,
    failed: usize,
    worst_relative: f64,
    pub(crate) slope: Option<f64>,
    /// The relative difference at the end of a limit.
    pub(crate) last: f64,
    note: Option<String>,
}

impl Trial {
    pub(crate) fn run(context: &Context, step: &Step, drawn: &mut [(Recipe, Drawn)]) -> Self {
        if matches!(step.relation, Relation::UpTo { .. } | Relation::Limit { .. }) {
            return Self::follow(context, step, drawn);
        }
        let mut trial = Self::open(drawn.len());
        let (mut zero, mut unclear) = (true, 0);
        for (recipe, drawn) in drawn.iter_mut() {
            match compare(step, drawn) {
                Err(error) => {
                    unclear += 1;
                    zero = false;
                    trial.note = Some(error.to_string());
                }
                Ok(found) => {
                    zero &= found.zero;
                    trial.see(&found);
                    match found.outcome {
                        Outcome::Holds => {}
                        Outcome::Unclear => unclear += 1,
                        Outcome::Fails => {
                            trial.failed += 1;
                            trial.failing.get_or_insert_with(|| recipe.clone());
                        }
                    }
                }
            }
        }
        let vacuous = zero && !step.from.is_zero() && !step.to.is_zero();
        if let Some(recipe) = trial.failing.clone() {
            if trial.failed < 2 && !confirmed(context, step, &recipe) && !trial.assail(context, step, drawn, 1) {
                trial.note = Some("one draw fails and no other of its kind does".to_owned());
                trial.standing = Standing::CannotTell;
                trial.failing = None;
            } else {
                trial.standing = Standing::False;
            }
        } else if vacuous {
            trial.standing = Standing::Vacuous;
        } else if 2 * unclear > trial.draws {
            trial.standing = Standing::CannotTell;
        } else {
            trial.standing = Standing::Stands;
            trial.note = (unclear > 0).then(|| format!("{unclear} of {} draws could not tell", trial.draws));
            trial.assail(context, step, drawn, 2);
        }
        trial
    }

    fn open(draws: usize) -> Self {
        Self {
            standing: Standing::CannotTell,
            failing: None,
            draws,
            failed: 0,
            worst_relative: 0.0,
            slope: None,
            last: 0.0,
            note: None,
        }
    }

    fn see(&mut self, found: &Comparison) {
        self.worst_relative = self.worst_relative.max(found.relative);
        if found.outcome != Outcome::Holds {
            self.note.clone_from(&found.note);
        }
    }

    /// An inequality that held by chance is climbed against; it is false if enough climbs violate it.
    fn assail(&mut self, context: &Context, step: &Step, drawn: &[(Recipe, Drawn)], enough: usize) -> bool {
        if !matches!(step.relation, Relation::AtMost | Relation::AtLeast) {
            return false;
        }
        let recipes: Vec<&Recipe> = drawn.iter().map(|(recipe, _)| recipe).collect();
        let found = attack::violations(context.derivation, step, &recipes);
        if found.len() < enough {
            return false;
        }
        self.standing = Standing::False;
        self.failed += found.len();
        if let Some((recipe, comparison)) = found.first() {
            self.failing.get_or_insert_with(|| recipe.clone());
            self.worst_relative = self.worst_relative.max(comparison.relative);
        }
        self.note = Some("holds at random, fails where an ascent leads".to_owned());
        true
    }

    fn follow(context: &Context, step: &Step, drawn: &[(Recipe, Drawn)]) -> Self {
        let recipes: Vec<Recipe> = drawn.iter().take(FOLLOWED).map(|(recipe, _)| recipe.clone()).collect();
        let mut trial = Self::open(recipes.len());
        let Some(first) = trend(context.derivation, step, &recipes) else {
            trial.note = Some("too few values could be computed along the series".to_owned());
            return trial;
        };
        (trial.slope, trial.last, trial.worst_relative) = (first.slope, first.last, first.last);
        trial.standing = match first.outcome {
            _ if first.zero && !step.from.is_zero() && !step.to.is_zero() => Standing::Vacuous,
            Outcome::Holds => Standing::Stands,
            Outcome::Unclear => Standing::CannotTell,
            Outcome::Fails => {
                let again: Vec<Recipe> = (0..FOLLOWED as u64)
                    .filter_map(|draw| context.attempt(SECOND_ROUND + draw).ok().map(|(recipe, _)| recipe))
                    .collect();
                let second = trend(context.derivation, step, &again);
                if second.is_some_and(|second| second.outcome == Outcome::Fails) {
                    trial.failed = recipes.len();
                    trial.failing = recipes.first().cloned();
                    Standing::False
                } else {
                    Standing::CannotTell
                }
            }
        };
        trial
    }

    fn report(&self, step: &Step, states: &[(String, Recipe)], derivation: &Derivation) -> StepReport {
        let mut report = StepReport {
            says: step.says.clone(),
            claim: format!("{} {} {}", step.from, step.relation, step.to),
            standing: self.standing,
            draws: self.draws,
            failed: self.failed,
            worst_relative: self.worst_relative,
            slope: self.slope,
            note: self.note.clone(),
            states: Vec::new(),
        };
        if matches!(step.relation, Relation::UpTo { .. } | Relation::Limit { .. }) {
            return report;
        }
        for (name, recipe) in states {
            let found = recipe.draw(derivation).map_err(|error| error.to_string());
            let found = found.and_then(|mut drawn| compare(step, &mut drawn).map_err(|error| error.to_string()));
            let (standing, relative) = match found {
                Ok(found) => (standing_of(&found, step), found.relative),
                Err(_) => (Standing::CannotTell, 0.0),
            };
            report.states.push(StateReport { state: name.clone(), standing, relative });
        }
        // A recorded state is one draw that no second seed can repeat; its failure is a failure all the same.
        let stood = matches!(report.standing, Standing::Stands | Standing::Vacuous);
        if stood && report.states.iter().any(|state| state.standing == Standing::False) {
            report.standing = Standing::False;
            report.note = Some("stands on random tensors, fails on a recorded state".to_owned());
        }
        report
    }
}

fn standing_of(found: &Comparison, step: &Step) -> Standing {
    match found.outcome {
        Outcome::Holds if found.zero && !step.from.is_zero() && !step.to.is_zero() => Standing::Vacuous,
        Outcome::Holds => Standing::Stands,
        Outcome::Fails => Standing::False,
        Outcome::Unclear => Standing::CannotTell,
    }
}

/// Whether a failure is seen again in draws of the same choice and sizes.
fn confirmed(context: &Context, step: &Step, recipe: &Recipe) -> bool {
    let Ok(base) = recipe.draw(context.derivation) else { return false };
    (0..CONFIRMING).any(|again| {
        let mut other = recipe.clone();
        other.draw = SECOND_ROUND + again;
        other.sizes.clone_from(&base.sizes);
        other.fixed.retain(|_, fixed: &mut Fixed| !fixed.movable);
        let Ok(mut drawn) = other.draw(context.derivation) else { return false };
        compare(step, &mut drawn).is_ok_and(|found| found.outcome == Outcome::Fails)
    })
}
