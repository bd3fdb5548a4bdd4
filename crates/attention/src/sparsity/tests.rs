//! Measures against brute force from their definitions, and against closed forms.

use super::{MAP_TOKENS, MEASURES, Pattern, Plan, SINKS, Sparsity, measure};
use crate::decoder::Watch;
use crate::model::{Hyperparameters, Pairs, Rotary};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};

fn shape(n_layers: usize, n_heads: usize, n_key_heads: usize) -> Hyperparameters {
    Hyperparameters {
        n_layers,
        d_model: 8 * n_heads,
        n_heads,
        n_key_heads,
        d_head: 8,
        d_mlp: 16,
        n_vocab: 32,
        trained_context: 256,
        norm_epsilon: 1e-5,
        rotary: Rotary { base: 1e4, d_rotated: 8, pairs: Pairs::Halves, factors: Vec::new() },
    }
}

/// Lets an observer see `weights(layer, head, query)` of every query.
fn observed(shape: &Hyperparameters, plan: Plan, mut weights: impl FnMut(usize, usize, usize) -> Vec<f32>) -> Sparsity {
    let mut observer = Sparsity::observer(shape, plan);
    for query in 0..plan.n_tokens {
        let positions: Vec<u64> = (0..=query as u64).collect();
        for layer in 0..shape.n_layers {
            for head in 0..shape.n_heads {
                observer.attention(layer, head, query as u64, &positions, &weights(layer, head, query));
            }
        }
    }
    observer.finish()
}

fn uniform(query: usize) -> Vec<f32> {
    vec![1.0 / (query + 1) as f32; query + 1]
}

fn only(query: usize, key: usize) -> Vec<f32> {
    let mut weights = vec![0.0; query + 1];
    weights[key] = 1.0;
    weights
}

