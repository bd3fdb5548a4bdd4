//! A claim as a sentence.

use super::{Change, Claim, Condition, Scope, Statement};
use crate::lab::Setting;
use std::fmt::{self, Display};

impl Claim {
    /// The sentence that says it, from which it can be read again.
    pub fn sentence(&self) -> String {
        let mut clauses = vec![self.statement.to_string()];
        let free: Vec<&str> = self
            .constants
            .iter()
            .filter(|constant| constant.fixed.is_none())
            .map(|constant| constant.name.as_str())
            .collect();
        if !free.is_empty() {
            clauses.push(format!("for some {}", free.join(" and ")));
        }
        let fixed = self.constants.iter().filter_map(|constant| {
            let (value, unit) = constant.fixed.as_ref()?;
            let unit = if unit.is_pure() { String::new() } else { format!(" {unit}") };
            Some(format!("{} = {value}{unit}", constant.name))
        });
        let fixed: Vec<String> = fixed.collect();
        if !fixed.is_empty() {
            clauses.push(format!("with {}", fixed.join(" and ")));
        }
        if !self.scope.0.is_empty() {
            clauses.push(format!("where {}", self.scope));
        }
        if !self.because.is_empty() {
            clauses.push(format!("because {}", self.because.join(" and ")));
        }
        clauses.join(", ")
    }
}

impl Display for Claim {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sentence())
    }
}

impl From<Claim> for String {
    fn from(claim: Claim) -> Self {
        claim.sentence()
    }
}

/// A share as a percentage.
fn percent(share: f64) -> String {
    // Shares are read as percents: both ways without a digit lost.
    let percent = (share * 1e6).round() / 1e4;
    format!("{percent} %")
}

impl Display for Statement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Law { target, value } => write!(out, "{target} = {value}"),
            Self::Boundary { event, left, right } => write!(out, "{event} happens when {left} > {right}"),
            Self::Order { first, then, at_least } => {
                write!(out, "{first} comes before {then} in at least {} of runs", percent(*at_least))
            }
            Self::Invariant { quantity, whatever, within } => {
                write!(out, "{quantity} stays within {} whatever {}", percent(*within), whatever.join(" and "))
            }
            Self::Collapse { quantity, along, whatever } => {
                write!(out, "{quantity} is one curve of {along} whatever {}", whatever.join(" and "))
            }
            Self::Cause { change, raises, of, at_least } => {
                let verb = if *raises { "raises" } else { "lowers" };
                write!(out, "setting {change} {verb} {of} in at least {} of pairs", percent(*at_least))
            }
            Self::Mediation { change, of, through, at_least } => {
                write!(
                    out,
                    "setting {change} acts on {of} only through {through} in at least {} of pairs",
                    percent(*at_least)
                )
            }
            Self::Identity { left, right } => write!(out, "identity {left} = {right}"),
        }
    }
}

impl Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} from {} to {}", self.knob, self.from, self.to)
    }
}

impl Display for Setting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => write!(out, "{value}"),
            Self::Level(level) => out.write_str(level),
        }
    }
}

impl Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conditions: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&conditions.join(" and "))
    }
}

impl Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(name, level) => write!(out, "{name} = {level}"),
            Self::In(name, range) if range.least == range.most => write!(out, "{name} = {}", range.least),
            Self::In(name, range) if range.most == f64::INFINITY => write!(out, "{name} >= {}", range.least),
            Self::In(name, range) if range.least == f64::NEG_INFINITY => write!(out, "{name} <= {}", range.most),
            Self::In(name, range) => write!(out, "{name} in {}..{}", range.least, range.most),
        }
    }
}
