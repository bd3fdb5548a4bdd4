//! The arrays of a network by name, in the arrays that a learner hands out.

use super::arrays::{Arrays, Trained};
use super::yielded::Snapshot;
use crate::model::Weights;
use crate::model::layered::{Layers, Layout, Mlp, Transformer};
use crate::spec::{Architecture, Normalization, RunSpec};
use crate::task::Problem;
use std::ops::Range;

/// Every part of a network.
pub(super) struct Parts {
    all: Vec<Span>,
    /// The array whose rows are what hidden units of the last layer send on, and how many rows it has.
    units: (usize, usize),
}

/// One array.
pub(super) struct Span {
    name: String,
    /// Behind `weights`, `moment1` and `moment2`: the array that it lies in.
    suffix: &'static str,
    range: Range<usize>,
}

/// Some of the parts.
pub(super) struct Found<'a>(Vec<&'a Span>);

impl Found<'_> {
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|span| span.range.len()).sum()
    }

    /// Whether the part of this name is one of them.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.0.iter().any(|span| span.name == name)
    }
}

/// The arrays of the network that `spec` asks for, as one that is made of blocks names them.
pub(super) fn layout_of(spec: &RunSpec, problem: &Problem) -> Layout {
    match spec.model.architecture {
        Architecture::TwoLayer | Architecture::Mlp(_) => Mlp::new(&spec.model, problem).layout().clone(),
        Architecture::Transformer(_) => Transformer::new(&spec.model, problem).layout().clone(),
    }
}

/// Which array of a network made of blocks reads the hidden units of the last layer, a row a unit.
fn reader_of_units(spec: &RunSpec) -> String {
    match spec.model.architecture {
        Architecture::Transformer(transformer) if transformer.normalization == Normalization::None => {
            format!("block.{}.mlp.out.weight", transformer.depth - 1)
        }
        _ => "top.weight".to_owned(),
    }
}

impl Snapshot {
    /// The same network with these hidden units of the last layer switched off: what they send on is zero, as an intervention
    /// `ablate units` has it. `spec` is the run's.
    #[must_use]
    pub fn without_units(&self, spec: &RunSpec, units: &[usize]) -> Self {
        let mut ablated = self.clone();
        let n_labels = self.weights.n_labels;
        let reader = reader_of_units(spec);
        let array = ablated.parameters.arrays.iter_mut().find(|array| array.name == reader);
        let rows = array.map(|array| (array.shape[1], &mut array.values));
        for (width, values) in rows.into_iter().chain([(n_labels, &mut ablated.weights.top)]) {
            units.iter().for_each(|unit| values[unit * width..][..width].fill(0.0));
        }
        ablated
    }
}

impl Parts {
    /// The parts of the network that `spec` asks for.
    pub(super) fn of(spec: &RunSpec, problem: &Problem) -> Self {
        if super::is_fused(spec, problem) {
            let (hidden, top) = (problem.n_inputs() * spec.model.width, spec.model.width * problem.n_labels);
            let span = |name: &str, suffix, len| Span { name: name.to_owned(), suffix, range: 0..len };
            let all = vec![span("hidden", ".hidden", hidden), span("top", ".top", top)];
            return Self { all, units: (1, spec.model.width) };
        }
        let layout = layout_of(spec, problem);
        let spans = layout.spans().map(|(name, range, _)| Span { name: name.to_owned(), suffix: "", range });
        let read_by = reader_of_units(spec);
        let mut units = (0, 0);
        for (place, (name, _, shape)) in layout.spans().enumerate() {
            if name == read_by {
                units = (place, shape[0]);
            }
        }
        Self { all: spans.collect(), units }
    }

    /// Hidden units of the last layer.
    pub(super) fn n_units(&self) -> usize {
        self.units.1
    }

    /// The name of the top layer's matrix.
    pub(super) fn top(&self) -> &str {
        let top = self.all.iter().rev().find(|span| span.name.starts_with("top"));
        top.map_or("top", |span| &span.name)
    }

    /// The parts that a name stands for, or a sentence that lists the names.
    pub(super) fn find(&self, name: &str) -> Result<Found<'_>, String> {
        let stem = name.trim_end_matches('.');
        let begins = |span: &&Span| {
            stem == "all" || span.name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let found: Vec<_> = self.all.iter().filter(begins).collect();
        if found.is_empty() {
            let names: Vec<&str> = self.all.iter().map(|span| span.name.as_str()).collect();
            return Err(format!("the network has no part {name:?}; it has {}, and `all`", names.join(", ")));
        }
        Ok(Found(found))
    }

    pub(super) fn spans_of_all(&self) -> &[Span] {
        &self.all
    }

    /// All numbers of a kind, one part after the other, as a network made of blocks has them.
    pub(super) fn flat<R: Trained>(&self, kind: &str, arrays: &Arrays) -> Vec<R> {
        let mut flat = Vec::with_capacity(self.all.iter().map(|span| span.range.len()).sum());
        self.all.iter().for_each(|span| flat.extend_from_slice(span.read(kind, arrays.of())));
        flat
    }

