//! What is claimed of a table of results.

/// That one value of a setting is better than another, by one measure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claim {
    /// Column of the compared setting.
    pub setting: String,
    /// Its two values, as written.
    pub arms: [String; 2],
    /// Column of the measure.
    pub measure: String,
    /// Whether smaller is better; `None` decides by the measure's name.
    pub smaller_is_better: Option<bool>,
    /// Column that counts repetitions; `None` looks for a column with a customary name.
    pub seed: Option<String>,
    /// Columns that were tuned for each arm on its own: each arm is judged at its best combination.
    pub tuned: Vec<String>,
    /// Columns that are results and no settings, beside those that are recognised.
    pub results: Vec<String>,
    /// The number that was reported for the better arm.
    pub reported: Option<Reported>,
}

/// A reported number and how many decimals it was given with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reported {
    /// Its value.
    pub value: f64,
    /// Half a unit of its last decimal.
    pub tolerance: f64,
}

impl Reported {
    /// Of a number as written: `0.97` stands for everything from 0.965 to 0.975.
    pub fn parse(text: &str) -> Result<Self, ClaimError> {
        let value = text.parse().ok().filter(|value: &f64| value.is_finite());
        let value = value.ok_or_else(|| ClaimError::NotANumber { text: text.to_owned() })?;
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        Ok(Self { value, tolerance: 0.5 * 10.0_f64.powi(-(decimals as i32)) * (1.0 + 1e-9) })
    }

    /// Whether a number is written so.
    pub fn fits(&self, value: f64) -> bool {
        (value - self.value).abs() <= self.tolerance
    }
}

/// Why a claim cannot be judged by a table.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// There is no such column.
    #[error("the table has no column {column:?}; its columns are {}", columns.join(", "))]
    NoColumn {
        /// The name that was asked for.
        column: String,
        /// The names of the columns that there are.
        columns: Vec<String>,
    },
    /// No row has this value of the compared setting.
    #[error("no row has {column} = {value}; the table has {}", values.join(", "))]
    NoArm {
        /// The compared setting.
        column: String,
        /// The value that was asked for.
        value: String,
        /// The values that the table has.
        values: Vec<String>,
    },
    /// The measure is no number.
    #[error("the column {column:?} holds no numbers; name one that does with --measure")]
    NotNumeric {
        /// The measure.
        column: String,
    },
    /// A comparison in another form.
    #[error("{text:?} is no SETTING=A,B, such as optimizer=adam,muon")]
    NotAComparison {
        /// The text that was written.
        text: String,
    },
    /// A reported number that is none.
    #[error("{text:?} is no number; write the reported one with its decimals, such as 0.97")]
    NotANumber {
        /// The text that was written.
        text: String,
    },
    /// Both arms are one.
    #[error("both values are {value}; name two different ones")]
    SameArms {
        /// The value.
        value: String,
    },
}

impl Claim {
    /// From `SETTING=A,B` and a measure.
    pub fn parse(comparison: &str, measure: &str) -> Result<Self, ClaimError> {
        let parts = comparison.split_once('=').and_then(|(setting, arms)| Some((setting, arms.split_once(',')?)));
        let is_whole = |part: &str| !part.trim().is_empty();
        match parts {
            Some((setting, (a, b))) if [setting, a, b].into_iter().all(is_whole) && !b.contains(',') => Ok(Self {
                setting: setting.trim().to_owned(),
                arms: [a, b].map(|arm| arm.trim().to_owned()),
                measure: measure.to_owned(),
                ..Self::default()
            }),
            _ => Err(ClaimError::NotAComparison { text: comparison.to_owned() }),
        }
    }
}
