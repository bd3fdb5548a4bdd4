//! Training and held-out samples with the same columns, one of them the label.

use crate::audit::data::Data;
use dunwu::store::Table;

/// Customary names of the label, the most telling first.
const LABELS: [&str; 7] = ["label", "target", "class", "y", "labels", "targets", "output"];

/// Both files.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    pub train: Data,
    pub test: Data,
    /// Columns that are inputs.
    pub inputs: Vec<usize>,
    /// The column that is predicted.
    pub label: Option<usize>,
    /// How they were read.
    pub reading: String,
}

/// Why two files cannot be audited together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplesError {
    /// Other columns.
    #[error("the two files have other columns: {train:?} in the first and {test:?} in the second; give both the same")]
    Columns {
        /// The columns of the training file.
        train: Vec<String>,
        /// The columns of the held-out file.
        test: Vec<String>,
    },
    /// There is no such column.
    #[error("no column is called {label:?}; the columns are {}", columns.join(", "))]
    NoLabel {
        /// The name that was asked for.
        label: String,
        /// The names of the columns that there are.
        columns: Vec<String>,
    },
    /// A file without samples.
    #[error("the {which} file has no rows")]
    Empty {
        /// `training` or `held-out`.
        which: &'static str,
    },
}

impl Samples {
    pub(super) fn of(train: &Table, test: &Table, label: Option<&str>) -> Result<Self, SamplesError> {
        let [train, test] = [train, test].map(Data::of);
        for (which, data) in [("training", &train), ("held-out", &test)] {
            if data.n_rows() == 0 {
                return Err(SamplesError::Empty { which });
            }
        }
        // The second file in the order of the first.
        let order: Option<Vec<usize>> = train.names.iter().map(|name| test.column(name)).collect();
        let Some(order) = order.filter(|order| order.len() == test.names.len()) else {
            return Err(SamplesError::Columns { train: train.names, test: test.names });
        };
        let columns = order.iter().map(|&column| test.columns[column].clone()).collect();
        let test = Data { names: train.names.clone(), columns };
        let label = match label {
            Some(name) => {
                let missing = || SamplesError::NoLabel { label: name.to_owned(), columns: train.names.clone() };
                Some(train.column(name).ok_or_else(missing)?)
            }
            None => train.column_of(&LABELS),
        };
        let inputs: Vec<usize> = (0..train.names.len()).filter(|column| Some(*column) != label).collect();
        let which = label.map_or("none; name it with --label".to_owned(), |column| train.names[column].clone());
        let reading = format!(
            "{} training and {} held-out samples with {} inputs; the label is {which}.",
            train.n_rows(),
            test.n_rows(),
            inputs.len()
        );
        Ok(Self { train, test, inputs, label, reading })
    }
}
