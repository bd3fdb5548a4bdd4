//! Made-up attention for tests: heads of layers above a third have a sink, others look at what is near.

use dunwu_attention::decoder::Watch;
use dunwu_attention::model::{Hyperparameters, Pairs, Rotary};
use dunwu_attention::sparsity::{Plan, Sparsity};
use dunwu_streams::{Attended, AttendedHead, BeginToken};

/// A model of so many layers and heads that has read so many tokens, some of them hostile to a page.
pub(super) fn attended(n_layers: usize, n_heads: usize, n_tokens: usize) -> Attended {
    let words = ["<|endoftext|>", " the", "\n\n", " \"don't\" & <b>", "\u{fffd}", "ing"];
    Attended {
        model: "models/a model <1>".to_owned(),
        text: "a text & more".to_owned(),
        begin: Some(BeginToken { token: 0, text: "<|endoftext|>".to_owned(), is_demanded: false }),
        tokens: (0..n_tokens).map(|i| words[i % words.len()].to_owned()).collect(),
        trained_context: 256,
        sparsity: sparsity(n_layers, n_heads, n_tokens),
        assigned: None,
    }
}

/// One head of such a model.
pub(super) fn attended_head(n_layers: usize, n_heads: usize, n_tokens: usize) -> AttendedHead {
    let Attended { model, text, begin, tokens, mut sparsity, .. } = attended(n_layers, n_heads, n_tokens);
    AttendedHead { model, text, begin, tokens, n_layers, n_heads, head: sparsity.heads.remove(n_layers * n_heads / 2) }
}

pub(super) fn sparsity(n_layers: usize, n_heads: usize, n_tokens: usize) -> Sparsity {
    let shape = Hyperparameters {
        n_layers,
        d_model: 8 * n_heads,
        n_heads,
        n_key_heads: 1,
        d_head: 8,
        d_mlp: 16,
        n_vocab: 32,
        trained_context: 256,
        norm_epsilon: 1e-5,
        rotary: Rotary { base: 1e4, d_rotated: 8, pairs: Pairs::Halves, factors: Vec::new() },
    };
    let plan = Plan { n_tokens, from: n_tokens / 2, recent: 16 };
    let mut observer = Sparsity::observer(&shape, plan);
    for query in 0..n_tokens {
        let positions: Vec<u64> = (0..=query as u64).collect();
        for layer in 0..n_layers {
            for head in 0..n_heads {
                let reach = 2.0 + 3.0 * head as f32;
                let mut weights: Vec<f32> = (0..=query).map(|key| (-((query - key) as f32) / reach).exp()).collect();
                if layer > 0 && layer >= n_layers / 3 {
                    weights[0] += 3.0 * reach;
                    if let Some(weight) = weights.get_mut(7) {
                        *weight += reach;
                    }
                }
                let sum: f32 = weights.iter().sum();
                weights.iter_mut().for_each(|weight| *weight /= sum);
                observer.attention(layer, head, query as u64, &positions, &weights);
            }
        }
    }
    observer.finish()
}
