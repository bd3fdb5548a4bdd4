//! The table of settings: names, meanings, what is allowed. Files, the command line, help and a run's identity walk it.
//!
//! Not here: how many assignments at once become a spec ([`super::apply()`]).

mod data;
mod gradient;
mod loss;
mod model;
mod optimizer;
mod run;

use super::setting::Setting;

const MOST_STEPS: u64 = 1_000_000_000;

/// Every setting, in reading order.
pub const SETTINGS: &[Setting] = &joined::<N_SETTINGS>();

/// The parts, each a section or what stands beside them.
const PARTS: [&[Setting]; 6] =
    [data::SETTINGS, model::SETTINGS, loss::SETTINGS, optimizer::SETTINGS, gradient::SETTINGS, run::SETTINGS];

const N_SETTINGS: usize = {
    let (mut n, mut part) = (0, 0);
    while part < PARTS.len() {
        n += PARTS[part].len();
        part += 1;
    }
    n
};

/// The parts as one list.
const fn joined<const N: usize>() -> [Setting; N] {
    let mut all = [PARTS[0][0]; N];
    let (mut n, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut index = 0;
        while index < PARTS[part].len() {
            all[n] = PARTS[part][index];
            (n, index) = (n + 1, index + 1);
        }
        part += 1;
    }
    all
}

