//! Which token follows: a draw from the distribution that a row of logits is, as it is or bent.
//!
//! What bends it comes in the order of Hugging Face's `generate`: penalties and biases on the logits, temperature, then
//! `top_k`, `top_p` and `min_p` on what is left. Beam search and contrastive methods are not here: they need more than one row.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// How tokens are drawn. What is off leaves the distribution as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// What logits are divided by; 0 takes the likeliest token always.
    pub temperature: f32,
    /// Only so many of the likeliest tokens (Fan et al. 2018, arXiv:1805.04833).
    pub top_k: Option<usize>,
    /// Only the fewest tokens that have this much of the probability (Holtzman et al. 2019, arXiv:1904.09751); 1 is off.
    pub top_p: f32,
    /// Only tokens with this share of the likeliest one's probability (Nguyen et al. 2024, arXiv:2407.01082); 0 is off.
    pub min_p: f32,
    /// What logits of tokens in the prompt and the answer are divided by, those below 0 multiplied (Keskar et al. 2019,
    /// arXiv:1909.05858); 1 is off.
    pub repetition_penalty: f32,
    /// Taken from a logit for each time that the token is in the answer, as `OpenAI` has it; 0 is off.
    pub frequency_penalty: f32,
    /// Taken from a logit once if the token is in the answer, as `OpenAI` has it; 0 is off.
    pub presence_penalty: f32,
    /// Added to logits.
    pub logit_bias: BTreeMap<u32, f32>,
    /// The same seed draws the same tokens from the same logits.
    pub seed: u64,
}

impl Default for Sampling {
    /// The model's own distribution.
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_k: None,
            top_p: 1.0,
            min_p: 0.0,
            repetition_penalty: 1.0,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            logit_bias: BTreeMap::new(),
            seed: 0,
        }
    }
}

/// Draws the tokens of one answer.
pub struct Sampler {
    sampling: Sampling,
    rng: ChaCha8Rng,
    seen: BTreeMap<u32, Seen>,
    candidates: Vec<Candidate>,
}

/// What a token was seen as: at least in the prompt.
#[derive(Clone, Copy, Default)]
struct Seen {
    n_answer: u32,
}

/// A token that may be drawn; its weight is its probability over the likeliest token's.
#[derive(Clone, Copy)]
struct Candidate {
    token: u32,
    weight: f32,
}

/// Tokens less likely than e⁻⁴⁰ times the likeliest one are never drawn. A vocabulary of 200 000 of them has less than 10⁻¹² of
/// the mass, and most exponentials need not be computed.
const NEGLIGIBLE_NATS: f32 = 40.0;

