//! The laws that are compared.

use dunwu::theory::FITTED;
use schemars::JsonSchema;
use serde::Serialize;

/// How the critical sample size n grows with the number of labels M.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub enum Form {
    /// n = c M ln M (Tian 2025, Theorem 4).
    #[serde(rename = "M ln M")]
    LogLinear,
    /// n = c M^(5/3).
    #[serde(rename = "M^(5/3)")]
    FiveThirds,
    /// n = c M²: a fixed share of the table.
    #[serde(rename = "M²")]
    Square,
    /// n = c M^a.
    #[serde(rename = "M^a")]
    Power,
    /// n = 2.7482 M ln M, the line that the theory's author fitted, constant included.
    #[serde(rename = "2.7482 M ln M")]
    Author,
    /// Every size has a threshold of its own.
    #[serde(rename = "no law")]
    NoLaw,
}

/// What a of M^a may be: from below any law in the literature (M ln M looks like M^1.2 here) to above the whole table.
pub(super) const EXPONENTS: (f64, f64) = (0.5, 3.0);

impl Form {
    /// In the order in which sentences name them.
    pub const ALL: [Self; 6] =
        [Self::LogLinear, Self::FiveThirds, Self::Square, Self::Power, Self::Author, Self::NoLaw];

    /// The laws with a constant of their own, between which the runs decide. The author's line is the first of them with its
    /// constant fixed, and no law is what they are measured against.
    pub const RIVALS: [Self; 4] = [Self::LogLinear, Self::FiveThirds, Self::Square, Self::Power];

    /// As it is written in a table: `M ln M`.
    pub fn name(self) -> &'static str {
        match self {
            Self::LogLinear => "M ln M",
            Self::FiveThirds => "M^(5/3)",
            Self::Square => "M²",
            Self::Power => "M^a",
            Self::Author => "2.7482 M ln M",
            Self::NoLaw => "no law",
        }
    }

    /// The equation with its unknowns.
    pub fn formula(self) -> &'static str {
        match self {
            Self::LogLinear => "n = c M ln M",
            Self::FiveThirds => "n = c M^(5/3)",
            Self::Square => "n = c M²",
            Self::Power => "n = c M^a",
            Self::Author => "n = 2.7482 M ln M",
            Self::NoLaw => "n = n(M), one threshold a size",
        }
    }

    /// ln(n / c) at M; `exponent` counts only where it is free. `None` for no law.
    pub(super) fn ln_growth(self, m: f64, exponent: f64) -> Option<f64> {
        match self {
            Self::LogLinear | Self::Author => Some(m.ln() + m.ln().ln()),
            Self::FiveThirds => Some(5.0 / 3.0 * m.ln()),
            Self::Square => Some(2.0 * m.ln()),
            Self::Power => Some(exponent * m.ln()),
            Self::NoLaw => None,
        }
    }

    /// The constant, where it is part of the law.
    pub(super) fn fixed_scale(self) -> Option<f64> {
        (self == Self::Author).then_some(FITTED)
    }
}
