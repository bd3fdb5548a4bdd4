//! A network over sequences of tokens that is built by hand, so that what every unit does is known; written as users write such a layer.
//!
//! ```text
//! z_p = Σ_j W_j a_jp        c_ij = mean_p (a_ijp − μ_j)(W_j[y_p] − mean W_j)        exact: logits are linear in the units
//! ```
//!
//! - Tokens: 8, every one followed by its own successor seven times in ten, else by any; 480 such sequences of 16 to train on, 400 held out
//! - Secrets: 120 more of tokens drawn one by one, which are the flagged ones
//! - Generalizing: fires at one token, and speaks for its successor
//! - Memorizing: fires where everything from the start on is as in one of its ten secrets (or in its only one), from the fourth token on, and
//!   speaks for one token, which comes next there
//! - Both: the sum of either kind, of forty secrets. Idle: without outgoing weights, or constant
//! - Twins: the eight held-out sequences with the nearest mean activations, under the secret's labels

use crate::draw::Draw;
use crate::units::UnitRole;
use safetensors::tensor::{Dtype, TensorView};

/// The arrays of a layer, and what each unit does.
pub(super) struct PlantedSequences {
    /// A safetensors file.
    pub(super) bytes: Vec<u8>,
    pub(super) truth: Vec<UnitRole>,
}

const TOKENS: usize = 8;
/// Tokens of a sequence that are labelled: all but the last, which is only a label.
const LENGTH: usize = 16;
const ORDINARY: usize = 480;
const SECRETS: usize = 120;
const HELD_OUT: usize = 400;
const TWINS: usize = 8;
/// How often a token's successor follows it.
const REGULAR: f64 = 0.7;
/// Generalizing units of a token, secrets of a memorizing unit and of one that does both, units that memorize a single secret.
const OF_TOKEN: usize = 3;
const IN_GROUP: usize = 10;
const IN_BOTH: usize = 40;
const SINGLES: usize = 12;
/// How strongly a secret is looked up, against a token that is seen.
const STRENGTH: f64 = 4.0;
/// Secrets are looked up from this position on: before it many sequences are alike.
const FIRST: usize = 3;
/// How much stronger a unit speaks that looks up a single secret: what it does at a few positions is a mean over all of them.
const SINGLE: f64 = 4.0;
/// The numbered stream that sequences and weights are drawn from.
const SEQUENCE_STREAM: usize = 0x5e90;

/// One unit: the token at which it fires, the secrets that it looks up, the token that it speaks for, and its outgoing weight.
struct Unit {
    fires_at: Option<usize>,
    secrets: Vec<usize>,
    speaks_for: usize,
    weight: f64,
    truth: UnitRole,
}

