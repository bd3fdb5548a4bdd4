//! Whether a claim can be about a laboratory at all: names, units, scope. Nothing is run.

use super::{Claim, Condition, Statement};
use crate::expression::{Expression, MixedUnits, unit_of};
use crate::lab::{Domain, LabCard, ObservableKind, Setting, names};
use crate::unit::Unit;
use thiserror::Error;

/// Why a claim is not registered.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ClaimFault {
    /// A name is nowhere.
    #[error("{name:?} is no {what}{nearest}; {remedy}")]
    Unknown {
        /// The name.
        name: String,
        /// What it should be.
        what: &'static str,
        /// The nearest name that there is, as a clause.
        nearest: String,
        /// What there is, or what to do.
        remedy: String,
    },
    /// Units are mixed.
    #[error(transparent)]
    Units(#[from] MixedUnits),
    /// No point of the laboratory lies in the scope.
    #[error("the scope has no points: nothing in the laboratory meets {condition}; {remedy}")]
    EmptyScope {
        /// The condition that empties it.
        condition: String,
        /// What there is.
        remedy: String,
    },
    /// A share or a tolerance out of range.
    #[error("{value} is no {what}; {remedy}")]
    Amount {
        /// The value.
        value: f64,
        /// What it should be.
        what: &'static str,
        /// What is allowed.
        remedy: &'static str,
    },
    /// It is about the wrong kind of thing.
    #[error("{0}")]
    Kind(String),
}

impl Claim {
    /// Checks the claim against what the laboratory has.
    ///
    /// # Errors
    ///
    /// The first fault, with its remedy.
    pub fn check(&self, card: &LabCard) -> Result<(), ClaimFault> {
        self.check_constants(card)?;
        for expression in self.statement.expressions() {
            for name in expression.names() {
                self.check_name(card, name)?;
            }
        }
        self.check_statement(card)?;
        self.check_scope(card)
    }

    fn check_constants(&self, card: &LabCard) -> Result<(), ClaimFault> {
        let used: Vec<&str> = self.statement.expressions().into_iter().flat_map(Expression::names).collect();
        for (place, constant) in self.constants.iter().enumerate() {
            let name = &constant.name;
            let kind = |message: String| Err(ClaimFault::Kind(message));
            if card.quantities().iter().any(|(quantity, _)| quantity == name) || card.knob(name).is_some() {
                return kind(format!(
                    "the constant {name:?} has the name of a quantity of {}; call it otherwise",
                    card.name
                ));
            }
            if self.constants[..place].iter().any(|other| other.name == *name) {
                return kind(format!("the constant {name:?} is named twice; name it once"));
            }
            if !used.contains(&name.as_str()) {
                return kind(format!("the constant {name:?} does not stand in the statement; take it away"));
            }
        }
        Ok(())
    }

    fn check_name(&self, card: &LabCard, name: &str) -> Result<(), ClaimFault> {
        let quantities = card.quantities();
        let is_constant = self.constants.iter().any(|constant| constant.name == name);
        if is_constant || quantities.iter().any(|(quantity, _)| *quantity == name) {
            return Ok(());
        }
        let all: Vec<&str> = quantities.iter().map(|(quantity, _)| *quantity).collect();
        Err(ClaimFault::Unknown {
            name: name.to_owned(),
            what: "quantity",
            nearest: nearest(name, &all),
            remedy: format!("quantities are {}; a constant is named: for some {name}", names(all.iter().copied())),
        })
    }

    fn unit(&self, card: &LabCard, expression: &Expression) -> Result<Option<Unit>, MixedUnits> {
        unit_of(expression, &|name| {
            let constant = self.constants.iter().find(|constant| constant.name == name);
            match constant {
                Some(constant) => constant.fixed.as_ref().map(|(_, unit)| unit.clone()),
                None => {
                    card.quantities().iter().find(|(quantity, _)| *quantity == name).map(|(_, unit)| (*unit).clone())
                }
            }
        })
    }