impl Sampler {
    /// A sampler at the beginning of its answer.
    pub fn new(sampling: Sampling) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(sampling.seed);
        Self { sampling, rng, seen: BTreeMap::new(), candidates: Vec::new() }
    }

    /// Tokens of the prompt, which only the repetition penalty asks about.
    pub fn prompt(&mut self, tokens: &[u32]) {
        if self.sampling.repetition_penalty != 1.0 {
            for &token in tokens {
                self.seen.entry(token).or_default();
            }
        }
    }

    /// Penalties and biases, before anything is ruled out.
    pub fn adjust(&self, logits: &mut [f32]) {
        let Sampling { repetition_penalty, frequency_penalty, presence_penalty, .. } = self.sampling;
        for (&token, seen) in &self.seen {
            let Some(logit) = logits.get_mut(token as usize) else { continue };
            *logit = if *logit > 0.0 { *logit / repetition_penalty } else { *logit * repetition_penalty };
            *logit -= frequency_penalty * seen.n_answer as f32;
            if seen.n_answer > 0 {
                *logit -= presence_penalty;
            }
        }
        for (&token, &bias) in &self.sampling.logit_bias {
            if let Some(logit) = logits.get_mut(token as usize) {
                *logit += bias;
            }
        }
    }

    /// The next token; `None` if every logit is −∞ or no number. One that is no number counts as −∞.
    pub fn draw(&mut self, logits: &[f32]) -> Option<u32> {
        let likeliest = likeliest(logits)?;
        let max = logits[likeliest as usize];
        let token = if self.sampling.temperature > 0.0 && max.is_finite() {
            self.weigh(logits, max);
            self.truncate();
            self.draw_candidate()
        } else {
            likeliest
        };
        self.seen.entry(token).or_default().n_answer += 1;
        Some(token)
    }

    /// All candidates, in the order of tokens.
    fn weigh(&mut self, logits: &[f32], max: f32) {
        let temperature = self.sampling.temperature;
        self.candidates.clear();
        for (token, &logit) in logits.iter().enumerate() {
            let below = (max - logit) / temperature;
            if below < NEGLIGIBLE_NATS {
                self.candidates.push(Candidate { token: token as u32, weight: libm::expf(-below) });
            }
        }
    }

    fn truncate(&mut self) {
        let Sampling { top_k, top_p, min_p, .. } = self.sampling;
        if let Some(k) = top_k.filter(|&k| k < self.candidates.len()) {
            self.candidates.select_nth_unstable_by(k.max(1) - 1, likelier_first);
            self.candidates.truncate(k.max(1));
            self.candidates.sort_unstable_by(likelier_first);
        }
        if top_p < 1.0 {
            keep_nucleus(&mut self.candidates, top_p);
        }
        if min_p > 0.0 {
            self.candidates.retain(|candidate| candidate.weight >= min_p.min(1.0));
        }
    }

    fn draw_candidate(&mut self) -> u32 {
        let total: f64 = self.candidates.iter().map(|candidate| f64::from(candidate.weight)).sum();
        let mut left = self.rng.random::<f64>() * total;
        for candidate in &self.candidates {
            left -= f64::from(candidate.weight);
            if left < 0.0 {
                return candidate.token;
            }
        }
        self.candidates.last().expect("the likeliest token is never ruled out").token
    }
}

/// The likeliest token, the first of equals; `None` if there is none above −∞.
fn likeliest(logits: &[f32]) -> Option<u32> {
    let mut best = None;
    let mut max = f32::NEG_INFINITY;
    for (token, &logit) in logits.iter().enumerate() {
        if logit > max {
            (best, max) = (Some(token as u32), logit);
        }
    }
    best
}

/// A total order, so that a draw does not depend on how the standard library sorts.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is what sorting calls")]
fn likelier_first(a: &Candidate, b: &Candidate) -> Ordering {
    b.weight.total_cmp(&a.weight).then(a.token.cmp(&b.token))
}

/// The fewest candidates, the likeliest first, that have `top_p` of the weight. Few are needed as a rule, so only as many are
/// sorted.
fn keep_nucleus(candidates: &mut Vec<Candidate>, top_p: f32) {
    let wanted = f64::from(top_p) * candidates.iter().map(|candidate| f64::from(candidate.weight)).sum::<f64>();
    let (mut sorted, mut weight) = (0, 0.0);
    let mut n = 64;
    while sorted < candidates.len() {
        let end = candidates.len().min(sorted + n);
        let rest = &mut candidates[sorted..];
        if end - sorted < rest.len() {
            rest.select_nth_unstable_by(end - sorted, likelier_first);
        }
        rest[..end - sorted].sort_unstable_by(likelier_first);
        for index in sorted..end {
            weight += f64::from(candidates[index].weight);
            if weight >= wanted {
                candidates.truncate(index + 1);
                return;
            }
        }
        sorted = end;
        n *= 4;
    }
}

/// How likely the model holds a token, and which ones it holds likeliest.
#[derive(Clone, Debug, PartialEq)]
pub struct Likelihood {
    /// ln p of the token.
    pub log_probability: f32,
    /// The likeliest tokens with their ln p, the likeliest first.
    pub likeliest: Vec<(u32, f32)>,
}

