//! One setting: how it is named, read, checked and written.

use super::RunSpec;
use super::error::{SpecError, nearest};
use super::settings::find;
use super::value::{Allowed, NEVER, Value};

/// One setting.
#[expect(clippy::struct_excessive_bools, reason = "four facts that have nothing to do with each other")]
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Dotted name, `model.width`.
    pub key: &'static str,
    /// One line: what it is, in which unit.
    pub doc: &'static str,
    /// Other names that people give it; they are not accepted but understood in an error.
    pub other_names: &'static [&'static str],
    /// Whether two runs that differ in it alone are different runs.
    pub identifies: bool,
    /// The choice that it belongs to and the options of that choice that have it; `None` where every run has it.
    pub only: Option<(&'static str, &'static [&'static str])>,
    /// Whether other settings depend on this choice, so that it is taken first.
    pub selects: bool,
    /// Whether it must be given with the choice that it belongs to, having no published default.
    pub required: bool,
    /// Settings of one group are alternatives: writing one replaces the others.
    pub group: Option<&'static str>,
    /// Where its value goes without saying: what a spec without it means, so that it is not written and not part of the id.
    pub goes_without_saying: Option<fn(&RunSpec) -> bool>,
    /// Whether an intervention can give it another value during a run.
    pub may_change: bool,
    pub(super) access: Access,
}

pub(in crate::spec) type Get<T> = fn(&RunSpec) -> Option<T>;

/// How a spec's field is read and written. A getter has `None` where the setting does not apply.
#[derive(Clone, Copy, Debug)]
pub(in crate::spec) enum Access {
    Flag {
        get: Get<bool>,
        set: fn(&mut RunSpec, bool),
    },
    Count {
        min: u64,
        max: u64,
        get: Get<u64>,
        set: fn(&mut RunSpec, u64),
    },
    CountOrNever {
        max: u64,
        get: fn(&RunSpec) -> Option<u64>,
        set: fn(&mut RunSpec, Option<u64>),
    },
    Number {
        allowed: Allowed,
        get: Get<f64>,
        set: fn(&mut RunSpec, f64),
    },
    /// The setter says whether it knows the name.
    Name {
        allowed: &'static [&'static str],
        get: Get<&'static str>,
        set: fn(&mut RunSpec, &str) -> bool,
    },
    Text {
        what: &'static str,
        get: Get<String>,
        set: fn(&mut RunSpec, &str) -> Result<(), SpecError>,
    },
    /// Written only: changes the task.
    TaskOrder {
        max: u64,
    },
}

impl Setting {
    /// What it allows.
    pub fn allowed(&self) -> Allowed {
        match self.access {
            Access::Flag { .. } => Allowed::Flag,
            Access::Count { min, max, .. } => Allowed::Count { min, max },
            Access::CountOrNever { max, .. } => Allowed::CountOrNever { max },
            Access::Number { allowed, .. } => allowed,
            Access::Name { allowed, .. } => Allowed::Name(allowed),
            Access::Text { what, .. } => Allowed::Text(what),
            Access::TaskOrder { max } => Allowed::Count { min: 1, max },
        }
    }

    /// Its value; `None` where it does not apply, or can only be written.
    pub fn get(&self, spec: &RunSpec) -> Option<Value> {
        match self.access {
            Access::Flag { get, .. } => get(spec).map(Value::from),
            Access::Count { get, .. } => get(spec).map(Value::from),
            Access::CountOrNever { get, .. } => Some(get(spec).map_or(Value::from(NEVER), Value::from)),
            Access::Number { get, .. } => get(spec).map(Value::from),
            Access::Name { get, .. } => get(spec).map(Value::from),
            Access::Text { get, .. } => get(spec).map(Value::Text),
            Access::TaskOrder { .. } => None,
        }
    }

    /// Gives it a value, or says why not. Without effect where it does not apply ([`Setting::must_apply`]).
    pub fn set(&self, spec: &mut RunSpec, value: &Value) -> Result<(), SpecError> {
        match self.access {
            Access::Flag { set, .. } => match value {
                Value::Bool(flag) => set(spec, *flag),
                _ => return Err(self.wrong_type(value)),
            },
            Access::Count { min, max, set, .. } => set(spec, self.count(value, min, max)?),
            Access::CountOrNever { set, .. } if *value == Value::from(NEVER) => set(spec, None),
            Access::CountOrNever { max, set, .. } => set(spec, Some(self.count(value, 0, max)?)),
            Access::Number { set, .. } => set(spec, self.number(value)?),
            Access::Name { allowed, set, .. } => {
                let Value::Text(name) = value else { return Err(self.wrong_type(value)) };
                if !set(spec, name) {
                    let nearest = nearest(name, allowed.iter().copied());
                    return Err(SpecError::UnknownValue { key: self.key, value: name.clone(), nearest, allowed });
                }
            }
            Access::Text { set, .. } => match value {
                Value::Text(text) => set(spec, text)?,
                _ => return Err(self.wrong_type(value)),
            },
            Access::TaskOrder { max } => {
                let order = self.count(value, 1, max)?;
                let unfit = || SpecError::NoOrder { task: spec.task.to_string(), order };
                spec.task = spec.task.with_order(order).ok_or_else(unfit)?;
            }
        }
        Ok(())
    }

