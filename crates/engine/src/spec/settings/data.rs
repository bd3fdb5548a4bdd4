//! The problem and its sample.

use crate::spec::setting::{Access, Setting};
use crate::spec::value::Allowed;
use crate::spec::{Part, RunSpec, Sampling};
use crate::task::Task;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "task",
        "the problem: `cyclic:71`, `symmetric:4`, `product:cyclic:2,cyclic:3`, `table:FILE`",
        Access::Text {
            what: "a task, such as cyclic:71",
            get: |s| Some(s.task.to_string()),
            set: |s, text| {
                s.task = Task::parse(text)?;
                Ok(())
            },
        },
    )
    .alternatives("task")
    .also_called(&["group", "problem"]),
    Setting::new(
        "task.order",
        "replaces the number of a task that has one, `cyclic:71` (write only)",
        Access::TaskOrder { max: 1_000_000 },
    )
    .alternatives("task")
    .also_called(&["m", "p", "modulus", "prime"]),
    Setting::new(
        "data.fraction",
        "share of all samples that is trained on",
        Access::Number {
            allowed: Allowed::SHARE,
            get: |s| match s.data.sampling {
                Sampling::Fraction(fraction) => Some(fraction),
                _ => None,
            },
            set: |s, fraction| s.data.sampling = Sampling::Fraction(fraction),
        },
    )
    .alternatives("sampling")
    .also_called(&["train_fraction", "frac_train", "alpha"]),
    Setting::new(
        "data.count",
        "training samples, exactly so many",
        Access::Count {
            min: 1,
            max: 4_294_967_295,
            get: |s| match s.data.sampling {
                Sampling::Count(count) => Some(count),
                _ => None,
            },
            set: |s, count| s.data.sampling = Sampling::Count(count),
        },
    )
    .alternatives("sampling")
    .also_called(&["n", "n_train"]),
    Setting::new(
        "data.multiple_of_mlogm",
        "training samples as a multiple of M ln M, M the number of labels",
        Access::Number {
            allowed: Allowed::POSITIVE,
            get: |s| match s.data.sampling {
                Sampling::MultipleOfMLogM(multiple) => Some(multiple),
                _ => None,
            },
            set: |s, multiple| s.data.sampling = Sampling::MultipleOfMLogM(multiple),
        },
    )
    .alternatives("sampling")
    .also_called(&["mlogm"]),
    part(
        Part::OneSided,
        "share of the samples (a, b) with a at most b that is trained on; every (a, b) with a above b is held out",
        |s| share(s, Part::OneSided),
        |s, share| s.data.sampling = Sampling::Part(Part::OneSided, share),
    )
    .also_called(&["triangle", "upper_triangle"]),
    part(
        Part::MirrorPairs,
        "share of the pairs {a, b} that is trained on, (a, b) and (b, a) both or neither",
        |s| share(s, Part::MirrorPairs),
        |s, share| s.data.sampling = Sampling::Part(Part::MirrorPairs, share),
    )
    .also_called(&["by_pairs", "unordered_pairs"]),
    part(
        Part::Rows,
        "share of the first operand's tokens that is trained on, each with its whole row; the other rows are held out",
        |s| share(s, Part::Rows),
        |s, share| s.data.sampling = Sampling::Part(Part::Rows, share),
    )
    .also_called(&["by_row"]),
    part(
        Part::Columns,
        "share of the last operand's tokens that is trained on, each with its whole column; the other columns are held out",
        |s| share(s, Part::Columns),
        |s, share| s.data.sampling = Sampling::Part(Part::Columns, share),
    )
    .also_called(&["by_column"]),
    part(
        Part::Inner,
        "share of every operand's tokens that is trained on, the first ones; whatever has a later token is held out",
        |s| share(s, Part::Inner),
        |s, share| s.data.sampling = Sampling::Part(Part::Inner, share),
    )
    .also_called(&["block", "corner"]),
    Setting::new(
        "data.split",
        "file that names the training samples",
        Access::Text {
            what: "the path of a split file",
            get: |s| match &s.data.sampling {
                Sampling::SplitFile(path) => Some(path.clone()),
                _ => None,
            },
            set: |s, path| {
                s.data.sampling = Sampling::SplitFile(path.to_owned());
                Ok(())
            },
        },
    )
    .alternatives("sampling")
    .also_called(&["split_file"]),
    Setting::new(
        "data.corrupted",
        "share of the training labels replaced by a wrong one",
        Access::Number {
            allowed: Allowed::SHARE_OR_NONE,
            get: |s| Some(s.data.corrupted),
            set: |s, share| s.data.corrupted = share,
        },
    )
    .also_called(&["label_noise", "noise"]),
    Setting::new(
        "data.skew",
        "exponent s of Zipf's law by which inputs are drawn: token r of each operand, or else label r, with weight (r + 1)^-s; 0 is uniform",
        Access::Number {
            allowed: Allowed::NOT_NEGATIVE,
            get: |s| Some(s.data.skew),
            set: |s, skew| s.data.skew = skew,
        },
    )
    .also_called(&["zipf", "imbalance"]),
    Setting::new(
        "data.batch_size",
        "training samples an update sees, in a new random order each epoch; 0 for all of them",
        Access::Count {
            min: 0,
            max: 4_294_967_295,
            get: |s| Some(s.data.batch_size),
            set: |s, size| s.data.batch_size = size,
        },
    )
    .changing()
    .also_called(&["batch", "batchsize"]),
];

/// The setting for a share of a part of the table.
const fn part(part: Part, doc: &'static str, get: fn(&RunSpec) -> Option<f64>, set: fn(&mut RunSpec, f64)) -> Setting {
    Setting::new(part.key(), doc, Access::Number { allowed: Allowed::SHARE, get, set }).alternatives("sampling")
}

fn share(spec: &RunSpec, part: Part) -> Option<f64> {
    match spec.data.sampling {
        Sampling::Part(found, share) if found == part => Some(share),
        _ => None,
    }
}