/// Random weights of a softmax with a temperature that differs between heads.
fn random(rng: &mut impl Rng, query: usize, temperature: f32) -> Vec<f32> {
    let mut weights: Vec<f32> = (0..=query).map(|_| (rng.random_range(-6.0..6.0f32) / temperature).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

/// From the definition of each measure, by name.
fn by_definition(name: &str, weights: &[f32], recent: usize) -> f64 {
    let w: Vec<f64> = weights.iter().map(|weight| f64::from(*weight)).collect();
    let n = w.len();
    let entropy = -w.iter().filter(|w| **w > 0.0).map(|w| w * w.ln()).sum::<f64>();
    let keys = {
        let mut sorted = w.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let total: f64 = w.iter().sum();
        (1..=n).find(|k| sorted[..*k].iter().sum::<f64>() >= (0.95 - 1e-6) * total).unwrap() as f64
    };
    match name {
        "mass_first" => w[0],
        "mass_next" => w[1..4].iter().sum(),
        "mass_recent" => w[n.saturating_sub(recent)..].iter().sum(),
        "keys_for_95" => keys,
        "share_for_95" => keys / n as f64,
        "entropy" => entropy,
        "evenness" => entropy / (n as f64).ln(),
        other => panic!("no definition of {other}"),
    }
}

#[test]
fn every_measure_is_the_mean_of_its_definition_over_the_queries() {
    let plan = Plan { n_tokens: 150, from: 40, recent: 20 };
    let shape = shape(3, 4, 2);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let mut seen = vec![Vec::new(); 12];
    let sparsity = observed(&shape, plan, |layer, head, query| {
        let weights = random(&mut rng, query, 1.0 + (layer * 4 + head) as f32);
        seen[layer * 4 + head].push(weights.clone());
        weights
    });
    assert_eq!((sparsity.n_layers(), plan.sizes()), (3, vec![32, 64]));
    for (i, head) in sparsity.heads.iter().enumerate() {
        assert_eq!((head.layer, head.head, head.key_head), (i / 4, i % 4, i % 4 / 2));
        let counted = &seen[i][plan.from..];
        let mean = |of: &dyn Fn(&[f32]) -> f64| counted.iter().map(|w| of(w)).sum::<f64>() / counted.len() as f64;
        for (spread, measure) in head.measures.iter().zip(MEASURES) {
            let expected = mean(&|w| by_definition(measure.name, w, plan.recent));
            // Rows are kept in 32 bits, and logarithms are taken in 32 bits.
            assert!((spread.mean - expected).abs() < 2e-6 * expected.max(1.0), "{}: {expected}", measure.name);
            let mut values: Vec<f64> = counted.iter().map(|w| by_definition(measure.name, w, plan.recent)).collect();
            values.sort_by(f64::total_cmp);
            for (found, at) in [(spread.low, 0.1), (spread.median, 0.5), (spread.high, 0.9)] {
                let expected = values[((values.len() - 1) as f64 * at).round() as usize];
                assert!((found - expected).abs() < 2e-6 * expected.max(1.0), "{} at {at}: {expected}", measure.name);
            }
        }
        for (lost, size) in head.lost.iter().zip(plan.sizes()) {
            let counted = &seen[i][plan.from.max(2 * size)..];
            let one = |w: &Vec<f32>| w[SINKS..w.len() + SINKS - size].iter().map(|w| f64::from(*w)).sum::<f64>();
            let expected = counted.iter().map(one).sum::<f64>() / counted.len() as f64;
            assert!((lost - expected).abs() < 1e-9, "size {size}: {lost}, not {expected}");
        }
        assert_eq!(head.map, seen[i][..MAP_TOKENS]);
    }
    let layer = &sparsity.layers()[1];
    let entropy = sparsity.of_layer(1).iter().map(|head| head.mean("entropy")).sum::<f64>() / 4.0;
    assert!((layer.mean("entropy") - entropy).abs() < 1e-12);
}

#[test]
fn uniform_attention_has_the_entropy_ln_n_and_needs_95_of_100_keys() {
    let plan = Plan { n_tokens: 400, from: 399, recent: 64 };
    let head = &observed(&shape(1, 1, 1), plan, |_, _, query| uniform(query)).heads[0];
    assert!((head.mean("entropy") - 400f64.ln()).abs() < 1e-6 && (head.mean("evenness") - 1.0).abs() < 1e-6);
    assert_eq!(head.mean("keys_for_95"), 380.0);
    assert!(
        (head.mean("mass_recent") - 64.0 / 400.0).abs() < 1e-6 && (head.mean("mass_next") - 3.0 / 400.0).abs() < 1e-6
    );
    for (lost, size) in head.lost.iter().zip([32.0, 64.0, 128.0]) {
        assert!((lost - (400.0 - size) / 400.0).abs() < 1e-6, "{size}");
    }
    for n in 1..=200usize {
        let plan = Plan { n_tokens: n, from: n - 1, recent: 8 };
        let head = &observed(&shape(1, 1, 1), plan, |_, _, query| uniform(query)).heads[0];
        assert_eq!(head.mean("keys_for_95"), (95 * n).div_ceil(100) as f64, "{n}");
    }
}

#[test]
fn attention_on_one_key_has_no_entropy_and_needs_one_key() {
    let plan = Plan { n_tokens: 300, from: 200, recent: 64 };
    let keys: [fn(usize) -> usize; 4] = [|_| 0, |_| 2, |query| query, |_| 100];
    let sparsity = observed(&shape(1, 4, 1), plan, |_, head, query| only(query, keys[head](query).min(query)));
    for head in &sparsity.heads {
        assert_eq!((head.mean("entropy"), head.mean("keys_for_95")), (0.0, 1.0));
    }
    let on = |name: &str| sparsity.heads.iter().map(|head| head.mean(name)).collect::<Vec<f64>>();
    assert_eq!(on("mass_first"), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(on("mass_next"), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(on("mass_recent"), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(sparsity.heads.iter().map(|head| head.lost[0]).collect::<Vec<f64>>(), [0.0, 0.0, 0.0, 1.0]);
    // Of the queries from 256 on, a window of 128 − 4 keys reaches position 100 from none.
    assert_eq!(sparsity.heads[3].lost, [1.0; 3]);
    let sinks: Vec<(usize, f64, usize)> = sparsity.sinks.iter().map(|s| (s.position, s.mass, s.head)).collect();
    assert_eq!(sinks, [(2, 1.0, 1), (100, 1.0, 3)]);
}

#[test]
fn the_sink_switches_on_at_the_first_layer_above_half_of_the_strongest() {
    let plan = Plan { n_tokens: 40, from: 20, recent: 4 };
    let onset = |by_layer: &[f32]| {
        let weights = |layer: usize, _: usize, query: usize| {
            let mut weights = vec![(1.0 - by_layer[layer]) / query.max(1) as f32; query + 1];
            weights[0] = by_layer[layer];
            weights
        };
        let sparsity = observed(&shape(by_layer.len(), 2, 1), plan, weights);
        (sparsity.sink_onset(), sparsity.layers().iter().map(|layer| layer.sink_heads).collect::<Vec<f64>>())
    };
    assert_eq!(onset(&[0.0, 0.1, 0.35, 0.6, 0.2]), (Some(2), vec![0.0, 0.0, 1.0, 1.0, 0.0]));
    assert_eq!(onset(&[0.01, 0.2, 0.1]).0, None);
}

#[test]
fn a_key_that_only_its_neighbours_look_at_is_no_sink() {
    let plan = Plan { n_tokens: 200, from: 50, recent: 16 };
    // Each query looks at the key before it; the last tokens are seen by few.
    let sparsity = observed(&shape(1, 1, 1), plan, |_, _, query| only(query, query.saturating_sub(1)));
    assert!(sparsity.sinks.is_empty());
    let late = observed(&shape(1, 1, 1), plan, |_, _, query| only(query, 170.min(query)));
    assert!(late.sinks.is_empty(), "{:?}", late.sinks);
}

#[test]
fn keys_may_come_in_any_order() {
    let plan = Plan { n_tokens: 90, from: 30, recent: 10 };
    let shape = shape(1, 1, 1);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
    let rows: Vec<Vec<f32>> = (0..90).map(|query| random(&mut rng, query, 2.0)).collect();
    let in_order = observed(&shape, plan, |_, _, query| rows[query].clone());
    let mut observer = Sparsity::observer(&shape, plan);
    for (query, row) in rows.iter().enumerate() {
        // As a ring holds them.
        let turned = query / 3;
        let positions: Vec<u64> = (0..row.len()).map(|i| ((i + turned) % row.len()) as u64).collect();
        let weights: Vec<f32> = positions.iter().map(|position| row[*position as usize]).collect();
        observer.attention(0, 0, query as u64, &positions, &weights);
    }
    let turned = observer.finish();
    assert_eq!(turned.heads[0].map, in_order.heads[0].map);
    for (a, b) in turned.heads[0].measures.iter().zip(&in_order.heads[0].measures) {
        assert!((a.mean - b.mean).abs() < 1e-6 * b.mean.max(1.0));
    }
}

#[test]
fn a_pattern_of_even_weights_is_what_even_attention_would_be() {
    for n in 2..=MAP_TOKENS {
        let rows: Vec<Vec<f32>> = (0..n).map(uniform).collect();
        let pattern = Pattern::of(&rows);
        assert!((pattern.received()[0] - pattern.even_on_first()).abs() < 1e-6, "{n}");
        // The mean of i/2 over i = 1..n-1.
        assert!((pattern.distance() - n as f64 / 4.0).abs() < 1e-4 && pattern.even_distance() == n as f64 / 4.0, "{n}");
        let expected = (1..n).map(|query| 1.0 / (query + 1) as f64).sum::<f64>() / (n - 1) as f64;
        assert!((pattern.from_later(0).unwrap() - expected).abs() < 1e-6 && pattern.from_later(n - 1).is_none());
    }
}

#[test]
fn a_pattern_says_how_far_back_a_head_looks_with_and_without_its_sink() {
    let on_first: Vec<Vec<f32>> = (0..20).map(|query| only(query, 0)).collect();
    let pattern = Pattern::of(&on_first);
    assert_eq!((pattern.received()[0], pattern.distance(), pattern.distance_past_first()), (1.0, 10.0, None));
    // Half on the first key, half on the key before the query.
    let halves = |query: usize| {
        let [first, before] = [only(query, 0), only(query, query.saturating_sub(1))];
        first.iter().zip(before).map(|(a, b)| (a + b) / 2.0).collect()
    };
    let rows: Vec<Vec<f32>> = (0..20).map(halves).collect();
    let pattern = Pattern::of(&rows);
    assert_eq!(pattern.distance_past_first(), Some(1.0));
    assert_eq!(pattern.distance(), 5.5);
    assert_eq!(pattern.from_later(7), Some(0.5 / 12.0));
    assert!((pattern.received().iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn names_of_measures_are_told_apart() {
    for (i, of) in MEASURES.iter().enumerate() {
        assert_eq!(measure(of.name), i);
        assert!(!of.tells.is_empty() && !of.formula.is_empty() && !of.source.is_empty());
        assert!(["share", "keys", "nats"].contains(&of.unit));
    }
}

proptest! {
    #[test]
    fn what_a_larger_cache_loses_is_never_more(seed in any::<u64>(), temperature in 0.3f32..20.0) {
        let plan = Plan { n_tokens: 300, from: 280, recent: 64 };
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let sparsity = observed(&shape(1, 1, 1), plan, |_, _, query| random(&mut rng, query, temperature));
        let head = &sparsity.heads[0];
        prop_assert!(head.lost.is_sorted_by(|a, b| a >= b));
        prop_assert!(head.mean("entropy") <= 300f64.ln() && head.mean("evenness") <= 1.0 + 1e-6);
        prop_assert!((1.0..=300.0).contains(&head.mean("keys_for_95")));
        // The window of the second size less the first ones holds what is recent, but for the sinks within it.
        prop_assert!(head.lost[1] + head.mean("mass_first") <= 1.0 + 1e-6);
        prop_assert_eq!(head.lost.len(), 3);
    }
}
