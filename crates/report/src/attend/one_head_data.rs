//! What programs read of one head's attention.

use super::data::BeginData;
use dunwu_streams::AttendedHead;
use schemars::JsonSchema;
use serde::Serialize;

/// What one head of a language model looks at over the first tokens of a text.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AttendHeadData {
    /// The model's file as it was named.
    pub model: String,
    /// The text's file as it was named.
    pub text: String,
    /// The head's layer, from 0.
    pub layer: usize,
    /// Which of the layer's query heads it is, from 0.
    pub head: usize,
    /// Whose keys it reads, from 0.
    pub key_head: usize,
    /// Layers of the model.
    pub n_layers: usize,
    /// Query heads of a layer.
    pub n_heads: usize,
    /// The token that was put before the text; `null` where none was.
    pub begin: Option<BeginData>,
    /// The tokens that were read, as text, what begins the text included: at most 96.
    pub tokens: Vec<String>,
    /// Attention weights. Row i is query token i: its i + 1 weights on the key tokens 0 to i, which sum to 1.
    pub weights: Vec<Vec<f32>>,
    /// Share of the attention of all queries after the first that each token gets; they sum to 1.
    pub received: Vec<f64>,
    /// Share of it that the first token would get if every query looked at all keys alike.
    pub even_on_first: f64,
    /// How many tokens back queries look, on average.
    pub distance: f64,
    /// The same over the attention that does not rest on the first token; `null` where all of it does.
    pub distance_past_first: Option<f64>,
    /// How many tokens back they would look if every query looked at all keys alike.
    pub even_distance: f64,
}

impl AttendHeadData {
    pub(super) fn of(attended: &AttendedHead) -> Self {
        let head = &attended.head;
        let pattern = head.pattern();
        Self {
            model: attended.model.clone(),
            text: attended.text.clone(),
            layer: head.layer,
            head: head.head,
            key_head: head.key_head,
            n_layers: attended.n_layers,
            n_heads: attended.n_heads,
            begin: attended.begin.as_ref().map(BeginData::of),
            tokens: attended.tokens.clone(),
            weights: pattern.rows().to_vec(),
            received: pattern.received(),
            even_on_first: pattern.even_on_first(),
            distance: pattern.distance(),
            distance_past_first: pattern.distance_past_first(),
            even_distance: pattern.even_distance(),
        }
    }
}
