//! One draw: a group, sizes and tensors that meet the assumptions.

use crate::assumption::Assumption;
use crate::derivation::{Declared, Derivation};
use crate::evaluate::{Bound, Evaluator, NoValue};
use crate::group::Group;
use crate::random::Stream;
use crate::tape::Node;
use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is chosen out of a list and not drawn from a continuum: groups, representations, activations.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    pub(crate) groups: BTreeMap<String, Rc<Group>>,
    pub(crate) irreps: BTreeMap<String, (String, usize)>,
    pub(crate) activations: BTreeMap<String, &'static str>,
}

/// The most choices that are tried; of more, every so-manieth.
const MOST_CHOICES: usize = 96;

/// Groups that were built, by name.
pub(crate) type Groups = BTreeMap<String, Rc<Group>>;

impl Choice {
    /// All choices that meet the assumptions, small groups first.
    pub(crate) fn all(derivation: &Derivation, built: &mut Groups) -> Vec<Self> {
        let mut all = vec![Self::default()];
        for declared in &derivation.groups {
            let mut groups: Vec<Rc<Group>> = declared
                .families
                .iter()
                .map(|name| Rc::clone(built.entry(name.clone()).or_insert_with(|| Rc::new(Group::named(name)))))
                .filter(|group| declared.assumptions.iter().all(|assumption| assumption.holds(group)))
                .collect();
            groups.sort_by_key(|group| group.order);
            all = extended(
                &all,
                |_| groups.clone(),
                |choice, group| {
                    choice.groups.insert(declared.name.clone(), group);
                },
            );
        }
        for declared in &derivation.irreps {
            let fits = |choice: &Self| {
                let Some(group) = choice.groups.get(&declared.group) else { return Vec::new() };
                let apart = |k: usize| declared.apart_from.iter().all(|other| choice.is_apart(group, k, other));
                (0..group.irreps.len())
                    .filter(|k| declared.assumptions.iter().all(|assumption| assumption.holds(&group.irreps[*k])))
                    .filter(|k| apart(*k))
                    .collect()
            };
            all = extended(&all, fits, |choice, irrep| {
                choice.irreps.insert(declared.name.clone(), (declared.group.clone(), irrep));
            });
        }
        for (name, activations) in &derivation.activations {
            all = extended(
                &all,
                |_| activations.clone(),
                |choice, activation| {
                    choice.activations.insert(name.clone(), activation);
                },
            );
        }
        if all.len() > MOST_CHOICES {
            let stride = all.len() as f64 / MOST_CHOICES as f64;
            all = (0..MOST_CHOICES).map(|at| all[(at as f64 * stride) as usize].clone()).collect();
        }
        all
    }

    /// Whether a representation is neither another one nor its conjugate. One that is not chosen yet is apart from everything.
    fn is_apart(&self, group: &Group, k: usize, other: &str) -> bool {
        let Some((_, other)) = self.irreps.get(other) else { return true };
        let (one, two) = (&group.irreps[k], &group.irreps[*other]);
        let near = |sign: f64| {
            (0..group.order).all(|g| {
                let (x, y) = (one.character(g), two.character(g));
                (x.0 - y.0).abs() < 1e-6 && (x.1 - sign * y.1).abs() < 1e-6
            })
        };
        !near(1.0) && !near(-1.0)
    }

    /// The number of elements of all groups together.
    pub(crate) fn weight(&self) -> usize {
        self.groups.values().map(|group| group.order).sum()
    }
}

fn extended<T>(
    all: &[Choice],
    options: impl Fn(&Choice) -> Vec<T>,
    mut set: impl FnMut(&mut Choice, T),
) -> Vec<Choice> {
    let mut more = Vec::new();
    for choice in all {
        for option in options(choice) {
            let mut next = choice.clone();
            set(&mut next, option);
            more.push(next);
        }
    }
    more
}

/// A tensor that is given instead of drawn.
#[derive(Debug, Clone)]
pub(crate) struct Fixed {
    pub(crate) tensor: Tensor,
    /// How far it may be from what it stands for, relative to its norm.
    pub(crate) error: f64,
    /// Whether it may be moved until it meets the assumptions.
    pub(crate) movable: bool,
}

