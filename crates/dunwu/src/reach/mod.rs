//! What an attention design can exchange, from its structure alone: no network is trained and no model is read.
//!
//! ```text
//! words ─▶ ReachRequest { pattern, layers, length } ─▶ hops of a query (spread) ─▶ Reach { exchange, cost, cache }
//! ```
//!
//! Information goes from position j to position i in one *hop* where a layer's query at i sees the key at j; every layer can make one,
//! from the bottom to the top. A pair is *blind* where no number of hops within the layers there are leads from one to the other: then
//! nothing that stands at j can change what the network says at i, however it is trained.

mod analysis;
mod cost;
mod exchange;
mod map;
mod positions;
mod presets;
mod request;
#[cfg(test)]
mod small;
mod spread;

pub use analysis::{Reach, reach};
pub use cost::{CacheShape, LayerCost, LayerKind};
pub use exchange::{BlindSpot, DistanceReach, Exchange};
pub use map::{MapCell, ReachMap};
pub use presets::{DESIGNS, Design};
pub use request::ReachRequest;
#[cfg(test)]
use small::small_pattern;