    fn check_statement(&self, card: &LabCard) -> Result<(), ClaimFault> {
        match &self.statement {
            Statement::Law { target, value } => {
                let ObservableKind::Number { unit, .. } = &observable(card, target)?.kind else {
                    return Err(ClaimFault::Kind(format!(
                        "{target} is an event; a law is about a number: {target} happens when … > …"
                    )));
                };
                no_observable(card, value, target)?;
                crate::expression::same_unit(
                    &Expression::name(target),
                    Some(unit.clone()),
                    value,
                    self.unit(card, value)?,
                )?;
            }
            Statement::Boundary { event, left, right } => {
                if observable(card, event)?.kind != ObservableKind::Event {
                    return Err(ClaimFault::Kind(format!("{event} is a number; a boundary is about an event")));
                }
                no_observable(card, left, event)?;
                no_observable(card, right, event)?;
                crate::expression::same_unit(left, self.unit(card, left)?, right, self.unit(card, right)?)?;
            }
            Statement::Order { first, then, at_least } => {
                let units = [first, then].map(|name| match observable(card, name) {
                    Ok(found) => match &found.kind {
                        ObservableKind::Number { unit, .. } => Ok(unit.clone()),
                        ObservableKind::Event => Err(ClaimFault::Kind(format!(
                            "{name} is an event; an order is about two numbers such as steps"
                        ))),
                    },
                    Err(fault) => Err(fault),
                });
                let [a, b] = units;
                crate::expression::same_unit(&Expression::name(first), Some(a?), &Expression::name(then), Some(b?))?;
                check_share(*at_least)?;
            }
            Statement::Invariant { quantity, whatever, within } => {
                self.check_quantity(card, quantity)?;
                check_whatever(card, whatever)?;
                if !(*within > 0.0 && *within <= 10.0) {
                    return Err(ClaimFault::Amount {
                        value: *within,
                        what: "tolerance",
                        remedy: "it is above 0 % and at most 1000 %",
                    });
                }
            }
            Statement::Collapse { quantity, along, whatever } => {
                self.check_quantity(card, quantity)?;
                self.unit(card, along)?;
                check_whatever(card, whatever)?;
            }
            Statement::Cause { change, of, at_least, .. } => {
                observable(card, of)?;
                check_change(card, change)?;
                check_share(*at_least)?;
            }
            Statement::Mediation { change, of, through, at_least } => {
                if observable(card, of)?.kind == ObservableKind::Event {
                    return Err(ClaimFault::Kind(format!(
                        "{of} is an event; mediation compares sizes of effects on a number"
                    )));
                }
                if observable(card, through)?.held_by.is_none() {
                    let holdable = card.observables.iter().filter(|observable| observable.held_by.is_some());
                    return Err(ClaimFault::Kind(format!(
                        "{through} cannot be held in {}; what can is {}",
                        card.name,
                        names(holdable.map(|observable| observable.name.as_str()))
                    )));
                }
                check_change(card, change)?;
                check_share(*at_least)?;
            }
            Statement::Identity { .. } => {}
        }
        Ok(())
    }

    /// What an invariant or a collapse is about: one observable that is a number, perhaps with knobs.
    fn check_quantity(&self, card: &LabCard, quantity: &Expression) -> Result<(), ClaimFault> {
        self.unit(card, quantity)?;
        let n_observables = quantity.names().into_iter().filter(|name| card.observable(name).is_some()).count();
        if n_observables != 1 || !self.free_constants().is_empty() {
            return Err(ClaimFault::Kind(format!(
                "{quantity} has to hold exactly one observable and no free constant, such as t_gen * learning_rate"
            )));
        }
        Ok(())
    }

    fn check_scope(&self, card: &LabCard) -> Result<(), ClaimFault> {
        for condition in &self.scope.0 {
            let name = condition.name();
            let is_number = card.quantities().iter().any(|(of, _)| *of == name) && card.observable(name).is_none();
            let is_fit = match condition {
                Condition::In(..) => is_number,
                Condition::Is(..) => card.knob(name).is_some(),
            };
            if !is_fit {
                return Err(unknown_knob(card, name));
            }
        }
        self.scope.emptied_by(card).map_or(Ok(()), |condition| {
            let domain = card.knob(condition.name()).map(|knob| match &knob.domain {
                Domain::Numbers { least, most, .. } => format!("{} goes from {least} to {most}", knob.name),
                Domain::Levels { levels, .. } => {
                    format!("{} is one of {}", knob.name, names(levels.iter().map(|(level, _)| level.as_str())))
                }
            });
            Err(ClaimFault::EmptyScope {
                condition: condition.to_string(),
                remedy: domain.unwrap_or_else(|| "widen it".to_owned()),
            })
        })
    }
}

fn observable<'a>(card: &'a LabCard, name: &str) -> Result<&'a crate::lab::Observable, ClaimFault> {
    card.observable(name).ok_or_else(|| {
        let all: Vec<&str> = card.observables.iter().map(|observable| observable.name.as_str()).collect();
        ClaimFault::Unknown {
            name: name.to_owned(),
            what: "observable",
            nearest: nearest(name, &all),
            remedy: format!("observables are {}", names(all.iter().copied())),
        }
    })
}

fn unknown_knob(card: &LabCard, name: &str) -> ClaimFault {
    let mut all: Vec<&str> = card.knobs.iter().map(|knob| knob.name.as_str()).collect();
    all.extend(
        card.quantities()
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| card.observable(name).is_none() && card.knob(name).is_none()),
    );
    ClaimFault::Unknown {
        name: name.to_owned(),
        what: "knob",
        nearest: nearest(name, &all),
        remedy: format!("knobs and their numbers are {}", names(all.iter().copied())),
    }
}

/// A law predicts from what is set, before anything is seen.
fn no_observable(card: &LabCard, expression: &Expression, target: &str) -> Result<(), ClaimFault> {
    match expression.names().into_iter().find(|name| card.observable(name).is_some()) {
        Some(name) => Err(ClaimFault::Kind(format!(
            "{target} is said by {name}, which comes out of the same run; a law predicts from knobs"
        ))),
        None => Ok(()),
    }
}

