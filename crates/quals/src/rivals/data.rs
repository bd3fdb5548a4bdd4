//! Runs as those see them who have no judge: logarithms of what was set and of what came out. Censored runs are left out, as is usual.

use crate::world::Case;
use dunwu_science::judge::RunRecord;
use dunwu_science::lab::{Domain, Outcome};

/// Columns of logarithms.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    /// Names of the quantities that the question varies.
    pub(crate) names: Vec<String>,
    /// ln of each quantity, row by row.
    pub(crate) ln: Vec<Vec<f64>>,
    /// ln ln of each quantity where it is a pure number above 1 in every row.
    pub(crate) lnln: Vec<Option<Vec<f64>>>,
    /// ln of the number that came out, or 1 and 0 for an event.
    pub(crate) z: Vec<f64>,
    /// What came out.
    pub(crate) target: String,
    /// For events the place of the quantity that is on the left of a boundary.
    pub(crate) left: Option<usize>,
}

impl Data {
    /// The columns of these runs.
    pub(crate) fn of(case: &Case, runs: &[RunRecord]) -> Self {
        let card = case.card();
        let mut names: Vec<(String, bool)> = Vec::new();
        for knob in &card.knobs {
            match &knob.domain {
                Domain::Numbers { unit, .. } => names.push((knob.name.clone(), unit.is_pure())),
                Domain::Levels { attributes, .. } => {
                    names.extend(attributes.iter().map(|(name, unit)| (name.clone(), unit.is_pure())));
                }
            }
        }
        let seen = runs.iter().filter_map(|run| match run.outcomes.get(&case.question.target)? {
            Outcome::Value(y) if *y > 0.0 => Some((card.numbers(&run.point), libm::log(*y))),
            Outcome::Event(happened) => Some((card.numbers(&run.point), f64::from(u8::from(*happened)))),
            _ => None,
        });
        let seen: Vec<_> = seen.collect();
        let ln: Vec<Vec<f64>> =
            names.iter().map(|(name, _)| seen.iter().map(|(numbers, _)| libm::log(numbers[name])).collect()).collect();
        let lnln = |(column, (_, is_pure)): (&Vec<f64>, &(String, bool))| {
            (*is_pure && column.iter().all(|ln| *ln > 1e-9)).then(|| column.iter().map(|ln| libm::log(*ln)).collect())
        };
        let lnln = ln.iter().zip(&names).map(lnln).collect();
        let is_event = case.question.target == "generalized";
        let names: Vec<String> = names.into_iter().map(|(name, _)| name).collect();
        let left = is_event.then(|| names.iter().position(|name| name == "samples").expect("the card has samples"));
        Self {
            ln,
            lnln,
            z: seen.into_iter().map(|(_, z)| z).collect(),
            target: case.question.target.clone(),
            left,
            names,
        }
    }

    /// The rows of some places.
    pub(crate) fn some(&self, places: &[usize]) -> Self {
        let pick = |column: &Vec<f64>| places.iter().map(|place| column[*place]).collect::<Vec<f64>>();
        Self {
            ln: self.ln.iter().map(pick).collect(),
            lnln: self.lnln.iter().map(|column| column.as_ref().map(pick)).collect(),
            z: pick(&self.z),
            ..self.clone()
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.z.len()
    }
}
