//! From values to places on an axis, with ticks that people can read.

use super::wording as words;
use schemars::JsonSchema;
use serde::Serialize;

/// How values are placed along an axis; both ends are finite and differ.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Evenly.
    Linear {
        /// The value at the near end.
        low: f64,
        /// The value at the far end.
        high: f64,
    },
    /// By logarithm; both ends are positive.
    Log {
        /// The value at the near end.
        low: f64,
        /// The value at the far end.
        high: f64,
    },
    /// Training steps by the logarithm of step + 1, so that step 0 has a place; `last` ≥ 1.
    Step {
        /// The last step.
        last: f64,
    },
}

/// A mark on an axis; without label a small one.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Tick {
    /// Where.
    pub value: f64,
    /// What stands beside it.
    pub label: Option<String>,
}

impl Scale {
    /// Evenly over the finite `values` and `also`, out to round numbers.
    pub fn linear(values: impl IntoIterator<Item = f64>, also: &[f64]) -> Self {
        let (low, high) = range(values.into_iter().chain(also.iter().copied())).unwrap_or((0.0, 1.0));
        let (low, high) = if low == high { widened(low) } else { (low, high) };
        let step = round_step(low, high);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self::Linear { low, high }
    }

    /// By logarithm over the positive finite `values`, at most `decades` below the largest; even where none is positive.
    pub fn log(values: impl IntoIterator<Item = f64>, decades: i32) -> Self {
        // Beyond these a decade more could not be written as an f64.
        let drawable = |&v: &f64| v > 1e-290 && v < 1e290;
        let Some((low, high)) = range(values.into_iter().filter(drawable)) else {
            return Self::Linear { low: 0.0, high: 1.0 };
        };
        let (low, high) = (round_down(low.max(high / 10f64.powi(decades))), round_up(high));
        if low < high { Self::Log { low, high } } else { Self::Log { low: low / 10.0, high: high * 10.0 } }
    }

    /// By logarithm if the values are positive and span more than a factor of 20, else evenly from zero.
    pub fn fitting(values: &[f64]) -> Self {
        let positive = values.iter().all(|&v| v > 0.0);
        match range(values.iter().copied()) {
            Some((low, high)) if positive && high > 20.0 * low => Self::log(values.iter().copied(), 12),
            _ => Self::linear(values.iter().copied(), &[0.0]),
        }
    }

    /// The value at the near end.
    pub fn low(self) -> f64 {
        match self {
            Self::Linear { low, .. } | Self::Log { low, .. } => low,
            Self::Step { .. } => 0.0,
        }
    }

    /// The value at the far end.
    pub fn high(self) -> f64 {
        match self {
            Self::Linear { high, .. } | Self::Log { high, .. } => high,
            Self::Step { last } => last,
        }
    }

    /// Where `value` lies, 0 at the low end and 1 at the high end; `None` where it has no place (not finite, or not
    /// positive on a logarithmic axis). Values beyond an end are held at it.
    pub fn place(self, value: f64) -> Option<f64> {
        if !value.is_finite() {
            return None;
        }
        let share = match self {
            Self::Linear { low, high } => (value - low) / (high - low),
            Self::Log { .. } if value <= 0.0 => return None,
            Self::Log { low, high } => (value / low).log10() / (high / low).log10(),
            Self::Step { last } => value.max(0.0).ln_1p() / last.ln_1p(),
        };
        Some(share.clamp(0.0, 1.0))
    }

    /// Marks in ascending order, between two and about nine of them labelled.
    pub fn ticks(self) -> Vec<Tick> {
        match self {
            Self::Linear { low, high } => linear_ticks(low, high),
            Self::Log { low, high } => log_ticks(low, high),
            Self::Step { last } => step_ticks(last),
        }
    }
}

/// Smallest and largest finite value.
pub fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|v| v.is_finite())
        .fold(None, |seen, v| Some(seen.map_or((v, v), |(low, high): (f64, f64)| (low.min(v), high.max(v)))))
}

/// A range around a single value that includes zero.
fn widened(value: f64) -> (f64, f64) {
    if value == 0.0 { (0.0, 1.0) } else { (value.min(0.0), value.max(0.0)) }
}

/// 1, 2 or 5 times a power of ten, such that about four of them span the range.
fn round_step(low: f64, high: f64) -> f64 {
    // Halves, so that the largest f64 does not overflow.
    let rough = ((high / 2.0 - low / 2.0) / 2.0).max(f64::MIN_POSITIVE);
    let power = 10f64.powi(rough.log10().floor() as i32);
    let factor = rough / power;
    power
        * if factor < 1.5 {
            1.0
        } else if factor < 3.5 {
            2.0
        } else if factor < 7.5 {
            5.0
        } else {
            10.0
        }
}

fn linear_ticks(low: f64, high: f64) -> Vec<Tick> {
    let step = round_step(low, high);
    let first = (low / step).ceil();
    (0..=((high / step).floor() - first).clamp(0.0, 12.0) as usize)
        .map(|i| {
            let value = (first + i as f64) * step;
            // A hair beside zero is zero: 3 · 0.1 − 0.3 must not be labelled 5.55×10⁻¹⁷.
            let value = if value.abs() < step * 1e-9 { 0.0 } else { value };
            Tick { value, label: Some(aligned(value, step)) }
        })
        .collect()
}