fn check_whatever(card: &LabCard, whatever: &[String]) -> Result<(), ClaimFault> {
    if whatever.is_empty() {
        return Err(ClaimFault::Kind("nothing is named that it should not depend on; say whatever K".to_owned()));
    }
    whatever.iter().try_for_each(|name| {
        let is_knob = card.knob(name).is_some()
            || card.quantities().iter().any(|(of, _)| of == name) && card.observable(name).is_none();
        if is_knob { Ok(()) } else { Err(unknown_knob(card, name)) }
    })
}

fn check_share(share: f64) -> Result<(), ClaimFault> {
    if share > 0.0 && share <= 1.0 {
        return Ok(());
    }
    Err(ClaimFault::Amount { value: share, what: "share", remedy: "it is above 0 % and at most 100 %" })
}

fn check_change(card: &LabCard, change: &super::Change) -> Result<(), ClaimFault> {
    let knob = card.knob(&change.knob).ok_or_else(|| unknown_knob(card, &change.knob))?;
    if change.from == change.to {
        return Err(ClaimFault::Kind(format!("{} from {} to {} changes nothing", change.knob, change.from, change.to)));
    }
    [&change.from, &change.to]
        .into_iter()
        .find_map(|setting: &Setting| knob.fault(setting))
        .map_or(Ok(()), |fault| Err(ClaimFault::Kind(fault)))
}

fn nearest(name: &str, all: &[&str]) -> String {
    let near = all.iter().map(|other| (strsim::jaro_winkler(name, other), other)).filter(|(score, _)| *score > 0.75);
    near.max_by(|a, b| a.0.total_cmp(&b.0)).map_or_else(String::new, |(_, other)| format!(" (is it {other}?)"))
}

#[cfg(test)]
mod tests {
    use crate::claim::claim_from_sentence;
    use crate::fixture::card;

    #[test]
    fn claims_that_fit_the_laboratory_pass() {
        for sentence in [
            "t_gen = c * M * ln(M), for some c",
            "generalized happens when samples > c * M * ln(M), for some c, where M in 11..97",
            "generalized happens when samples > c * M, with c = 2.75 sample, where task = cyclic:23",
            "t_mem comes before t_gen in at least 95 % of runs",
            "t_gen * rate stays within 20 % whatever rate",
            "t_gen is one curve of samples / M whatever M",
            "setting rate from 0.01 to 0.001 raises t_gen in at least 90 % of pairs",
            "setting rate from 0.01 to 0.001 acts on t_gen only through norm in at least 90 % of pairs",
        ] {
            assert_eq!(claim_from_sentence(sentence).unwrap().check(&card()), Ok(()), "{sentence}");
        }
    }

    #[test]
    fn claims_that_do_not_are_refused_with_a_remedy() {
        for (sentence, says) in [
            ("t_gem = c * M, for some c", "is it t_gen?"),
            ("t_gen = c * m, for some c", "\"m\" is no quantity"),
            ("t_gen = samples", "mixed units"),
            ("t_gen = c * M + samples, for some c", "t_gen is in step"),
            ("generalized happens when samples > M", "mixed units"),
            ("generalized happens when ln(samples) > c, for some c", "takes a pure number"),
            ("generalized = c, for some c", "is an event"),
            ("t_gen happens when samples > c, for some c", "is a number"),
            ("t_gen = c * t_mem, for some c", "comes out of the same run"),
            ("t_gen = c * M, for some c, where M in 500..900", "the scope has no points"),
            ("t_gen = c * M, for some c, where M in 30..20", "the scope has no points"),
            ("t_gen = c * M, for some c, where M in 12..13 and M in 30..31", "the scope has no points"),
            ("t_gen = c * M, for some c, where task = cyclic:24", "the scope has no points"),
            ("t_gen = c * M, for some c, where t_mem >= 3", "is no knob"),
            ("t_gen = c * M, for some c and d", "does not stand in the statement"),
            ("t_gen = M * M, for some M", "name of a quantity"),
            ("t_mem comes before t_gen in at least 0 % of runs", "no share"),
            ("t_mem comes before t_gen in at least 101 % of runs", "no share"),
            ("t_mem comes before norm in at least 90 % of runs", "mixed units"),
            ("t_gen stays within 0 % whatever rate", "no tolerance"),
            ("t_gen stays within 10 % whatever t_mem", "is no knob"),
            ("M stays within 10 % whatever rate", "exactly one observable"),
            ("setting rate from 0.01 to 0.01 raises t_gen in at least 90 % of pairs", "changes nothing"),
            ("setting rate from 0.01 to 7 raises t_gen in at least 90 % of pairs", "not allowed"),
            (
                "setting rate from 0.01 to 0.1 acts on t_gen only through t_mem in at least 90 % of pairs",
                "cannot be held",
            ),
        ] {
            let fault = claim_from_sentence(sentence).unwrap().check(&card()).expect_err(sentence).to_string();
            assert!(fault.contains(says), "{sentence}: {fault}");
        }
    }
}
