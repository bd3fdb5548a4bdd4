//! Courses of the references, which claims about one thing share.

use super::number::course;
use super::row::{Axes, Row};
use super::trial::{Rival, predictor};
use crate::lab::LabCard;
use std::collections::BTreeMap;

/// log₂ of the probability that R0, R1 and R2 gave each row, by what was foretold and where.
#[derive(Default)]
pub(super) struct References(BTreeMap<String, Vec<(&'static str, Vec<f64>)>>);

impl References {
    /// Those for the rows of a key, which names the outcome and the scope.
    pub(super) fn of(&mut self, key: &str, card: &LabCard, axes: &Axes, rows: &[Row], resolution: Option<f64>) -> &[(&'static str, Vec<f64>)] {
        self.0.entry(key.to_owned()).or_insert_with(|| {
            let all = [("R0", Rival::Constant), ("R1", Rival::PowerLaw), ("R2", Rival::Neighbours)];
            let of = |(name, rival)| {
                let mut predictor = predictor(card, axes, rival, rows, resolution)?;
                Some((name, course(predictor.as_mut(), rows, resolution.unwrap_or(1.0)).0))
            };
            all.into_iter().filter_map(of).collect()
        })
    }
}
