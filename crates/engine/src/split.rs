//! The population divided into what is trained on and what is not.

use crate::random::{Stream, open_unit, rng};
use crate::spec::{DataSpec, Sampling};
use crate::task::{Problem, Samples};
use rand_chacha::rand_core::RngCore;

mod file;
mod file_error;
mod part;
mod shares;

pub use crate::written::Place;
pub use file_error::SplitFileError;

/// The whole population divided into what is trained on and what is not.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Training samples with the labels as given (some may be corrupted), sorted by population index.
    pub train: Samples,
    /// True labels of the training samples.
    pub train_true_labels: Vec<u32>,
    /// Positions in `train` whose label is corrupted, ascending.
    pub corrupted: Vec<u32>,
    /// The samples that are not trained on, with their true labels, sorted by population index.
    pub test: Samples,
}

/// Why a split was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// A share outside [0, 1] or a negative multiple.
    #[error("{setting} = {value} is not {allowed}")]
    Impossible {
        /// Key of the setting.
        setting: &'static str,
        /// As given.
        value: f64,
        /// What may be given.
        allowed: &'static str,
    },
    /// Nothing to train on.
    #[error("{setting} = {value} leaves no training sample of {population}; the least is 1")]
    Empty {
        /// Key of the setting.
        setting: &'static str,
        /// As given.
        value: String,
        /// Samples that there are.
        population: usize,
    },
    /// More than there are.
    #[error("{setting} = {value} asks for {n_train} training samples, but there are only {population}")]
    TooMany {
        /// Key of the setting.
        setting: &'static str,
        /// As given.
        value: String,
        /// How many it asks for.
        n_train: u64,
        /// Samples that there are.
        population: usize,
    },
    /// A part of the table that this task's table has not.
    #[error("{setting} needs {needs}, and {task} is none")]
    NoPart {
        /// Key of the setting.
        setting: &'static str,
        /// What kind of task it is of.
        needs: &'static str,
        /// The task's spelling.
        task: String,
    },
    /// Zipf's law weighs single samples, so nothing else can be drawn by it.
    #[error("data.skew weighs single samples, and {setting} draws none; leave one of them out")]
    SkewedPart {
        /// Key of the setting.
        setting: &'static str,
    },
    /// One of several problems would get none, or more than it has.
    #[error(
        "{problem} has the share {} of {n_train} training samples, which is {n_own} of its {population}; it needs at least 1 and at most \
         all of them: change {setting} or the shares",
        .share.0 as f64 / .share.1 as f64
    )]
    Share {
        /// The problem's spelling.
        problem: String,
        /// Its share.
        share: (u64, u64),
        /// Key of the setting that says how many samples there are.
        setting: &'static str,
        /// Training samples of all problems.
        n_train: usize,
        /// What of them is its own.
        n_own: usize,
        /// Samples that it has.
        population: usize,
    },
    /// Zipf's law would weigh the problems, too.
    #[error("data.skew draws the samples of one problem, and several are drawn by their shares; leave one of them out")]
    SkewedProblems,
    /// The text of the split's file was not handed in.
    #[error("the split's file was not read: {file:?}")]
    NotRead {
        /// Path as the user wrote it.
        file: String,
    },
    /// The split's file names no samples.
    #[error(transparent)]
    File(#[from] SplitFileError),
}

impl Split {
    /// Draws the training sample, then the corrupted labels.
    ///
    /// ```text
    /// fraction: n = ⌊fraction · population⌋     multiple: n = round(c · M ln M)
    /// ```
    ///
    /// The sample is uniform without replacement, on [`Stream::Split`], or drawn by Zipf's law where the data are skewed. Of a
    /// [`Part`](crate::spec::Part) `⌊share · units⌋` samples, pairs, rows or columns are drawn. Either way a smaller sample of the same
    /// seed is part of a larger one. Of several problems each has its share of the n, to a sample, drawn uniformly among its own.
    /// `⌊corrupted · n⌋` of its labels, again uniform, on [`Stream::Corruption`], are replaced by one
    /// of the M − 1 wrong labels. A split file names the training samples; `split_text` is its text, and `split/file.rs` says in which
    /// forms; tokens are counted as the task counts them.
    pub fn draw(problem: &Problem, data: &DataSpec, seed: u64, split_text: Option<&str>) -> Result<Self, SplitError> {
        if !(0.0..=1.0).contains(&data.corrupted) {
            let (setting, allowed) = ("data.corrupted", "a share from 0 to 1");
            return Err(SplitError::Impossible { setting, value: data.corrupted, allowed });
        }
        if !(data.skew >= 0.0 && data.skew.is_finite()) {
            let (setting, allowed) = ("data.skew", "a finite number from 0 up");
            return Err(SplitError::Impossible { setting, value: data.skew, allowed });
        }
        let population = problem.n_population();
        let chosen = if let Sampling::SplitFile(file) = &data.sampling {
            let text = split_text.ok_or_else(|| SplitError::NotRead { file: file.clone() })?;
            file::read(problem, text, file)?
        } else if let Sampling::Part(part, share) = data.sampling {
            if data.skew > 0.0 {
                return Err(SplitError::SkewedPart { setting: part.key() });
            }
            part::draw(problem, part, share, seed)?
        } else {
            let n_train = sample_size(problem, &data.sampling)?;
            if !problem.several.is_empty() && data.skew > 0.0 {
                return Err(SplitError::SkewedProblems);
            }
            let mut rng = rng(seed, Stream::Split);
            if !problem.several.is_empty() {
                shares::draw(problem, data, n_train, &mut rng)?
            } else if data.skew == 0.0 {
                draw_without_replacement(&mut rng, population, n_train)
            } else {
                draw_by_weight(&mut rng, &log_weights(problem, data.skew), n_train)
            }
        };
        let mut is_train = vec![false; population];
        for &index in &chosen {
            is_train[index as usize] = true;
        }
        let members = |wanted: bool| {
            (0..population as u32).filter(|&index| is_train[index as usize] == wanted).collect::<Vec<u32>>()
        };
        let mut train = problem.samples(members(true).into_iter());
        let test = problem.samples(members(false).into_iter());
        let train_true_labels = train.labels.clone();
        let corrupted = corrupt(&mut train.labels, problem.n_labels, data.corrupted, seed);
        Ok(Self { train, train_true_labels, corrupted, test })
    }
}

