//! How a run ended, as is true at its end.

use super::Stay;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Test accuracy arrived at its level, stayed, and is there at the end.
    Grokked {
        /// First step of the stay.
        step: u64,
    },
    /// Test accuracy arrived at its level, stayed, and is below it at the end.
    Lost {
        /// The last step.
        step: u64,
        /// First step of the stay.
        arrived: u64,
        /// First evaluation from which on it is below its level until the end.
        left: u64,
        /// Test accuracy at the end.
        last: f64,
    },
    /// Train accuracy arrived at its level, stayed, and is below it at the end; test accuracy never arrived at its own.
    Forgot {
        /// The last step.
        step: u64,
        /// First step of the stay.
        arrived: u64,
        /// First evaluation from which on it is below its level until the end.
        left: u64,
        /// Train accuracy at the end.
        last: f64,
    },
    /// The steps ran out before test accuracy arrived.
    Censored {
        /// The last step.
        step: u64,
    },
    /// The loss or a weight stopped being finite.
    Diverged {
        /// First step at which it was seen.
        step: u64,
    },
    /// Every unit, or all but a handful, decayed to nothing: at most a hundredth of them is left, or one, and what is left answers
    /// neither sample at its level.
    Collapsed {
        /// First step from which on it was seen.
        step: u64,
    },
}

impl Outcome {
    /// Every word of [`Outcome::name`].
    pub const NAMES: [&'static str; 6] = ["grokked", "lost", "forgot", "censored", "diverged", "collapsed"];

    /// In one word, as files and programs know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grokked { .. } => "grokked",
            Self::Lost { .. } => "lost",
            Self::Forgot { .. } => "forgot",
            Self::Censored { .. } => "censored",
            Self::Diverged { .. } => "diverged",
            Self::Collapsed { .. } => "collapsed",
        }
    }

    /// Of a run that ends at `step` with finite numbers: from the stays of train and test accuracy at their levels, and since when
    /// only a handful of units is left.
    pub fn at_end(step: u64, [memorized, generalized]: [Option<Stay>; 2], few_units_since: Option<u64>) -> Self {
        let holds = |stay: Option<Stay>| stay.is_some_and(|stay| stay.left.is_none());
        if let Some(since) = few_units_since.filter(|_| !holds(memorized) && !holds(generalized)) {
            return Self::Collapsed { step: since };
        }
        match (generalized, memorized) {
            (Some(Stay { arrived, left: None, .. }), _) => Self::Grokked { step: arrived },
            (Some(Stay { arrived, left: Some(left), last, .. }), _) => Self::Lost { step, arrived, left, last },
            (None, Some(Stay { arrived, left: Some(left), last, .. })) => Self::Forgot { step, arrived, left, last },
            (None, _) => Self::Censored { step },
        }
    }
}

/// Whether of `all` units so few are left that a network is none any more: a hundredth, or one where that is less than a quarter.
pub(super) fn is_handful(alive: usize, all: usize) -> bool {
    alive == 0 || alive <= (all / 100).max(1) && 4 * alive < all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handful_is_a_hundredth_or_one_unit_of_many() {
        for (all, most) in [(1, 0), (4, 0), (5, 1), (64, 1), (256, 2), (1000, 10)] {
            let counted = (0..=all).filter(|&alive| is_handful(alive, all)).max();
            assert_eq!(counted, Some(most), "of {all}");
        }
    }

    /// Every way in which two accuracies can stay, leave or never come, with and without units.
    #[test]
    fn what_holds_at_the_end_decides() {
        let stay = |left: Option<u64>| Some(Stay { arrived: 10, left, lapses: 0, best: 1.0, last: 0.25 });
        let (never, stays, leaves) = (None, stay(None), stay(Some(70)));
        let (step, arrived, left, last) = (90, 10, 70, 0.25);
        let lost = Outcome::Lost { step, arrived, left, last };
        let forgot = Outcome::Forgot { step, arrived, left, last };
        for (memorized, generalized, with_units, without) in [
            (never, never, Outcome::Censored { step }, Some(())),
            (stays, never, Outcome::Censored { step }, None),
            (leaves, never, forgot, Some(())),
            (never, stays, Outcome::Grokked { step: 10 }, None),
            (stays, stays, Outcome::Grokked { step: 10 }, None),
            (leaves, stays, Outcome::Grokked { step: 10 }, None),
            (never, leaves, lost, Some(())),
            (stays, leaves, lost, None),
            (leaves, leaves, lost, Some(())),
        ] {
            let stays = [memorized, generalized];
            assert_eq!(Outcome::at_end(step, stays, None), with_units, "{stays:?}");
            let collapsed = without.map_or(with_units, |()| Outcome::Collapsed { step: 80 });
            assert_eq!(Outcome::at_end(step, stays, Some(80)), collapsed, "{stays:?}");
        }
    }
}
