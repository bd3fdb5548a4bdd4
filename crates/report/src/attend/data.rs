//! What programs read of a model's attention.

use super::words;
use dunwu_attention::sparsity::{Head, Layer, MEASURES, Measure, SINKS, Sink};
use dunwu_streams::{Attended, BeginToken, WrittenAssignment};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Where a language model's attention is sparse on one text.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AttendData {
    /// The model's file as it was named.
    pub model: String,
    /// The text's file as it was named.
    pub text: String,
    /// Tokens that were read.
    pub tokens: usize,
    /// First query that was measured.
    pub from: usize,
    /// Keys that count as recent, the query's own included.
    pub recent: usize,
    /// Queries that were measured.
    pub queries: usize,
    /// The token that was put before the text; `null` where none was.
    pub begin: Option<BeginData>,
    /// All query heads, layer by layer.
    pub heads: Vec<HeadData>,
    /// Means over the heads of each layer.
    pub layers: Vec<LayerData>,
    /// Means over all heads.
    pub overall: OverallData,
    /// The first layer whose heads put on the first token more than half of what the heads of the strongest layer put there; `null`
    /// where no head puts more than 0.3 there.
    pub sink_onset: Option<usize>,
    /// Keys besides the first that far queries keep looking at, the strongest first.
    pub sinks: Vec<SinkData>,
    /// First keys that the caches keep whose losses are given.
    pub lost_sinks: usize,
    /// Sizes of those caches in keys, the first keys included: one for each entry of `lost`.
    pub lost_sizes: Vec<usize>,
    /// The measures whose names are keys of heads and layers.
    pub measures: Vec<MeasureData>,
    /// The assignment that was written; `null` where none was asked for.
    pub assignment: Option<AssignmentData>,
}

/// A token that was put before a text.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BeginData {
    /// Its number in the model's vocabulary.
    pub token: u32,
    /// Its text.
    pub text: String,
    /// Whether the model's file demands it; otherwise it is the one that parts texts.
    pub said_by_model: bool,
}

/// What one query head does. Each measure's mean over queries is under the measure's name.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HeadData {
    /// Its layer, from 0.
    pub layer: usize,
    /// Which of the layer's query heads it is, from 0.
    pub head: usize,
    /// Whose keys it reads, from 0.
    pub key_head: usize,
    /// How each measure varies between queries, by the measure's name.
    pub quantiles: BTreeMap<String, QuantilesData>,
    /// Mean share of its attention that a cache of each size would lose.
    pub lost: Vec<f64>,
    /// Mean of each measure over queries, by the measure's name.
    #[serde(flatten)]
    pub measures: BTreeMap<String, f64>,
}

/// How a measure varies between queries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct QuantilesData {
    /// A tenth of the queries lie below.
    pub p10: f64,
    /// Half of the queries lie below.
    pub p50: f64,
    /// Nine tenths of the queries lie below.
    pub p90: f64,
}

/// What the heads of a layer do on average. Each measure's mean over heads is under the measure's name.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LayerData {
    /// Which layer, from 0.
    pub layer: usize,
    /// Share of heads that put more than 0.3 on the first token.
    pub sink_heads: f64,
    /// Mean over heads of what a cache of each size would lose.
    pub lost: Vec<f64>,
    /// Mean of each measure over heads, by the measure's name.
    #[serde(flatten)]
    pub measures: BTreeMap<String, f64>,
}

/// What all heads do on average. Each measure's mean over heads is under the measure's name.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OverallData {
    /// Share of heads that put more than 0.3 on the first token.
    pub sink_heads: f64,
    /// Mean over heads of what a cache of each size would lose.
    pub lost: Vec<f64>,
    /// Mean of each measure over heads, by the measure's name.
    #[serde(flatten)]
    pub measures: BTreeMap<String, f64>,
}

/// A key besides the first that far queries keep looking at.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SinkData {
    /// Its position in the text.
    pub position: usize,
    /// Its token, as text.
    pub token: String,
    /// Share of its attention that the head below gives it, over the queries from which it is not recent.
    pub mass: f64,
    /// The layer in which most goes to it.
    pub layer: usize,
    /// The query head of that layer that gives most to it.
    pub head: usize,
    /// Heads that give it more than a tenth.
    pub heads: usize,
}

/// A measure of a query of a head.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MeasureData {
    /// Its key in heads and layers.
    pub name: String,
    /// What it says.
    pub tells: String,
    /// How it is computed, over the weights of a query on the n keys that there are.
    pub formula: String,
    /// Its unit: `share`, `keys` or `nats`.
    pub unit: MeasureUnit,
    /// Where it is from.
    pub source: String,
}

