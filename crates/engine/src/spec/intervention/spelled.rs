//! Interventions as they are spelled: what is read from it is the same again.

use super::{Action, Event, Intervention, Numbers, Rows, When};
use crate::spec::value::Value;
use std::fmt;

impl fmt::Display for Intervention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.when, self.action)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(step) => write!(f, "at {step}"),
            Self::During(from, to) => write!(f, "from {from} to {to}"),
            Self::On(Event::Memorized) => write!(f, "on memorized"),
            Self::On(Event::Generalized) => write!(f, "on generalized"),
            Self::Crossing { quantity, rises, level } => {
                write!(f, "when {} {} {level:?}", quantity.name(), if *rises { ">=" } else { "<=" })
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { key, value: Value::Text(value) } => write!(f, "set {key} {value}"),
            Self::Set { key, value } => write!(f, "set {key} {value}"),
            Self::Freeze(part) => write!(f, "freeze {part}"),
            Self::Thaw(part) => write!(f, "thaw {part}"),
            Self::Reinitialize(part) => write!(f, "reinitialize {part}"),
            Self::Rewind(part) => write!(f, "rewind {part}"),
            Self::Scale(part, factor) => write!(f, "scale {part} by {factor:?}"),
            Self::Shift(part, by) => write!(f, "shift {part} by {by:?}"),
            Self::Nudge { part, index, by } => write!(f, "nudge {part} {index} by {by:?}"),
            Self::Clamp(part, None) => write!(f, "clamp {part}"),
            Self::Clamp(part, Some(norm)) => write!(f, "clamp {part} to {norm:?}"),
            Self::ScaleUnits(units, factor) => write!(f, "scale units {units} by {factor:?}"),
            Self::Ablate(units) => write!(f, "ablate units {units}"),
            Self::Corrupt(rows) => write!(f, "corrupt {rows}"),
            Self::Magnify(rows, factor) => write!(f, "magnify {rows} by {factor:?}"),
            Self::Drop(rows) => write!(f, "drop {rows}"),
            Self::HoldOut(rows) => write!(f, "hold-out {rows}"),
            Self::Train(rows) => write!(f, "train {rows}"),
            Self::Repeat(n) => write!(f, "repeat {n} rows"),
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(numbers) => write!(f, "rows {numbers}"),
            Self::Share(share) => write!(f, "{share:?} of rows"),
        }
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_slice();
        while let Some(&first) = rest.first() {
            let run = rest.iter().zip(first..).take_while(|(number, expected)| **number == *expected).count();
            let comma = if rest.len() == self.0.len() { "" } else { "," };
            match run {
                1 => write!(f, "{comma}{first}")?,
                _ => write!(f, "{comma}{first}-{}", rest[run - 1])?,
            }
            rest = &rest[run..];
        }
        Ok(())
    }
}