/// With as many decimals as `step` needs, so that the labels of one axis look alike.
fn aligned(value: f64, step: f64) -> String {
    let decimals = (-step.log10() - 1e-9).ceil().max(0.0);
    if decimals > 4.0 || value.abs() >= 1e6 || step >= 1000.0 {
        return words::number(value);
    }
    if decimals == 0.0 {
        let sign = if value < 0.0 { "−" } else { "" };
        return format!("{sign}{}", words::count(value.abs().round() as u64));
    }
    if value == 0.0 { "0".into() } else { format!("{value:.*}", decimals as usize).replace('-', "−") }
}

fn round_down(value: f64) -> f64 {
    let power = 10f64.powi(value.log10().floor() as i32);
    [5.0, 2.0, 1.0].into_iter().map(|f| f * power).find(|&v| v <= value * (1.0 + 1e-12)).unwrap_or(power)
}

fn round_up(value: f64) -> f64 {
    let power = 10f64.powi(value.log10().floor() as i32);
    [1.0, 2.0, 5.0].into_iter().map(|f| f * power).find(|&v| v >= value * (1.0 - 1e-12)).unwrap_or(10.0 * power)
}

fn log_ticks(low: f64, high: f64) -> Vec<Tick> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let decades = (high / low).log10();
    let every = (decades / 5.0).ceil().max(1.0) as i32;
    let inside = |v: f64| v >= low * (1.0 - 1e-9) && v <= high * (1.0 + 1e-9);
    let is_plain = first >= -3 && last <= 5;
    let mut ticks = Vec::new();
    for exponent in first..=last {
        let power = 10f64.powi(exponent);
        for digit in 1..=9 {
            let value = power * f64::from(digit);
            if !inside(value) || (every > 1 && digit > 1) {
                continue;
            }
            let labelled =
                if digit == 1 { exponent.rem_euclid(every) == 0 } else { decades < 1.6 && [2, 5].contains(&digit) };
            let label = match digit {
                _ if is_plain => words::number(value),
                1 => format!("10{}", words::superscript(&exponent.to_string())),
                _ => format!("{digit}×10{}", words::superscript(&exponent.to_string())),
            };
            ticks.push(Tick { value, label: labelled.then_some(label) });
        }
    }
    ticks
}

/// Zero, the powers of ten, and the last step.
fn step_ticks(last: f64) -> Vec<Tick> {
    let mut ticks = vec![Tick { value: 0.0, label: Some("0".into()) }];
    let decades = last.log10();
    let every = if decades > 7.0 { 2 } else { 1 };
    for exponent in 0..=decades.floor() as i32 {
        for digit in 1..=9 {
            let value = 10f64.powi(exponent) * f64::from(digit);
            if value < last {
                let label = (digit == 1 && exponent % every == 0).then(|| words::count(value as u64));
                ticks.push(Tick { value, label });
            }
        }
    }
    ticks.push(Tick { value: last, label: Some(words::count(last as u64)) });
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale) -> Vec<String> {
        scale.ticks().into_iter().filter_map(|t| t.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(Scale::linear([0.1, 0.9], &[0.0, 1.0])), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::linear([0.0, 0.0019], &[])), ["0", "0.0005", "0.0010", "0.0015", "0.0020"]);
        assert_eq!(labels(Scale::linear([0.0, 2000.0], &[])), ["0", "500", "1,000", "1,500", "2,000"]);
        assert_eq!(labels(Scale::linear([-3.0, 7.0], &[])), ["−4", "−2", "0", "2", "4", "6", "8"]);
    }

    #[test]
    fn every_tick_lies_on_its_axis_and_at_least_two_are_labelled() {
        let magnitudes = [1e-300, 1e-12, 0.003, 0.7, 1.0, 3.0, 12.0, 999.0, 1e5, 1e12, 1e300];
        for a in magnitudes {
            for b in magnitudes {
                for scale in [
                    Scale::linear([a, b], &[]),
                    Scale::linear([-a, b], &[]),
                    Scale::log([a, b], 12),
                    Scale::fitting(&[a, b]),
                    Scale::Step { last: a.clamp(1.0, 1e12) },
                ] {
                    assert!(labels(scale).len() >= 2, "{scale:?} {:?}", labels(scale));
                    assert!(labels(scale).len() <= 13, "{scale:?} {:?}", labels(scale));
                    let places: Vec<f64> = scale.ticks().iter().map(|t| scale.place(t.value).unwrap()).collect();
                    assert!(places.iter().all(|p| (0.0..=1.0).contains(p)), "{scale:?} {places:?}");
                    assert!(places.is_sorted(), "{scale:?} {places:?}");
                }
            }
        }
    }

    #[test]
    fn steps_have_a_place_for_zero() {
        let scale = Scale::Step { last: 999.0 };
        assert_eq!(scale.place(0.0), Some(0.0));
        assert!((scale.place(9.0).unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(scale.place(999.0), Some(1.0));
        assert_eq!(labels(scale), ["0", "1", "10", "100", "999"]);
    }

    #[test]
    fn what_is_not_finite_or_not_positive_has_no_place_on_a_logarithmic_axis() {
        let scale = Scale::log([1.0, 100.0, f64::NAN, f64::INFINITY, -5.0, 0.0], 12);
        assert_eq!(scale, Scale::Log { low: 1.0, high: 100.0 });
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0] {
            assert_eq!(scale.place(value), None);
        }
        assert_eq!(Scale::linear([f64::NAN], &[]).place(f64::NAN), None);
        assert_eq!(Scale::log([-1.0], 12), Scale::Linear { low: 0.0, high: 1.0 });
    }
}
