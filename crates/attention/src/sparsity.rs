//! Where attention is sparse: what each head looks at, measured query by query while a model reads with all keys kept.
//!
//! ```text
//! Decoder::watch ──▶ Observer, one row a query and head ──▶ Sparsity: means and quantiles, sinks, what a window would lose
//! ```
//!
//! What is kept is one number a measure, head and query, and one a head and key: it grows with the text, not with its square.
//! What a policy then costs in perplexity is measured by reading with it, not here.

mod observer;
mod pattern;

pub use observer::Observer;
pub use pattern::Pattern;

use crate::model::Hyperparameters;

/// First tokens that the policies here keep (Xiao et al. 2023, arXiv:2309.17453, use four).
pub const SINKS: usize = 4;
/// Share of the mass of a query whose keys are counted.
pub const COUNTED_MASS: f64 = 0.95;
/// ε of Gu et al. 2024, arXiv:2410.10781: a head whose mean mass on the first token exceeds it has a sink there.
pub const SINK_HEAD: f64 = 0.3;
/// Mean share of a head's mass from which on a key besides the first is listed as a sink.
pub const SINK_KEY: f64 = 0.1;
/// Tokens whose attention is kept whole, to be drawn.
pub const MAP_TOKENS: usize = 96;

/// A quantity of one query of one head.
pub struct Measure {
    /// Key in JSON.
    pub name: &'static str,
    /// Heading.
    pub title: &'static str,
    /// What it tells.
    pub tells: &'static str,
    /// How it is computed, over the attention weights wᵢ of a query on the n keys that there are.
    pub formula: &'static str,
    /// `share`, `keys` or `nats`.
    pub unit: &'static str,
    /// Where it is from, or what sets it.
    pub source: &'static str,
    value: fn(&Row) -> f64,
}

/// Every measure, in the order in which tables, JSON and pages list them.
pub const MEASURES: &[Measure] = &[
    Measure {
        name: "mass_first",
        title: "Mass on the first token",
        tells: "how much of the attention rests on position 0, the sink",
        formula: "w₀",
        unit: "share",
        source: "Xiao et al. 2023, arXiv:2309.17453; Gu et al. 2024, arXiv:2410.10781",
        value: |row| row.first,
    },
    Measure {
        name: "mass_next",
        title: "Mass on tokens 1 to 3",
        tells: "whether further sinks stand beside the first, as four are usually kept",
        formula: "w₁ + w₂ + w₃",
        unit: "share",
        source: "Xiao et al. 2023, arXiv:2309.17453",
        value: |row| row.next,
    },
    Measure {
        name: "mass_recent",
        title: "Mass on recent tokens",
        tells: "how much of the attention a window of the last tokens (--recent) would see, the query's own key included",
        formula: "Σ wᵢ over the last R keys",
        unit: "share",
        source: "Xiao et al. 2023, arXiv:2309.17453",
        value: |row| row.recent,
    },
    Measure {
        name: "keys_for_95",
        title: "Keys for 95 % of the mass",
        tells: "how few keys would do, if one knew which",
        formula: "least k with Σ of the k largest wᵢ ≥ 0.95",
        unit: "keys",
        source: "Zhang et al. 2023 (H2O), arXiv:2306.14048, count keys in the same spirit",
        value: |row| row.keys,
    },
    Measure {
        name: "share_for_95",
        title: "Share of keys for 95 % of the mass",
        tells: "the same, of the keys there were: small is sparse",
        formula: "keys_for_95 / n",
        unit: "share",
        source: "as keys_for_95",
        value: |row| row.keys / row.n_keys,
    },
    Measure {
        name: "entropy",
        title: "Entropy",
        tells: "how spread the attention is: 0 on one key, ln n on n keys alike",
        formula: "−Σ wᵢ ln wᵢ",
        unit: "nats",
        source: "Shannon 1948",
        value: |row| row.entropy,
    },
    Measure {
        name: "evenness",
        title: "Evenness",
        tells: "the same, of the most that it could be: 1 looks at everything alike",
        formula: "entropy / ln n",
        unit: "share",
        source: "Pielou 1966",
        value: |row| if row.n_keys > 1.0 { row.entropy / row.n_keys.ln() } else { 0.0 },
    },
];

/// Where a measure stands in [`MEASURES`]; panics on a name that is none.
pub fn measure(name: &str) -> usize {
    MEASURES.iter().position(|measure| measure.name == name).expect("the name of a measure")
}

/// One query of one head.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Row {
    first: f64,
    next: f64,
    recent: f64,
    keys: f64,
    n_keys: f64,
    entropy: f64,
}

/// Which queries are measured, and how far back is recent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Tokens that are read.
    pub n_tokens: usize,
    /// First query that counts; less than `n_tokens`.
    pub from: usize,
    /// Keys that are recent, the query's own included.
    pub recent: usize,
}

impl Plan {
    /// Queries that count.
    pub fn n_queries(&self) -> usize {
        self.n_tokens - self.from
    }

