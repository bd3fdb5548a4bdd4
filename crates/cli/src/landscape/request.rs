//! From words to a landscape: a task, then `key=value`. Keys are those of runs, short names for the commonest of them, and those
//! of the landscape itself.

use crate::failure::Failure;
use crate::say::note;
use dunwu::group::Decomposition;
use dunwu::landscape::EnergyKind;
use dunwu::{spec_file, task_file};
use dunwu_engine::kernel::Workers;
use dunwu_engine::optim::OptimizerSpec;
use dunwu_engine::spec::{Architecture, nearest, presets, settings};
use dunwu_engine::task::Task;
use dunwu_engine::{Problem, RunSpec};
use std::path::Path;

/// A key of its own, and what it means.
pub(crate) type Key = (&'static str, &'static str);

/// Keys of `dunwu peaks` beside those of runs.
pub(crate) const PEAKS_KEYS: &[Key] = &[
    ("energy", "raw or whitened (default: whitened)"),
    ("restarts", "random starts (default: 1000; race: 256)"),
    ("ridge", "η of the whitened energy over the kernel's mean diagonal (default: 0 for pairs of tokens, else 0.1)"),
];

/// What `dunwu race` has beside these.
pub(crate) const RACE_KEYS: &[Key] = &[
    ("n", "LOW..HIGH/COUNT or a list: training samples, instead of 16 values from M ln M on"),
    ("samples", "sample seeds, each with a landscape at every value (default: 4)"),
    ("against", "another setting instead of n: data.corrupted, data.skew, model.activation, or any key of runs"),
    ("values", "its values, a list"),
    ("train", "short real runs beside the landscapes: true or false (default: true)"),
];

/// Short names of settings.
const SHORT: &[(&str, &str)] = &[
    ("n", "data.count"),
    ("fraction", "data.fraction"),
    ("corrupted", "data.corrupted"),
    ("skew", "data.skew"),
    ("activation", "model.activation"),
];

/// The key of runs that `key` is short for, or `key`.
pub(crate) fn long_name(key: &str) -> &str {
    SHORT.iter().find(|(short, _)| *short == key).map_or(key, |(_, long)| *long)
}

/// What was asked for.
pub(crate) struct Request {
    pub(crate) spec: RunSpec,
    pub(crate) problem: Problem,
    pub(crate) decomposition: Option<Decomposition>,
    pub(crate) energy: EnergyKind,
    pub(crate) ridge: Option<f64>,
    pub(crate) restarts: usize,
    /// What else was said with the command's own keys.
    own: Vec<(String, String)>,
}

impl Request {
    /// From the words of a command with these keys of its own; unless told otherwise, the sample is the whole population.
    pub(crate) fn read(words: &[String], keys: &[&[Key]], restarts: usize) -> Result<Self, Failure> {
        let Some((task, settings)) = words.split_first().filter(|(task, _)| !task.contains('=')) else {
            return Err(Failure::usage("name a task first, such as cyclic:23; `dunwu task` lists what there is"));
        };
        let refused = |error: &dyn std::fmt::Display| Failure::usage(format!("task: {error}"));
        let task = Task::parse(task).map_err(|error| refused(&error))?;
        let problem = task_file::resolve(&task, Path::new("")).map_err(|error| refused(&error))?;
        let is_own = |key: &str| keys.iter().any(|keys| keys.iter().any(|(own, _)| *own == key));
        let (mut own, mut of_runs): (Vec<(String, String)>, Vec<String>) = (Vec::new(), Vec::new());
        for word in settings {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            if is_own(key) {
                if own.iter().any(|(other, _)| other == key) {
                    return Err(Failure::usage(format!("`{key}` is given twice; keep one of the two")));
                }
                own.push((key.to_owned(), value.to_owned()));
            } else if let Some(near) = misspelt(key, keys) {
                return Err(Failure::usage(format!("there is no key `{key}`; did you mean `{near}`?")));
            } else {
                of_runs.push(if word.contains('=') { format!("{}={value}", long_name(key)) } else { word.clone() });
            }
        }
        let spec = spec_file::read_overrides(&base(task), &of_runs)
            .map_err(|(index, error)| Failure::in_text(&error, "the command line", &of_runs[index]))?;
        if !matches!(spec.model.architecture, Architecture::TwoLayer) {
            let why = "the landscape is that of a unit of a two-layer network; leave `model.architecture` as it is";
            return Err(Failure::usage(why));
        }
        dunwu::landscape::check(&problem).map_err(Failure::usage)?;
        let decomposition = problem.group().map(Decomposition::of).transpose().unwrap_or_else(|error| {
            note!("note: irreps are not computed: {error}");
            None
        });
        let mut request =
            Self { spec, problem, decomposition, energy: EnergyKind::Whitened, ridge: None, restarts, own };
        if let Some(name) = request.own("energy") {
            request.energy = energy(name)?;
        }
        request.restarts = request.count("restarts", restarts, 1_000_000)?;
        request.ridge = match request.own("ridge") {
            None => None,
            Some(text) => match text.parse() {
                Ok(ridge) if f64::is_finite(ridge) && ridge >= 0.0 => Some(ridge),
                _ => return Err(Failure::usage(format!("ridge={text}: write a number from 0 up"))),
            },
        };
        Ok(request)
    }

    /// What was said with one of the command's own keys.
    pub(crate) fn own(&self, key: &str) -> Option<&str> {
        self.own.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    /// A whole number from 1 to `most` of the command's own.
    pub(crate) fn count(&self, key: &str, default: usize, most: usize) -> Result<usize, Failure> {
        match self.own(key) {
            None => Ok(default),
            Some(text) => match text.parse() {
                Ok(count) if (1..=most).contains(&count) => Ok(count),
                _ => Err(Failure::usage(format!("{key}={text}: write a whole number from 1 to {most}"))),
            },
        }
    }

    /// Threads as asked for, else all there are; none of it changes a bit.
    pub(crate) fn workers(&self) -> Result<Workers, Failure> {
        workers(&self.spec)
    }
}

/// Threads as a spec asks for, else all there are.
pub(crate) fn workers(spec: &RunSpec) -> Result<Workers, Failure> {
    let threads = match spec.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    Ok(Workers::new(threads)?)
}

/// The energy of this name.
pub(crate) fn energy(name: &str) -> Result<EnergyKind, Failure> {
    EnergyKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let names = EnergyKind::ALL.map(EnergyKind::name);
        let hint = nearest(name, names).map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        Failure::usage(format!("energy={name}: there are {}{hint}", names.join(" and ")))
    })
}

/// The key of the command's own that an unknown one is nearest to.
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