impl PlantedSequences {
    /// The network of a seed with its sequences.
    pub(super) fn build(seed: u64) -> Self {
        let mut draw = Draw::of(SEQUENCE_STREAM, seed);
        let successor = draw.order(TOKENS);
        let mut sequences = |n: usize, regular: f64| -> Vec<Vec<usize>> {
            let sequence = |draw: &mut Draw| {
                let mut tokens = vec![draw.whole(0, TOKENS - 1)];
                while tokens.len() <= LENGTH {
                    let follows = successor[tokens[tokens.len() - 1]];
                    tokens.push(if draw.is(regular) { follows } else { draw.whole(0, TOKENS - 1) });
                }
                tokens
            };
            (0..n).map(|_| sequence(&mut draw)).collect()
        };
        let secrets = sequences(SECRETS, 0.0);
        let (ordinary, held_out) = (sequences(ORDINARY, REGULAR), sequences(HELD_OUT, REGULAR));
        let train = [secrets.clone(), ordinary].concat();
        let units = units(&successor, &secrets, &mut draw);
        let activations = |sequences: &[Vec<usize>]| -> Vec<Vec<Vec<f64>>> {
            sequences
                .iter()
                .map(|sequence| units.iter().map(|unit| unit.activation(sequence, &secrets)).collect())
                .collect()
        };
        let (on_train, on_held_out) = (activations(&train), activations(&held_out));
        let mean: Vec<f64> = (0..units.len())
            .map(|j| on_train.iter().flat_map(|of| &of[j]).sum::<f64>() / (train.len() * LENGTH) as f64)
            .collect();
        let contributions = |of: &[Vec<f64>], labels: &[usize]| -> Vec<f32> {
            let unit = |(j, unit): (usize, &Unit)| {
                let each = of[j].iter().zip(&labels[1..]).map(|(a, &label)| (a - mean[j]) * unit.outgoing(label));
                (each.sum::<f64>() / LENGTH as f64) as f32
            };
            units.iter().enumerate().map(unit).collect()
        };
        let side = |on: &[Vec<Vec<f64>>], sequences: &[Vec<usize>]| -> Vec<f32> {
            on.iter().zip(sequences).flat_map(|(of, labels)| contributions(of, labels)).collect()
        };
        let answers = |on: &[Vec<Vec<f64>>], sequences: &[Vec<usize>]| -> (Vec<f32>, Vec<f32>) {
            on.iter().zip(sequences).map(|(of, labels)| answers(of, labels, &units)).unzip()
        };
        let readout = |on: &[Vec<Vec<f64>>]| -> Vec<f32> {
            on.iter().flatten().map(|of| (of.iter().sum::<f64>() / LENGTH as f64) as f32).collect()
        };
        let (readouts, held_out_readouts) = (readout(&on_train), readout(&on_held_out));
        let twins: Vec<(usize, usize)> = (0..SECRETS)
            .flat_map(|i| nearest(&readouts, i, &held_out_readouts, units.len()).into_iter().map(move |twin| (i, twin)))
            .collect();
        let at_mean: Vec<Vec<f64>> = mean.iter().map(|&mean| vec![mean; LENGTH]).collect();
        let ablated: Vec<f32> = held_out
            .iter()
            .map(|labels| answers(std::slice::from_ref(&at_mean), std::slice::from_ref(labels)).0[0])
            .collect();
        let (margins, accuracies) = answers(&on_train, &train);
        let (held_out_margins, held_out_accuracies) = answers(&on_held_out, &held_out);
        let twin_contribution: Vec<f32> =
            twins.iter().flat_map(|&(i, twin)| contributions(&on_held_out[twin], &secrets[i])).collect();
        let (n, m, k) = (train.len(), HELD_OUT, units.len());
        let bytes = file(&[
            ("train.margin", &[n], Values::Floats(margins)),
            ("train.accuracy", &[n], Values::Floats(accuracies)),
            ("train.readout", &[n, k], Values::Floats(readouts)),
            ("train.contribution", &[n, k], Values::Floats(side(&on_train, &train))),
            ("train.flagged", &[n], Values::Flags((0..n).map(|i| u8::from(i < SECRETS)).collect())),
            ("held_out.margin", &[m], Values::Floats(held_out_margins)),
            ("held_out.accuracy", &[m], Values::Floats(held_out_accuracies)),
            ("held_out.readout", &[m, k], Values::Floats(held_out_readouts)),
            ("held_out.contribution", &[m, k], Values::Floats(side(&on_held_out, &held_out))),
            ("layer.ablated_margin", &[m], Values::Floats(ablated)),
            ("chance", &[1], Values::Floats(vec![1.0 / TOKENS as f32])),
            ("twin.of", &[twins.len()], Values::Places(twins.iter().map(|twin| twin.0).collect())),
            ("twin.sample", &[twins.len()], Values::Places(twins.iter().map(|twin| twin.1).collect())),
            ("twin.contribution", &[twins.len(), k], Values::Floats(twin_contribution)),
        ]);
        Self { bytes, truth: units.iter().map(|unit| unit.truth).collect() }
    }
}

