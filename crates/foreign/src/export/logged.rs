//! What a run recorded, in the order in which it did.

use crate::recorded::{ForeignRun, RecordedRun};
use crate::series::Series;
use dunwu::Opened;
use dunwu::measure::Quantity;
use dunwu::scalars::SCALARS;
use dunwu::store::{Record, RunDir, StoreError};
use dunwu_engine::Scalars;
use std::collections::BTreeMap;
use std::fs;
use std::time::UNIX_EPOCH;

/// One thing that was recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Logged {
    /// Numbers of one step by name.
    Scalars {
        /// The step.
        step: u64,
        /// Names with values.
        values: Vec<(String, f64)>,
    },
    /// Numbers of one step of which the distribution is shown.
    Distribution {
        /// The step.
        step: u64,
        /// What they are: `fc1/weight_norm`.
        name: String,
        /// A number a unit.
        values: Vec<f64>,
    },
}

/// A run as it is given to other programs.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedRun {
    /// Its id.
    pub id: String,
    /// When it began, in seconds since 1970 UTC, where that is known, and otherwise when its record was made.
    pub began: f64,
    /// All that was recorded, in the order of the record: what a record gains comes at the end.
    pub logged: Vec<Logged>,
    /// Whether it has ended.
    pub is_finished: bool,
}

impl LoggedRun {
    /// What stands in the record of a run; of our own its evaluations, of another program's its scalars and its arrays.
    pub fn read(run: &RunDir) -> Result<Self, StoreError> {
        match RecordedRun::open(run.clone())? {
            RecordedRun::Own(dir) => {
                let record = Record::read(&dir)?;
                let logged = record.scalars.iter().map(evaluation).collect();
                let (id, is_finished) = (record.header.id.to_string(), record.finished.is_some());
                Ok(Self { id, began: made(&dir), logged, is_finished })
            }
            RecordedRun::Foreign(run) => of_foreign(&run),
        }
    }

    /// The same with what was measured of the snapshots of a run of our own: scalar measures, and distributions over its units. All of it
    /// is in the order of steps.
    #[must_use]
    pub fn with_measures(mut self, opened: &Opened) -> Self {
        for frame in &opened.frames {
            let mut values = Vec::new();
            for (measure, value) in frame.measured() {
                match value {
                    Some(Quantity::Scalar(value)) => values.push((format!("measures/{}", measure.name), *value)),
                    Some(Quantity::PerUnit(of_units)) => {
                        let values = of_units.iter().copied().flatten().collect();
                        let name = format!("units/{}", measure.name);
                        self.logged.push(Logged::Distribution { step: frame.step, name, values });
                    }
                    _ => {}
                }
            }
            self.logged.push(Logged::Scalars { step: frame.step, values });
        }
        self.logged.sort_by_key(Logged::step);
        self
    }

    /// Every series of scalars, by the order in which they came first.
    pub fn series(&self) -> Vec<Series> {
        let mut all: Vec<Series> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for one in &self.logged {
            let Logged::Scalars { step, values } = one else { continue };
            for (name, value) in values {
                let place = *places.entry(name).or_insert_with(|| {
                    all.push(Series { name: name.clone(), ..Series::default() });
                    all.len() - 1
                });
                all[place].steps.push(*step);
                all[place].values.push(*value);
            }
        }
        all
    }
}

impl Logged {
    fn step(&self) -> u64 {
        match self {
            Self::Scalars { step, .. } | Self::Distribution { step, .. } => *step,
        }
    }
}

/// Losses and accuracies under the names that tables give them.
fn evaluation(row: &Scalars) -> Logged {
    let values = SCALARS.iter().filter_map(|scalar| Some((scalar.name.to_owned(), (scalar.get)(row)?))).collect();
    Logged::Scalars { step: row.step, values }
}

fn of_foreign(run: &ForeignRun) -> Result<LoggedRun, StoreError> {
    let record = &run.record;
    let mut logged: Vec<(usize, Logged)> = Vec::with_capacity(record.rows.len() + record.units.len());
    for row in &record.rows {
        let values = row.values.iter().map(|&(place, value)| (record.names[place].clone(), value)).collect();
        logged.push((row.line, Logged::Scalars { step: row.step, values }));
    }
    for entry in &record.units {
        let values: Vec<f64> = record.load_units(entry)?.into_iter().map(f64::from).collect();
        let (step, name) = (entry.step, format!("{}/{}", entry.layer, entry.series));
        // A single number of a layer has no distribution.
        let one = match values.as_slice() {
            [value] => Logged::Scalars { step, values: vec![(name, *value)] },
            _ => Logged::Distribution { step, name, values },
        };
        logged.push((entry.line, one));
    }
    logged.sort_by_key(|line| line.0);
    let began = record.header.beginning.seconds().unwrap_or_else(|| made(&run.dir));
    Ok(LoggedRun {
        id: record.header.id.to_string(),
        began,
        logged: logged.into_iter().map(|line| line.1).collect(),
        is_finished: record.finished.is_some(),
    })
}

/// When the folder of snapshots or the spec was made: neither changes while the record grows, as the record's own time does.
fn made(run: &RunDir) -> f64 {
    let spec = run.path().join("spec.toml");
    let path = if spec.exists() { spec } else { run.path().join("snapshots") };
    let time = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0.0, |since| since.as_secs_f64().floor())
}
