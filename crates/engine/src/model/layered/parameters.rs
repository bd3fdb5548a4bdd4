//! A network's parameters: one flat array, and what each part of it is called.

use crate::random::{Stream, normal, rng, uniform};
use std::ops::Range;

/// A network's parameters by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// In the network's order.
    pub arrays: Vec<Array>,
}

/// One named array.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// `hidden.0.weight`; a matrix is `[inputs][outputs]`.
    pub name: String,
    /// Its extents, the last one contiguous.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

impl Parameters {
    /// The array of this name.
    pub fn get(&self, name: &str) -> Option<&Array> {
        self.arrays.iter().find(|array| array.name == name)
    }
}

/// How a part begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Start {
    /// Every number this one.
    Constant(f32),
    /// Uniform on (−bound, bound), from a stream.
    Uniform(f64, Stream),
    /// Normal of this deviation, from a stream.
    Normal(f64, Stream),
}

const TOP_WEIGHT: &str = "top.weight";

#[derive(Clone, Debug)]
struct Span {
    name: String,
    shape: Vec<usize>,
    range: Range<usize>,
    start: Start,
}

/// Where each part lies in the flat array, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    spans: Vec<Span>,
}

impl Layout {
    /// That of a two-layer network: W, `[n_inputs][n_units]`, and V, `[n_units][n_labels]`.
    pub(crate) fn of_two_layers(n_inputs: usize, n_units: usize, n_labels: usize) -> Self {
        let mut layout = Self::default();
        layout.add("hidden.weight", &[n_inputs, n_units], Start::Constant(0.0));
        layout.add(TOP_WEIGHT, &[n_units, n_labels], Start::Constant(0.0));
        layout
    }

    /// Adds a part at the end; returns where it lies.
    pub(crate) fn add(&mut self, name: impl Into<String>, shape: &[usize], start: Start) -> Range<usize> {
        let first = self.len();
        let range = first..first + shape.iter().product::<usize>();
        self.spans.push(Span { name: name.into(), shape: shape.to_vec(), range: range.clone(), start });
        range
    }

    /// Numbers in all parts.
    pub(crate) fn len(&self) -> usize {
        self.spans.last().map_or(0, |span| span.range.end)
    }

    /// Every part with its name, where it lies, and its extents.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (&str, Range<usize>, &[usize])> {
        self.spans.iter().map(|span| (span.name.as_str(), span.range.clone(), span.shape.as_slice()))
    }

    /// Where the part of this name lies.
    pub(crate) fn range(&self, name: &str) -> Option<Range<usize>> {
        self.spans.iter().find(|span| span.name == name).map(|span| span.range.clone())
    }

    /// Where each part lies.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.spans.iter().map(|span| span.range.clone())
    }

    /// The top layer, which is added last.
    pub(crate) fn top(&self) -> Range<usize> {
        self.top_weight().start..self.len()
    }

    /// V, `[K][M]`.
    pub(crate) fn top_weight(&self) -> Range<usize> {
        let top = self.spans.iter().find(|span| span.name == TOP_WEIGHT);
        top.expect("every network has a top layer").range.clone()
    }

    /// The matrices below the top layer that multiply: where each lies, its rows and its columns. Embeddings are tables, whose
    /// rows are looked up.
    pub(crate) fn hidden_matrices(&self) -> impl Iterator<Item = (Range<usize>, usize, usize)> + '_ {
        let below = self.spans.iter().take_while(|span| span.name != TOP_WEIGHT);
        below.filter_map(|span| match span.shape[..] {
            [rows, columns] if !matches!(span.start, Start::Normal(_, Stream::Embedding)) => {
                Some((span.range.clone(), rows, columns))
            }
            _ => None,
        })
    }

    /// Initial values. Each stream goes on from part to part.
    pub(crate) fn draw(&self, seed: u64) -> Vec<f32> {
        let mut streams: Vec<(Stream, _)> = Vec::new();
        let mut values = vec![0.0; self.len()];
        for span in &self.spans {
            let (scale, stream, draw): (f64, _, fn(&mut dyn rand_chacha::rand_core::RngCore) -> f64) = match span.start
            {
                Start::Constant(value) => {
                    values[span.range.clone()].fill(value);
                    continue;
                }
                Start::Uniform(bound, stream) => (bound, stream, uniform),
                Start::Normal(deviation, stream) => (deviation, stream, normal),
            };
            let index = streams.iter().position(|(other, _)| *other == stream).unwrap_or_else(|| {
                streams.push((stream, rng(seed, stream)));
                streams.len() - 1
            });
            values[span.range.clone()]
                .iter_mut()
                .for_each(|value| *value = (scale * draw(&mut streams[index].1)) as f32);
        }
        values
    }

    /// The flat array as named ones.
    pub(crate) fn named(&self, values: &[f32]) -> Parameters {
        let array = |span: &Span| Array {
            name: span.name.clone(),
            shape: span.shape.clone(),
            values: values[span.range.clone()].to_vec(),
        };
        Parameters { arrays: self.spans.iter().map(array).collect() }
    }

    /// Named arrays as the flat one, or the name of the first part that is missing or has another shape.
    pub(crate) fn flat(&self, parameters: &Parameters) -> Result<Vec<f32>, &str> {
        let mut values = Vec::with_capacity(self.len());
        for span in &self.spans {
            let array =
                parameters.get(&span.name).filter(|array| array.shape == span.shape).ok_or(span.name.as_str())?;
            values.extend_from_slice(&array.values);
        }
        Ok(values)
    }
}
