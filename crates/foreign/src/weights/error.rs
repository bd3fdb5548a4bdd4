//! Why weights could not be imported.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why weights could not be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file could not be read.
    #[error("cannot read the weights ({source}): {path:?}")]
    Read {
        /// Why.
        source: io::Error,
        /// The file.
        path: PathBuf,
    },
    /// A file of another kind.
    #[error(
        "this is {found} and no safetensors file; in Python `dunwu.import_checkpoint({path:?}, spec=…)` imports what `torch.save` wrote, \
         and `safetensors.torch.save_file(model.state_dict(), …)` writes what can be read here"
    )]
    OtherKind {
        /// What it is.
        found: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A file that is damaged or none of safetensors.
    #[error(
        "this is no safetensors file, or not all of one: its {n_bytes} bytes are refused with {why:?}; copy or save it again: {path:?}"
    )]
    NoSafetensors {
        /// What the reader says.
        why: String,
        /// Bytes of the file.
        n_bytes: usize,
        /// The file.
        path: PathBuf,
    },
    /// Numbers of a kind that is not read.
    #[error(
        "the array `{name}` holds numbers of the kind {kind}; F64, F32, F16 and BF16 are read, so save it as one of these: {path:?}"
    )]
    NumberKind {
        /// The array.
        name: String,
        /// The kind.
        kind: String,
        /// The file.
        path: PathBuf,
    },
    /// A file without weights.
    #[error("there is no array of numbers with a fraction in the file, so it holds no weights: {path:?}")]
    NoArrays {
        /// The file.
        path: PathBuf,
    },
    /// Weights that are not finite.
    #[error(
        "{n} of the {} numbers in `{name}` are not finite, the first at place {place}; a network of such weights has neither losses nor \
         accuracies, so import an earlier step: {path:?}",
        len
    )]
    NotFinite {
        /// The array.
        name: String,
        /// Numbers that are not finite.
        n: usize,
        /// Numbers in all.
        len: usize,
        /// The place of the first, row by row, counted from 0.
        place: usize,
        /// The file.
        path: PathBuf,
    },
    /// Words of `--map` that are no pair.
    #[error("{text:?} is no pair of arrays; write --map theirs=ours, or theirs=ours.T for one that lies transposed")]
    MapWord {
        /// What was written.
        text: String,
    },
    /// A name that nothing has.
    #[error("there is no array `{name}` in {of}; there are {}", quoted(names))]
    NoSuchArray {
        /// The name.
        name: String,
        /// Those that there are.
        names: Vec<String>,
        /// The file or the network in which it was looked for.
        of: String,
    },
    /// Arrays that do not fit.
    #[error(transparent)]
    Mismatch(#[from] Box<Mismatch>),
    /// A file whose name has no step.
    #[error(
        "no number in the file's name says at which step it was written; say so with --steps, one number a file: {path:?}"
    )]
    NoStep {
        /// The file.
        path: PathBuf,
    },
    /// Steps for other files.
    #[error("--steps has {n_steps} step{} for {n_files} file{}; write one a file, in the order of the files", plural(*n_steps), plural(*n_files))]
    OtherNumberOfSteps {
        /// Steps.
        n_steps: usize,
        /// Files.
        n_files: usize,
    },
    /// Two files of one step.
    #[error("two files are of step {step}, and a run has one network a step; say the steps with --steps: {paths:?}")]
    SameStep {
        /// The step.
        step: u64,
        /// The files.
        paths: [PathBuf; 2],
    },
    /// No array of whole numbers has this name.
    #[error(
        "no array of whole numbers or truth values is called `{name}`{}, so it names no training samples: {path:?}",
        if names.is_empty() { String::new() } else { format!("; there are {}", quoted(names)) }
    )]
    NoIndices {
        /// The name.
        name: String,
        /// Those that there are.
        names: Vec<String>,
        /// The file.
        path: PathBuf,
    },
    /// Indices that can be no list of samples.
    #[error(
        "the array `{name}` of training samples has the extents {shape:?}; samples are places [n], operands [n, 2], or a mask"
    )]
    IndexShape {
        /// The array.
        name: String,
        /// Its extents.
        shape: Vec<usize>,
    },
    /// Two splits.
    #[error("the training samples are named twice, by --split {name} and by data.split={file}; leave one out")]
    TwoSplits {
        /// The array.
        name: String,
        /// The file of the spec.
        file: String,
    },
    /// A spec that does something to a run while it trains.
    #[error(
        "the spec has `interventions`, which are done to a run while it trains here; imported weights were trained elsewhere, so leave them out"
    )]
    Interventions,
    /// No file.
    #[error("no file is named; write `dunwu import model.safetensors --as small`")]
    NoFile,
}

/// Which arrays of a file and of a network do not go together; `Display` names all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    path: PathBuf,
    /// Arrays of the network that the file lacks, with their extents.
    pub(super) missing: Vec<(String, Vec<usize>)>,
    /// Arrays of the file that the network has no place for.
    pub(super) unmatched: Vec<(String, Vec<usize>)>,
    /// Theirs and ours with extents that do not fit.
    pub(super) misfits: Vec<(String, Vec<usize>, String, Vec<usize>)>,
    /// Ours, and several of theirs that are called like it.
    pub(super) doubles: Vec<(String, Vec<String>)>,
    /// Theirs that are square, and ours.
    pub(super) squares: Vec<(String, Vec<usize>, String)>,
}

impl Mismatch {
    /// Nothing yet.
    pub(super) fn of(path: &Path) -> Self {
        let (missing, unmatched, misfits) = (Vec::new(), Vec::new(), Vec::new());
        Self { path: path.to_owned(), missing, unmatched, misfits, doubles: Vec::new(), squares: Vec::new() }
    }

    /// Whether everything fits.
    pub(super) fn is_empty(&self) -> bool {
        self.missing.is_empty()
            && self.unmatched.is_empty()
            && self.misfits.is_empty()
            && self.doubles.is_empty()
            && self.squares.is_empty()
    }
}

impl From<Mismatch> for ImportError {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch(Box::new(mismatch))
    }
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |arrays: &[(String, Vec<usize>)]| {
            arrays.iter().map(|(name, shape)| format!("`{name}` {shape:?}")).collect::<Vec<_>>().join(", ")
        };
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            parts.push(format!("the file lacks {}", list(&self.missing)));
        }
        if !self.unmatched.is_empty() {
            parts.push(format!("the network has no place for {}", list(&self.unmatched)));
        }
        for (theirs, shape, ours, wanted) in &self.misfits {
            parts.push(format!("`{theirs}` is {shape:?} where `{ours}` is {wanted:?}"));
        }
        for (ours, theirs) in &self.doubles {
            parts.push(format!("{} are all called like `{ours}`", quoted(theirs)));
        }
        for (theirs, shape, ours) in &self.squares {
            parts.push(format!(
                "`{theirs}` is square, {shape:?}, and nothing tells how it lies: --map {theirs}={ours} as [inputs, outputs], \
                 --map {theirs}={ours}.T as torch.nn.Linear keeps it"
            ));
        }
        let remedy = if self.squares.len() == parts.len() {
            String::new()
        } else {
            "; change the spec's `model.…` and `task`, or pair arrays with --map theirs=ours".to_owned()
        };
        write!(
            f,
            "the arrays are not those of the network that the spec asks for: {}{remedy}: \"{}\"",
            parts.join("; "),
            self.path.display()
        )
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}
