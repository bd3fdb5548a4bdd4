//! From words to a landscape: a task, then `key=value`. Keys are those of runs, short names for the commonest of them, and those
//! of the landscape itself.

use super::EnergyKind;
use super::survey::PeaksRequest;
use crate::group::Decomposition;
use crate::verb::VerbError;
use crate::{spec_file, task_file};
use dunwu_engine::kernel::Workers;
use dunwu_engine::optim::OptimizerSpec;
use dunwu_engine::spec::{Architecture, OperandTables, nearest, presets, settings};
use dunwu_engine::task::Task;
use dunwu_engine::{Problem, RunSpec};
use std::fmt::Display;
use std::path::Path;

/// A key of a landscape's verbs, and what it means.
pub type Key = (&'static str, &'static str);

/// Keys of `peaks` beside those of runs.
pub const PEAKS_KEYS: &[Key] = &[
    ("energy", "raw or whitened (default: whitened)"),
    ("restarts", "random starts (default: 1000; race: 256)"),
    ("ridge", "η of the whitened energy over the kernel's mean diagonal (default: 0 for pairs of tokens, else 0.1)"),
];

/// What `race` has beside these.
pub const RACE_KEYS: &[Key] = &[
    ("n", "LOW..HIGH/COUNT or a list: training samples, instead of 16 values from M ln M on"),
    ("samples", "sample seeds, each with a landscape at every value (default: 4)"),
    ("against", "another setting instead of n: data.corrupted, data.skew, model.activation, or any key of runs"),
    ("values", "its values, a list"),
    ("train", "short real runs beside the landscapes: true or false (default: true)"),
];

/// Short names of settings, and the keys that they stand for.
pub const SHORT: &[(&str, &str)] = &[
    ("n", "data.count"),
    ("fraction", "data.fraction"),
    ("corrupted", "data.corrupted"),
    ("skew", "data.skew"),
    ("activation", "model.activation"),
];

/// The key of runs that `key` is short for, or `key`.
pub fn long_name(key: &str) -> &str {
    SHORT.iter().find(|(short, _)| *short == key).map_or(key, |(_, long)| *long)
}

/// The landscapes that were asked for: a problem, a sample of it, an energy, and how it is climbed.
#[derive(Clone, Debug)]
pub struct LandscapeRequest {
    /// The unit's network and the sample; where nothing was said of the sample, it is the whole population.
    pub spec: RunSpec,
    /// The problem of the spec.
    pub problem: Problem,
    /// Its irreps; `None` where it is no group or one too large to decompose.
    pub decomposition: Option<Decomposition>,
    /// Which energy is climbed.
    pub energy: EnergyKind,
    /// η of the whitened energy; see [`super::Landscape::new`].
    pub ridge: Option<f64>,
    /// Random starts a landscape.
    pub restarts: usize,
    /// What a person should know before the answer, in sentences.
    pub notes: Vec<String>,
    /// What else was said with the verb's own keys.
    own: Vec<(String, String)>,
}