    /// An error unless the spec's choices have this setting.
    pub fn must_apply(&self, spec: &RunSpec) -> Result<(), SpecError> {
        let Some((_, owners)) = self.only else { return Ok(()) };
        match self.selected(spec) {
            Some((_, selected)) if owners.contains(&selected.as_str()) => Ok(()),
            Some((selector, selected)) => {
                Err(SpecError::DoesNotApply { key: self.key, selector: selector.key, selected, owners })
            }
            None => Ok(()),
        }
    }

    /// The choice that it belongs to, and what the spec chose.
    pub(super) fn selected(&self, spec: &RunSpec) -> Option<(&'static Setting, String)> {
        let selector = find(self.only?.0)?;
        match selector.get(spec)? {
            Value::Text(selected) => Some((selector, selected)),
            _ => None,
        }
    }

    /// `model` of `model.width`; empty at the top level.
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or("", |(section, _)| section)
    }

    /// `width` of `model.width`.
    pub fn name(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(_, name)| name)
    }

    /// The section, or the key itself at the top level.
    pub(super) fn top_level_name(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(section, _)| section)
    }

    /// The error for a value of a wrong kind, `found` naming it.
    pub fn wrong_kind(&self, found: &str) -> SpecError {
        SpecError::WrongType { key: self.key, allowed: self.allowed(), found: found.to_owned() }
    }

    fn wrong_type(&self, value: &Value) -> SpecError {
        self.wrong_kind(&format!("{} ({value})", value.kind()))
    }

    fn out_of_range(&self, value: &Value) -> SpecError {
        SpecError::OutOfRange { key: self.key, value: value.clone(), allowed: self.allowed() }
    }

    fn count(&self, value: &Value, min: u64, max: u64) -> Result<u64, SpecError> {
        /// Whole numbers are exact in f64 up to here.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let count = match *value {
            Value::Int(count) => u64::try_from(count).ok(),
            Value::Float(count) if count.fract() == 0.0 && count.abs() <= EXACT => {
                (count >= 0.0).then_some(count as u64)
            }
            Value::Float(count) if count.fract() == 0.0 || !count.is_finite() => None,
            _ => return Err(self.wrong_type(value)),
        };
        count.filter(|count| (min..=max).contains(count)).ok_or_else(|| self.out_of_range(value))
    }

    fn number(&self, value: &Value) -> Result<f64, SpecError> {
        let number = match *value {
            Value::Int(number) => number as f64,
            Value::Float(number) => number + 0.0, // −0 becomes 0, so that equal numbers are equal lines
            _ => return Err(self.wrong_type(value)),
        };
        let Allowed::Number { min, max } = self.allowed() else { return Ok(number) };
        let is_allowed = number.is_finite() && std::ops::RangeBounds::contains(&(min, max), &number);
        is_allowed.then_some(number).ok_or_else(|| self.out_of_range(value))
    }

    pub(in crate::spec) const fn new(key: &'static str, doc: &'static str, access: Access) -> Self {
        let (other_names, only, group): (&[&str], _, _) = (&[], None, None);
        let goes_without_saying = None;
        Self {
            key,
            doc,
            other_names,
            identifies: true,
            only,
            selects: false,
            required: false,
            group,
            goes_without_saying,
            may_change: false,
            access,
        }
    }

    /// It is written only where it says something.
    pub(in crate::spec) const fn unsaid_where(self, is_usual: fn(&RunSpec) -> bool) -> Self {
        Self { goes_without_saying: Some(is_usual), ..self }
    }

    pub(in crate::spec) const fn also_called(self, other_names: &'static [&'static str]) -> Self {
        Self { other_names, ..self }
    }

    /// It belongs to these options of a choice.
    pub(in crate::spec) const fn only(self, selector: &'static str, owners: &'static [&'static str]) -> Self {
        Self { only: Some((selector, owners)), ..self }
    }

    /// Settings of one group are alternatives.
    pub(in crate::spec) const fn alternatives(self, group: &'static str) -> Self {
        Self { group: Some(group), ..self }
    }

    /// Other settings depend on it.
    pub(in crate::spec) const fn selecting(self) -> Self {
        Self { selects: true, ..self }
    }

    /// It can get another value during a run.
    pub(in crate::spec) const fn changing(self) -> Self {
        Self { may_change: true, ..self }
    }

    /// It has no default.
    pub(in crate::spec) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// It changes nothing of the result.
    pub(in crate::spec) const fn not_identifying(self) -> Self {
        Self { identifies: false, ..self }
    }
}
