//! What a recorded series is, by its name.

use schemars::JsonSchema;
use serde::Serialize;

/// The quantity that a recorded series is read as, told by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Loss of held-out samples.
    HeldOutLoss,
    /// Share of held-out samples that are answered rightly.
    HeldOutAccuracy,
    /// Share of held-out samples that are answered wrongly.
    HeldOutError,
    /// Loss of the training sample.
    TrainingLoss,
    /// Share of the training sample that is answered rightly.
    TrainingAccuracy,
    /// Share of the training sample that is answered wrongly.
    TrainingError,
}

impl Role {
    /// Whether it is a loss; else it is a share.
    pub fn is_loss(self) -> bool {
        matches!(self, Self::HeldOutLoss | Self::TrainingLoss)
    }

    /// Whether it is of the training sample; else it is of held-out ones.
    pub fn is_of_training(self) -> bool {
        matches!(self, Self::TrainingLoss | Self::TrainingAccuracy | Self::TrainingError)
    }
}

/// What a word in the name of a series says.
#[derive(Clone, Copy, PartialEq)]
enum Word {
    Loss,
    Accuracy,
    Error,
    HeldOut,
    Training,
    Filler,
}

const WORDS: [(&str, Word); 30] = [
    ("loss", Word::Loss),
    ("nll", Word::Loss),
    ("mse", Word::Loss),
    ("accuracy", Word::Accuracy),
    ("acc", Word::Accuracy),
    ("top1", Word::Accuracy),
    ("error", Word::Error),
    ("err", Word::Error),
    ("val", Word::HeldOut),
    ("valid", Word::HeldOut),
    ("validation", Word::HeldOut),
    ("dev", Word::HeldOut),
    ("eval", Word::HeldOut),
    ("evaluation", Word::HeldOut),
    ("held", Word::HeldOut),
    ("out", Word::HeldOut),
    ("heldout", Word::HeldOut),
    ("test", Word::HeldOut),
    ("train", Word::Training),
    ("training", Word::Training),
    ("trn", Word::Training),
    ("epoch", Word::Filler),
    ("step", Word::Filler),
    ("total", Word::Filler),
    ("mean", Word::Filler),
    ("avg", Word::Filler),
    ("rate", Word::Filler),
    ("log", Word::Filler),
    ("metrics", Word::Filler),
    ("sparse", Word::Filler),
];

/// What the name of a series says, and how many of its folders had to be overlooked for that; `None` where it is something else.
pub fn role_and_folders(name: &str) -> Option<(Role, usize)> {
    let name = name.to_lowercase();
    let folders: Vec<&str> = name.split(['/', '.']).collect();
    (0..folders.len()).find_map(|skipped| {
        let (before, rest) = folders.split_at(skipped);
        // Held-out samples in an overlooked folder would be lost.
        let is_split = |word: Option<Word>| matches!(word, Some(Word::HeldOut | Word::Training));
        if before.iter().any(|folder| words(folder).iter().any(|word| is_split(*word))) {
            return None;
        }
        let words: Option<Vec<Word>> = rest.iter().flat_map(|folder| words(folder)).collect();
        Some((of_words(&words?)?, skipped))
    })
}

/// What a series of this name is read as.
pub fn role_of(name: &str) -> Option<Role> {
    role_and_folders(name).map(|found| found.0)
}

fn words(folder: &str) -> Vec<Option<Word>> {
    let words = folder.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| WORDS.iter().find(|known| known.0 == word).map(|known| known.1)).collect()
}

fn of_words(words: &[Word]) -> Option<Role> {
    let has = |wanted: Word| words.contains(&wanted);
    let kinds = [Word::Loss, Word::Accuracy, Word::Error].map(has);
    match (kinds, has(Word::HeldOut), has(Word::Training)) {
        (_, true, true) => None,
        ([true, false, false], true, false) => Some(Role::HeldOutLoss),
        ([true, false, false], false, _) => Some(Role::TrainingLoss),
        ([false, true, false], true, false) => Some(Role::HeldOutAccuracy),
        ([false, true, false], false, _) => Some(Role::TrainingAccuracy),
        ([false, false, true], true, false) => Some(Role::HeldOutError),
        ([false, false, true], false, _) => Some(Role::TrainingError),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_other_programs_write_them() {
        use Role::{HeldOutAccuracy, HeldOutError, HeldOutLoss, TrainingAccuracy, TrainingLoss};
        for (name, expected) in [
            ("train_loss", Some(TrainingLoss)),
            ("loss", Some(TrainingLoss)),
            ("train/loss", Some(TrainingLoss)),
            ("train_loss_epoch", Some(TrainingLoss)),
            ("Loss/train", Some(TrainingLoss)),
            ("val_loss", Some(HeldOutLoss)),
            ("eval/loss", Some(HeldOutLoss)),
            ("Loss/validation", Some(HeldOutLoss)),
            ("test_loss", Some(HeldOutLoss)),
            ("val_acc", Some(HeldOutAccuracy)),
            ("accuracy", Some(TrainingAccuracy)),
            ("eval_accuracy", Some(HeldOutAccuracy)),
            ("test.error", Some(HeldOutError)),
            ("group3/val/loss", Some(HeldOutLoss)),
            ("loss_scale", None),
            ("aux_loss", None),
            ("val/aux/loss", None),
            ("grad_norm", None),
            ("learning_rate", None),
            ("train_test_loss", None),
            ("epoch", None),
        ] {
            assert_eq!(role_and_folders(name).map(|found| found.0), expected, "{name}");
        }
    }
}
