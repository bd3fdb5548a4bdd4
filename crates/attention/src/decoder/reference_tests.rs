//! The whole decoder against a plain account of the formula in f64, over the whole sequence at once, without a cache.

use super::Decoder;
use crate::cache::{Assignment, Cache, Policy, Precision};
use crate::file::ModelFile;
use crate::model::{Model, Pairs};
use crate::sparsity::{Plan, Sparsity};
use dunwu_attention_fixtures::{Format, Output, Tiny};
use std::collections::BTreeMap;

/// Logits of every token, from the tensors as the file has them.
fn logits(file: &ModelFile, tokens: &[u32]) -> Vec<Vec<f64>> {
    logits_and_attention(file, tokens).0
}

/// Attention weights of one query, by layer, head and token.
type Weights = BTreeMap<(usize, usize, usize), Vec<f64>>;

/// Logits of every token, and what every head gave to each token before it.
fn logits_and_attention(file: &ModelFile, tokens: &[u32]) -> (Vec<Vec<f64>>, Weights) {
    let shape = &file.hyperparameters;
    let n_group = shape.n_heads / shape.n_key_heads;
    let tensor = |name: &str| -> Option<Vec<Vec<f64>>> {
        let raw = file.tensor(name).unwrap()?;
        let mut values = vec![0.0; raw.n_rows * raw.n_columns];
        raw.format.decode(&raw.bytes, &mut values);
        Some(values.chunks(raw.n_columns).map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect())
    };
    let norm = |x: &[f64], gain: &[f64]| -> Vec<f64> {
        let mean = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
        let factor = 1.0 / (mean + f64::from(shape.norm_epsilon)).sqrt();
        x.iter().zip(gain).map(|(x, gain)| x * factor * gain).collect()
    };
    let times = |matrix: &[Vec<f64>], x: &[f64]| -> Vec<f64> {
        matrix.iter().map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
    };
    let turned = |head: &[f64], position: usize| -> Vec<f64> {
        let (mut turned, d) = (head.to_vec(), shape.rotary.d_rotated);
        for pair in 0..d / 2 {
            let (i, j) = match shape.rotary.pairs {
                Pairs::Interleaved => (2 * pair, 2 * pair + 1),
                Pairs::Halves => (pair, pair + d / 2),
            };
            let factor = shape.rotary.factors.get(pair).map_or(1.0, |&factor| f64::from(factor));
            let angle = position as f64 * shape.rotary.base.powf(-2.0 * pair as f64 / d as f64) / factor;
            turned[i] = head[i] * angle.cos() - head[j] * angle.sin();
            turned[j] = head[i] * angle.sin() + head[j] * angle.cos();
        }
        turned
    };
    let embedding = tensor("token_embd.weight").unwrap();
    let mut attention = Weights::new();
    let mut residual: Vec<Vec<f64>> = tokens.iter().map(|&token| embedding[token as usize].clone()).collect();
    for layer in 0..shape.n_layers {
        let weight = |name: &str| tensor(&format!("blk.{layer}.{name}.weight")).unwrap();
        let heads = |name: &str, x: &[f64]| -> Vec<Vec<f64>> {
            times(&weight(name), x).chunks(shape.d_head).map(<[f64]>::to_vec).collect()
        };
        let normed: Vec<_> = residual.iter().map(|x| norm(x, &weight("attn_norm")[0])).collect();
        let turned_heads = |name: &str| -> Vec<Vec<Vec<f64>>> {
            let rows = normed.iter().enumerate();
            rows.map(|(t, x)| heads(name, x).iter().map(|head| turned(head, t)).collect()).collect()
        };
        let (queries, keys) = (turned_heads("attn_q"), turned_heads("attn_k"));
        let values: Vec<_> = normed.iter().map(|x| heads("attn_v", x)).collect();
        for t in 0..tokens.len() {
            let mut mixed = Vec::new();
            for head in 0..shape.n_heads {
                let scores = (0..=t).map(|s| {
                    let dot: f64 = queries[t][head].iter().zip(&keys[s][head / n_group]).map(|(q, k)| q * k).sum();
                    (dot / (shape.d_head as f64).sqrt()).exp()
                });
                let scores: Vec<f64> = scores.collect();
                let sum: f64 = scores.iter().sum();
                attention.insert((layer, head, t), scores.iter().map(|score| score / sum).collect());
                mixed.extend((0..shape.d_head).map(|d| {
                    scores.iter().enumerate().map(|(s, score)| score / sum * values[s][head / n_group][d]).sum::<f64>()
                }));
            }
            let update = times(&weight("attn_output"), &mixed);
            residual[t].iter_mut().zip(update).for_each(|(x, update)| *x += update);
            let normed = norm(&residual[t], &weight("ffn_norm")[0]);
            let (gate, up) = (times(&weight("ffn_gate"), &normed), times(&weight("ffn_up"), &normed));
            let hidden: Vec<f64> = gate.iter().zip(up).map(|(gate, up)| gate / (1.0 + (-gate).exp()) * up).collect();
            let update = times(&weight("ffn_down"), &hidden);
            residual[t].iter_mut().zip(update).for_each(|(x, update)| *x += update);
        }
    }
    let output = tensor("output.weight").unwrap_or(embedding);
    let gain = &tensor("output_norm.weight").unwrap()[0];
    (residual.iter().map(|x| times(&output, &norm(x, gain))).collect(), attention)
}