impl LandscapeRequest {
    /// Reads the words of a verb with these keys of its own.
    pub(super) fn from_words(words: &[String], keys: &[&[Key]], restarts: usize) -> Result<Self, VerbError> {
        let Some((task, settings)) = words.split_first().filter(|(task, _)| !task.contains('=')) else {
            return Err(VerbError::usage("name a task first, such as cyclic:23; `dunwu task` lists what there is"));
        };
        let refused = |error: &dyn Display| VerbError::usage(format!("task: {error}"));
        let task = Task::parse(task).map_err(|error| refused(&error))?;
        let problem = task_file::resolve(&task, Path::new("")).map_err(|error| refused(&error))?;
        let is_own = |key: &str| keys.iter().any(|keys| keys.iter().any(|(own, _)| *own == key));
        let (mut own, mut of_runs): (Vec<(String, String)>, Vec<String>) = (Vec::new(), Vec::new());
        for word in settings {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            if is_own(key) {
                if own.iter().any(|(other, _)| other == key) {
                    return Err(VerbError::usage(format!("`{key}` is given twice; keep one of the two")));
                }
                own.push((key.to_owned(), value.to_owned()));
            } else if let Some(near) = misspelt(key, keys) {
                return Err(VerbError::usage(format!("there is no key `{key}`; did you mean `{near}`?")));
            } else {
                of_runs.push(if word.contains('=') { format!("{}={value}", long_name(key)) } else { word.clone() });
            }
        }
        let spec = spec_file::read_overrides(&base(task), &of_runs)
            .map_err(|(index, error)| VerbError::in_text(error, "the command line", &of_runs[index]))?;
        if !matches!(spec.model.architecture, Architecture::TwoLayer) {
            let why = "the landscape is that of a unit of a two-layer network; leave `model.architecture` as it is";
            return Err(VerbError::usage(why));
        }
        if spec.model.tables != OperandTables::Separate {
            let why = "the landscape is that of a unit with weights of its own for each operand; leave `model.tables` \"separate\"";
            return Err(VerbError::usage(why));
        }
        super::check(&problem).map_err(VerbError::usage)?;
        let mut notes = Vec::new();
        let decomposition = problem.group().map(Decomposition::of).transpose().unwrap_or_else(|error| {
            notes.push(format!("irreps are not computed: {error}"));
            None
        });
        let energy = EnergyKind::Whitened;
        let mut request = Self { spec, problem, decomposition, energy, ridge: None, restarts, notes, own };
        if let Some(name) = request.own("energy") {
            request.energy = energy_of_name(name)?;
        }
        request.restarts = request.count("restarts", restarts, 1_000_000)?;
        request.ridge = match request.own("ridge") {
            None => None,
            Some(text) => match text.parse() {
                Ok(ridge) if f64::is_finite(ridge) && ridge >= 0.0 => Some(ridge),
                _ => return Err(VerbError::usage(format!("ridge={text}: write a number from 0 up"))),
            },
        };
        Ok(request)
    }

    /// What was said with one of the verb's own keys.
    pub(super) fn own(&self, key: &str) -> Option<&str> {
        self.own.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    /// A whole number from 1 to `most`, said with one of the verb's own keys.
    pub(super) fn count(&self, key: &str, default: usize, most: usize) -> Result<usize, VerbError> {
        match self.own(key) {
            None => Ok(default),
            Some(text) => match text.parse() {
                Ok(count) if (1..=most).contains(&count) => Ok(count),
                _ => Err(VerbError::usage(format!("{key}={text}: write a whole number from 1 to {most}"))),
            },
        }
    }

    /// Threads as asked for, else all there are; none of it changes a bit.
    pub fn workers(&self) -> Result<Workers, VerbError> {
        workers(&self.spec)
    }
}

impl PeaksRequest {
    /// Reads a task and `key=value` words: [`PEAKS_KEYS`], [`SHORT`], and every setting of runs.
    pub fn from_words(words: &[String]) -> Result<Self, VerbError> {
        let landscape = LandscapeRequest::from_words(words, &[PEAKS_KEYS], 1000)?;
        Self::new(landscape)
    }
}

/// Threads as a spec asks for, else all there are.
pub fn workers(spec: &RunSpec) -> Result<Workers, VerbError> {
    let threads = match spec.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    Ok(Workers::new(threads)?)
}

/// The energy of this name.
pub fn energy_of_name(name: &str) -> Result<EnergyKind, VerbError> {
    EnergyKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let names = EnergyKind::ALL.map(EnergyKind::name);
        let hint = nearest(name, names).map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        VerbError::usage(format!("energy={name}: there are {}{hint}", names.join(" and ")))
    })
}

/// The key of the verb's own that an unknown one is nearest to.
fn misspelt<'k>(key: &str, keys: &[&'k [Key]]) -> Option<&'k str> {
    let own = keys.iter().flat_map(|keys| keys.iter().map(|(own, _)| *own));
    settings::find(long_name(key)).is_none().then(|| nearest(key, own))?
}

/// The network of short runs: preset `small` with twice its width and half its rate: at 0.01 some runs near the threshold fall
/// back (docs/findings.md).
fn base(task: Task) -> RunSpec {
    let small = presets::find("small").expect("a preset").spec;
    let small = small();
    RunSpec {
        task,
        data: dunwu_engine::spec::DataSpec::of(dunwu_engine::spec::Sampling::Fraction(1.0)),
        model: dunwu_engine::spec::ModelSpec { width: 512, ..small.model },
        optimizer: OptimizerSpec { learning_rate: 0.005, ..small.optimizer },
        steps: 1500,
        ..small
    }
}
