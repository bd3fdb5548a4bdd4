//! Attention through the cache against a plain account in f64 that keeps unturned keys and turns every one of them at every step.

use super::Watch;
use super::attention::{Attention, Span};
use super::rows::Heads;
use crate::cache::{Assignment, Cache, Policy, Precision};
use crate::model::{Hyperparameters, Pairs, Rotary};
use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Two key heads, each shared by two query heads, of an odd width, partly turned.
fn shape() -> Hyperparameters {
    Hyperparameters {
        n_layers: 1,
        d_model: 8,
        n_heads: 4,
        n_key_heads: 2,
        d_head: 20,
        d_mlp: 8,
        n_vocab: 8,
        trained_context: 64,
        norm_epsilon: 1e-5,
        rotary: Rotary { base: 10_000.0, d_rotated: 16, pairs: Pairs::Halves, factors: Vec::new() },
    }
}

/// Queries, keys and values of a made-up sequence, `[token][width]`.
struct Sequence {
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
}

const N_TOKENS: usize = 230;

fn sequence(shape: &Hyperparameters, seed: u64) -> Sequence {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut numbers =
        |n: usize, size: f32| -> Vec<f32> { (0..n).map(|_| size * rng.random_range(-1.0..1.0)).collect() };
    let (d_query, d_key) = (shape.n_heads * shape.d_head, shape.n_key_heads * shape.d_head);
    Sequence {
        // Large enough for attention to prefer some keys by far.
        query: numbers(N_TOKENS * d_query, 4.0),
        key: numbers(N_TOKENS * d_key, 1.0),
        value: numbers(N_TOKENS * d_key, 1.0),
    }
}

/// Mixtures of all tokens, read in chunks.
fn mixed(policy: Policy, precision: Precision, sequence: &Sequence, chunk: usize, n_threads: usize) -> Vec<f32> {
    let shape = shape();
    let mut cache = Cache::new(&shape, &Assignment::uniform(policy, &shape), precision);
    read(&mut cache, sequence, 0..N_TOKENS, chunk, n_threads, None)
}

fn read(
    cache: &mut Cache,
    sequence: &Sequence,
    tokens: std::ops::Range<usize>,
    chunk: usize,
    n_threads: usize,
    mut watch: Option<&mut dyn Watch>,
) -> Vec<f32> {
    let shape = shape();
    let threads = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    let (d_query, d_key) = (shape.n_heads * shape.d_head, shape.n_key_heads * shape.d_head);
    let (mut attention, mut mixed) = (Attention::new(&shape), Vec::new());
    let ids = vec![0; chunk];
    for first in tokens.clone().step_by(chunk) {
        let n = chunk.min(tokens.end - first);
        let mut rows = Heads {
            query: sequence.query[first * d_query..(first + n) * d_query].to_vec(),
            key: sequence.key[first * d_key..(first + n) * d_key].to_vec(),
            value: sequence.value[first * d_key..(first + n) * d_key].to_vec(),
            ..Heads::default()
        };
        let mut parts = [(&mut *cache, &ids[..n])];
        let spans = Span::of(&parts);
        let watch = watch.as_mut().map(|watch| &mut **watch as &mut dyn Watch);
        threads.install(|| {
            attention.turn(&spans);
            attention.attend(&shape, 0, &mut parts, &spans, &mut rows, watch);
        });
        cache.position += n as u64;
        mixed.extend(rows.mixed);
    }
    mixed
}

/// One key head as the definition has it.
struct Account {
    policy: Policy,
    /// Positions of far keys, by place.
    far: Vec<usize>,
    recent: Vec<usize>,
    /// All attention that the key of a position drew; at the last query; in the window of queries before the present one, and in the
    /// present one.
    drawn: BTreeMap<usize, f64>,
    last: BTreeMap<usize, f64>,
    votes: [BTreeMap<usize, f64>; 2],
}

impl Account {
    fn worth(&self, position: usize, keys: &dyn Fn(usize) -> Vec<f64>) -> f64 {
        let of = |map: &BTreeMap<usize, f64>| map.get(&position).copied().unwrap_or(0.0);
        match self.policy {
            Policy::HeavyHitters { .. } => of(&self.drawn),
            Policy::LastAttention { .. } => of(&self.last),
            Policy::Votes { .. } => of(&self.votes[0]) + of(&self.votes[1]),
            Policy::KeyNorm { .. } => -keys(position).iter().map(|x| x * x).sum::<f64>(),
            _ => 0.0,
        }
    }

