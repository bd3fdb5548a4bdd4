//! Which array of a file is which of the spec's network.
//!
//! In this order: what the user says, our own names, names that are known, modules that differ in numbers alone, and where one array is
//! left on either side that no other fits, its extents. How an array lies is read off its extents; where it is square, off the other
//! arrays of its block, then of its file, that are called in the same way. Nothing else is guessed.

use super::array_names::{ArrayName, Kind};
use super::error::{ImportError, Mismatch};
use super::foreign_file::{ForeignArray, ForeignFile};
use super::form::{as_ours, forms_that_fit};
use super::own_names::OwnNetwork;
use dunwu::origin::{Form, Ground, LeftOut, Pair};
use std::str::FromStr;

/// `theirs=ours`, or `theirs=ours.T` for an array that lies transposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapWord {
    /// An array of the file.
    pub theirs: String,
    /// An array of the spec's network.
    pub ours: String,
    /// Whether theirs is `[outputs, inputs]`.
    pub is_transposed: bool,
}

impl FromStr for MapWord {
    type Err = ImportError;

    fn from_str(text: &str) -> Result<Self, ImportError> {
        let parts = text.split_once('=').filter(|(theirs, ours)| !theirs.is_empty() && !ours.is_empty());
        let (theirs, ours) = parts.ok_or_else(|| ImportError::MapWord { text: text.to_owned() })?;
        let stem = ours.strip_suffix(".T");
        Ok(Self { theirs: theirs.to_owned(), ours: stem.unwrap_or(ours).to_owned(), is_transposed: stem.is_some() })
    }
}

/// Every array of ours with its source, in the network's order, and what of the file is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// An entry an array of ours.
    pub pairs: Vec<Pair>,
    /// Arrays of theirs that add nothing.
    pub left_out: Vec<LeftOut>,
}

/// A candidate before its form is known.
#[derive(Clone, Debug)]
struct Candidate {
    theirs: usize,
    ours: usize,
    part: Option<(usize, usize)>,
    ground: Ground,
    /// What the user said of how it lies.
    told: Option<bool>,
    forms: Vec<Form>,
}

impl Pairing {
    /// Pairs the arrays of a file with those of a network; an error names all that do not fit.
    pub(super) fn of(own: &OwnNetwork, file: &ForeignFile, map: &[MapWord]) -> Result<Self, ImportError> {
        let mut candidates = told(own, file, map)?;
        add_named(own, file, &mut candidates);
        add_fitting(own, file, &mut candidates);
        let mut mismatch = Mismatch::of(&file.path);
        for candidate in &mut candidates {
            let (name, shape) = &own.arrays[candidate.ours];
            candidate.forms = forms(own, file, candidate);
            if candidate.forms.is_empty() {
                let theirs = &file.arrays[candidate.theirs];
                mismatch.misfits.push((theirs.name.clone(), theirs.shape.clone(), name.clone(), shape.clone()));
            }
        }
        settle_squares(own, file, &mut candidates, &mut mismatch);
        let mut pairs = Vec::new();
        for (ours, (name, shape)) in own.arrays.iter().enumerate() {
            let of_ours: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.ours == ours).collect();
            match of_ours[..] {
                [] => mismatch.missing.push((name.clone(), shape.clone())),
                [candidate] => pairs.extend(candidate.pair(own, file)),
                [..] => {
                    let all = of_ours.iter().map(|candidate| file.arrays[candidate.theirs].name.clone());
                    mismatch.doubles.push((name.clone(), all.collect()));
                }
            }
        }
        let mut left_out = Vec::new();
        for (place, array) in file.arrays.iter().enumerate() {
            if candidates.iter().any(|candidate| candidate.theirs == place) {
                continue;
            }
            let is_zero =
                ArrayName::of(&array.name).kind == Kind::Bias && array.values.iter().all(|&value| value == 0.0);
            let nothing = is_zero.then_some("it is a bias that the network does not have, and every number in it is 0");
            match why_left_out(array, file).or(nothing) {
                Some(why) => left_out.push(LeftOut { theirs: array.name.clone(), why: why.to_owned() }),
                None => mismatch.unmatched.push((array.name.clone(), array.shape.clone())),
            }
        }
        left_out.extend(file.whole.iter().map(|array| LeftOut {
            theirs: array.name.clone(),
            why: "it holds whole numbers or truth values, which no weights are".to_owned(),
        }));
        if mismatch.is_empty() { Ok(Self { pairs, left_out }) } else { Err(mismatch.into()) }
    }

    /// The numbers of every array of ours, in the network's order.
    pub(super) fn take(&self, own: &OwnNetwork, file: &ForeignFile) -> Vec<Vec<f32>> {
        let values = |(pair, (_, shape)): (&Pair, &(String, Vec<usize>))| {
            let array = file.arrays.iter().find(|array| array.name == pair.theirs);
            let array = array.expect("the pairing is of this file");
            match pair.part {
                None => as_ours(pair.form, &array.values, &array.shape, shape),
                Some(part) => {
                    let (slice, extents) = part_of(array, part);
                    as_ours(pair.form, &slice, &extents, shape)
                }
            }
        };
        self.pairs.iter().zip(&own.arrays).map(values).collect()
    }
}