/// 70 tokens, of which some follow each other twice.
fn tokens() -> Vec<u32> {
    (0..70u32).map(|i| (i * i * 7 + i % 5) % Tiny::n_vocab() as u32).collect()
}

/// Tiny models in both kinds of files, with shared and own key heads and outputs.
fn models(folder: &std::path::Path) -> Vec<(String, ModelFile)> {
    let grouped = Tiny::default();
    let odd = Tiny {
        n_layers: 2,
        d_model: 48,
        n_heads: 3,
        n_key_heads: 3,
        d_head: 12,
        d_mlp: 40,
        output: Output::Own,
        ..Tiny::default()
    };
    let mut models = Vec::new();
    for (name, tiny) in [("grouped", grouped), ("odd", odd)] {
        let file = folder.join(format!("{name}.gguf"));
        tiny.write_gguf(&file, Format::F32, 5).unwrap();
        models.push((format!("{name} gguf"), ModelFile::open(&file).unwrap()));
        let file = folder.join(name);
        tiny.write_safetensors(&file, 5).unwrap();
        models.push((format!("{name} safetensors"), ModelFile::open(&file).unwrap()));
    }
    models
}

fn full(model: &Model) -> Cache {
    Cache::new(model.hyperparameters(), &Assignment::uniform(Policy::Full, model.hyperparameters()), Precision::F32)
}