    /// Caches a token and gives the mixtures of its queries.
    fn step(
        &mut self,
        t: usize,
        keys: &dyn Fn(usize) -> Vec<f64>,
        values: &dyn Fn(usize) -> Vec<f64>,
        queries: &[Vec<f64>],
    ) -> Vec<Vec<f64>> {
        self.recent.push(t);
        if self.policy.recent().is_some_and(|recent| self.recent.len() > recent) {
            let leaving = self.recent.remove(0);
            if self.far.len() < self.policy.far() {
                self.far.push(leaving);
            } else if let Some(place) = (0..self.far.len())
                .min_by(|&a, &b| self.worth(self.far[a], keys).total_cmp(&self.worth(self.far[b], keys)))
            {
                let mut worth = self.worth(leaving, keys);
                if let Policy::Votes { .. } = self.policy {
                    worth = (leaving..=leaving + 3).map(|near| self.worth(near, keys)).fold(0.0, f64::max);
                }
                if self.worth(self.far[place], keys) < worth {
                    self.far[place] = leaving;
                }
            }
        }
        if let Policy::Chunked { size } = self.policy {
            self.recent.retain(|&position| position / size == t / size);
        }
        // Positions in the cache: far keys first, then the recent ones, the query where its own key is.
        let cached: Vec<usize> = self.far.iter().chain(&self.recent).copied().collect();
        let place = |i: usize| if let Policy::SinksAbsolute { .. } = self.policy { cached[i] } else { i };
        if t.is_multiple_of(32) {
            self.votes.swap(0, 1);
            self.votes[1].clear();
        }
        self.last.clear();
        let d_head = queries[0].len();
        queries
            .iter()
            .map(|query| {
                let query = turned(query, place(cached.len() - 1));
                let scores = cached.iter().enumerate().map(|(i, &position)| {
                    let key = turned(&keys(position), place(i));
                    key.iter().zip(&query).map(|(k, q)| k * q).sum::<f64>() / (d_head as f64).sqrt()
                });
                let scores: Vec<f64> = scores.collect();
                let largest = scores.iter().copied().fold(f64::MIN, f64::max);
                let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
                let mut mixture = vec![0.0; d_head];
                for (score, &position) in scores.iter().zip(&cached) {
                    let weight = (score - largest).exp() / sum;
                    mixture.iter_mut().zip(values(position)).for_each(|(to, value)| *to += weight * value);
                    for map in [&mut self.drawn, &mut self.last, &mut self.votes[1]] {
                        *map.entry(position).or_default() += weight;
                    }
                }
                mixture
            })
            .collect()
    }
}

fn turned(head: &[f64], position: usize) -> Vec<f64> {
    let mut turned = head.to_vec();
    for pair in 0..8 {
        let angle = position as f64 * 10_000f64.powf(-2.0 * pair as f64 / 16.0);
        let (x, y) = (head[pair], head[pair + 8]);
        turned[pair] = x * angle.cos() - y * angle.sin();
        turned[pair + 8] = x * angle.sin() + y * angle.cos();
    }
    turned
}

fn by_account(policy: Policy, sequence: &Sequence) -> Vec<f32> {
    let shape = shape();
    let d_head = shape.d_head;
    let row =
        |numbers: &[f32], at: usize| -> Vec<f64> { numbers[at..at + d_head].iter().map(|&x| f64::from(x)).collect() };
    let mut mixed = vec![0.0; N_TOKENS * shape.n_heads * d_head];
    for key_head in 0..shape.n_key_heads {
        let keys = |t: usize| row(&sequence.key, (t * shape.n_key_heads + key_head) * d_head);
        let values = |t: usize| row(&sequence.value, (t * shape.n_key_heads + key_head) * d_head);
        let mut account = Account {
            policy,
            far: Vec::new(),
            recent: Vec::new(),
            drawn: BTreeMap::new(),
            last: BTreeMap::new(),
            votes: Default::default(),
        };
        for t in 0..N_TOKENS {
            let at = |group: usize| (t * shape.n_heads + key_head * 2 + group) * d_head;
            let queries: Vec<_> = (0..2).map(|group| row(&sequence.query, at(group))).collect();
            for (group, mixture) in account.step(t, &keys, &values, &queries).into_iter().enumerate() {
                let to = mixed[at(group)..].iter_mut();
                to.zip(mixture).for_each(|(to, x)| *to = x as f32);
            }
        }
    }
    mixed
}

const POLICIES: [&str; 17] = [
    "full",
    "window:1",
    "window:37",
    "chunked:1",
    "chunked:37",
    "chunked:64",
    "sinks:4+28",
    "sinks:0+16",
    "sinks:17+33",
    "sinks-absolute:4+28",
    "h2o:12+20",
    "tova:12+20",
    "keynorm:12+20",
    "snapkv:12+20",
    "snapkv:12+1",
    "snapkv:5+3",
    "sinks:4+1000",
];

#[test]
fn attention_is_that_of_turning_every_key_at_every_step() {
    let sequence = sequence(&shape(), 0);
    for policy in POLICIES.map(|policy| policy.parse().unwrap()) {
        let expected = by_account(policy, &sequence);
        let mixed = mixed(policy, Precision::F32, &sequence, 32, 1);
        // Scores are sums of 20 products up to 4 turned in f32: off by at most 20 · 4 · 2⁻²³ ≈ 10⁻⁵, and so are the weights.
        let worst = mixed.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 2e-5, "{policy}: {worst}");
    }
}

