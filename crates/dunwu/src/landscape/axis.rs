//! What a race varies: the amount of data, or the setting that `against` names.

use super::request::{LandscapeRequest, long_name};
use super::{KERNEL_LIMIT, dimension};
use crate::spec_file;
use crate::verb::VerbError;
use dunwu_engine::RunSpec;
use dunwu_engine::spec::Sampling;

/// Values of n that are looked at where `n` is not given.
const N_VALUES: usize = 16;
/// Share of the population that is looked at; beyond, too few samples are held out to tell what carries over, and what a run learned.
pub(super) const MOST: f64 = 0.8;

/// The setting that a race varies, with the values that are looked at.
#[derive(Clone, Debug)]
pub struct RaceAxis {
    /// Key of the setting: `data.count`.
    pub key: String,
    /// Its values as they were written, one a point of the race.
    pub labels: Vec<String>,
    /// The spec of each point.
    pub specs: Vec<RunSpec>,
    /// The values as numbers, ascending; their positions from 1 on where they are no numbers.
    pub values: Vec<f64>,
    /// Whether the values are numbers, so that one thing can overtake another along them.
    pub has_numbers: bool,
}

impl RaceAxis {
    /// The axis that a request describes.
    pub(super) fn of(request: &LandscapeRequest) -> Result<Self, VerbError> {
        match request.own("against") {
            None => of_counts(request),
            Some(against) => of_setting(request, against),
        }
    }

    /// Whether the number of training samples is what is varied.
    pub fn is_of_samples(&self) -> bool {
        self.key == "data.count"
    }
}

fn of_counts(request: &LandscapeRequest) -> Result<RaceAxis, VerbError> {
    if request.own("values").is_some() {
        return Err(VerbError::usage(
            "`values` needs `against`, the setting whose values they are; for samples write n=",
        ));
    }
    let counts = match request.own("n") {
        Some(text) => counts(text, request.problem.n_population())?,
        None => default_counts(request),
    };
    let specs = counts.iter().map(|&count| {
        let mut spec = request.spec.clone();
        spec.data.sampling = Sampling::Count(count);
        spec
    });
    Ok(RaceAxis {
        key: "data.count".to_owned(),
        labels: counts.iter().map(u64::to_string).collect(),
        specs: specs.collect(),
        values: counts.iter().map(|&count| count as f64).collect(),
        has_numbers: true,
    })
}

fn of_setting(request: &LandscapeRequest, against: &str) -> Result<RaceAxis, VerbError> {
    if request.own("n").is_some() && long_name(against) == "data.count" {
        return Err(VerbError::usage("n is what `against` names; give its values once, as n="));
    }
    let mut spec = request.spec.clone();
    if let Some(text) = request.own("n") {
        let [count] = counts(text, request.problem.n_population())?[..] else {
            return Err(VerbError::usage(format!("n={text}: with `against` there is one sample size")));
        };
        spec.data.sampling = Sampling::Count(count);
    }
    let key = long_name(against).to_owned();
    let written = match (request.own("values"), key.as_str()) {
        (Some(values), _) => values.to_owned(),
        (None, "data.corrupted") => "0,0.05,0.1,0.15,0.2,0.3,0.4,0.5".to_owned(),
        (None, "data.skew") => "0,0.1,0.2,0.3,0.5,0.75,1".to_owned(),
        (None, "model.activation") => "square,relu_squared,relu,abs,silu,gelu".to_owned(),
        (None, key) => return Err(VerbError::usage(format!("against={key} needs values=, a list such as 1,2,4"))),
    };
    let labels: Vec<String> = written.split(',').map(|value| value.trim().to_owned()).collect();
    let mut specs = Vec::new();
    for label in &labels {
        let word = [format!("{key}={label}")];
        specs.push(
            spec_file::read_overrides(&spec, &word)
                .map_err(|(_, error)| VerbError::in_text(error, "the values of the race", &word[0]))?,
        );
    }
    if specs.iter().any(|spec| spec.task != request.spec.task) {
        return Err(VerbError::usage("a race is run on one task; leave `against=task` out"));
    }
    let numbers: Option<Vec<f64>> = labels.iter().map(|label| label.parse().ok()).collect();
    if numbers.as_ref().is_some_and(|numbers| !numbers.is_sorted_by(|a, b| a < b)) {
        return Err(VerbError::usage(format!("values={written}: write them in ascending order")));
    }
    let has_numbers = numbers.is_some();
    let values = numbers.unwrap_or_else(|| (1..=labels.len()).map(|i| i as f64).collect());
    Ok(RaceAxis { key, labels, specs, values, has_numbers })
}

/// `LOW..HIGH/COUNT`, spaced evenly on a logarithmic axis, or a list in ascending order.
fn counts(text: &str, population: usize) -> Result<Vec<u64>, VerbError> {
    let refused =
        |why: &str| VerbError::usage(format!("n={text}: {why}; write LOW..HIGH/COUNT, such as 100..500/9, or a list"));
    let number =
        |text: &str| text.trim().parse::<u64>().ok().ok_or_else(|| refused(&format!("`{text}` is no whole number")));
    let counts = if let Some((low, rest)) = text.split_once("..") {
        let (high, many) = rest.split_once('/').ok_or_else(|| refused("a range needs its number of values"))?;
        let (low, high, many) = (number(low)?, number(high)?, number(many)?);
        if low < 1 || high <= low || !(2..=1000).contains(&many) {
            return Err(refused("a range goes from 1 or more up to more, with 2 to 1000 values"));
        }
        spaced(low as f64, high as f64, many as usize)
    } else {
        text.split(',').map(number).collect::<Result<Vec<_>, _>>()?
    };
    if let Some(most) = counts.iter().find(|&&count| count > population as u64) {
        return Err(VerbError::usage(format!(
            "n={most} asks for more training samples than the {population} that there are"
        )));
    }
    if counts.contains(&0) || !counts.is_sorted_by(|a, b| a < b) {
        return Err(refused("values are 1 or more, in ascending order"));
    }
    Ok(counts)
}

fn spaced(low: f64, high: f64, many: usize) -> Vec<u64> {
    let at = |i: usize| (low.ln() + (high / low).ln() * i as f64 / (many - 1) as f64).exp().round() as u64;
    let mut counts: Vec<u64> = (0..many).map(at).collect();
    counts.dedup();
    counts
}

/// From M ln M, but not fewer than half the input weights, to 80 % of the population, as far as the energy reaches.
fn default_counts(request: &LandscapeRequest) -> Vec<u64> {
    let problem = &request.problem;
    let m = problem.n_labels as f64;
    let reach = if problem.n_operands() == 2 { f64::INFINITY } else { KERNEL_LIMIT as f64 };
    let most = (MOST * problem.n_population() as f64).floor().min(reach).max(1.0);
    let least = (m * m.ln()).max(dimension(problem) as f64 / 2.0).min(most / 2.0).max(1.0);
    spaced(least, most, N_VALUES)
}