    /// Cache sizes for which it is measured what sinks and a window of so many keys together would lose: 32, 64, … up to less than
    /// half of the tokens.
    pub fn sizes(&self) -> Vec<usize> {
        std::iter::successors(Some(32), |size| Some(2 * size)).take_while(|size| 2 * size < self.n_tokens).collect()
    }

    /// First query that counts for what a cache of a size loses: from where on it would have dropped half of the keys or more.
    /// Queries that have hardly more keys than it holds would make any size look good.
    pub fn lost_from(&self, size: usize) -> usize {
        self.from.max(2 * size)
    }
}

/// A measure over queries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// A tenth of the queries lie below.
    pub low: f64,
    /// Half.
    pub median: f64,
    /// Nine tenths.
    pub high: f64,
}

/// What one query head does.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Its layer, from 0.
    pub layer: usize,
    /// Which of the layer's query heads, from 0.
    pub head: usize,
    /// Whose keys it reads.
    pub key_head: usize,
    /// One for each of [`MEASURES`].
    pub measures: Vec<Spread>,
    /// Mean mass that a cache of each of [`Plan::sizes`] would lose, on keys beyond [`SINKS`] first ones and the last ones, over
    /// queries from [`Plan::lost_from`] on.
    pub lost: Vec<f64>,
    /// Attention weights of the first [`MAP_TOKENS`] queries, a row each, its keys in the order of their positions.
    pub map: Vec<Vec<f32>>,
}

impl Head {
    /// Mean of a measure.
    pub fn mean(&self, name: &str) -> f64 {
        self.measures[measure(name)].mean
    }
}

/// What the heads of a layer do on average.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Mean of each of [`MEASURES`] over heads.
    pub measures: Vec<f64>,
    /// Mean over heads of what each cache size loses.
    pub lost: Vec<f64>,
    /// Share of heads that put more than [`SINK_HEAD`] on the first token.
    pub sink_heads: f64,
}

impl Layer {
    /// Mean of a measure over heads.
    pub fn mean(&self, name: &str) -> f64 {
        self.measures[measure(name)]
    }
}

/// A key besides the first that far queries keep looking at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sink {
    /// Its position.
    pub position: usize,
    /// Share of its mass that the head below gives it, on average over the queries from which it is not recent.
    pub mass: f64,
    /// Where most goes to it.
    pub layer: usize,
    /// And to which head there.
    pub head: usize,
    /// Heads that give it more than [`SINK_KEY`].
    pub n_heads: usize,
}

/// Where a model's attention is sparse on one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Sparsity {
    /// What was measured.
    pub plan: Plan,
    /// Query heads of a layer.
    pub n_heads: usize,
    /// Query heads that share a key head.
    pub n_sharing: usize,
    /// All query heads, layer by layer.
    pub heads: Vec<Head>,
    /// Sinks besides the first token, strongest first.
    pub sinks: Vec<Sink>,
}

impl Sparsity {
    /// An observer of a model of this shape; at the end, [`Observer::finish`] gives what it saw.
    pub fn observer(shape: &Hyperparameters, plan: Plan) -> Observer {
        Observer::new(shape, plan)
    }

    /// How many layers there are.
    pub fn n_layers(&self) -> usize {
        self.heads.len() / self.n_heads
    }

    /// The heads of a layer.
    pub fn of_layer(&self, layer: usize) -> &[Head] {
        &self.heads[layer * self.n_heads..][..self.n_heads]
    }

    /// Means by layer.
    pub fn layers(&self) -> Vec<Layer> {
        self.heads.chunks(self.n_heads).map(mean_of).collect()
    }

    /// Means over all heads.
    pub fn overall(&self) -> Layer {
        mean_of(&self.heads)
    }

    /// The layer at which the sink switches on: the first whose heads put on the first token more than half of what the heads
    /// of the strongest layer put there. `None` where no head has a sink at all, by [`SINK_HEAD`].
    pub fn sink_onset(&self) -> Option<usize> {
        self.heads.iter().any(is_sink_head).then_some(())?;
        let means: Vec<f64> = self.layers().iter().map(|layer| layer.mean("mass_first")).collect();
        let strongest = means.iter().copied().fold(0.0, f64::max);
        means.iter().position(|mean| *mean > strongest / 2.0)
    }
}

/// Whether a head has a sink on the first token, after Gu et al.
fn is_sink_head(head: &Head) -> bool {
    head.mean("mass_first") > SINK_HEAD
}

fn mean_of(heads: &[Head]) -> Layer {
    let n = heads.len() as f64;
    let mean = |value: &dyn Fn(&Head) -> f64| heads.iter().map(value).sum::<f64>() / n;
    Layer {
        measures: (0..MEASURES.len()).map(|m| mean(&|head| head.measures[m].mean)).collect(),
        lost: (0..heads[0].lost.len()).map(|size| mean(&|head| head.lost[size])).collect(),
        sink_heads: mean(&|head| if is_sink_head(head) { 1.0 } else { 0.0 }),
    }
}

#[cfg(test)]
mod tests;