/// What a measure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureUnit {
    /// From 0 to 1.
    Share,
    /// A number of keys.
    Keys,
    /// Natural units of information.
    Nats,
}

/// A policy for each key head, written to a file.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AssignmentData {
    /// The file.
    pub file: String,
    /// Share of its attention that each streaming head's cache holds.
    pub hold: f64,
    /// Key heads of the model.
    pub key_heads: usize,
    /// Key heads with a cache of a few first and last keys.
    pub streaming: usize,
    /// The policy of the others.
    pub otherwise: String,
    /// Tokens after which sizes are given: the longest text that the model was trained on.
    pub tokens: usize,
    /// Bytes of all caches after so many tokens.
    pub bytes: u64,
    /// The same with `otherwise` for all heads.
    pub bytes_uniform: u64,
}

impl AttendData {
    pub(super) fn of(attended: &Attended) -> Self {
        let sparsity = &attended.sparsity;
        let (plan, overall) = (sparsity.plan, sparsity.overall());
        let layers = sparsity.layers();
        Self {
            model: attended.model.clone(),
            text: attended.text.clone(),
            tokens: plan.n_tokens,
            from: plan.from,
            recent: plan.recent,
            queries: plan.n_queries(),
            begin: attended.begin.as_ref().map(BeginData::of),
            heads: sparsity.heads.iter().map(HeadData::of).collect(),
            layers: layers.iter().enumerate().map(|(layer, of)| LayerData::of(layer, of)).collect(),
            overall: OverallData {
                sink_heads: overall.sink_heads,
                measures: named(&overall.measures),
                lost: overall.lost,
            },
            sink_onset: sparsity.sink_onset(),
            sinks: sparsity.sinks.iter().map(|sink| SinkData::of(sink, attended)).collect(),
            lost_sinks: SINKS,
            lost_sizes: plan.sizes(),
            measures: MEASURES.iter().map(MeasureData::of).collect(),
            assignment: attended.assigned.as_ref().map(AssignmentData::of),
        }
    }
}

/// Values of all measures by their names.
fn named(values: &[f64]) -> BTreeMap<String, f64> {
    MEASURES.iter().zip(values).map(|(measure, value)| (measure.name.to_owned(), *value)).collect()
}

impl BeginData {
    pub(super) fn of(begin: &BeginToken) -> Self {
        Self { token: begin.token, text: begin.text.clone(), said_by_model: begin.is_demanded }
    }
}

impl HeadData {
    fn of(head: &Head) -> Self {
        let quantiles = MEASURES.iter().zip(&head.measures).map(|(measure, spread)| {
            let quantiles = QuantilesData { p10: spread.low, p50: spread.median, p90: spread.high };
            (measure.name.to_owned(), quantiles)
        });
        let means: Vec<f64> = head.measures.iter().map(|spread| spread.mean).collect();
        Self {
            layer: head.layer,
            head: head.head,
            key_head: head.key_head,
            quantiles: quantiles.collect(),
            lost: head.lost.clone(),
            measures: named(&means),
        }
    }
}

impl LayerData {
    fn of(layer: usize, of: &Layer) -> Self {
        Self { layer, sink_heads: of.sink_heads, lost: of.lost.clone(), measures: named(&of.measures) }
    }
}

impl SinkData {
    fn of(sink: &Sink, attended: &Attended) -> Self {
        Self {
            position: sink.position,
            token: words::token(&attended.tokens, sink.position).to_owned(),
            mass: sink.mass,
            layer: sink.layer,
            head: sink.head,
            heads: sink.n_heads,
        }
    }
}

impl MeasureData {
    fn of(measure: &Measure) -> Self {
        let [name, tells, formula, source] =
            [measure.name, measure.tells, measure.formula, measure.source].map(str::to_owned);
        let unit = match measure.unit {
            "keys" => MeasureUnit::Keys,
            "nats" => MeasureUnit::Nats,
            _ => MeasureUnit::Share,
        };
        Self { name, tells, formula, unit, source }
    }
}

impl AssignmentData {
    fn of(written: &WrittenAssignment) -> Self {
        Self {
            file: written.path.display().to_string(),
            hold: written.hold,
            key_heads: written.n_key_heads,
            streaming: written.n_key_heads - written.n_otherwise,
            otherwise: written.otherwise.to_string(),
            tokens: written.n_tokens,
            bytes: written.bytes,
            bytes_uniform: written.bytes_uniform,
        }
    }
}