impl Candidate {
    fn pair(&self, own: &OwnNetwork, file: &ForeignFile) -> Option<Pair> {
        let shape = &own.arrays[self.ours].1;
        Some(Pair {
            ours: own.arrays[self.ours].0.clone(),
            theirs: file.arrays[self.theirs].name.clone(),
            part: self.part,
            form: *self.forms.first()?,
            ground: self.ground,
            is_square: shape.len() == 2 && shape[0] == shape[1] && self.part.is_none(),
        })
    }
}

/// What the user says.
fn told(own: &OwnNetwork, file: &ForeignFile, map: &[MapWord]) -> Result<Vec<Candidate>, ImportError> {
    let candidate = |word: &MapWord| {
        let theirs = file.arrays.iter().position(|array| array.name == word.theirs);
        let theirs = theirs.ok_or_else(|| ImportError::NoSuchArray {
            name: word.theirs.clone(),
            names: file.arrays.iter().map(|array| array.name.clone()).collect(),
            of: format!("\"{}\"", file.path.display()),
        })?;
        let ours = own.place(&word.ours).ok_or_else(|| ImportError::NoSuchArray {
            name: word.ours.clone(),
            names: own.arrays.iter().map(|(name, _)| name.clone()).collect(),
            of: "the network that the spec asks for".to_owned(),
        })?;
        Ok(Candidate {
            theirs,
            ours,
            part: None,
            ground: Ground::Told,
            told: Some(word.is_transposed),
            forms: Vec::new(),
        })
    };
    map.iter().map(candidate).collect()
}

/// What names say of arrays that are still free.
fn add_named(own: &OwnNetwork, file: &ForeignFile, candidates: &mut Vec<Candidate>) {
    let is_snapshot_of_ours = file.arrays.iter().any(|array| array.name.starts_with("network."));
    let free: Vec<usize> = (0..file.arrays.len())
        .filter(|place| candidates.iter().all(|candidate| candidate.theirs != *place))
        .filter(|&place| why_left_out(&file.arrays[place], file).is_none())
        .collect();
    let names: Vec<(&str, usize)> = free
        .iter()
        .map(|&place| {
            let ForeignArray { name, shape, .. } = &file.arrays[place];
            (name.strip_prefix("network.").filter(|_| is_snapshot_of_ours).unwrap_or(name), shape.len())
        })
        .collect();
    let taken: Vec<usize> = candidates.iter().map(|candidate| candidate.ours).collect();
    let mut add = |theirs: usize, ours: Option<usize>, part: Option<(usize, usize)>| {
        if let Some(ours) = ours.filter(|ours| !taken.contains(ours)) {
            candidates.push(Candidate { theirs, ours, part, ground: Ground::Name, told: None, forms: Vec::new() });
        }
    };
    for ((&theirs, (name, _)), likenesses) in free.iter().zip(&names).zip(own.likenesses(&names)) {
        match own.place(name) {
            Some(ours) => add(theirs, Some(ours), None),
            None => likenesses.iter().for_each(|like| add(theirs, own.place(&like.ours), like.part)),
        }
    }
}

/// Arrays left over on either side that fit each other and nothing else that is left over.
fn add_fitting(own: &OwnNetwork, file: &ForeignFile, candidates: &mut Vec<Candidate>) {
    let free_ours: Vec<usize> =
        (0..own.arrays.len()).filter(|ours| candidates.iter().all(|candidate| candidate.ours != *ours)).collect();
    let free_theirs: Vec<usize> = (0..file.arrays.len())
        .filter(|theirs| candidates.iter().all(|candidate| candidate.theirs != *theirs))
        .filter(|&theirs| why_left_out(&file.arrays[theirs], file).is_none())
        .collect();
    let fits = |theirs: usize, ours: usize| {
        !forms_that_fit(&file.arrays[theirs].shape, &own.arrays[ours].1, own.heads(ours)).is_empty()
    };
    for &ours in &free_ours {
        let fitting: Vec<usize> = free_theirs.iter().copied().filter(|&theirs| fits(theirs, ours)).collect();
        if let [theirs] = fitting[..]
            && free_ours.iter().filter(|&&other| fits(theirs, other)).count() == 1
        {
            let ground = Ground::Extents;
            candidates.push(Candidate { theirs, ours, part: None, ground, told: None, forms: Vec::new() });
        }
    }
}