/// What a draw is made from. The same recipe gives the same draw.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) seed: u64,
    pub(crate) draw: u64,
    pub(crate) choice: Choice,
    /// Sizes that are given instead of drawn.
    pub(crate) sizes: BTreeMap<String, usize>,
    pub(crate) fixed: BTreeMap<String, Fixed>,
}

/// Why a recipe gives no draw.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum NoDraw {
    #[error("no {name} meets `{assumption}` together with what else is assumed")]
    Unmet { name: String, assumption: String },
    #[error("{0} is empty")]
    EmptyRange(String),
    #[error("{name} has another shape")]
    Shape { name: String },
    #[error("the ascent for {0} did not arrive")]
    NoMaximum(String),
    #[error(transparent)]
    NoValue(#[from] NoValue),
}

/// A draw, ready for expressions.
pub(crate) struct Drawn {
    pub(crate) evaluator: Evaluator,
    pub(crate) sizes: BTreeMap<String, usize>,
    pub(crate) tensors: BTreeMap<String, Rc<Tensor>>,
    pub(crate) leaves: BTreeMap<String, Node>,
}

/// Rounds in which all assumptions are imposed in turn.
const ROUNDS: usize = 60;
/// How near to an assumption counts as met.
const MET: f64 = 1e-11;

impl Recipe {
    pub(crate) fn draw(&self, derivation: &Derivation) -> Result<Drawn, NoDraw> {
        let seed = self.seed ^ self.draw.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut evaluator = Evaluator::new(Rc::clone(&derivation.definitions), seed);
        for (name, group) in &self.choice.groups {
            evaluator.names.insert(name.clone(), Bound::Group(Rc::clone(group)));
        }
        for (name, (group, irrep)) in &self.choice.irreps {
            evaluator.names.insert(name.clone(), Bound::Irrep(Rc::clone(&self.choice.groups[group]), *irrep));
        }
        for (name, activation) in &self.choice.activations {
            evaluator.names.insert(name.clone(), Bound::Activation(activation));
        }
        let sizes = BTreeMap::new();
        let mut drawn = Drawn { evaluator, sizes, tensors: BTreeMap::new(), leaves: BTreeMap::new() };
        for range in &derivation.sizes {
            let first = drawn.evaluator.whole(&range.first)?;
            let size = match &range.last {
                None => first,
                Some(last) => {
                    let last = drawn.evaluator.whole(last)?;
                    match self.sizes.get(&range.name) {
                        Some(&given) => given as i64,
                        None if first < 1 || last < first => return Err(NoDraw::EmptyRange(range.name.clone())),
                        None => {
                            Stream::new(self.seed, self.draw, &range.name).whole(first as usize, last as usize) as i64
                        }
                    }
                }
            };
            let node = drawn.evaluator.tape.number(size as f64);
            drawn.evaluator.names.insert(range.name.clone(), Bound::Value(node));
            drawn.sizes.insert(range.name.clone(), size.max(0) as usize);
        }
        for declared in &derivation.tensors {
            self.tensor(declared, &mut drawn)?;
        }
        Ok(drawn)
    }

    fn tensor(&self, declared: &Declared, drawn: &mut Drawn) -> Result<(), NoDraw> {
        let rows = drawn.evaluator.whole(&declared.rows)?;
        let cols = drawn.evaluator.whole(&declared.cols)?;
        if rows < 1 || cols < 1 || rows * cols > 4_000_000 {
            return Err(NoDraw::EmptyRange(format!("the shape of {}", declared.name)));
        }
        let (rows, cols) = (rows as usize, cols as usize);
        let fixed = self.fixed.get(&declared.name);
        if fixed.is_some_and(|fixed| (fixed.tensor.rows(), fixed.tensor.cols()) != (rows, cols)) {
            return Err(NoDraw::Shape { name: declared.name.clone() });
        }
        let mut stream = Stream::new(self.seed, self.draw, &declared.name);
        let start = match fixed {
            Some(fixed) => fixed.tensor.clone(),
            None if declared.complex => stream.complex_gaussian(rows, cols),
            None => stream.gaussian(rows, cols),
        };
        let (value, error) = match (&declared.maximises, fixed) {
            (Some(objective), None) => summit(declared, objective, &mut stream, start, drawn)?,
            _ => met(declared, start, fixed, drawn)?,
        };
        let value = Rc::new(value);
        let node = drawn.evaluator.tape.given(Rc::clone(&value), error);
        drawn.evaluator.names.insert(declared.name.clone(), Bound::Value(node));
        drawn.leaves.insert(declared.name.clone(), node);
        drawn.tensors.insert(declared.name.clone(), value);
        Ok(())
    }
}

