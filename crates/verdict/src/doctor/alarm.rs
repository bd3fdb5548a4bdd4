//! Something out of the ordinary, and where.

use super::reason::Reason;
use dunwu::answer::wording::{count, number};
use schemars::JsonSchema;
use serde::Serialize;

/// Where something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Place {
    /// Layer, block or array of the network.
    pub part: Option<String>,
    /// Attention head of that block.
    pub head: Option<usize>,
    /// Training samples, by their place in the training sample.
    pub rows: Vec<u32>,
}

/// Something out of the ordinary.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Alarm {
    /// The step at which the rule was sure.
    pub step: u64,
    /// The first step at which the fault that it takes this for acts.
    pub onset: u64,
    /// The reason that it points to.
    pub reason: Reason,
    /// The layer, head or training samples in which it was seen.
    #[serde(rename = "where")]
    pub place: Place,
    /// The quantity that was measured: `decay_ratio`.
    pub quantity: &'static str,
    /// The quantity's value at that step; `null` where it is not finite.
    pub value: Option<f64>,
    /// The law, or the edge of the clean band, that the value is beyond.
    pub limit: f64,
}

impl Place {
    /// `block.0.attention, head 1`; empty where it is the whole network.
    pub fn words(&self) -> String {
        let head = self.head.map(|head| format!("head {head}"));
        let rows = match self.rows.as_slice() {
            [] => None,
            [row] => Some(format!("training sample {row}")),
            rows => {
                let first: Vec<String> = rows.iter().take(8).map(ToString::to_string).collect();
                let more = if rows.len() > 8 { format!(" and {} more", rows.len() - 8) } else { String::new() };
                Some(format!("training samples {}{more}", first.join(", ")))
            }
        };
        [self.part.clone(), head, rows].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Alarm {
    /// It in one line: step, reason, where, and the number beside its limit.
    pub fn sentence(&self) -> String {
        let place = self.place.words();
        let place = if place.is_empty() { String::new() } else { format!(" ({place})") };
        let value = self.value.map_or_else(|| "not finite".to_owned(), number);
        format!(
            "alarm at step {}: {}{place}: {} is {value}, beyond {}",
            count(self.step),
            self.reason.words(),
            self.quantity,
            number(self.limit)
        )
    }
}