    /// The weights of each part by its name, in f32.
    pub(super) fn weights(&self, arrays: &Arrays) -> Vec<(String, Vec<f32>)> {
        let narrow = |span: &Span| span.wide("weights", arrays).into_iter().map(|weight| weight as f32).collect();
        self.all.iter().map(|span| (span.name.clone(), narrow(span))).collect()
    }

    fn spans(&self, name: &str) -> Vec<&Span> {
        self.find(name).map_or_else(|_| Vec::new(), |found| found.0)
    }

    /// What the network begins with under `seed`, array by array.
    pub(super) fn initial(spec: &RunSpec, problem: &Problem, seed: u64) -> Vec<(String, Vec<f32>)> {
        if super::is_fused(spec, problem) {
            let Weights { hidden, top, .. } = Weights::draw(&spec.model, problem.n_inputs(), problem.n_labels, seed);
            return vec![("weights.hidden".to_owned(), hidden), ("weights.top".to_owned(), top)];
        }
        vec![("weights".to_owned(), layout_of(spec, problem).draw(seed))]
    }

    /// The weights of every part are these, an array a part in the network's order; moments stay.
    pub(super) fn fill(&self, weights: &[Vec<f32>], arrays: &mut Arrays) {
        assert_eq!(weights.len(), self.all.len(), "an array for every part");
        for (span, values) in self.all.iter().zip(weights) {
            assert_eq!(values.len(), span.range.len(), "as many numbers as {} has", span.name);
            span.each("weights", arrays, |place, _| values[place].into());
        }
    }

    /// The part's weights are those of `initial`, its moments zero.
    pub(super) fn begin_anew(&self, part: &str, arrays: &mut Arrays, initial: &[(String, Vec<f32>)]) {
        for span in self.spans(part) {
            for moment in ["moment1", "moment2"] {
                span.each(moment, arrays, |_, _| 0.0);
            }
            let initial = span.read("weights", initial);
            span.each("weights", arrays, |place, _| initial[place].into());
        }
    }

    /// Weights and moments of the part as they were.
    pub(super) fn put_back(&self, part: &str, before: &Arrays, arrays: &mut Arrays) {
        for span in self.spans(part) {
            for kind in ["weights", "moment1", "moment2"] {
                let before = span.wide(kind, before);
                span.each(kind, arrays, |place, _| before[place]);
            }
        }
    }

    pub(super) fn each_weight(&self, part: &str, arrays: &mut Arrays, each: impl Fn(f64) -> f64) {
        for span in self.spans(part) {
            span.each("weights", arrays, |_, weight| each(weight));
        }
    }

    pub(super) fn nudge(&self, part: &str, mut index: u64, by: f64, arrays: &mut Arrays) {
        for span in self.spans(part) {
            if index < span.range.len() as u64 {
                span.each("weights", arrays, |place, weight| if place as u64 == index { weight + by } else { weight });
                return;
            }
            index -= span.range.len() as u64;
        }
    }

    pub(super) fn scale_units(&self, units: &[u32], factor: f64, arrays: &mut Arrays) {
        let span = &self.all[self.units.0];
        let width = span.range.len() / self.units.1;
        for &unit in units {
            let row = unit as usize * width..(unit as usize + 1) * width;
            span.each("weights", arrays, |place, weight| if row.contains(&place) { weight * factor } else { weight });
        }
    }

    /// ‖part‖, the root of the sum of squares of its weights.
    pub(super) fn norm(&self, part: &str, arrays: &Arrays) -> f64 {
        let square = |span: &&Span| span.wide("weights", arrays).iter().map(|w| w * w).sum::<f64>();
        self.spans(part).iter().map(square).sum::<f64>().sqrt()
    }
}

impl Span {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its numbers of a kind: weights, gradient, moment1, moment2.
    pub(super) fn read<'a, R>(&self, kind: &str, arrays: &'a [(String, Vec<R>)]) -> &'a [R] {
        let name = format!("{kind}{}", self.suffix);
        let found = arrays.iter().find(|(other, _)| *other == name);
        &found.expect("every kind of numbers for every part").1[self.range.clone()]
    }

    /// The same as f64.
    pub(super) fn wide(&self, kind: &str, arrays: &Arrays) -> Vec<f64> {
        match arrays {
            Arrays::Single(single) => self.read(kind, single).iter().map(|&number| number.into()).collect(),
            Arrays::Double(double) => self.read(kind, double).to_vec(),
        }
    }

    /// Replaces each number of a kind by what `each` makes of it, rounded once to the kind that is trained in.
    fn each(&self, kind: &str, arrays: &mut Arrays, each: impl Fn(usize, f64) -> f64) {
        fn replace<R: Trained>(values: &mut [R], each: impl Fn(usize, f64) -> f64) {
            values.iter_mut().enumerate().for_each(|(place, value)| *value = R::of(each(place, value.wide())));
        }
        fn find<'a, R>(arrays: &'a mut [(String, Vec<R>)], name: &str) -> &'a mut Vec<R> {
            let found = arrays.iter_mut().find(|(other, _)| other == name);
            &mut found.expect("weights and moments of every part").1
        }
        let name = format!("{kind}{}", self.suffix);
        match arrays {
            Arrays::Single(single) => replace(&mut find(single, &name)[self.range.clone()], each),
            Arrays::Double(double) => replace(&mut find(double, &name)[self.range.clone()], each),
        }
    }
}