/// The forms that fit an array, as far as the user did not say which.
fn forms(own: &OwnNetwork, file: &ForeignFile, candidate: &Candidate) -> Vec<Form> {
    let (array, shape) = (&file.arrays[candidate.theirs], &own.arrays[candidate.ours].1);
    if let Some((_, n)) = candidate.part {
        let &[d, outputs] = &shape[..] else { return Vec::new() };
        return match array.shape[..] {
            // Rows of theirs are outputs, one map below another.
            [rows, columns] if rows == n * outputs && columns == d => vec![Form::Transposed],
            [rows, columns] if rows == d && columns == n * outputs => vec![Form::Straight],
            _ => Vec::new(),
        };
    }
    let fitting = forms_that_fit(&array.shape, shape, own.heads(candidate.ours));
    match candidate.told {
        Some(true) => fitting.into_iter().filter(|form| form.is_transposed()).collect(),
        Some(false) if fitting.len() > 1 => fitting.into_iter().filter(|form| !form.is_transposed()).collect(),
        _ => fitting,
    }
}

/// One of several matrices that lie behind another in an array: its numbers and extents.
fn part_of(array: &ForeignArray, (index, n): (usize, usize)) -> (Vec<f32>, Vec<usize>) {
    let (rows, columns) = (array.shape[0], array.shape[1]);
    if rows % n == 0 && rows / n == columns {
        let len = rows / n * columns;
        return (array.values[index * len..][..len].to_vec(), vec![rows / n, columns]);
    }
    let width = columns / n;
    let slice = array.values.chunks_exact(columns).flat_map(|row| &row[index * width..][..width]).copied().collect();
    (slice, vec![rows, width])
}

/// Decides how square arrays lie: as the others of their block do, then of their file, that are called in the same way.
fn settle_squares(own: &OwnNetwork, file: &ForeignFile, candidates: &mut [Candidate], mismatch: &mut Mismatch) {
    let name = |candidate: &Candidate| ArrayName::of(&file.arrays[candidate.theirs].name);
    let block = |name: &ArrayName| name.in_block().map(|(block, _)| block);
    let votes: Vec<(bool, Option<usize>, bool)> = candidates
        .iter()
        .filter(|candidate| candidate.forms.len() == 1 && own.arrays[candidate.ours].1.len() == 2)
        .filter(|candidate| !own.is_table(candidate.ours) && candidate.ground != Ground::Told)
        .map(|candidate| {
            let name = name(candidate);
            (name.is_of_module, block(&name), candidate.forms[0].is_transposed())
        })
        .collect();
    for candidate in candidates.iter_mut().filter(|candidate| candidate.forms.len() > 1) {
        let name = name(candidate);
        let alike = |wanted: Option<usize>| {
            let fit = votes.iter().filter(|(of_module, block, _)| {
                *of_module == name.is_of_module && (wanted.is_none() || *block == wanted)
            });
            fit.map(|(_, _, is_transposed)| *is_transposed).collect::<Vec<bool>>()
        };
        let unanimous =
            |votes: Vec<bool>| votes.first().copied().filter(|first| votes.iter().all(|vote| vote == first));
        let is_transposed = if own.is_table(candidate.ours) {
            // nn.Embedding is [rows, numbers of a row], whatever its neighbours are.
            name.is_of_module.then_some(false)
        } else {
            block(&name).and_then(|block| unanimous(alike(Some(block)))).or_else(|| unanimous(alike(None)))
        };
        match is_transposed {
            Some(is_transposed) => candidate.forms.retain(|form| form.is_transposed() == is_transposed),
            None => {
                let array = &file.arrays[candidate.theirs];
                let ours = own.arrays[candidate.ours].0.clone();
                mismatch.squares.push((array.name.clone(), array.shape.clone(), ours));
            }
        }
    }
}

/// Why an array adds nothing to what the network computes; `None` where it may.
fn why_left_out(array: &ForeignArray, file: &ForeignFile) -> Option<&'static str> {
    let name = ArrayName::of(&array.name);
    let last = name.module.last().map_or("", String::as_str);
    let is_snapshot_of_ours = file.arrays.iter().any(|array| array.name == "update_gram");
    let has_network = is_snapshot_of_ours && file.arrays.iter().any(|array| array.name.starts_with("network."));
    if array.name == "update_gram" && is_snapshot_of_ours {
        return Some("inner products of updates, no weights");
    }
    if has_network && !array.name.starts_with("network.") {
        return Some("its numbers are those of other arrays of the file");
    }
    if array.values.is_empty() {
        return Some("it holds no number");
    }
    if matches!(last, "mask" | "ignore" | "causal_mask" | "attn_mask" | "inv_freq" | "num_batches_tracked") {
        return Some("a mask or another constant, no weights");
    }
    None
}
