//! What programs read of an attention design.

use dunwu::reach::{DistanceReach, Exchange, LayerKind, Reach};
use schemars::JsonSchema;
use serde::Serialize;

/// What an attention design can exchange and what it costs, from its structure alone.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReachData {
    /// What was asked about: a pattern or the name of a design.
    pub subject: String,
    /// What each layer sees, as it is written; begun over until there are all layers.
    pub pattern: String,
    /// Layers.
    pub layers: usize,
    /// Positions of the text.
    pub length: usize,
    /// Whether no position sees a later one.
    pub causal: bool,
    /// Through all layers.
    pub all: ExchangeData,
    /// Through the layers that do not see everything; `null` where all or none do.
    pub local: Option<ExchangeData>,
    /// Kinds of layers in the order in which they first stand in the design.
    pub kinds: Vec<LayerKindData>,
    /// Scores that are computed, as a share of those of full attention in every layer.
    pub score_share: f64,
    /// Keys that the caches hold at the end, as a share of those of full attention; `null` where the design looks ahead.
    pub cache_share: Option<f64>,
    /// Bytes of these keys and their values in 16 bits; `null` where the size of a key is not known.
    pub cache_bytes: Option<f64>,
    /// The longest distance that a layer with positions compares; `null` where no layer has positions.
    pub longest_with_positions: Option<usize>,
    /// Where the design is published; `null` for a pattern.
    pub source: Option<String>,
}

/// What pairs of positions exchange through some layers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExchangeData {
    /// Layers that it is about.
    pub layers: usize,
    /// Queries that were looked at.
    pub queries: usize,
    /// Whether these are all queries; else shares are estimates.
    pub exact: bool,
    /// Pairs of two positions that were looked at.
    pub pairs: u64,
    /// Pairs that exchange nothing.
    pub blind: u64,
    /// Their share.
    pub blind_share: f64,
    /// Pairs that need so many hops at least, from one hop on.
    pub by_hops: Vec<u64>,
    /// The smallest distance at which some pair is blind; `null` where none is.
    pub first_blind_distance: Option<usize>,
    /// The distance from which on all pairs are blind; `null` where some pair at every distance exchanges something.
    pub horizon: Option<usize>,
    /// Queries that hear of fewer positions without a gap than the query before them, among those that were looked at.
    pub falls: usize,
    /// The one of them that hears least; `null` where there is none.
    pub worst: Option<BlindSpotData>,
    /// Pairs by distance, ascending; of a long text some distances.
    pub distances: Vec<DistanceData>,
}

/// A query that hears of fewer positions without a gap than the query before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BlindSpotData {
    /// Its position, from 0.
    pub position: usize,
    /// Positions before it that it hears of without a gap.
    pub sight: usize,
    /// The same of the position before it.
    pub sight_before: usize,
    /// The nearest position before it of which it hears nothing.
    pub first_blind: usize,
}

/// Pairs at one distance.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DistanceData {
    /// Positions from one to the other.
    pub distance: usize,
    /// Pairs that were looked at.
    pub pairs: usize,
    /// Pairs that exchange nothing.
    pub blind: usize,
    /// The fewest hops of any pair; `null` where all are blind.
    pub fewest_hops: Option<usize>,
    /// The hops of the pair that needs most; `null` where all are blind.
    pub most_hops: Option<usize>,
}

/// Layers of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LayerKindData {
    /// The layer's pattern, as a design spells it: `window:4096`.
    pub attention: String,
    /// How many layers of the design have this pattern.
    pub layers: usize,
    /// Whether it knows positions.
    pub positions: bool,
    /// The longest distance between a query and a key that it sees.
    pub longest_distance: usize,
    /// Scores of the whole text in one layer, a mean over its heads.
    pub scores: f64,
    /// Keys that the cache of one layer holds at the end, a mean over its heads; `null` where it looks ahead.
    pub cached_keys: Option<f64>,
}

impl ReachData {
    pub(super) fn of(reach: &Reach) -> Self {
        Self {
            subject: reach.subject.clone(),
            pattern: reach.pattern.clone(),
            layers: reach.n_layers,
            length: reach.length,
            causal: reach.is_causal,
            all: ExchangeData::of(&reach.all, reach.length),
            local: reach.local.as_ref().map(|local| ExchangeData::of(local, reach.length)),
            kinds: reach.kinds.iter().map(LayerKindData::of).collect(),
            score_share: reach.score_share,
            cache_share: reach.cache_share,
            cache_bytes: reach.cache_bytes,
            longest_with_positions: reach.longest_with_positions,
            source: reach.published.map(|(source, _)| source.to_owned()),
        }
    }
}

impl ExchangeData {
    fn of(exchange: &Exchange, length: usize) -> Self {
        Self {
            layers: exchange.n_layers,
            queries: exchange.n_queries,
            exact: exchange.is_exact,
            pairs: exchange.pairs,
            blind: exchange.blind(),
            blind_share: exchange.blind_share(),
            by_hops: exchange.by_hops.clone(),
            first_blind_distance: exchange.first_blind_distance(),
            horizon: exchange.horizon(length),
            falls: exchange.n_falls,
            worst: exchange.worst.map(|worst| BlindSpotData {
                position: worst.query,
                sight: worst.sight,
                sight_before: worst.before,
                first_blind: worst.first_blind(),
            }),
            distances: exchange.distances.iter().map(DistanceData::of).collect(),
        }
    }
}

impl DistanceData {
    fn of(reach: &DistanceReach) -> Self {
        Self {
            distance: reach.distance,
            pairs: reach.pairs,
            blind: reach.blind(),
            fewest_hops: reach.fewest(),
            most_hops: reach.most(),
        }
    }
}

impl LayerKindData {
    fn of(kind: &LayerKind) -> Self {
        Self {
            attention: kind.written.clone(),
            layers: kind.n_layers,
            positions: kind.has_positions,
            longest_distance: kind.longest,
            scores: kind.cost.scores,
            cached_keys: kind.cost.cached,
        }
    }
}