/// The setting of this name. A section's own name stands for its `name`: `optimizer` for `optimizer.name`.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|s| s.key == key || s.key.strip_suffix(".name") == Some(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::RunSpec;
    use crate::spec::error::SpecError;
    use crate::spec::value::{Allowed, Value};

    /// A spec whose choices have the setting.
    fn having(setting: &Setting, owner: Option<&&'static str>) -> RunSpec {
        let mut spec = RunSpec::default();
        if let (Some((selector, _)), Some(owner)) = (setting.only, owner) {
            find(selector).unwrap().set(&mut spec, &Value::from(*owner)).unwrap();
        }
        spec
    }

    fn owners(setting: &Setting) -> &'static [&'static str] {
        setting.only.map_or(&[], |(_, owners)| owners)
    }

    fn is_alternative(setting: &Setting) -> bool {
        setting.group.is_some()
    }

    #[test]
    fn a_setting_has_a_value_exactly_where_it_applies() {
        for setting in SETTINGS.iter().filter(|setting| !is_alternative(setting)) {
            let Some((selector, owners)) = setting.only else {
                assert!(setting.get(&RunSpec::default()).is_some(), "{}", setting.key);
                continue;
            };
            let selector = find(selector).unwrap();
            assert!(selector.selects, "{}", selector.key);
            let Allowed::Name(options) = selector.allowed() else { panic!("{} selects", selector.key) };
            assert!(owners.iter().all(|owner| options.contains(owner)), "{}", setting.key);
            for option in options {
                let spec = having(setting, Some(option));
                let applies = setting.must_apply(&spec).is_ok();
                assert_eq!(applies, owners.contains(option), "{} under {option}", setting.key);
                assert_eq!(applies, setting.get(&spec).is_some(), "{} under {option}", setting.key);
            }
        }
    }

    #[test]
    fn every_allowed_value_is_taken_and_given_back() {
        for setting in SETTINGS.iter().filter(|setting| setting.key != "task.order") {
            let values: Vec<Value> = match setting.allowed() {
                Allowed::Flag => vec![true.into(), false.into()],
                Allowed::Count { min, max } => vec![min.into(), max.into(), u64::midpoint(min, max).into()],
                Allowed::CountOrNever { max } => vec![0_u64.into(), max.into(), "never".into()],
                Allowed::Number { .. } => vec![0.25.into(), (0.1 + 0.2).into(), 1e-8.into()],
                Allowed::Name(names) => names.iter().map(|name| Value::from(*name)).collect(),
                Allowed::Text(_) if setting.key == "interventions" => {
                    vec!["at 3 freeze top; on memorized rewind top".into()]
                }
                Allowed::Text(_) if setting.key == "model.attention" => vec!["full".into(), "3xchunked:6/full".into()],
                Allowed::Text(_) => vec!["symmetric:4".into(), "product:cyclic:2,cyclic:3".into()],
            };
            for owner in owners(setting).iter().map(Some).chain(owners(setting).is_empty().then_some(None)) {
                let mut spec = having(setting, owner);
                for value in &values {
                    setting.set(&mut spec, value).unwrap_or_else(|error| panic!("{} = {value}: {error}", setting.key));
                    assert_eq!(setting.get(&spec).as_ref(), Some(value), "{}", setting.key);
                }
            }
        }
    }

    #[test]
    fn the_bounds_themselves_are_as_said() {
        for setting in SETTINGS {
            use std::ops::Bound::{Excluded, Included, Unbounded};
            let Allowed::Number { min, max } = setting.allowed() else { continue };
            let takes =
                |number: f64| setting.set(&mut having(setting, owners(setting).first()), &Value::from(number)).is_ok();
            let (Included(low) | Excluded(low)) = min else { panic!("{} has no least value", setting.key) };
            assert_eq!(takes(low), matches!(min, Included(_)), "{}", setting.key);
            assert!(takes(low.next_up()) && !takes(low.next_down()), "{}", setting.key);
            match max {
                Included(high) => assert!(takes(high) && !takes(high.next_up()), "{}", setting.key),
                Excluded(high) => assert!(takes(high.next_down()) && !takes(high), "{}", setting.key),
                Unbounded => assert!(takes(f64::MAX) && !takes(f64::INFINITY), "{}", setting.key),
            }
        }
    }

    #[test]
    fn what_is_not_allowed_is_refused_and_changes_nothing() {
        let (text, half) = (Value::from("no such"), Value::from(2.5));
        for setting in SETTINGS {
            let (wrong_type, out_of_range): (Vec<Value>, Vec<Value>) = match setting.allowed() {
                Allowed::Flag => (vec![text.clone(), Value::Int(1)], vec![]),
                Allowed::Count { min, max } => {
                    let outside = vec![(max + 1).into(), Value::Int(min as i64 - 1), Value::Int(-1), f64::NAN.into()];
                    (vec![text.clone(), half.clone(), true.into()], outside)
                }
                Allowed::CountOrNever { max } => {
                    (vec![text.clone(), half.clone()], vec![(max + 1).into(), Value::Int(-1), (-3.0).into()])
                }
                Allowed::Number { .. } => {
                    (vec![text.clone(), true.into()], vec![f64::NAN.into(), f64::INFINITY.into(), Value::Int(-1)])
                }
                Allowed::Name(_) | Allowed::Text(_) => (vec![Value::Int(3), half.clone(), true.into()], vec![]),
            };
            let before = having(setting, owners(setting).first());
            let refusal = |value: &Value| {
                let mut spec = before.clone();
                let error = setting.set(&mut spec, value).expect_err(setting.key);
                assert_eq!(spec, before, "{} = {value}", setting.key);
                assert!(error.to_string().contains(setting.key), "{error}");
                error
            };
            for value in &wrong_type {
                assert!(matches!(refusal(value), SpecError::WrongType { .. }), "{} = {value}", setting.key);
            }
            for value in &out_of_range {
                assert!(matches!(refusal(value), SpecError::OutOfRange { .. }), "{} = {value}", setting.key);
            }
            if let Allowed::Name(_) = setting.allowed() {
                assert!(matches!(refusal(&text), SpecError::UnknownValue { nearest: None, .. }), "{}", setting.key);
            }
        }
    }

    #[test]
    fn minus_zero_is_zero() {
        let mut spec = RunSpec::default();
        find("optimizer.weight_decay").unwrap().set(&mut spec, &Value::from(-0.0)).unwrap();
        assert!(spec.optimizer.weight_decay.is_sign_positive());
    }

    #[test]
    fn keys_are_distinct_and_sections_stand_together() {
        let mut sections: Vec<_> = SETTINGS.iter().map(Setting::section).filter(|s| !s.is_empty()).collect();
        sections.dedup();
        let distinct: std::collections::BTreeSet<_> = sections.iter().collect();
        assert_eq!(distinct.len(), sections.len(), "{sections:?}");
        let keys: std::collections::BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        assert_eq!(keys.len(), SETTINGS.len());
    }
}