#[test]
fn chunks_and_threads_change_no_bit() {
    let sequence = sequence(&shape(), 1);
    for policy in POLICIES.into_iter().chain(["random:4+12+16"]).map(|policy| policy.parse().unwrap()) {
        for precision in Precision::ALL {
            let one_by_one = mixed(policy, precision, &sequence, 1, 1);
            for (chunk, n_threads) in [(7, 1), (32, 2), (33, 1), (N_TOKENS, 2), (N_TOKENS, 3)] {
                let chunks = mixed(policy, precision, &sequence, chunk, n_threads);
                assert!(one_by_one == chunks, "{policy} {precision} in chunks of {chunk} on {n_threads} threads");
            }
        }
    }
}

#[test]
fn a_size_that_no_text_reaches_costs_nothing() {
    let shape = shape();
    let sequence = sequence(&shape, 5);
    let full = mixed(Policy::Full, Precision::F32, &sequence, 32, 1);
    for policy in [
        "window:1073741824",
        "chunked:1073741824",
        "sinks:1000000000+1000000000",
        "h2o:5+1073741824",
        "random:4+1000000000+200",
    ] {
        let mut cache = Cache::new(&shape, &Assignment::parse(policy, &shape).unwrap(), Precision::F32);
        let mixed = read(&mut cache, &sequence, 0..N_TOKENS, 32, 1, None);
        let worst = mixed.iter().zip(&full).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // The order of the sum differs where keys have become far ones.
        assert!(worst < 1e-5, "{policy}: {worst}");
        assert!(cache.bytes() < 1 << 20, "{policy}: {} bytes", cache.bytes());
        let saved = cache.save();
        let mut restored = Cache::new(&shape, &Assignment::parse(policy, &shape).unwrap(), Precision::F32);
        restored.restore(&saved).unwrap();
        assert!(restored.save() == saved, "{policy}");
    }
}

#[test]
fn half_precision_and_bytes_are_close() {
    let sequence = sequence(&shape(), 2);
    for policy in ["full", "sinks:4+28", "h2o:12+20"].map(|policy| policy.parse().unwrap()) {
        let exact = mixed(policy, Precision::F32, &sequence, 32, 1);
        // Keys are rounded to 2⁻¹¹ or 1/254 of the largest; scores are sums of 20 such products with queries up to 4 over √20.
        // A rounded score may change what h2o keeps, hence the mean.
        for (precision, tolerance) in [(Precision::F16, 1e-3), (Precision::Int8, 1e-2)] {
            let rounded = mixed(policy, precision, &sequence, 32, 1);
            let mean = exact.iter().zip(&rounded).map(|(a, b)| (a - b).abs()).sum::<f32>() / exact.len() as f32;
            assert!(mean < tolerance, "{policy} {precision}: {mean}");
        }
    }
}

#[test]
fn a_restored_cache_goes_on_with_the_same_bits() {
    let shape = shape();
    let sequence = sequence(&shape, 3);
    for policy in POLICIES.into_iter().chain(["random:4+12+16"]) {
        for precision in Precision::ALL {
            let new = || Cache::new(&shape, &Assignment::parse(policy, &shape).unwrap(), precision);
            let mut cache = new();
            read(&mut cache, &sequence, 0..101, 32, 1, None);
            let saved = cache.save();
            let expected = read(&mut cache, &sequence, 101..N_TOKENS, 32, 1, None);
            let mut restored = new();
            restored.restore(&saved).unwrap();
            assert_eq!(restored.position(), 101);
            assert!(read(&mut restored, &sequence, 101..N_TOKENS, 16, 2, None) == expected, "{policy} {precision}");
            // The cache that went on has grown; it goes back as well.
            cache.restore(&saved).unwrap();
            assert!(read(&mut cache, &sequence, 101..N_TOKENS, 16, 1, None) == expected, "{policy} {precision}");
            for cut in [0, 7, 8, 20, saved.len() - 1] {
                assert!(new().restore(&saved[..cut]).is_none(), "{policy}: {cut} of {} bytes", saved.len());
            }
        }
    }
}

/// Far keys that the last query sees, of both key heads.
struct Far(Vec<u64>);
impl Watch for Far {
    fn attention(&mut self, _: usize, head: usize, query: u64, positions: &[u64], weights: &[f32]) {
        assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        if query == N_TOKENS as u64 - 1 && head.is_multiple_of(2) {
            self.0.extend(&positions[..40]);
        }
    }
}

#[test]
fn a_sample_is_fair() {
    let shape = shape();
    let sequence = sequence(&shape, 4);
    let mut cache = Cache::new(&shape, &Assignment::parse("random:4+36+30", &shape).unwrap(), Precision::F32);
    let mut far = Far(Vec::new());
    read(&mut cache, &sequence, 0..N_TOKENS, 32, 1, Some(&mut far));
    assert_eq!(far.0.len(), 80);
    // 36 of the 196 positions from 4 to 199, in each of two heads: in their first half there are 36 ± 2 · 3.8 of the 72.
    let first_half = far.0.iter().filter(|&&position| (4..102).contains(&position)).count();
    assert!((28..=44).contains(&first_half), "{first_half}");
    assert_ne!(far.0[..40], far.0[40..], "the two heads have samples of their own");
    assert_eq!(far.0[..4], [0, 1, 2, 3]);
}
