//! The switches that can be thrown: for each reason what would undo it, from a step before it acts.

use super::alarm::{Alarm, Place};
use super::reason::Reason;
use super::replay::Replayed;
use dunwu::run::Fork;
use dunwu_engine::optim::{AdamSpec, GradientPrecision, Method, OptimizerSpec, Schedule};
use dunwu_engine::spec::{Architecture, Value, apply, settings};
use dunwu_engine::{Problem, RunSpec, Split, Training};

/// One thing that is done otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Switch {
    /// The reason that it would prove.
    pub reason: Reason,
    /// The step from which on it is done otherwise.
    pub at: u64,
    /// What is done, as `dunwu fork` takes it.
    pub words: Vec<String>,
    /// The step before which it is taken back, where it is.
    pub until: Option<u64>,
    /// The child's spec.
    pub spec: RunSpec,
}

/// What a switch has to know of a reason: since when it acts, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Clue {
    /// The reason.
    pub reason: Reason,
    /// The step from which on it acts.
    pub onset: u64,
    /// Where.
    pub place: Place,
}

impl From<&Alarm> for Clue {
    fn from(alarm: &Alarm) -> Self {
        Self { reason: alarm.reason, onset: alarm.onset, place: alarm.place.clone() }
    }
}

/// Steps before a burst is seen from which on it is skipped.
const BEFORE: u64 = 4;
/// Steps that have to be trained after it.
const LEFT: u64 = 60;
/// Steps that a burst may last, each tried.
const BURSTS: [u64; 3] = [15, 30, 60];
/// Largest score that QK-clip leaves (Kimi K2 has 100, for heads four times as wide).
const QK_CLIP: f64 = 30.0;
/// Steps of a warm-up, at most a quarter of the run.
const WARMUP: u64 = 100;

/// Whether Adam's constants, in a run of so many steps, lie where a switch would be another value.
type Applies = fn(AdamSpec, f64) -> bool;

/// The switches that were found so far.
struct Catalogue<'a> {
    request: (&'a RunSpec, &'a Problem, &'a Split),
    spec: &'a RunSpec,
    run: &'a Replayed,
    switches: Vec<Switch>,
}

/// Every switch that this run has, in the order of preference: data before optimizer before rate. A switch without a clue of its own
/// is thrown at the earliest onset of all.
pub fn switches(request: (&RunSpec, &Problem, &Split), run: &Replayed, clues: &[Clue]) -> Vec<Switch> {
    let spec = request.0;
    let earliest = clues.iter().map(|clue| clue.onset).min().unwrap_or(0);
    let of = |reason: Reason| clues.iter().find(|clue| clue.reason == reason);
    let onset = |reason: Reason| of(reason).map_or(earliest, |clue| clue.onset);
    let mut catalogue = Catalogue { request, spec, run, switches: Vec::new() };
    catalogue.action(Reason::RepeatedRows, onset(Reason::RepeatedRows), None, &["repeat 4294967295 rows".to_owned()]);
    if let Some(rows) = of(Reason::PoisonedRows).map(|clue| &clue.place.rows).filter(|rows| !rows.is_empty()) {
        let list: Vec<String> = rows.iter().map(ToString::to_string).collect();
        catalogue.action(Reason::PoisonedRows, 0, None, &[format!("drop rows {}", list.join(","))]);
    }
    for length in BURSTS {
        let at = onset(Reason::LabelBurst).saturating_sub(BEFORE);
        // A run that is frozen to its end would be well by not being trained.
        if at + length + LEFT <= spec.steps {
            catalogue.action(Reason::LabelBurst, at, Some(at + length), &["freeze all".to_owned()]);
        }
    }
    if let Some(part) = of(Reason::Frozen).and_then(|clue| clue.place.part.as_ref()) {
        // Whoever froze it may have named more than this array.
        let names = std::iter::successors(Some(part.as_str()), |name| name.rsplit_once('.').map(|(stem, _)| stem));
        let thaws: Vec<String> = names.chain(["all"]).map(|name| format!("thaw {name}")).collect();
        catalogue.action(Reason::Frozen, onset(Reason::Frozen), None, &thaws);
    }
    if let Some(layer) = of(Reason::DeadUnits).and_then(|clue| clue.place.part.as_ref()) {
        let at = onset(Reason::DeadUnits);
        for part in [weights_of(layer), layer.split('.').next().unwrap_or(layer).to_owned()] {
            catalogue.action(Reason::DeadUnits, at.saturating_sub(1), None, &[format!("clamp {part}.bias")]);
            let after = (at + 1).min(spec.steps - 1);
            catalogue.action(Reason::DeadUnits, after, None, &[format!("reinitialize {part}")]);
        }
    }
    catalogue.initialization();
    if matches!(spec.model.architecture, Architecture::Transformer(_)) {
        let clamps = |block: &str| ["query", "key"].map(|map| format!("clamp {block}.{map}"));
        let at = onset(Reason::AttentionGrowth);
        let blocks = match of(Reason::AttentionGrowth).and_then(|clue| clue.place.part.clone()) {
            Some(block) => vec![block],
            None => (0..depth(spec)).map(|block| format!("block.{block}.attention")).collect(),
        };
        catalogue.set(Reason::AttentionGrowth, at, &[("optimizer.qk_clip", Value::from(QK_CLIP))]);
        catalogue.action(
            Reason::AttentionGrowth,
            at,
            None,
            &blocks.iter().flat_map(|block| clamps(block)).collect::<Vec<_>>(),
        );
    }
    catalogue.optimizer(onset);
    catalogue.switches
}

fn depth(spec: &RunSpec) -> usize {
    match spec.model.architecture {
        Architecture::Transformer(transformer) => transformer.depth,
        Architecture::TwoLayer | Architecture::Mlp(_) => 0,
    }
}

