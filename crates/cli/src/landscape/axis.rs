//! What a race varies: the amount of data, unless told otherwise, or any other setting.

use super::request::{Request, long_name};
use crate::failure::Failure;
use dunwu::landscape::KERNEL_LIMIT;
use dunwu::spec_file;
use dunwu_engine::RunSpec;
use dunwu_engine::spec::Sampling;

/// Values of n that are looked at unless told otherwise.
const N_VALUES: usize = 16;
/// Share of the population that is looked at; beyond, too few samples are held out to tell what carries over, and what a run learned.
pub(super) const MOST: f64 = 0.8;

/// What is varied.
pub(super) struct Axis {
    /// Key of the setting.
    pub(super) key: String,
    /// Its values as they were written.
    pub(super) labels: Vec<String>,
    /// The same as specs.
    pub(super) specs: Vec<RunSpec>,
    /// As numbers; their positions where they are no numbers.
    pub(super) values: Vec<f64>,
    /// Whether they are numbers.
    pub(super) has_numbers: bool,
}

/// The values that are looked at.
pub(super) fn axis(request: &Request) -> Result<Axis, Failure> {
    match request.own("against") {
        None => of_counts(request),
        Some(against) => of_setting(request, against),
    }
}

fn of_counts(request: &Request) -> Result<Axis, Failure> {
    if request.own("values").is_some() {
        return Err(Failure::usage(
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
    Ok(Axis {
        key: "data.count".to_owned(),
        labels: counts.iter().map(u64::to_string).collect(),
        specs: specs.collect(),
        values: counts.iter().map(|&count| count as f64).collect(),
        has_numbers: true,
    })
}

fn of_setting(request: &Request, against: &str) -> Result<Axis, Failure> {
    if request.own("n").is_some() && long_name(against) == "data.count" {
        return Err(Failure::usage("n is what `against` names; give its values once, as n="));
    }
    let mut spec = request.spec.clone();
    if let Some(text) = request.own("n") {
        let [count] = counts(text, request.problem.n_population())?[..] else {
            return Err(Failure::usage(format!("n={text}: with `against` there is one sample size")));
        };
        spec.data.sampling = Sampling::Count(count);
    }
    let key = long_name(against).to_owned();
    let written = match (request.own("values"), key.as_str()) {
        (Some(values), _) => values.to_owned(),
        (None, "data.corrupted") => "0,0.05,0.1,0.15,0.2,0.3,0.4,0.5".to_owned(),
        (None, "data.skew") => "0,0.1,0.2,0.3,0.5,0.75,1".to_owned(),
        (None, "model.activation") => "square,relu_squared,relu,abs,silu,gelu".to_owned(),
        (None, key) => return Err(Failure::usage(format!("against={key} needs values=, a list such as 1,2,4"))),
    };
    let labels: Vec<String> = written.split(',').map(|value| value.trim().to_owned()).collect();
    let mut specs = Vec::new();
    for label in &labels {
        let word = [format!("{key}={label}")];
        specs.push(
            spec_file::read_overrides(&spec, &word)
                .map_err(|(_, error)| Failure::in_text(&error, "the values of the race", &word[0]))?,
        );
    }
    if specs.iter().any(|spec| spec.task != request.spec.task) {
        return Err(Failure::usage("a race is run on one task; leave `against=task` out"));
    }
    let numbers: Option<Vec<f64>> = labels.iter().map(|label| label.parse().ok()).collect();
    if numbers.as_ref().is_some_and(|numbers| !numbers.is_sorted_by(|a, b| a < b)) {
        return Err(Failure::usage(format!("values={written}: write them in ascending order")));
    }
    let has_numbers = numbers.is_some();
    let values = numbers.unwrap_or_else(|| (1..=labels.len()).map(|i| i as f64).collect());
    Ok(Axis { key, labels, specs, values, has_numbers })
}

/// `LOW..HIGH/COUNT`, spaced evenly on a logarithmic axis, or a list in ascending order.
fn counts(text: &str, population: usize) -> Result<Vec<u64>, Failure> {
    let refused =
        |why: &str| Failure::usage(format!("n={text}: {why}; write LOW..HIGH/COUNT, such as 100..500/9, or a list"));
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
        return Err(Failure::usage(format!(
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

/// From M ln M, but not fewer than half the input weights, to 95 % of the population, as far as the energy reaches.
fn default_counts(request: &Request) -> Vec<u64> {
    let problem = &request.problem;
    let m = problem.n_labels as f64;
    let reach = if problem.n_operands() == 2 { f64::INFINITY } else { KERNEL_LIMIT as f64 };
    let most = (MOST * problem.n_population() as f64).floor().min(reach).max(1.0);
    let least = (m * m.ln()).max(dunwu::landscape::dimension(problem) as f64 / 2.0).min(most / 2.0).max(1.0);
    spaced(least, most, N_VALUES)
}
