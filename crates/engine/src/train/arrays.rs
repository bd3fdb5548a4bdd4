//! A learner's numbers by name, in the kind in which it trains: f32, or f64.

use super::TrainError;
use crate::kernel::Real;

/// Arrays by name.
pub(super) type Named<R> = Vec<(String, Vec<R>)>;

/// What a learner hands out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Arrays {
    Single(Named<f32>),
    Double(Named<f64>),
}

impl Arrays {
    /// To be taken back.
    pub(super) fn kept(&self) -> Kept<'_> {
        match self {
            Self::Single(single) => Kept { single, double: &[] },
            Self::Double(double) => Kept { single: &[], double },
        }
    }

    /// Numbers of one kind; empty where these are of the other.
    pub(super) fn of<R: Trained>(&self) -> &[(String, Vec<R>)] {
        R::kept(self.kept())
    }
}

/// Arrays that a learner takes back.
#[derive(Clone, Copy)]
pub(super) struct Kept<'a> {
    pub(super) single: &'a [(String, Vec<f32>)],
    pub(super) double: &'a [(String, Vec<f64>)],
}

impl Kept<'_> {
    /// The array of this name and length.
    pub(super) fn array<R: Trained>(self, name: impl Into<String>, expected: usize) -> Result<Vec<R>, TrainError> {
        let name = name.into();
        let found = R::kept(self).iter().find(|(other, values)| *other == name && values.len() == expected);
        found.map(|(_, values)| values.clone()).ok_or(TrainError::Checkpoint { name, expected })
    }
}

/// A kind of numbers in which a learner trains.
pub(super) trait Trained: Real {
    /// Of what is kept, the arrays of this kind.
    fn kept(kept: Kept<'_>) -> &[(String, Vec<Self>)];

    /// Of what is handed out, the arrays of this kind.
    fn hand_out(arrays: Named<Self>) -> Arrays;
}

impl Trained for f32 {
    fn kept(kept: Kept<'_>) -> &[(String, Vec<Self>)] {
        kept.single
    }

    fn hand_out(arrays: Named<Self>) -> Arrays {
        Arrays::Single(arrays)
    }
}

impl Trained for f64 {
    fn kept(kept: Kept<'_>) -> &[(String, Vec<Self>)] {
        kept.double
    }

    fn hand_out(arrays: Named<Self>) -> Arrays {
        Arrays::Double(arrays)
    }
}
