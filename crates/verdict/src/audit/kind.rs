//! The kinds of mistakes that make an experiment mislead.

use schemars::JsonSchema;
use serde::Serialize;

/// A way in which evidence misleads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Samples of the training set, or nearly the same ones, are among the held-out ones.
    Duplicates,
    /// Held-out samples are mirror images of training samples.
    MirrorImages,
    /// An input gives the label away.
    LabelInInput,
    /// Inputs were scaled with statistics of training and held-out samples together.
    SharedNormaliser,
    /// A number is of another split than is claimed.
    WrongSplit,
    /// A number is of another step than the last, or arms are read at different steps.
    WrongStep,
    /// The best of several is reported as if it were one.
    BestOfMany,
    /// Too few repetitions to tell the difference from chance.
    TooFewSeeds,
    /// The arm that lost was tuned less than the one that won.
    UntunedBaseline,
    /// Arms differ in more than the named setting.
    ConfoundedArms,
    /// A run that was cut off is read as a result.
    CensoredRead,
}

/// Every kind, in reading order: leakage, then numbers, then comparisons.
pub const KINDS: [Kind; 11] = [
    Kind::Duplicates,
    Kind::MirrorImages,
    Kind::LabelInInput,
    Kind::SharedNormaliser,
    Kind::WrongSplit,
    Kind::WrongStep,
    Kind::BestOfMany,
    Kind::TooFewSeeds,
    Kind::UntunedBaseline,
    Kind::ConfoundedArms,
    Kind::CensoredRead,
];

impl Kind {
    /// Its name for people: `mirror images`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Duplicates => "duplicates",
            Self::MirrorImages => "mirror images",
            Self::LabelInInput => "label in the input",
            Self::SharedNormaliser => "shared normaliser",
            Self::WrongSplit => "wrong split",
            Self::WrongStep => "wrong step",
            Self::BestOfMany => "best of many",
            Self::TooFewSeeds => "too few seeds",
            Self::UntunedBaseline => "untuned baseline",
            Self::ConfoundedArms => "confounded arms",
            Self::CensoredRead => "censored run as a result",
        }
    }

    /// Its name for programs: `mirror_images`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Duplicates => "duplicates",
            Self::MirrorImages => "mirror_images",
            Self::LabelInInput => "label_in_input",
            Self::SharedNormaliser => "shared_normaliser",
            Self::WrongSplit => "wrong_split",
            Self::WrongStep => "wrong_step",
            Self::BestOfMany => "best_of_many",
            Self::TooFewSeeds => "too_few_seeds",
            Self::UntunedBaseline => "untuned_baseline",
            Self::ConfoundedArms => "confounded_arms",
            Self::CensoredRead => "censored_read",
        }
    }

    /// What it does to the conclusion.
    pub fn consequence(self) -> &'static str {
        match self {
            Self::Duplicates => {
                "The held-out score counts samples that were trained on: it is too high, and says less of new samples."
            }
            Self::MirrorImages => {
                "The held-out score counts samples whose answer was trained on in another order: it says less of what was never seen."
            }
            Self::LabelInInput => {
                "A score on such inputs shows that the answer can be copied, not that it was learned; it does not hold where that input is absent."
            }
            Self::SharedNormaliser => {
                "Training used statistics of the held-out samples: the score is not one on unseen data, and is too high where there are few samples."
            }
            Self::WrongSplit => {
                "The number says how well samples of another split are answered; what is claimed of held-out samples was not measured."
            }
            Self::WrongStep => {
                "A step that was chosen by the held-out score, or differs between the arms, makes a number too high or a comparison unequal."
            }
            Self::BestOfMany => "The best of several is ahead by chance too; a repetition is expected to fall back.",
            Self::TooFewSeeds => "The difference may be chance: neither that it exists nor its sign is shown.",
            Self::UntunedBaseline => "The arm that lost had fewer tries: its best may lie where nobody looked.",
            Self::ConfoundedArms => {
                "What differs between the results may come from the other setting: the named one is not shown to be the cause."
            }
            Self::CensoredRead => {
                "A run that was cut off says only that it takes longer: a mean that leaves it out, or takes its end for a result, is too small."
            }
        }
    }
}
