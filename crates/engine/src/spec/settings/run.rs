//! How long, from which seed, what is recorded, what counts as an event, on what.

use super::MOST_STEPS;
use crate::spec::setting::{Access, Setting};
use crate::spec::value::Allowed;
use crate::spec::{Numerics, parse_interventions, spell_interventions};

/// Exact in JSON readers that know only doubles.
const LARGEST_SEED: u64 = 1 << 53;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "steps",
        "optimizer steps; where the batch is the whole sample, also epochs",
        Access::Count { min: 1, max: MOST_STEPS, get: |s| Some(s.steps), set: |s, steps| s.steps = steps },
    )
    .also_called(&["epochs", "n_epochs", "n_steps", "iterations"]),
    Setting::new(
        "seed",
        "seed of every random draw: split, corruption, weights",
        Access::Count { min: 0, max: LARGEST_SEED, get: |s| Some(s.seed), set: |s, seed| s.seed = seed },
    ),
    Setting::new(
        "record.evaluate_every",
        "steps between two evaluations of loss and accuracy",
        Access::Count {
            min: 1,
            max: MOST_STEPS,
            get: |s| Some(s.record.evaluate_every),
            set: |s, every| s.record.evaluate_every = every,
        },
    )
    .also_called(&["eval_every", "log_every"]),
    Setting::new(
        "record.snapshots_per_decade",
        "snapshots a factor of ten in steps, log-spaced; 0 keeps the first and the last",
        Access::Count {
            min: 0,
            max: 1_000,
            get: |s| Some(s.record.snapshots_per_decade.into()),
            set: |s, number| s.record.snapshots_per_decade = number as u32,
        },
    )
    .also_called(&["snapshots"]),
    Setting::new(
        "record.snapshot_every",
        "further snapshots every so many steps; 0 for none",
        Access::Count {
            min: 0,
            max: MOST_STEPS,
            get: |s| Some(s.record.snapshot_every),
            set: |s, every| s.record.snapshot_every = every,
        },
    )
    .also_called(&["save_every"]),
    Setting::new(
        "record.snapshot_at_events",
        "further snapshots as test accuracy passes each tenth, and at each event",
        Access::Flag { get: |s| Some(s.record.snapshot_at_events), set: |s, flag| s.record.snapshot_at_events = flag },
    ),
    Setting::new(
        "events.memorized",
        "train accuracy that counts as memorized",
        Access::Number {
            allowed: Allowed::SHARE,
            get: |s| Some(s.events.memorized),
            set: |s, accuracy| s.events.memorized = accuracy,
        },
    ),
    Setting::new(
        "events.generalized",
        "test accuracy that counts as generalized",
        Access::Number {
            allowed: Allowed::SHARE,
            get: |s| Some(s.events.generalized),
            set: |s, accuracy| s.events.generalized = accuracy,
        },
    )
    .also_called(&["grokked"]),
    Setting::new(
        "events.sustained",
        "steps for which an accuracy must stay at its level",
        Access::Count {
            min: 0,
            max: MOST_STEPS,
            get: |s| Some(s.events.sustained),
            set: |s, steps| s.events.sustained = steps,
        },
    ),
    Setting::new(
        "events.collapsed_norm",
        "norm of a unit's input weights, as a share of the largest initial one, below which the unit has decayed to nothing",
        Access::Number {
            allowed: Allowed::NOT_NEGATIVE,
            get: |s| Some(s.events.collapsed_norm),
            set: |s, norm| s.events.collapsed_norm = norm,
        },
    ),
    Setting::new(
        "events.stop_after",
        "steps to go on once the outcome is decided; `never` runs to the last step",
        Access::CountOrNever {
            max: MOST_STEPS,
            get: |s| s.events.stop_after,
            set: |s, steps| s.events.stop_after = steps,
        },
    )
    .also_called(&["early_stop", "patience"]),
    Setting::new(
        "numerics",
        "fast: the machine's own fused multiply-adds; exact: the same bits on every machine, at about half the speed; double: f64, at about a tenth of the speed",
        Access::Name {
            allowed: &["fast", "exact", "double"],
            get: |s| {
                Some(match s.numerics {
                    Numerics::Fast => "fast",
                    Numerics::Exact => "exact",
                    Numerics::Double => "double",
                })
            },
            set: |s, name| {
                s.numerics = match name {
                    "fast" => Numerics::Fast,
                    "exact" => Numerics::Exact,
                    "double" => Numerics::Double,
                    _ => return false,
                };
                true
            },
        },
    )
    .also_called(&["precision", "deterministic", "reproducible"]),
    Setting::new(
        "interventions",
        "what is done to the run while it trains, one a line or separated by `;`: at 300 set optimizer.learning_rate 0.001",
        Access::Text {
            what: "a text such as \"at 300 freeze top\"; `dunwu fork --help` lists what can be done",
            get: |s| Some(spell_interventions(&s.interventions)),
            set: |s, text| {
                s.interventions = parse_interventions(text)?;
                Ok(())
            },
        },
    )
    .unsaid_where(|s| s.interventions.is_empty())
    .also_called(&["intervention", "events_at", "switches"]),
    Setting::new(
        "threads",
        "worker threads, 0 for as many as there are cores; changes no bit of the result",
        Access::Count {
            min: 0,
            max: 1_024,
            get: |s| Some(s.threads as u64),
            set: |s, threads| s.threads = threads as usize,
        },
    )
    .not_identifying()
    .also_called(&["jobs", "n_threads", "workers"]),
];
