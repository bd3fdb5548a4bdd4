//! What can be done to a run while it trains, as levels of one knob.

use dunwu_engine::RunSpec;

/// A level of the knob `intervention`.
pub struct InterventionLevel {
    /// The level's name.
    pub name: &'static str,
    /// What it does, in one line.
    pub tells: &'static str,
    /// Changes the spec of the run without it.
    pub(super) change: fn(&RunSpec) -> Words,
}

/// What an intervention changes in a spec: words for `interventions`, and whether training begins without weight decay.
pub(super) struct Words {
    pub(super) interventions: String,
    pub(super) begins_without_decay: bool,
}

impl Words {
    fn of(interventions: impl Into<String>) -> Self {
        Self { interventions: interventions.into(), begins_without_decay: false }
    }
}

/// Every level, the usual run first.
pub const INTERVENTIONS: &[InterventionLevel] = &[
    InterventionLevel { name: "none", tells: "nothing is done", change: |_| Words::of("") },
    InterventionLevel {
        name: "freeze_hidden",
        tells: "the hidden layer keeps its initial weights, so that its norm and its features stay as they are drawn",
        change: |_| Words::of("at 0 freeze hidden"),
    },
    InterventionLevel {
        name: "freeze_top",
        tells: "the top layer keeps its initial weights",
        change: |_| Words::of("at 0 freeze top"),
    },
    InterventionLevel {
        name: "clamp_hidden",
        tells: "the norm of the hidden layer is kept at or below its initial value; it may fall",
        change: |_| Words::of("at 0 clamp hidden"),
    },
    InterventionLevel {
        name: "clamp_top",
        tells: "the norm of the top layer is kept at or below its initial value; it may fall",
        change: |_| Words::of("at 0 clamp top"),
    },
    InterventionLevel {
        name: "freeze_hidden_on_memorized",
        tells: "the hidden layer keeps the weights that it has when the training sample is memorized",
        change: |_| Words::of("on memorized freeze hidden"),
    },
    InterventionLevel {
        name: "no_decay_from_memorized",
        tells: "weight decay ends when the training sample is memorized",
        change: |_| Words::of("on memorized set optimizer.weight_decay 0"),
    },
    InterventionLevel {
        name: "decay_from_memorized",
        tells: "weight decay begins when the training sample is memorized",
        change: |spec| Words {
            interventions: format!("on memorized set optimizer.weight_decay {:?}", spec.optimizer.weight_decay),
            begins_without_decay: true,
        },
    },
    InterventionLevel {
        name: "ablate_half_on_memorized",
        tells: "what the first half of the hidden units sends on is zero from when the training sample is memorized",
        change: |spec| ablate_half(spec, "on memorized"),
    },
    InterventionLevel {
        name: "ablate_half_on_generalized",
        tells: "what the first half of the hidden units sends on is zero from when the held-out samples are answered",
        change: |spec| ablate_half(spec, "on generalized"),
    },
    InterventionLevel {
        name: "new_top_on_memorized",
        tells: "the top layer's weights are drawn again when the training sample is memorized",
        change: |_| Words::of("on memorized reinitialize top"),
    },
];

/// Ablates the first half of the hidden units.
fn ablate_half(spec: &RunSpec, when: &str) -> Words {
    match spec.model.width / 2 {
        0 | 1 => Words::of(format!("{when} ablate units 0")),
        n => Words::of(format!("{when} ablate units 0-{}", n - 1)),
    }
}