/// How many samples are trained on, where that is known before they are drawn: a split file has its size in itself, and of a
/// part of the table it is how many samples its units have.
pub fn sample_size(problem: &Problem, sampling: &Sampling) -> Result<usize, SplitError> {
    let population = problem.n_population();
    let (setting, value, n_train) = match *sampling {
        Sampling::Fraction(fraction) if (0.0..=1.0).contains(&fraction) => {
            ("data.fraction", fraction.to_string(), share(fraction, population) as u64)
        }
        Sampling::Fraction(value) => {
            let allowed = "a share from 0 to 1";
            return Err(SplitError::Impossible { setting: "data.fraction", value, allowed });
        }
        Sampling::Count(count) => ("data.count", count.to_string(), count),
        Sampling::MultipleOfMLogM(multiple) if multiple >= 0.0 && multiple.is_finite() => {
            let m = problem.n_labels as f64;
            ("data.multiple", multiple.to_string(), (multiple * m * libm::log(m)).round() as u64)
        }
        Sampling::MultipleOfMLogM(value) => {
            let allowed = "a finite multiple of M ln M";
            return Err(SplitError::Impossible { setting: "data.multiple", value, allowed });
        }
        Sampling::SplitFile(_) | Sampling::Part(..) => unreachable!("asked of samples that are drawn one by one"),
    };
    if n_train == 0 {
        return Err(SplitError::Empty { setting, value, population });
    }
    if n_train > population as u64 {
        return Err(SplitError::TooMany { setting, value, n_train, population });
    }
    Ok(n_train as usize)
}

/// `⌊fraction · whole⌋`, of the fraction as written: 0.29 of 100 is 29, although its binary neighbour falls short of it.
fn share(fraction: f64, whole: usize) -> usize {
    let exact = fraction * whole as f64;
    // The product of two rounded numbers is off by at most two half ulps.
    let raised = exact * (1.0 + 2.0 * f64::EPSILON);
    (raised.floor() as usize).min(whole)
}

/// Replaces `⌊share · n⌋` labels by wrong ones and says where, ascending.
fn corrupt(labels: &mut [u32], n_labels: usize, corrupted: f64, seed: u64) -> Vec<u32> {
    let mut rng = rng(seed, Stream::Corruption);
    let mut positions = draw_without_replacement(&mut rng, labels.len(), share(corrupted, labels.len()));
    positions.sort_unstable();
    for &position in &positions {
        let label = &mut labels[position as usize];
        let wrong = index_below(&mut rng, n_labels as u64 - 1) as u32;
        *label = if wrong < *label { wrong } else { wrong + 1 };
    }
    positions
}

/// The first `count` places of a Fisher–Yates shuffle of 0..population.
fn draw_without_replacement(rng: &mut impl RngCore, population: usize, count: usize) -> Vec<u32> {
    let mut indices: Vec<u32> = (0..population as u32).collect();
    for place in 0..count {
        let other = place + index_below(rng, (population - place) as u64) as usize;
        indices.swap(place, other);
    }
    indices.truncate(count);
    indices
}

/// Logarithm of each input's weight under Zipf's law: `−s Σ_o ln(tokenₒ + 1)`, or `−s ln(label + 1)` where inputs are numbers.
fn log_weights(problem: &Problem, skew: f64) -> Vec<f64> {
    let population = problem.population();
    let log_rank = |rank: u32| -skew * libm::log(f64::from(rank) + 1.0);
    let of_tokens = |i: usize| population.operands.iter().map(|tokens| log_rank(tokens[i])).sum();
    match problem.n_features {
        0 => (0..population.len()).map(of_tokens).collect(),
        _ => population.labels.iter().map(|&label| log_rank(label)).collect(),
    }
}

/// `count` of the inputs, one after another with a chance in proportion to the weights of those that are left: the largest keys
/// `ln w − ln(−ln u)`, u uniform (Efraimidis & Spirakis 2006, in logarithms).
fn draw_by_weight(rng: &mut impl RngCore, log_weights: &[f64], count: usize) -> Vec<u32> {
    let key = |log_weight: &f64| log_weight - libm::log(-libm::log(open_unit(rng)));
    let keys: Vec<f64> = log_weights.iter().map(key).collect();
    let mut indices: Vec<u32> = (0..keys.len() as u32).collect();
    indices.sort_by(|&a, &b| keys[b as usize].total_cmp(&keys[a as usize]).then(a.cmp(&b)));
    indices.truncate(count);
    indices
}

/// A uniform integer below `bound` ≥ 1: the high half of a 128-bit product, rejecting what would favour some (Lemire 2019,
/// arXiv:1805.10941). Written out here so that no release of a library changes a split.
fn index_below(rng: &mut impl RngCore, bound: u64) -> u64 {
    let rejected_below = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(bound);
        if product as u64 >= rejected_below {
            return (product >> 64) as u64;
        }
    }
}

#[cfg(test)]
mod tests;