fn projector(declared: &Declared, drawn: &mut Drawn) -> Result<Option<Rc<Tensor>>, NoDraw> {
    let Some(within) = &declared.within else { return Ok(None) };
    let node = drawn.evaluator.value(within)?;
    let node = drawn.evaluator.tape.real(node);
    Ok(Some(Rc::clone(drawn.evaluator.tape.value(node))))
}

/// A local maximum near a random start.
fn summit(
    declared: &Declared,
    objective: &crate::expr::Expr,
    stream: &mut Stream,
    start: Tensor,
    drawn: &mut Drawn,
) -> Result<(Tensor, f64), NoDraw> {
    let within = projector(declared, drawn)?;
    drawn.evaluator.prepare(objective, &declared.name)?;
    let mut from = start;
    for _ in 0..6 {
        let found = drawn.evaluator.ascend(&declared.name, objective, &from, within.as_deref())?;
        if found.residual < 1e-6 {
            // The direction is known to the residual, worse where the maximum is shallow.
            return Ok((found.at, 10.0 * found.residual + 1e-12));
        }
        from = stream.gaussian(from.rows(), 1);
    }
    Err(NoDraw::NoMaximum(declared.name.clone()))
}

/// A tensor moved until it meets its assumptions, and how far it is from meeting them.
fn met(declared: &Declared, start: Tensor, fixed: Option<&Fixed>, drawn: &mut Drawn) -> Result<(Tensor, f64), NoDraw> {
    let within = projector(declared, drawn)?;
    let others: Vec<Option<Rc<Tensor>>> =
        declared.assumptions.iter().map(|a| a.other().and_then(|other| drawn.tensors.get(other)).cloned()).collect();
    let listed = || declared.assumptions.iter().zip(&others);
    let worst = |x: &Tensor| -> (f64, Option<&Assumption>) {
        listed().fold((0.0, None), |worst, (assumption, other)| {
            let missed = assumption.missed_by(x, other.as_deref());
            if missed > worst.0 { (missed, Some(assumption)) } else { worst }
        })
    };
    let outside = |x: &Tensor| within.as_ref().map_or(0.0, |p| x.plus(&p.matmul(x), -1.0).norm() / x.norm().max(1.0));
    let mut x = start;
    if fixed.is_none_or(|fixed| fixed.movable) {
        for _ in 0..ROUNDS {
            if let Some(within) = &within {
                x = within.matmul(&x);
            }
            for (assumption, other) in listed() {
                x = assumption.impose(&x, other.as_deref());
            }
            if worst(&x).0 <= MET && outside(&x) <= MET {
                break;
            }
        }
    }
    let given = fixed.map_or(0.0, |fixed| fixed.error);
    let allowed = if fixed.is_some_and(|fixed| !fixed.movable) { (100.0 * given).max(1e-9) } else { 1e-9 };
    let (missed, by) = worst(&x);
    if missed > allowed {
        let assumption = by.map_or_else(String::new, Assumption::words);
        return Err(NoDraw::Unmet { name: declared.name.clone(), assumption });
    }
    let away = outside(&x);
    if away > allowed {
        return Err(NoDraw::Unmet { name: declared.name.clone(), assumption: "within".to_owned() });
    }
    // Assumptions that hold up to rounding carry that rounding into what is compared.
    let rounding = if declared.assumptions.is_empty() && within.is_none() { 0.0 } else { 2.0 * f64::EPSILON };
    let error = (given + rounding + 2.0 * (missed + away)) * x.norm().max(1e-300);
    Ok((x, error))
}
