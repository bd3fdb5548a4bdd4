//! What becomes of the gradient before the optimizer sees it.

use super::MOST_STEPS;
use crate::spec::setting::{Access, Setting};
use crate::spec::value::Allowed;
use crate::spec::{GradientDirection, GradientFilter, GradientPrecision};

const FILTER: &str = "gradient.filter";
const PRECISION: &str = "fault.gradient";

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "gradient.clip_norm",
        "largest norm of the whole gradient, to which a longer one is shortened; 0 for none",
        Access::Number {
            allowed: Allowed::NOT_NEGATIVE,
            get: |s| Some(s.optimizer.gradient.clip_norm),
            set: |s, norm| s.optimizer.gradient.clip_norm = norm,
        },
    )
    .changing()
    .unsaid_where(|s| s.optimizer.gradient.clip_norm == 0.0)
    .also_called(&["clip", "max_norm", "max_grad_norm", "grad_clip", "gradient_clip_val"]),
    Setting::new(
        FILTER,
        "what is added of earlier gradients: nothing, or by grokfast_ema their amplified average (Lee et al. 2024)",
        Access::Name {
            allowed: &["none", "grokfast_ema"],
            get: |s| {
                Some(match s.optimizer.gradient.filter {
                    GradientFilter::None => "none",
                    GradientFilter::GrokfastEma { .. } => "grokfast_ema",
                })
            },
            set: |s, name| {
                let filter = &mut s.optimizer.gradient.filter;
                *filter = match (name, *filter) {
                    ("none", _) => GradientFilter::None,
                    ("grokfast_ema", GradientFilter::None) => GradientFilter::GROKFAST_EMA,
                    ("grokfast_ema", grokfast @ GradientFilter::GrokfastEma { .. }) => grokfast,
                    _ => return false,
                };
                true
            },
        },
    )
    .changing()
    .selecting()
    .unsaid_where(|s| s.optimizer.gradient.filter == GradientFilter::None)
    .also_called(&["grokfast", "gradfilter"]),
    Setting::new(
        "gradient.filter_decay",
        "Grokfast's α: the share of the average gradient that stays at each update",
        Access::Number {
            allowed: Allowed::DECAY,
            get: |s| match s.optimizer.gradient.filter {
                GradientFilter::GrokfastEma { decay, .. } => Some(decay),
                GradientFilter::None => None,
            },
            set: |s, value| {
                if let GradientFilter::GrokfastEma { decay, .. } = &mut s.optimizer.gradient.filter {
                    *decay = value;
                }
            },
        },
    )
    .changing()
    .only(FILTER, &["grokfast_ema"]),
    Setting::new(
        "gradient.filter_factor",
        "Grokfast's λ: times the average gradient is added to the gradient",
        Access::Number {
            allowed: Allowed::NOT_NEGATIVE,
            get: |s| match s.optimizer.gradient.filter {
                GradientFilter::GrokfastEma { factor, .. } => Some(factor),
                GradientFilter::None => None,
            },
            set: |s, value| {
                if let GradientFilter::GrokfastEma { factor, .. } = &mut s.optimizer.gradient.filter {
                    *factor = value;
                }
            },
        },
    )
    .changing()
    .only(FILTER, &["grokfast_ema"])
    .also_called(&["lamb", "lambda"]),
    Setting::new(
        "gradient.direction",
        "of each array's gradient: plain, orthogonal to the weights (⊥Grad), or egalitarian, with all singular values 1",
        Access::Name {
            allowed: &["plain", "orthogonal", "egalitarian"],
            get: |s| {
                Some(match s.optimizer.gradient.direction {
                    GradientDirection::Plain => "plain",
                    GradientDirection::Orthogonal => "orthogonal",
                    GradientDirection::Egalitarian => "egalitarian",
                })
            },
            set: |s, name| {
                s.optimizer.gradient.direction = match name {
                    "plain" => GradientDirection::Plain,
                    "orthogonal" => GradientDirection::Orthogonal,
                    "egalitarian" => GradientDirection::Egalitarian,
                    _ => return false,
                };
                true
            },
        },
    )
    .changing()
    .unsaid_where(|s| s.optimizer.gradient.direction == GradientDirection::Plain)
    .also_called(&["orthograd", "perp_grad", "egd"]),
    super::loss::SOFTMAX_BITS,
    Setting::new(
        PRECISION,
        "the numbers that the gradient comes in: single, or half, a planted fault (f16 with a loss scale that only grows)",
        Access::Name {
            allowed: &["single", "half"],
            get: |s| {
                Some(match s.optimizer.gradient.precision {
                    GradientPrecision::Single => "single",
                    GradientPrecision::Half { .. } => "half",
                })
            },
            set: |s, name| {
                let precision = &mut s.optimizer.gradient.precision;
                *precision = match (name, *precision) {
                    ("single", _) => GradientPrecision::Single,
                    ("half", GradientPrecision::Single) => GradientPrecision::HALF,
                    ("half", half @ GradientPrecision::Half { .. }) => half,
                    _ => return false,
                };
                true
            },
        },
    )
    .changing()
    .selecting()
    .unsaid_where(|s| s.optimizer.gradient.precision == GradientPrecision::Single)
    .also_called(&["half", "fp16", "amp"]),
    Setting::new(
        "fault.loss_scale",
        "S of the first update: half gradients are those of S times the loss",
        Access::Number {
            allowed: Allowed::POSITIVE,
            get: |s| match s.optimizer.gradient.precision {
                GradientPrecision::Half { loss_scale, .. } => Some(loss_scale),
                GradientPrecision::Single => None,
            },
            set: |s, value| {
                if let GradientPrecision::Half { loss_scale, .. } = &mut s.optimizer.gradient.precision {
                    *loss_scale = value;
                }
            },
        },
    )
    .changing()
    .only(PRECISION, &["half"]),
    Setting::new(
        "fault.loss_scale_doubling",
        "updates after which the loss scale doubles, each time",
        Access::Count {
            min: 1,
            max: MOST_STEPS,
            get: |s| match s.optimizer.gradient.precision {
                GradientPrecision::Half { doubling_steps, .. } => Some(doubling_steps),
                GradientPrecision::Single => None,
            },
            set: |s, value| {
                if let GradientPrecision::Half { doubling_steps, .. } = &mut s.optimizer.gradient.precision {
                    *doubling_steps = value;
                }
            },
        },
    )
    .changing()
    .only(PRECISION, &["half"])
    .also_called(&["growth_interval"]),
];
