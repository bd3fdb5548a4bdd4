//! What every evaluation of a run gives: losses and accuracies. [`SCALARS`] lists them; the record, checkpoints, tables, sweeps, the
//! command line and JSON walk that list, so that one more is one more entry here and a field of [`Scalars`].

use dunwu_engine::Scalars;

/// One quantity of an evaluation.
pub struct ScalarQuantity {
    /// Name in tables and files: `test_accuracy`.
    pub name: &'static str,
    /// What the number tells, in one line.
    pub tells: &'static str,
    /// Unit, with the meaning of its ends where it helps.
    pub unit: &'static str,
    /// When there is no value.
    pub undefined: &'static str,
    /// Its value.
    pub get: fn(&Scalars) -> Option<f64>,
    /// Puts its value in.
    pub set: fn(&mut Scalars, f64),
}

const LOSS: &str = "loss a sample, in the spec's loss";
const SHARE: &str = "share of samples; 1/M by chance";

/// Every quantity of an evaluation, in reading order.
pub static SCALARS: &[ScalarQuantity] = &[
    ScalarQuantity {
        name: "train_loss",
        tells: "how far the outputs are from the labels that were trained on",
        unit: LOSS,
        undefined: "never",
        get: |row| Some(row.train_loss),
        set: |row, value| row.train_loss = value,
    },
    ScalarQuantity {
        name: "train_accuracy",
        tells: "how much of the training sample is remembered, by the labels as given",
        unit: SHARE,
        undefined: "never",
        get: |row| Some(row.train_accuracy),
        set: |row, value| row.train_accuracy = value,
    },
    ScalarQuantity {
        name: "test_loss",
        tells: "how far the outputs are from the labels of samples that were not trained on",
        unit: LOSS,
        undefined: "without held-out samples",
        get: |row| row.test_loss,
        set: |row, value| row.test_loss = Some(value),
    },
    ScalarQuantity {
        name: "test_accuracy",
        tells: "how much of what it was not trained on the network gets right",
        unit: SHARE,
        undefined: "without held-out samples",
        get: |row| row.test_accuracy,
        set: |row, value| row.test_accuracy = Some(value),
    },
    ScalarQuantity {
        name: "corrupted_accuracy",
        tells: "how many of the corrupted labels the network has memorized",
        unit: SHARE,
        undefined: "without corrupted labels",
        get: |row| row.corrupted_accuracy,
        set: |row, value| row.corrupted_accuracy = Some(value),
    },
    ScalarQuantity {
        name: "restored_accuracy",
        tells: "how many of the corrupted samples the network answers with their true label, against what it was told",
        unit: SHARE,
        undefined: "without corrupted labels",
        get: |row| row.restored_accuracy,
        set: |row, value| row.restored_accuracy = Some(value),
    },
];

/// An evaluation at `step` with nothing in it yet: what always has a value is NaN, the rest is undefined.
pub fn empty(step: u64) -> Scalars {
    Scalars {
        step,
        train_loss: f64::NAN,
        train_accuracy: f64::NAN,
        test_loss: None,
        test_accuracy: None,
        corrupted_accuracy: None,
        restored_accuracy: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::MEASURES;

    /// Each entry reads and writes a field of its own.
    #[test]
    fn what_is_put_in_comes_out_and_nothing_else_changes() {
        for scalar in SCALARS {
            let mut row = empty(3);
            (scalar.set)(&mut row, 0.25);
            for other in SCALARS {
                let value = (other.get)(&row).filter(|value| !value.is_nan());
                assert_eq!(value, (other.name == scalar.name).then_some(0.25), "{} after {}", other.name, scalar.name);
            }
        }
    }

    /// A quantity of an evaluation is recomputed from a snapshot as the measure of the same name.
    #[test]
    fn each_is_a_measure_too() {
        for scalar in SCALARS {
            assert!(MEASURES.iter().any(|measure| measure.name == scalar.name), "{}", scalar.name);
        }
    }
}
