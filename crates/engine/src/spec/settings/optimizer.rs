//! How it is minimised.

use super::MOST_STEPS;
use crate::spec::RunSpec;
use crate::spec::setting::{Access, Setting};
use crate::spec::value::Allowed;
use crate::spec::{AdamSpec, Architecture, Method, MuonVariant, Schedule};

/// Jordan et al. 2024.
const JORDAN_MOMENTUM: f64 = 0.95;
/// The Li₂ paper's script (Tian 2025).
const PAPER_MOMENTUM: f64 = 0.99;
/// Power et al. 2022.
const WARMUP_STEPS: u64 = 10;

const OPTIMIZER: &str = "optimizer.name";
const SCHEDULE: &str = "optimizer.schedule";
const WITH_MOMENTUM: &[&str] = &["sgd", "muon"];
const WITH_ADAM: &[&str] = &["adam", "adamw", "muon"];

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        OPTIMIZER,
        "the update rule; `optimizer` for short",
        Access::Name {
            allowed: &["sgd", "adam", "adamw", "muon"],
            get: |s| Some(method_name(&s.optimizer.method)),
            set: |s, name| {
                if name == method_name(&s.optimizer.method) {
                    return true;
                }
                s.optimizer.method = match name {
                    "sgd" => Method::Sgd { momentum: 0.0 },
                    "adam" => Method::Adam(AdamSpec::DEFAULT),
                    "adamw" => Method::AdamW(AdamSpec::DEFAULT),
                    "muon" => Method::Muon {
                        momentum: JORDAN_MOMENTUM,
                        variant: MuonVariant::Jordan,
                        adam: AdamSpec::DEFAULT,
                    },
                    _ => return false,
                };
                true
            },
        },
    )
    .selecting()
    .also_called(&["method", "optim"]),
    Setting::new(
        "optimizer.variant",
        "which published Muon: Jordan et al. 2024, or the Li₂ paper's",
        Access::Name {
            allowed: &["jordan", "paper"],
            get: |s| match s.optimizer.method {
                Method::Muon { variant: MuonVariant::Jordan, .. } => Some("jordan"),
                Method::Muon { variant: MuonVariant::Paper, .. } => Some("paper"),
                _ => None,
            },
            set: |s, name| {
                let (new, default_momentum) = match name {
                    "jordan" => (MuonVariant::Jordan, JORDAN_MOMENTUM),
                    "paper" => (MuonVariant::Paper, PAPER_MOMENTUM),
                    _ => return false,
                };
                if let Method::Muon { variant, momentum, .. } = &mut s.optimizer.method
                    && *variant != new
                {
                    (*variant, *momentum) = (new, default_momentum);
                }
                true
            },
        },
    )
    .selecting()
    .only(OPTIMIZER, &["muon"]),
    Setting::new(
        "optimizer.learning_rate",
        "step size at the start of the schedule",
        Access::Number {
            allowed: Allowed::POSITIVE,
            get: |s| Some(s.optimizer.learning_rate),
            set: |s, rate| s.optimizer.learning_rate = rate,
        },
    )
    .changing()
    .also_called(&["lr"]),
    Setting::new(
        "optimizer.weight_decay",
        "added to the gradient by sgd and adam, decoupled in adamw and muon",
        Access::Number {
            allowed: Allowed::NOT_NEGATIVE,
            get: |s| Some(s.optimizer.weight_decay),
            set: |s, decay| s.optimizer.weight_decay = decay,
        },
    )
    .changing()
    .also_called(&["wd", "l2", "decay"]),
    Setting::new(
        "optimizer.momentum",
        "μ: the share of the last update that is kept",
        Access::Number {
            allowed: Allowed::DECAY,
            get: |s| match s.optimizer.method {
                Method::Sgd { momentum } | Method::Muon { momentum, .. } => Some(momentum),
                Method::Adam(_) | Method::AdamW(_) => None,
            },
            set: |s, value| {
                if let Method::Sgd { momentum } | Method::Muon { momentum, .. } = &mut s.optimizer.method {
                    *momentum = value;
                }
            },
        },
    )
    .changing()
    .only(OPTIMIZER, WITH_MOMENTUM)
    .also_called(&["mu"]),
    Setting::new(
        "optimizer.beta1",
        "Adam's β₁, of the first moment (muon: its top layer's)",
        Access::Number {
            allowed: Allowed::DECAY,
            get: |s| adam(&s.optimizer.method).map(|adam| adam.beta1),
            set: |s, beta1| change_adam(s, |adam| adam.beta1 = beta1),
        },
    )
    .changing()
    .only(OPTIMIZER, WITH_ADAM)
    .also_called(&["b1"]),
    Setting::new(
        "optimizer.beta2",
        "Adam's β₂, of the second moment (muon: its top layer's)",
        Access::Number {
            allowed: Allowed::DECAY,
            get: |s| adam(&s.optimizer.method).map(|adam| adam.beta2),
            set: |s, beta2| change_adam(s, |adam| adam.beta2 = beta2),
        },
    )
    .changing()
    .only(OPTIMIZER, WITH_ADAM)
    .also_called(&["b2"]),
    Setting::new(
        "optimizer.epsilon",
        "Adam's ε, added to the root of the second moment (muon: its top layer's)",
        Access::Number {
            allowed: Allowed::POSITIVE,
            get: |s| adam(&s.optimizer.method).map(|adam| adam.epsilon),
            set: |s, epsilon| change_adam(s, |adam| adam.epsilon = epsilon),
        },
    )
    .changing()
    .only(OPTIMIZER, WITH_ADAM)
    .also_called(&["eps"]),
    Setting::new(
        "optimizer.qk_clip",
        "τ: after an update, queries and keys of a head whose largest attention score was above τ are scaled to it; 0 for none",
        Access::Number {
            allowed: Allowed::NOT_NEGATIVE,
            get: |s| matches!(s.model.architecture, Architecture::Transformer(_)).then_some(s.optimizer.qk_clip),
            set: |s, limit| {
                if let Architecture::Transformer(_) = s.model.architecture {
                    s.optimizer.qk_clip = limit;
                }
            },
        },
    )
    .changing()
    .only("model.architecture", &["transformer"])
    .unsaid_where(|s| s.optimizer.qk_clip == 0.0)
    .also_called(&["qkclip", "muonclip"]),
    Setting::new(
        SCHEDULE,
        "how the learning rate changes",
        Access::Name {
            allowed: &["constant", "step", "exponential", "cosine", "warmup"],
            get: |s| Some(schedule_name(&s.optimizer.schedule)),
            set: |s, name| {
                if name == schedule_name(&s.optimizer.schedule) {
                    return true;
                }
                s.optimizer.schedule = match name {
                    "constant" => Schedule::Constant,
                    "step" => Schedule::Step { every: 1, factor: 1.0 }, // both are required, so neither stays
                    "exponential" => Schedule::Exponential { factor: 1.0 }, // likewise
                    "cosine" => Schedule::Cosine,
                    "warmup" => Schedule::Warmup { steps: WARMUP_STEPS },
                    _ => return false,
                };
                true
            },
        },
    )
    .changing()
    .selecting()
    .also_called(&["scheduler", "lr_schedule"]),
    Setting::new(
        "optimizer.schedule_every",
        "steps between two changes of the rate",
        Access::Count {
            min: 1,
            max: MOST_STEPS,
            get: |s| match s.optimizer.schedule {
                Schedule::Step { every, .. } => Some(every),
                _ => None,
            },
            set: |s, value| {
                if let Schedule::Step { every, .. } = &mut s.optimizer.schedule {
                    *every = value;
                }
            },
        },
    )
    .changing()
    .only(SCHEDULE, &["step"])
    .required()
    .also_called(&["step_size"]),
    Setting::new(
        "optimizer.schedule_factor",
        "factor on the rate at each change (exponential: at every step)",
        Access::Number {
            allowed: Allowed::POSITIVE,
            get: |s| match s.optimizer.schedule {
                Schedule::Step { factor, .. } | Schedule::Exponential { factor } => Some(factor),
                Schedule::Constant | Schedule::Cosine | Schedule::Warmup { .. } => None,
            },
            set: |s, value| {
                if let Schedule::Step { factor, .. } | Schedule::Exponential { factor } = &mut s.optimizer.schedule {
                    *factor = value;
                }
            },
        },
    )
    .changing()
    .only(SCHEDULE, &["step", "exponential"])
    .required()
    .also_called(&["gamma"]),
    Setting::new(
        "optimizer.warmup_steps",
        "steps over which the rate rises from zero",
        Access::Count {
            min: 1,
            max: MOST_STEPS,
            get: |s| match s.optimizer.schedule {
                Schedule::Warmup { steps } => Some(steps),
                _ => None,
            },
            set: |s, value| {
                if let Schedule::Warmup { steps } = &mut s.optimizer.schedule {
                    *steps = value;
                }
            },
        },
    )
    .changing()
    .only(SCHEDULE, &["warmup"])
    .also_called(&["warmup"]),
];

fn method_name(method: &Method) -> &'static str {
    match method {
        Method::Sgd { .. } => "sgd",
        Method::Adam(_) => "adam",
        Method::AdamW(_) => "adamw",
        Method::Muon { .. } => "muon",
    }
}

fn schedule_name(schedule: &Schedule) -> &'static str {
    match schedule {
        Schedule::Constant => "constant",
        Schedule::Step { .. } => "step",
        Schedule::Exponential { .. } => "exponential",
        Schedule::Cosine => "cosine",
        Schedule::Warmup { .. } => "warmup",
    }
}

fn adam(method: &Method) -> Option<&AdamSpec> {
    match method {
        Method::Adam(adam) | Method::AdamW(adam) | Method::Muon { adam, .. } => Some(adam),
        Method::Sgd { .. } => None,
    }
}

fn change_adam(spec: &mut RunSpec, change: impl FnOnce(&mut AdamSpec)) {
    if let Method::Adam(adam) | Method::AdamW(adam) | Method::Muon { adam, .. } = &mut spec.optimizer.method {
        change(adam);
    }
}
