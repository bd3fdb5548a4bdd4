//! Samples as interventions leave them.

use super::Interventions;
use crate::random::{Stream, nth_rng, open_unit};
use crate::spec::{Action, Numbers, Rows};
use crate::split::Split;
use crate::task::Samples;
use rand_chacha::rand_core::RngCore;

/// Samples as they are trained on and held out.
#[derive(Clone, Debug)]
pub(in crate::train) struct Arrangement {
    /// Every sample that a batch could hold, those that are not trained on too.
    pub(in crate::train) samples: Samples,
    /// Which of them are trained on.
    pub(in crate::train) alive: Vec<bool>,
    /// The held-out samples.
    pub(in crate::train) test: Samples,
}

impl Arrangement {
    pub(super) fn of(split: &Split) -> Self {
        Self { samples: split.train.clone(), alive: vec![true; split.train.len()], test: split.test.clone() }
    }

    /// Positions of the samples that are trained on.
    pub(in crate::train) fn trained_on(&self) -> Vec<u32> {
        self.alive.iter().enumerate().filter(|(_, alive)| **alive).map(|(i, _)| i as u32).collect()
    }
}

impl Interventions {
    /// The samples under what is active.
    pub(super) fn arrange(&self, active: &[bool]) -> Arrangement {
        let mut arranged = Arrangement::of(&self.split);
        let n_values = self.problem.n_features;
        let (n_train, n_test) = (self.split.train.len(), self.split.test.len());
        let (mut held_out, mut taken) = (Vec::new(), Vec::new());
        for (one, _) in self.all.iter().zip(active).filter(|(_, active)| **active) {
            match &one.what.action {
                Action::Corrupt(rows) => {
                    for row in self.rows(rows, n_train) {
                        let label = &mut arranged.samples.labels[row as usize];
                        *label = self.wrong_label(row, *label);
                    }
                }
                Action::Magnify(rows, factor) => {
                    for row in self.rows(rows, n_train) {
                        let values = &mut arranged.samples.values[row as usize * n_values..][..n_values];
                        values.iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
                    }
                }
                Action::Drop(rows) => {
                    self.rows(rows, n_train).iter().for_each(|&row| arranged.alive[row as usize] = false);
                }
                Action::HoldOut(rows) => held_out.extend(self.rows(rows, n_train)),
                Action::Train(rows) => taken.extend(self.rows(rows, n_test)),
                _ => {}
            }
        }
        if held_out.is_empty() && taken.is_empty() {
            return arranged;
        }
        held_out.iter().for_each(|&row| arranged.alive[row as usize] = false);
        taken.sort_unstable();
        taken.dedup();
        held_out.sort_unstable();
        held_out.dedup();
        let stays: Vec<u32> = (0..n_test as u32).filter(|row| taken.binary_search(row).is_err()).collect();
        let mut leaving = arranged.samples.select(&held_out);
        // Held-out samples have their true labels, whatever they were trained on with.
        leaving.labels = held_out.iter().map(|&row| self.split.train_true_labels[row as usize]).collect();
        arranged.samples.append(&self.split.test.select(&taken));
        arranged.alive.resize(arranged.samples.len(), true);
        arranged.test = self.split.test.select(&stays);
        arranged.test.append(&leaving);
        arranged
    }

    /// The rows of `n` that are meant: those listed, or a share of them, drawn.
    pub(super) fn rows(&self, rows: &Rows, n: usize) -> Vec<u32> {
        match rows {
            Rows::List(Numbers(list)) => list.clone(),
            Rows::Share(share) => {
                let mut rng = nth_rng(self.spec.seed, Stream::Interventions, u64::MAX >> 16);
                let mut drawn: Vec<(f64, u32)> = (0..n as u32).map(|row| (open_unit(&mut rng), row)).collect();
                drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
                let mut rows: Vec<u32> = drawn.iter().take((share * n as f64).round() as usize).map(|d| d.1).collect();
                rows.sort_unstable();
                rows
            }
        }
    }

    fn wrong_label(&self, row: u32, label: u32) -> u32 {
        let others = self.problem.n_labels as u64 - 1;
        let mut rng = nth_rng(self.spec.seed, Stream::Interventions, (1 << 40) + u64::from(row));
        let shift = 1 + ((u128::from(rng.next_u64()) * u128::from(others)) >> 64) as u64;
        ((u64::from(label) + shift) % (others + 1)) as u32
    }
}
