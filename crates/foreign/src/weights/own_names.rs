//! The arrays that a spec's network has, and what each is called by the names of others.

use super::array_names::{ArrayName, Kind};
use super::form::HeadAxis;
use dunwu_engine::Training;
use dunwu_engine::spec::{Architecture, RunSpec};
use dunwu_engine::task::Problem;

/// The network of a spec: which arrays it has.
#[derive(Clone, Debug)]
pub(super) struct OwnNetwork {
    /// Name and extents of every array, in the network's order.
    pub(super) arrays: Vec<(String, Vec<usize>)>,
    /// Blocks and heads of a transformer; `None` of other networks.
    transformer: Option<(usize, usize)>,
}

/// An array of theirs that is called like one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Likeness {
    /// Ours.
    pub(super) ours: String,
    /// The part of theirs that is meant, where it holds several: its number, counted from 0, of so many.
    pub(super) part: Option<(usize, usize)>,
}

impl OwnNetwork {
    /// Of the network that `spec` asks for.
    pub(super) fn of(spec: &RunSpec, problem: &Problem) -> Self {
        let transformer = match spec.model.architecture {
            Architecture::Transformer(transformer) => Some((transformer.depth, transformer.heads)),
            Architecture::TwoLayer | Architecture::Mlp(_) => None,
        };
        Self { arrays: Training::array_shapes(spec, problem), transformer }
    }

    /// The place of an array.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.arrays.iter().position(|(other, _)| other == name)
    }

    /// How the heads lie in an array, where it is a map of attention.
    pub(super) fn heads(&self, ours: usize) -> Option<HeadAxis> {
        let (_, heads) = self.transformer?;
        let name = &self.arrays[ours].0;
        if !name.contains(".attention.") || !name.ends_with(".weight") {
            return None;
        }
        Some(if name.ends_with("output.weight") { HeadAxis::Rows(heads) } else { HeadAxis::Columns(heads) })
    }

    /// Whether an array is a table whose rows are looked up, which no convention transposes that others follow.
    pub(super) fn is_table(&self, ours: usize) -> bool {
        matches!(self.arrays[ours].0.as_str(), "embedding.weight" | "position.weight")
    }

    /// What each of their arrays is called like, by the names and by the order of modules that differ in numbers alone; `theirs` are
    /// names and numbers of extents.
    pub(super) fn likenesses(&self, theirs: &[(&str, usize)]) -> Vec<Vec<Likeness>> {
        match self.transformer {
            Some((depth, _)) => {
                let first = theirs.iter().filter_map(|(name, _)| Some(ArrayName::of(name).in_block()?.0)).min();
                theirs.iter().map(|(name, _)| of_transformer(name, depth, first.unwrap_or(0))).collect()
            }
            None => self.of_layers(theirs),
        }
    }

    /// Of networks of hidden layers one behind another.
    fn of_layers(&self, theirs: &[(&str, usize)]) -> Vec<Vec<Likeness>> {
        let names: Vec<ArrayName> = theirs.iter().map(|(name, _)| ArrayName::of(name)).collect();
        let modules = self.modules_of_layers(&names, theirs);
        let like = |name: &ArrayName| {
            let module = modules.iter().find(|(module, _)| *module == name.module);
            let ours = module.map(|(_, ours)| format!("{ours}{}", name.ending(ours)));
            ours.into_iter().map(|ours| Likeness { ours, part: None }).collect()
        };
        names.iter().map(like).collect()
    }

    /// Their modules with what each is of ours: `hidden.0`, `hidden.0.norm`, `top`, `embedding`.
    fn modules_of_layers(&self, names: &[ArrayName], theirs: &[(&str, usize)]) -> Vec<(Vec<String>, String)> {
        let (mut maps, mut norms): (Vec<&ArrayName>, Vec<&ArrayName>) = (Vec::new(), Vec::new());
        for (name, (_, rank)) in names.iter().zip(theirs) {
            if name.kind == Kind::Weight {
                if *rank >= 2 { maps.push(name) } else { norms.push(name) }
            }
        }
        let own = |ending: &str, is_norm: bool| -> Vec<String> {
            let stems = self.arrays.iter().filter_map(|(name, _)| name.strip_suffix(ending));
            stems.filter(|stem| (stem.rsplit('.').next() == Some("norm")) == is_norm).map(str::to_owned).collect()
        };
        let mut slots = own(".weight", false);
        let mut named = Vec::new();
        for part in ["embedding", "top"] {
            let mut like = maps.iter().enumerate().filter(|(_, name)| name.outside_blocks() == Some(part));
            if let (Some((place, name)), None, Some(slot)) =
                (like.next(), like.next(), slots.iter().position(|slot| slot == part))
            {
                named.push((name.module.clone(), part.to_owned()));
                slots.remove(slot);
                maps.remove(place);
            }
        }
        named.extend(in_order(&maps, &slots));
        named.extend(in_order(&norms, &own(".gain", true)));
        named
    }
}

/// Modules and slots paired in order, where there are as many and the modules differ in numbers alone, or where there is one of each.
fn in_order(modules: &[&ArrayName], slots: &[String]) -> Vec<(Vec<String>, String)> {
    let mut families: Vec<_> = modules.iter().map(|name| (name.family(), name.module.clone())).collect();
    let is_one_family = families.windows(2).all(|pair| pair[0].0.0 == pair[1].0.0);
    if families.len() != slots.len() || !is_one_family {
        return Vec::new();
    }
    families.sort_by(|a, b| a.0.1.cmp(&b.0.1));
    families.into_iter().map(|(_, module)| module).zip(slots.iter().cloned()).collect()
}

/// What an array of a transformer is of ours; several of them where queries, keys and values lie in one.
fn of_transformer(name: &str, depth: usize, first_block: usize) -> Vec<Likeness> {
    let Some(ours) = ArrayName::of(name).of_transformer(depth) else { return Vec::new() };
    // Some count blocks from 1.
    let ours = match ours.strip_prefix("block.").and_then(|rest| rest.split_once('.')) {
        Some((block, rest)) => {
            format!("block.{}.{rest}", block.parse::<usize>().map_or(0, |block| block.saturating_sub(first_block)))
        }
        None => ours,
    };
    match ours.strip_suffix(".packed") {
        Some(attention) => {
            let is_bias = ArrayName::of(name).kind == Kind::Bias;
            let of = |(i, part): (usize, &str)| Likeness {
                ours: format!("{attention}.{part}.{}", if is_bias { "bias" } else { "weight" }),
                part: Some((i, 3)),
            };
            ["query", "key", "value"].into_iter().enumerate().map(of).collect()
        }
        None => vec![Likeness { ours, part: None }],
    }
}
