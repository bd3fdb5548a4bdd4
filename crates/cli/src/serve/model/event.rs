//! What the thread that decodes tells a connection.

use dunwu_attention::sample::Likelihood;
use dunwu_attention::speak::Finish;

/// One message on an answer's way.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// It went on.
    Said {
        /// What is certain of its text now.
        text: String,
        /// The token that was drawn, and its likelihood if that was wanted.
        token: Option<(u32, Likelihood)>,
    },
    /// It is over.
    Finished {
        /// Why.
        finish: Finish,
        /// Tokens that were drawn.
        n_tokens: u64,
    },
    /// It cannot be held to the schema that was asked for.
    Unfit {
        /// Why not.
        reason: String,
    },
    /// It cannot go on.
    Failed {
        /// Why not.
        reason: String,
    },
}
