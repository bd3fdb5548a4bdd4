//! What all worlds share: one card of knobs, so that no name gives a law away, and runs at points that nobody chose.

use crate::draws::Draws;
use dunwu_lab::world::World;
use dunwu_science::claim::{Claim, Scope, claim_from_sentence};
use dunwu_science::judge::RunRecord;
use dunwu_science::lab::{Domain, Lab, LabCard, Point, Setting};
use dunwu_science::ledger::Question;

/// A world with the question that is asked of it and, where there is one, its law.
pub(crate) struct Case {
    /// What it is called in rows: `saturation 7, held out`.
    pub(crate) name: String,
    /// The kind of its law or of its noise.
    pub(crate) kind: &'static str,
    /// The world.
    pub(crate) world: World,
    /// What is asked.
    pub(crate) question: Question,
    /// The law; `None` where there is none.
    pub(crate) truth: Option<Claim>,
    /// Where nobody may look before the end.
    pub(crate) sealed: Scope,
}

/// Orders of the groups; those above 97 are outside of every question's scope.
const ORDERS: [u32; 14] = [5, 7, 11, 17, 23, 31, 41, 53, 71, 97, 113, 151, 197, 251];

/// Where questions are asked: the rest is sealed.
const SCOPE: &str = "M in 5..97 and samples in 10..2000";

/// Steps that every run in a world of the examination costs.
pub(crate) const STEPS: u64 = 100;

impl Case {
    /// A world on the common card. `rest` is the file's part about hidden quantities and observables; the truth is a statement with its
    /// constants.
    pub(crate) fn new(
        name: String,
        kind: &'static str,
        n_decoys: usize,
        target: &str,
        rest: &str,
        truth: Option<&str>,
    ) -> Self {
        let levels: Vec<String> = ORDERS.iter().map(|order| format!("g{order} = [{order}]")).collect();
        let decoys = ["shade", "tint", "drift"];
        let decoys = &decoys[..n_decoys];
        let of_decoy =
            |decoy: &&str| format!("[knobs.{decoy}]\nleast = 0.01\nmost = 100\nlogarithmic = true\ndefault = 1\n");
        let text = format!(
            "name = \"{name}\"\nsteps = {STEPS}\n\n[knobs.task]\nattributes = {{ M = \"1\" }}\nlevels = {{ {} }}\ndefault = \"g23\"\n\n\
             [knobs.samples]\nunit = \"sample\"\nleast = 10\nmost = 20000\nwhole = true\nlogarithmic = true\ndefault = 200\n\n\
             [knobs.rate]\nleast = 1e-4\nmost = 1\nlogarithmic = true\ndefault = 1e-2\n\n{}\n{rest}",
            levels.join(", "),
            decoys.iter().map(of_decoy).collect::<Vec<_>>().join("\n"),
        );
        let world =
            World::read(&text, &name).unwrap_or_else(|error| panic!("a world of ours is bent: {error}\n{text}"));
        let knobs = ["task", "samples", "rate"].iter().chain(decoys).map(ToString::to_string).collect();
        let question = Question { text: name.clone(), target: target.to_owned(), knobs, scope: SCOPE.to_owned() };
        let claim = |statement: &str| {
            let sentence = format!("{statement}, where {SCOPE}");
            claim_from_sentence(&sentence).unwrap_or_else(|error| panic!("a truth of ours is bent: {error}"))
        };
        let truth = truth.map(claim);
        let sealed = claim_from_sentence("x = 1, where M in 113..251 and samples in 2500..20000")
            .expect("the sealed scope is well formed")
            .scope;
        Self { name, kind, world, question, truth, sealed }
    }

    /// The card.
    pub(crate) fn card(&self) -> &LabCard {
        self.world.card()
    }

    /// What holds for all of the question's runs.
    pub(crate) fn frame(&self) -> Scope {
        self.question.frame(self.card())
    }

    /// A claim of this sentence within the question's scope; `None` where it is none, or does not fit.
    pub(crate) fn claim(&self, statement: &str) -> Option<Claim> {
        let claim = claim_from_sentence(&format!("{statement}, where {SCOPE}")).ok()?;
        claim.check(self.card()).ok()?;
        Some(claim)
    }
}

/// `n` points of a scope, spread evenly over the knobs by chance.
pub(crate) fn spread(card: &LabCard, scope: &Scope, knobs: &[String], n: usize, draws: &mut Draws) -> Vec<Point> {
    points(card, scope, knobs, n, &mut || draws.share())
}

/// `n` points at the ends and middles of the knobs, by chance.
pub(crate) fn grid(card: &LabCard, scope: &Scope, knobs: &[String], n: usize, draws: &mut Draws) -> Vec<Point> {
    points(card, scope, knobs, n, &mut || *draws.one_of(&[0.0, 0.5, 1.0]))
}

fn points(card: &LabCard, scope: &Scope, knobs: &[String], n: usize, share: &mut dyn FnMut() -> f64) -> Vec<Point> {
    let domains: Vec<(&String, Domain)> =
        knobs.iter().filter_map(|name| Some((name, scope.cut(card, name)?))).collect();
    let mut point = |_| {
        let settings = domains.iter().map(|(name, domain)| {
            let share = share();
            let setting = match domain {
                Domain::Numbers { least, most, whole, logarithmic, .. } => {
                    let value = if *logarithmic {
                        least * libm::pow(most / least, share)
                    } else {
                        least + share * (most - least)
                    };
                    // Four digits, as the campaign's own design has.
                    let value = if *whole { value.round() } else { format!("{value:.3e}").parse().unwrap_or(value) };
                    Setting::Number(value.clamp(*least, *most))
                }
                Domain::Levels { levels, .. } => {
                    Setting::Level(levels[((share * levels.len() as f64) as usize).min(levels.len() - 1)].0.clone())
                }
            };
            ((*name).clone(), setting)
        });
        Point(settings.collect())
    };
    (0..n).map(&mut point).collect()
}

/// Runs at points, each with a seed of its own, numbered from `first`.
pub(crate) fn runs_of(lab: &dyn Lab, points: Vec<Point>, first: usize, draws: &mut Draws) -> Vec<RunRecord> {
    let run = |(place, point): (usize, Point)| {
        let seed = (draws.bits() >> 33) as u32;
        let reading = lab.run(&point, seed);
        RunRecord {
            line: (first + place) as u64 + 1,
            point,
            seed,
            outcomes: reading.outcomes,
            specification: reading.specification,
            steps: reading.steps,
        }
    };
    points.into_iter().enumerate().map(run).collect()
}