/// The arrays that a layer's activations come from, where the network is made of blocks.
fn weights_of(layer: &str) -> String {
    match layer.strip_suffix(".mlp") {
        Some(block) => format!("{block}.mlp.in"),
        None => layer.to_owned(),
    }
}

impl Catalogue<'_> {
    /// Adds the switch unless this run does not have it, or nothing would change.
    fn add(&mut self, reason: Reason, at: u64, until: Option<u64>, words: &[String], spec: Option<RunSpec>) {
        let (_, problem, split) = self.request;
        let is_new = |spec: &RunSpec| {
            let is_other = spec != self.spec && self.switches.iter().all(|switch| switch.spec != *spec);
            is_other && Training::check(spec, problem, split).is_ok()
        };
        if let Some(spec) = spec.filter(is_new) {
            self.switches.push(Switch { reason, at, words: words.to_vec(), until, spec });
        }
    }

    fn action(&mut self, reason: Reason, at: u64, until: Option<u64>, words: &[String]) {
        let child = Fork { at, until, words }.of(self.spec).ok();
        self.add(reason, at, until, words, child);
    }

    /// Gives settings other values; from the first step on that is another spec, later an intervention.
    fn set(&mut self, reason: Reason, at: u64, assignments: &[(&str, Value)]) {
        let words: Vec<String> = assignments.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
        if at > 0 {
            self.action(reason, at, None, &words);
            return;
        }
        let assignments: Vec<(String, Value)> =
            assignments.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let child = apply(self.spec, &assignments).ok();
        self.add(reason, 0, None, &words, child);
    }

    fn initialization(&mut self) {
        let scales =
            [("model.hidden_scale", self.spec.model.hidden_scale), ("model.top_scale", self.spec.model.top_scale)];
        let odd: Vec<(&str, Value)> =
            scales.into_iter().filter(|(_, scale)| *scale != 1.0).map(|(key, _)| (key, Value::from(1.0))).collect();
        if !odd.is_empty() {
            self.set(Reason::Initialization, 0, &odd);
        }
    }

    /// A setting of the optimizer before `step`; `None` where it was the same from the beginning.
    fn before(&self, key: &str, step: u64) -> Option<Value> {
        let of = |optimizer: OptimizerSpec| {
            let spec = RunSpec { optimizer, ..self.spec.clone() };
            settings::find(key)?.get(&spec)
        };
        let at = |step: u64| self.run.vitals.get(usize::try_from(step).ok()?)?.optimizer;
        let (before, now) = (of(at(step.checked_sub(1)?)?)?, of(at(step)?)?);
        (before != now).then_some(before)
    }

    fn optimizer(&mut self, onset: impl Fn(Reason) -> u64) {
        let now = |catalogue: &Self, at: u64| {
            let vitals = catalogue.run.vitals.get(at as usize).and_then(|vitals| vitals.optimizer);
            vitals.unwrap_or(catalogue.spec.optimizer)
        };
        // Each with whether the setting lies on that side of what is customary, so that one value is not two reasons.
        let steps = self.spec.steps as f64;
        let customary: [(Reason, &str, f64, Applies); 5] = [
            (Reason::Decay, "optimizer.weight_decay", 0.0, |_, _| true),
            (Reason::LargeEpsilon, "optimizer.epsilon", 1e-8, |adam, _| adam.epsilon > 1e-8),
            (Reason::FastSecondMoment, "optimizer.epsilon", 1e-8, |adam, _| adam.epsilon < 1e-8),
            (Reason::FastSecondMoment, "optimizer.beta2", 0.999, |adam, _| adam.beta2 < 0.98),
            (Reason::SlowSecondMoment, "optimizer.beta2", 0.98, |adam, steps| adam.beta2 > 1.0 - 1.0 / steps),
        ];
        for (reason, key, value, applies) in customary {
            let at = onset(reason);
            let adam = match now(self, at).method {
                Method::Adam(adam) | Method::AdamW(adam) | Method::Muon { adam, .. } => Some(adam),
                Method::Sgd { .. } => None,
            };
            if reason != Reason::Decay && !adam.is_some_and(|adam| applies(adam, steps)) {
                continue;
            }
            let value = self.before(key, at).unwrap_or(Value::from(value));
            self.set(reason, at, &[(key, value)]);
        }
        let at = onset(Reason::Overflow);
        if matches!(now(self, at).gradient.precision, GradientPrecision::Half { .. }) {
            self.set(Reason::Overflow, at, &[("fault.gradient", Value::from("single"))]);
        }
        let at = onset(Reason::SoftmaxCollapse);
        self.set(Reason::SoftmaxCollapse, at, &[("fault.softmax_bits", Value::from(0_u64))]);
        if at == 0 {
            self.set(Reason::SoftmaxCollapse, 0, &[("loss", Value::from("stablemax"))]);
        }
        let at = onset(Reason::Restart);
        if let Some(value) = self.before("optimizer.learning_rate", at) {
            self.set(Reason::Restart, at, &[("optimizer.learning_rate", value)]);
        }
        let at = onset(Reason::Rate);
        for share in [10.0, 30.0, 100.0] {
            let value = Value::from(now(self, at).learning_rate / share);
            self.set(Reason::Rate, at, &[("optimizer.learning_rate", value)]);
        }
        if self.spec.optimizer.schedule == Schedule::Constant {
            let steps = WARMUP.min(self.spec.steps / 4).max(1);
            let warmup =
                [("optimizer.schedule", Value::from("warmup")), ("optimizer.warmup_steps", Value::from(steps))];
            self.set(Reason::Rate, 0, &warmup);
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        value => value.to_string(),
    }
}