#[test]
fn logits_are_those_of_the_formula() {
    let folder = tempfile::tempdir().unwrap();
    for (name, file) in models(folder.path()) {
        let model = Model::load(&file, &mut |_, _| {}).unwrap();
        let expected = logits(&file, &tokens());
        let largest = expected.iter().flatten().fold(0.0f64, |largest, x| largest.max(x.abs()));
        for n_threads in [1, 2] {
            let mut decoder = Decoder::new(&model, n_threads);
            let mut cache = full(&model);
            for (token, expected) in tokens().iter().zip(&expected) {
                let logits = decoder.read(&mut cache, &[*token]);
                for (logit, expected) in logits.iter().zip(expected) {
                    assert!(
                        (f64::from(*logit) - expected).abs() < 1e-5 * largest.max(1.0),
                        "{name}: {logit} {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_a_head_is_seen_to_look_at_is_the_softmax_of_its_scores() {
    let folder = tempfile::tempdir().unwrap();
    for (name, file) in models(folder.path()) {
        let model = Model::load(&file, &mut |_, _| {}).unwrap();
        let (tokens, expected) = (tokens(), logits_and_attention(&file, &tokens()).1);
        let plan = Plan { n_tokens: tokens.len(), from: 1, recent: 8 };
        let mut observer = Sparsity::observer(model.hyperparameters(), plan);
        let (mut decoder, mut cache) = (Decoder::new(&model, 2), full(&model));
        tokens.chunks(32).for_each(|chunk| decoder.watch(&mut cache, chunk, &mut observer));
        for head in observer.finish().heads {
            for (t, row) in head.pattern().rows().iter().enumerate() {
                let expected = &expected[&(head.layer, head.head, t)];
                assert_eq!(row.len(), expected.len());
                for (weight, expected) in row.iter().zip(expected) {
                    // Scores of a few units, rounded in 32 bits over sums of 64 products.
                    assert!((f64::from(*weight) - expected).abs() < 1e-5, "{name}: {weight} {expected}");
                }
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{name}");
            }
            // Rows of measures are kept in 32 bits.
            let (first, measured) = (head.pattern().received()[0], head.mean("mass_first"));
            assert!((first - measured).abs() < 1e-6, "{name}: {first} {measured}");
        }
    }
}

#[test]
fn surprise_is_what_the_logits_say_in_any_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let (_, file) = models(folder.path()).swap_remove(0);
    let model = Model::load(&file, &mut |_, _| {}).unwrap();
    let (tokens, expected) = (tokens(), logits(&file, &tokens()));
    let mut decoder = Decoder::new(&model, 1);
    let all = decoder.surprise(&mut full(&model), &tokens[..69], &tokens[1..]).to_vec();
    for (t, surprise) in all.iter().enumerate() {
        let sum: f64 = expected[t].iter().map(|logit| logit.exp()).sum();
        let expected = sum.ln() - expected[t][tokens[t + 1] as usize];
        assert!((f64::from(*surprise) - expected).abs() < 2e-5, "{t}: {surprise} {expected}");
    }
    for (chunk, n_threads) in [(1, 1), (7, 2), (64, 2)] {
        let (mut decoder, mut cache) = (Decoder::new(&model, n_threads), full(&model));
        let mut chunks = Vec::new();
        for (tokens, targets) in tokens[..69].chunks(chunk).zip(tokens[1..].chunks(chunk)) {
            chunks.extend_from_slice(decoder.surprise(&mut cache, tokens, targets));
        }
        assert!(chunks == all, "chunks of {chunk} on {n_threads} threads");
    }
}

#[test]
fn a_sequence_is_the_same_alone_and_beside_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("q8.gguf");
    Tiny::default().write_gguf(&file, Format::Q8_0, 6).unwrap();
    let model = Model::load(&ModelFile::open(&file).unwrap(), &mut |_, _| {}).unwrap();
    let policies = ["full", "sinks:2+10", "h2o:4+6", "window:5"];
    let new = |policy: &str| {
        let shape = model.hyperparameters();
        Cache::new(shape, &Assignment::parse(policy, shape).unwrap(), Precision::F16)
    };
    let mut decoder = Decoder::new(&model, 2);
    let mut together: Vec<Cache> = policies.iter().map(|policy| new(policy)).collect();
    let mut alone: Vec<Cache> = policies.iter().map(|policy| new(policy)).collect();
    for (t, token) in tokens().into_iter().enumerate() {
        // They are at different places: the i-th sequence begins i tokens later.
        let n = policies.len().min(t + 1);
        let mut sequences: Vec<_> = together[..n].iter_mut().map(|cache| (cache, token)).collect();
        let logits = decoder.step(&mut sequences).to_vec();
        for (cache, logits) in alone.iter_mut().zip(logits.chunks(Tiny::n_vocab())) {
            assert!(decoder.read(cache, &[token]) == logits, "token {t}");
        }
    }
}
