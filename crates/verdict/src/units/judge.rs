//! From the arrays of a layer to what is said of its units.

use super::arrays::{Arrays, ArraysError};
use super::confirmation::{Confirmation, confirm};
use super::evidence::{Evidence, evidence};
use super::flags::Flags;
use super::label::{Standing, UnitLabel, UnitRole, label};
use super::layer::{Contributions, Measured};
use super::layer_samples::LayerSamples;
use super::located::Located;
use super::refusal::{Soundness, soundness, unstable};
use super::stability::Stability;

/// What is said of the units of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerVerdict {
    /// The layer's name; empty where the file gives none.
    pub name: String,
    /// What its columns are: units, channels, heads or directions.
    pub basis: String,
    /// Training samples.
    pub n_train: usize,
    /// Classes; of sequences, those of a position.
    pub n_classes: usize,
    /// Flagged training samples, and whether the user named them.
    pub flagged: Vec<usize>,
    /// Whether the user named the flagged samples.
    pub are_flags_given: bool,
    /// The accuracy of the readout of held-out samples, each left out.
    pub readout_accuracy: Option<f64>,
    /// How contributions were measured.
    pub measured: Measured,
    /// What was measured of the whole, and why nothing may be told.
    pub soundness: Soundness,
    /// One a unit.
    pub units: Vec<JudgedUnit>,
    /// Where memory sits; `None` with too few flagged samples, or where the whole layer is refused.
    pub located: Option<Located>,
    /// How often a held-out sample leans on a unit by luck: the share of pairs of both.
    pub lucky_leaning: f64,
    /// How often a label is luck; nothing where the whole layer is refused.
    pub stability: Stability,
}

/// One unit with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedUnit {
    /// What was measured.
    pub evidence: Evidence,
    /// What follows.
    pub label: UnitLabel,
    /// What ablating it says of that; `None` where it was not ablated.
    pub confirmation: Option<Confirmation>,
}

impl LayerVerdict {
    /// Judges the arrays of a file.
    pub fn of_arrays(arrays: &Arrays<'_>) -> Result<Self, ArraysError> {
        let samples = LayerSamples::read(arrays)?;
        let contributions = Contributions::read(arrays, &samples)?;
        Self::of(&samples, &contributions)
    }

    /// Judges a layer.
    pub fn of(samples: &LayerSamples, contributions: &Contributions) -> Result<Self, ArraysError> {
        let flags = Flags::of(samples);
        let found = evidence(samples, contributions, flags.as_ref())?;
        let mut soundness = soundness(samples, contributions, flags.as_ref(), &found);
        let mut labels = label(&found, samples.train.labels.len());
        let stability = match &flags {
            Some(flags) if !soundness.is_refused() => Stability::of(samples, contributions, flags)?,
            _ => Stability::default(),
        };
        soundness.refusals.extend(unstable(&stability));
        let is_refused = soundness.is_refused();
        if is_refused {
            labels.iter_mut().for_each(withdraw);
        }
        let located = if is_refused { None } else { Located::of(&found.beyond_twins, &labels) };
        let units = found.units.into_iter().zip(labels).enumerate().map(|(unit, (evidence, label))| {
            let ablation = contributions.ablations.iter().find(|ablation| ablation.unit == unit);
            let confirmation = ablation.map(|ablation| confirm(&evidence, &label, ablation));
            JudgedUnit { evidence, label, confirmation }
        });
        Ok(Self {
            name: samples.name.clone(),
            basis: samples.basis.clone(),
            n_train: samples.train.labels.len(),
            n_classes: samples.sequence_chance.map_or(samples.n_classes, |chance| (1.0 / chance).round() as usize),
            flagged: flags.iter().flat_map(|flags| &flags.flagged).map(|flagged| flagged.sample).collect(),
            are_flags_given: flags.as_ref().is_some_and(|flags| flags.are_given),
            readout_accuracy: flags.as_ref().and_then(|flags| flags.readout_accuracy),
            measured: contributions.measured,
            soundness,
            units: units.collect(),
            located,
            lucky_leaning: found.lucky_leaning,
            stability,
        })
    }

    /// Units of a role.
    pub fn count(&self, role: UnitRole) -> usize {
        self.units.iter().filter(|unit| unit.label.role == role).count()
    }

    /// Whether nothing can be told of the whole layer.
    pub fn is_refused(&self) -> bool {
        !self.soundness.refusals.is_empty()
    }
}

/// Takes back what is said of a unit of a layer of which nothing can be told; that it is dead stays.
fn withdraw(label: &mut UnitLabel) {
    if label.is_dead {
        return;
    }
    label.role = UnitRole::CannotTell;
    label.memory.standing = Standing::Open;
    label.generalization.standing = Standing::Open;
    label.confidence = 0.0;
}
