//! What a claim is made of.

use super::scope::{Condition, Scope};
use crate::expression::Expression;
use crate::lab::{LabCard, Setting};
use crate::unit::Unit;
use serde::{Deserialize, Serialize};

/// What is claimed, under which constants, where, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Claim {
    /// What is said.
    pub statement: Statement,
    /// Constants in it, in the order in which they are named.
    pub constants: Vec<Constant>,
    /// Where it is meant to hold.
    pub scope: Scope,
    /// What it follows from: ids of claims, or words.
    pub because: Vec<String>,
}

/// A constant of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Its name.
    pub name: String,
    /// Its value with its unit; `None` where the data find it.
    pub fixed: Option<(f64, Unit)>,
}

/// What a claim says.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `t_gen = c * M / learning_rate`: the value of a number that comes out.
    Law {
        /// The observable.
        target: String,
        /// Its typical value.
        value: Expression,
    },
    /// `generalized happens when samples > c * M * ln(M)`: where something begins to happen.
    Boundary {
        /// The observable.
        event: String,
        /// What has to be larger …
        left: Expression,
        /// … than this.
        right: Expression,
    },
    /// `t_mem comes before t_gen in at least 95 % of runs`.
    Order {
        /// What comes first.
        first: String,
        /// What comes then.
        then: String,
        /// In what share of the runs.
        at_least: f64,
    },
    /// `t_gen * learning_rate stays within 20 % whatever learning_rate`.
    Invariant {
        /// What stays.
        quantity: Expression,
        /// Whatever these are.
        whatever: Vec<String>,
        /// By how much it may change from one end of the scope to the other, as a share (logarithmic quantities) or in its unit.
        within: f64,
    },
    /// `t_gen / M is one curve of samples / (M * ln(M)) whatever M`.
    Collapse {
        /// What is one curve …
        quantity: Expression,
        /// … of this.
        along: Expression,
        /// Whatever these are.
        whatever: Vec<String>,
    },
    /// `setting learning_rate from 0.01 to 0.001 raises t_gen in at least 90 % of pairs`: two runs of one seed that differ in nothing else.
    Cause {
        /// What is done.
        change: Change,
        /// Whether the effect is upwards.
        raises: bool,
        /// On what.
        of: String,
        /// In what share of the pairs.
        at_least: f64,
    },
    /// `setting weight_decay from 0 to 0.001 acts on t_gen only through hidden_norm in at least 80 % of pairs`: with the mediator held,
    /// less than half of the effect is left.
    Mediation {
        /// What is done.
        change: Change,
        /// On what.
        of: String,
        /// The mediator.
        through: String,
        /// In what share of the pairs.
        at_least: f64,
    },
    /// `identity F' * F = …`: an equality of tensors, on random ones and on the states of runs.
    Identity {
        /// The left side, in the language of derivations.
        left: String,
        /// The right side.
        right: String,
    },
}

/// A knob turned from one setting to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The knob.
    pub knob: String,
    /// What it is without the change.
    pub from: Setting,
    /// What it is with it.
    pub to: Setting,
}

impl Claim {
    /// The first ten digits of the hash of its sentence without its reasons: two claims that say the same in the same words are one.
    pub fn id(&self) -> String {
        let bare = Self { because: Vec::new(), ..self.clone() };
        blake3::hash(bare.sentence().as_bytes()).to_hex()[..10].to_owned()
    }

    /// Names of the constants that the data find.
    pub fn free_constants(&self) -> Vec<String> {
        self.constants
            .iter()
            .filter(|constant| constant.fixed.is_none())
            .map(|constant| constant.name.clone())
            .collect()
    }

    /// The knobs that it names, in its statement or its scope, by themselves or by a number of their levels.
    pub fn named_knobs<'a>(&self, card: &'a LabCard) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.statement.expressions().into_iter().flat_map(Expression::names).collect();
        names.extend(self.scope.0.iter().map(Condition::name));
        match &self.statement {
            Statement::Invariant { whatever, .. } | Statement::Collapse { whatever, .. } => {
                names.extend(whatever.iter().map(String::as_str));
            }
            Statement::Cause { change, .. } => names.push(&change.knob),
            Statement::Mediation { change, through, .. } => {
                names.push(&change.knob);
                names.extend(
                    card.observable(through)
                        .and_then(|observable| observable.held_by.as_ref())
                        .map(|(knob, _)| knob.as_str()),
                );
            }
            _ => {}
        }
        let mut knobs: Vec<&str> =
            names.into_iter().filter_map(|name| card.owner(name)).map(|knob| knob.name.as_str()).collect();
        knobs.sort_unstable();
        knobs.dedup();
        knobs
    }

    /// The expression with its fixed constants as numbers.
    pub fn with_values(&self, expression: &Expression) -> Expression {
        match expression {
            Expression::Name(name) => {
                let fixed = self
                    .constants
                    .iter()
                    .find(|constant| constant.name == *name)
                    .and_then(|constant| constant.fixed.as_ref());
                fixed.map_or_else(|| expression.clone(), |(value, _)| Expression::Number(*value))
            }
            Expression::Number(_) => expression.clone(),
            Expression::Of(function, argument) => Expression::of(*function, self.with_values(argument)),
            Expression::Join(operator, left, right) => {
                Expression::join(*operator, self.with_values(left), self.with_values(right))
            }
        }
    }
}

impl Statement {
    /// The word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Law { .. } => "law",
            Self::Boundary { .. } => "boundary",
            Self::Order { .. } => "order",
            Self::Invariant { .. } => "invariant",
            Self::Collapse { .. } => "collapse",
            Self::Cause { .. } => "cause",
            Self::Mediation { .. } => "mediation",
            Self::Identity { .. } => "identity",
        }
    }

    /// The expressions in it.
    pub fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Law { value, .. } => vec![value],
            Self::Boundary { left, right, .. } => vec![left, right],
            Self::Invariant { quantity, .. } => vec![quantity],
            Self::Collapse { quantity, along, .. } => vec![quantity, along],
            _ => Vec::new(),
        }
    }

    /// The observables that it is about.
    pub fn observables(&self) -> Vec<&str> {
        match self {
            Self::Law { target, .. } => vec![target],
            Self::Boundary { event, .. } => vec![event],
            Self::Order { first, then, .. } => vec![first, then],
            Self::Cause { of, .. } => vec![of],
            Self::Mediation { of, through, .. } => vec![of, through],
            Self::Invariant { quantity, .. } | Self::Collapse { quantity, .. } => quantity.names(),
            Self::Identity { .. } => Vec::new(),
        }
    }

    /// What two claims have to share so that one can be ahead of the other: what is predicted.
    pub fn subject(&self) -> String {
        match self {
            Self::Law { target, .. } => target.clone(),
            Self::Boundary { event, .. } => event.clone(),
            Self::Invariant { quantity, .. } | Self::Collapse { quantity, .. } => quantity.to_string(),
            Self::Order { first, then, .. } => format!("{first} before {then}"),
            Self::Cause { change, of, .. } | Self::Mediation { change, of, .. } => format!("{} on {of}", change.knob),
            Self::Identity { left, right } => format!("{left} = {right}"),
        }
    }
}
