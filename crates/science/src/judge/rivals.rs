//! Two claims about one thing: whether they say the same, and which is ahead.

use super::fit::{Tails, fit};
use super::row::{Axes, Row, Seen};
use super::score::Score;
use super::trial::{law_of, margin_of};
use crate::claim::{Claim, Statement};
use crate::lab::{Domain, LabCard, Point, Setting};
use std::collections::BTreeMap;

/// Bits by which `a` is ahead of `b` over the runs that both were scored on, each less what it costs to state it.
pub fn ahead_of(a: &Score, b: &Score) -> f64 {
    let of_b: BTreeMap<usize, f64> = b.course.iter().copied().collect();
    let common: f64 = a.course.iter().filter_map(|(run, bits)| of_b.get(run).map(|of_b| bits - of_b)).sum();
    common - a.statement_bits + b.statement_bits
}

/// Points at which two claims are compared.
const N_POINTS: u32 = 40;
/// Values closer than this, on the scale of their observable, are the same.
const SAME: f64 = 1e-4;

/// Whether two claims say the same of the same runs, in whatever words: each one's constants can be found so that it says what the other says.
pub fn is_same(card: &LabCard, a: &Claim, b: &Claim) -> bool {
    if a.id() == b.id() {
        return true;
    }
    let subjects = a.statement.kind() == b.statement.kind() && a.statement.subject() == b.statement.subject();
    // Two scopes are one where they leave the same of every knob, whatever else they say.
    let is_one_scope = card.knobs.iter().all(|knob| a.scope.cut(card, &knob.name) == b.scope.cut(card, &knob.name));
    if !subjects || !is_one_scope {
        return false;
    }
    match a.statement {
        Statement::Law { .. } | Statement::Boundary { .. } => says_what(card, a, b) && says_what(card, b, a),
        Statement::Order { .. }
        | Statement::Cause { .. }
        | Statement::Mediation { .. }
        | Statement::Invariant { .. } => {
            // Another share or tolerance is another claim.
            a.statement == b.statement
        }
        Statement::Collapse { .. } | Statement::Identity { .. } => a.statement == b.statement,
    }
}

/// Whether `a` can say what `b` says, for three draws of the constants of `b`.
fn says_what(card: &LabCard, a: &Claim, b: &Claim) -> bool {
    let axes = Axes::of(card);
    let blank = probes(card, &axes);
    (0..3).all(|draw| {
        let rows: Option<Vec<Row>> = match (&b.statement, law_of(b, &axes, card)) {
            (_, Some(law)) => said(&law, &blank, draw),
            (Statement::Boundary { .. }, None) => {
                margin_of(b, &axes, card).and_then(|margin| said(&margin, &blank, draw))
            }
            _ => None,
        };
        let Some(rows) = rows.filter(|rows| rows.len() > 8) else { return false };
        let is_near = |curve: &dyn super::fit::Curve| {
            let found = fit(curve, &rows, Tails::Normal, 1e-9, None);
            found.is_some_and(|found| {
                let misses = rows.iter().map(|row| match (curve.at(row, &found.parameters), row.seen) {
                    (Some(z), Seen::Number(seen)) => (z - seen).abs(),
                    _ => f64::INFINITY,
                });
                misses.fold(0.0, f64::max) < SAME
            })
        };
        match law_of(a, &axes, card) {
            Some(law) => is_near(&law),
            None => margin_of(a, &axes, card).is_some_and(|margin| is_near(&margin)),
        }
    })
}

/// The rows with what a curve says of them under some constants.
fn said(curve: &dyn super::fit::Curve, rows: &[Row], draw: usize) -> Option<Vec<Row>> {
    let parameters: Vec<f64> =
        (0..curve.len()).map(|place| [0.43, 1.21, 0.77][(draw + place) % 3] * (1.0 + 0.17 * place as f64)).collect();
    let rows: Vec<Row> = rows
        .iter()
        .filter_map(|row| Some(Row { seen: Seen::Number(curve.at(row, &parameters)?), ..row.clone() }))
        .collect();
    (!rows.is_empty()).then_some(rows)
}

/// Rows at the same points for every claim, by which its constants are distinguished.
pub(super) fn probes(card: &LabCard, axes: &Axes) -> Vec<Row> {
    points(card).iter().map(|point| Row { x: axes.numbers(card, point), seen: Seen::Number(0.0), run: 0 }).collect()
}

/// The same points for every pair of claims, spread over all knobs (a Kronecker sequence).
fn points(card: &LabCard) -> Vec<Point> {
    (1..=N_POINTS)
        .map(|n| {
            let settings = card.knobs.iter().enumerate().map(|(place, knob)| {
                let share = (f64::from(n) * libm::sqrt(prime(place) as f64)).fract();
                let setting = match &knob.domain {
                    Domain::Numbers { least, most, logarithmic, .. } if *logarithmic && *least > 0.0 => {
                        Setting::Number(least * libm::pow(most / least, share))
                    }
                    Domain::Numbers { least, most, .. } => Setting::Number(least + share * (most - least)),
                    Domain::Levels { levels, .. } => {
                        Setting::Level(levels[(share * levels.len() as f64) as usize % levels.len()].0.clone())
                    }
                };
                (knob.name.clone(), setting)
            });
            Point(settings.collect())
        })
        .collect()
}

/// The n-th prime, counted from 0. Their square roots have no whole ratio, so that no knob stands still.
fn prime(n: usize) -> u64 {
    (2..).filter(|p| (2..*p).take_while(|d| d * d <= *p).all(|d| p % d != 0)).nth(n).expect("there is no last prime")
}