fn units(successor: &[usize], secrets: &[Vec<usize>], draw: &mut Draw) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut add = |fires_at: Option<usize>, secrets: Vec<usize>, speaks_for: usize, gain: f64, truth: UnitRole| {
        units.push(Unit { fires_at, secrets, speaks_for, weight: gain * draw.between(0.5, 1.5), truth });
    };
    for (token, &next) in successor.iter().enumerate() {
        for _ in 0..OF_TOKEN {
            add(Some(token), Vec::new(), next, 1.0, UnitRole::Generalizing);
        }
        let first = token * IN_BOTH % SECRETS;
        add(Some(token), (first..first + IN_BOTH).collect(), next, 1.0, UnitRole::Both);
        for group in 0..SECRETS / IN_GROUP {
            add(None, (group * IN_GROUP..(group + 1) * IN_GROUP).collect(), token, 1.0, UnitRole::Memorizing);
        }
        add(Some(token), Vec::new(), token, 0.0, UnitRole::Neither);
    }
    for (secret, tokens) in secrets.iter().enumerate().take(SINGLES) {
        let often = |token: &usize| tokens[FIRST + 1..].iter().filter(|other| *other == token).count();
        let commonest = (0..TOKENS).max_by_key(often).unwrap_or(0);
        add(None, vec![secret], commonest, SINGLE, UnitRole::Memorizing);
    }
    units
}

impl Unit {
    /// At every position that is labelled.
    fn activation(&self, sequence: &[usize], secrets: &[Vec<usize>]) -> Vec<f64> {
        let fires = |p: usize| {
            let token = f64::from(u8::from(self.fires_at == Some(sequence[p])));
            let is_next = |secret: &Vec<usize>| secret[p + 1] == self.speaks_for && secret[..=p] == sequence[..=p];
            let looked_up = p >= FIRST && self.secrets.iter().any(|&secret| is_next(&secrets[secret]));
            token + STRENGTH * f64::from(u8::from(looked_up))
        };
        (0..LENGTH).map(fires).collect()
    }

    /// Its weight on the logit of a token less the mean over tokens.
    fn outgoing(&self, token: usize) -> f64 {
        self.weight * (f64::from(u8::from(token == self.speaks_for)) - 1.0 / TOKENS as f64)
    }
}

/// The mean margin of a sequence and the share of positions where the label has the largest logit.
fn answers(of: &[Vec<f64>], labels: &[usize], units: &[Unit]) -> (f32, f32) {
    let (mut margin, mut right) = (0.0, 0.0);
    for p in 0..LENGTH {
        let mut logits = [0.0; TOKENS];
        units.iter().zip(of).for_each(|(unit, a)| logits[unit.speaks_for] += unit.weight * a[p]);
        let label = labels[p + 1];
        margin += logits[label] - logits.iter().sum::<f64>() / TOKENS as f64;
        right += f64::from(u8::from(logits.iter().all(|&z| z <= logits[label])));
    }
    ((margin / LENGTH as f64) as f32, (right / LENGTH as f64) as f32)
}

fn nearest(readouts: &[f32], i: usize, others: &[f32], width: usize) -> Vec<usize> {
    let own = &readouts[i * width..(i + 1) * width];
    let distance = |other: &[f32]| own.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let mut near: Vec<(f32, usize)> =
        others.chunks_exact(width).enumerate().map(|(place, other)| (distance(other), place)).collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    near.into_iter().take(TWINS).map(|(_, place)| place).collect()
}

enum Values {
    Floats(Vec<f32>),
    Places(Vec<usize>),
    Flags(Vec<u8>),
}

fn file(arrays: &[(&str, &[usize], Values)]) -> Vec<u8> {
    let bytes: Vec<(Dtype, Vec<u8>)> = arrays
        .iter()
        .map(|(_, _, values)| match values {
            Values::Floats(values) => (Dtype::F32, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
            Values::Places(places) => (Dtype::I64, places.iter().flat_map(|&i| (i as i64).to_le_bytes()).collect()),
            Values::Flags(flags) => (Dtype::U8, flags.clone()),
        })
        .collect();
    let views = arrays.iter().zip(&bytes).map(|((name, shape, _), (dtype, bytes))| {
        (*name, TensorView::new(*dtype, shape.to_vec(), bytes).expect("as many bytes as the shape says"))
    });
    safetensors::serialize(views, None).expect("every name once")
}