impl Likelihood {
    /// Of a token, under logits as the model gave them. What is no number counts as −∞.
    pub fn of(token: u32, logits: &[f32], n_likeliest: usize) -> Self {
        let max = likeliest(logits).map_or(0.0, |token| logits[token as usize]);
        let is_number = |logit: &&f32| !logit.is_nan();
        let sum: f64 = logits.iter().filter(is_number).map(|&logit| f64::from(libm::expf(logit - max))).sum();
        let log_sum = f64::from(max) + libm::log(sum);
        let log_probability = |logit: f32| (f64::from(logit) - log_sum) as f32;
        let mut candidates: Vec<Candidate> = logits
            .iter()
            .enumerate()
            .filter(|(_, logit)| n_likeliest > 0 && is_number(logit))
            .map(|(token, &logit)| Candidate { token: token as u32, weight: logit })
            .collect();
        if candidates.len() > n_likeliest {
            candidates.select_nth_unstable_by(n_likeliest, likelier_first);
            candidates.truncate(n_likeliest);
        }
        candidates.sort_unstable_by(likelier_first);
        Self {
            log_probability: log_probability(logits[token as usize]),
            likeliest: candidates.iter().map(|one| (one.token, log_probability(one.weight))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(sampling: Sampling, logits: &[f32], n: usize) -> Vec<f64> {
        let mut sampler = Sampler::new(sampling);
        let mut counts = vec![0.0; logits.len()];
        for _ in 0..n {
            counts[sampler.draw(logits).unwrap() as usize] += 1.0;
        }
        counts
    }

    /// Pearson's X² of counts against probabilities.
    fn chi_square(counts: &[f64], probabilities: &[f64]) -> f64 {
        let n: f64 = counts.iter().sum();
        counts.iter().zip(probabilities).map(|(count, p)| (count - n * p).powi(2) / (n * p)).sum()
    }

    fn softmax(logits: &[f32], temperature: f64) -> Vec<f64> {
        let weights: Vec<f64> = logits.iter().map(|&logit| (f64::from(logit) / temperature).exp()).collect();
        let total: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / total).collect()
    }

    /// Which tokens are ever drawn, from what is kept and not from draws.
    fn kept(sampling: Sampling, logits: &[f32]) -> Vec<u32> {
        let mut sampler = Sampler::new(sampling);
        sampler.draw(logits).unwrap();
        let mut tokens: Vec<u32> = sampler.candidates.iter().map(|candidate| candidate.token).collect();
        tokens.sort_unstable();
        tokens
    }

    #[test]
    fn tokens_come_as_often_as_the_model_says() {
        let logits = [0.0, 1.0, -1.0, 2.5, 2.5, -3.0, 0.3, 1.7];
        for (seed, temperature) in [(1, 1.0), (2, 0.6), (3, 1.8)] {
            let sampling = Sampling { temperature, seed, ..Sampling::default() };
            let found = chi_square(&counts(sampling, &logits, 20_000), &softmax(&logits, f64::from(temperature)));
            assert!(found < 24.32, "X² = {found} with 7 degrees of freedom; above 24.32 in one of a thousand cases");
        }
    }

    #[test]
    fn what_is_kept_by_top_p_is_drawn_in_its_own_proportions() {
        let logits = [3.0, 2.0, 1.0, 0.0, -1.0];
        let sampling = Sampling { top_p: 0.9, seed: 4, ..Sampling::default() };
        let counts = counts(sampling, &logits, 20_000);
        assert_eq!(counts[3..], [0.0, 0.0], "0.64 + 0.24 + 0.09 is the first sum above 0.9");
        let found = chi_square(&counts[..3], &softmax(&logits[..3], 1.0));
        assert!(found < 13.82, "X² = {found} with 2 degrees of freedom; above 13.82 in one of a thousand cases");
    }

    #[test]
    fn without_a_temperature_the_likeliest_is_taken_and_the_first_of_equals() {
        let mut sampler = Sampler::new(Sampling { temperature: 0.0, ..Sampling::default() });
        assert_eq!(sampler.draw(&[f32::NAN, 1.0, 2.0, 2.0]), Some(2));
        assert_eq!(sampler.draw(&[f32::NEG_INFINITY, -1e30]), Some(1));
    }

    #[test]
    fn what_is_no_number_is_never_drawn() {
        for temperature in [0.0, 1e-30, 1.0, f32::INFINITY, f32::NAN] {
            let mut sampler = Sampler::new(Sampling { temperature, top_p: 0.99, ..Sampling::default() });
            for _ in 0..100 {
                let token = sampler.draw(&[f32::NAN, 0.5, f32::NEG_INFINITY, 0.4, f32::NAN]).unwrap();
                assert!(token == 1 || token == 3, "{token} at {temperature}");
            }
            assert_eq!(sampler.draw(&[0.0, f32::INFINITY, f32::NAN]), Some(1));
            assert_eq!(sampler.draw(&[f32::NAN, f32::NEG_INFINITY]), None);
            assert_eq!(sampler.draw(&[]), None);
        }
    }

    #[test]
    fn penalties_and_biases_are_those_of_their_definitions() {
        let sampling = Sampling {
            temperature: 0.0,
            repetition_penalty: 2.0,
            frequency_penalty: 0.5,
            presence_penalty: 0.25,
            logit_bias: BTreeMap::from([(3, -100.0), (99, 1.0)]),
            ..Sampling::default()
        };
        let mut sampler = Sampler::new(sampling);
        sampler.prompt(&[2, 77]);
        assert_eq!(sampler.draw(&[5.0, 0.0, 0.0, 0.0]), Some(0));
        assert_eq!(sampler.draw(&[5.0, 0.0, 0.0, 0.0]), Some(0));
        assert_eq!(sampler.draw(&[0.0, 5.0, 0.0, 0.0]), Some(1));
        let mut logits = [4.0, -4.0, 3.0, 1.0];
        sampler.adjust(&mut logits);
        assert_eq!(logits, [4.0 / 2.0 - 2.0 * 0.5 - 0.25, -4.0 * 2.0 - 0.5 - 0.25, 3.0 / 2.0, -99.0]);
    }

    #[test]
    fn a_seed_is_a_text() {
        let logits: Vec<f32> = (0..500_u32).map(|token| (token * 7919 % 101) as f32 / 40.0).collect();
        let text = |seed| {
            let mut sampler = Sampler::new(Sampling { seed, top_p: 0.95, ..Sampling::default() });
            (0..50).map(|_| sampler.draw(&logits).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }

    #[test]
    fn likelihoods_are_logarithms_of_the_softmax() {
        let logits = [0.5, f32::NAN, 2.0, -1.0];
        let found = Likelihood::of(0, &logits, 2);
        let p = softmax(&[0.5, 2.0, -1.0], 1.0);
        let near = |a: f32, b: f64| assert!((f64::from(a) - b.ln()).abs() < 1e-6, "{a} is not ln {b}");
        near(found.log_probability, p[0]);
        assert_eq!(found.likeliest.iter().map(|one| one.0).collect::<Vec<_>>(), [2, 0]);
        near(found.likeliest[0].1, p[1]);
    }

    proptest! {
        /// From the definitions: sort, add up, compare. Logits are thirds, so that there are ties.
        #[test]
        fn top_k_top_p_and_min_p_keep_what_their_definitions_keep(
            thirds in prop::collection::vec(-30_i32..30, 1..300),
            k in prop::option::of(1_usize..40),
            top_p in 0.01_f32..1.0,
            min_p in 0.0_f32..0.9,
        ) {
            let logits: Vec<f32> = thirds.iter().map(|&third| third as f32 / 3.0).collect();
            let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let mut all: Vec<(f64, u32)> = logits
                .iter()
                .enumerate()
                .map(|(token, &logit)| (f64::from(libm::expf(logit - max)), token as u32))
                .collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            all.truncate(k.unwrap_or(usize::MAX));
            let total: f64 = all.iter().map(|one| one.0).sum();
            let mut before = 0.0;
            let mut wanted = Vec::new();
            for (weight, token) in all {
                if before < f64::from(top_p) * total * (1.0 - 1e-12) && weight >= f64::from(min_p) {
                    wanted.push(token);
                }
                before += weight;
            }
            wanted.sort_unstable();
            let sampling = Sampling { top_k: k, top_p, min_p, ..Sampling::default() };
            prop_assert_eq!(kept(sampling, &logits), wanted);
        }
    }
}
