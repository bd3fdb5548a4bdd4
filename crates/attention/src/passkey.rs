//! Whether a model still knows a key that was hidden in a long text: the passkey test of Mohtashami & Jaggi 2023
//! (arXiv:2305.16300), with the same prompts for every cache policy.
//!
//! ```text
//! task ▸ filler of the trial's depth ▸ "The pass key is 48213. …" ▸ filler of the distance ▸ question ▸ "The pass key is " ▸ 4 8 2 1 3
//! ```
//!
//! Filler is a real text instead of the repeated sentences of the original, and its length is counted in tokens between key and
//! question. The answer is checked token by token with the right ones before it, which finds the same keys right as greedy
//! decoding would. Distances of one trial share what comes before: the text is read once, and at each distance the question is
//! asked and then forgotten.

use crate::cache::{Cache, Policy};
use crate::decoder::Decoder;
use crate::tokenizer::Tokenizer;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// What the model is told first.
const TASK: &str = "There is an important pass key hidden inside a lot of irrelevant text. Find it and memorize it. I will quiz you \
                    about it at the end.\n\n";
/// What it is asked.
const QUESTION: &str = "\n\nWhat is the pass key that was hidden in the text?";
/// How the answer begins.
const ANSWER: &str = "The pass key is ";
/// Digits of a key.
const DIGITS: usize = 5;
/// Tokens of filler before the key; trials take them in turn.
const DEPTHS: [usize; 3] = [0, 128, 512];
/// Probability of guessing a key.
pub const CHANCE: f64 = 1e-5;

/// Why there is nothing to test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasskeyError {
    /// Too little text.
    #[error(
        "the text has {found} tokens, a distance of {distance} takes {needed}: take a longer text or smaller distances"
    )]
    Short {
        /// Tokens of it.
        found: usize,
        /// The largest distance.
        distance: usize,
        /// What it takes.
        needed: usize,
    },
}

/// The test: what all trials share.
pub struct Passkey<'t> {
    tokenizer: &'t Tokenizer,
    /// Tokens before all filler.
    before: Vec<u32>,
    /// From the question to where the key is to come.
    after: String,
    filler: &'t [u32],
    /// Tokens between key and question, ascending.
    distances: Vec<usize>,
    seed: u64,
}

/// One hidden key.
pub struct Trial {
    /// Its digits.
    pub key: String,
    /// Tokens of filler before it.
    pub depth: usize,
    /// Everything up to the key and its sentence.
    opening: Vec<u32>,
    /// What follows, as long as the largest distance.
    filler: Vec<u32>,
    /// The question.
    question: Vec<u32>,
    /// The key as the model has to write it.
    answer: Vec<u32>,
    /// Positions of the key's two mentions.
    mentions: [Range<usize>; 2],
    /// Tokens from where its last mention's sentence begins to where filler does.
    since_mention: usize,
}

/// What came of one question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Whether every token of the key was the likeliest.
    pub is_right: bool,
    /// ln p of the whole key.
    pub log_probability: f64,
}

impl<'t> Passkey<'t> {
    /// A test; `head` and `tail` are what a chat template writes before and after what the user says, `begin` what begins a text
    /// without a template.
    pub fn new(
        tokenizer: &'t Tokenizer,
        (head, tail): (&str, &str),
        begin: Option<u32>,
        filler: &'t [u32],
        mut distances: Vec<usize>,
        seed: u64,
    ) -> Result<Self, PasskeyError> {
        distances.sort_unstable();
        distances.dedup();
        let distance = distances.last().copied().unwrap_or(0);
        let needed = distance + DEPTHS[DEPTHS.len() - 1];
        if filler.len() < needed {
            return Err(PasskeyError::Short { found: filler.len(), distance, needed });
        }
        let task = tokenizer.encode_with_special(&format!("{head}{TASK}"));
        let before = begin.into_iter().chain(task).collect();
        Ok(Self { tokenizer, before, after: format!("{QUESTION}{tail}{ANSWER}"), filler, distances, seed })
    }

    /// Tokens between key and question, ascending.
    pub fn distances(&self) -> &[usize] {
        &self.distances
    }

    /// The trial of this number; the same for every policy.
    pub fn trial(&self, number: usize) -> Trial {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(number as u64);
        let key: String = (0..DIGITS).map(|_| char::from(b'0' + rng.random_range(0..10u8))).collect();
        let depth = DEPTHS[number % DEPTHS.len()];
        let n_filler = depth + self.distances.last().copied().unwrap_or(0);
        let from = rng.random_range(0..=self.filler.len() - n_filler);
        let (shallow, deep) = self.filler[from..from + n_filler].split_at(depth);
        let told = format!("\n\n{ANSWER}{key}. Remember it. ");
        let (said, mention) = self.divided(&told, &format!("{key} is the pass key.\n\n"));
        let opening = [&self.before[..], shallow, &said, &mention].concat();
        let told_from = opening.len() - said.len() - mention.len();
        let mentions = ["\n\n".len() + ANSWER.len(), told.len()].map(|byte| {
            let tokens = self.covering(&opening[told_from..], byte..byte + key.len());
            told_from + tokens.start..told_from + tokens.end
        });
        let (question, answer) = self.divided(&self.after, &key);
        Trial { key, depth, opening, filler: deep.to_vec(), question, answer, mentions, since_mention: mention.len() }
    }

    /// Tokens of two texts as one, divided at the first that reaches into the second.
    fn divided(&self, first: &str, second: &str) -> (Vec<u32>, Vec<u32>) {
        let mut tokens = self.tokenizer.encode_with_special(&format!("{first}{second}"));
        let mut n_bytes = 0;
        let reaches = |token: &u32| {
            n_bytes += self.tokenizer.bytes(*token).len();
            n_bytes > first.len()
        };
        let at = tokens.iter().position(reaches).unwrap_or(tokens.len());
        let rest = tokens.split_off(at);
        (tokens, rest)
    }

    /// The tokens that have a part in these bytes of their text.
    fn covering(&self, tokens: &[u32], bytes: Range<usize>) -> Range<usize> {
        let ends: Vec<usize> = tokens
            .iter()
            .scan(0, |n_bytes, token| {
                *n_bytes += self.tokenizer.bytes(*token).len();
                Some(*n_bytes)
            })
            .collect();
        let start = ends.partition_point(|end| *end <= bytes.start);
        start..(ends.partition_point(|end| *end < bytes.end) + 1).min(tokens.len())
    }

    /// Reads a trial into an empty cache and asks at every distance, in order.
    pub fn ask(&self, trial: &Trial, decoder: &mut Decoder<'_>, cache: &mut Cache) -> Vec<Answer> {
        decoder.read(cache, &trial.opening);
        let mut from = 0;
        let mut ask = |distance: &usize| {
            let filler = &trial.filler[from..*distance];
            from = *distance;
            if !filler.is_empty() {
                decoder.read(cache, filler);
            }
            let saved = cache.save();
            let answer = answer(decoder, cache, trial);
            cache.restore(&saved).expect("the cache that it was saved from");
            answer
        };
        self.distances.iter().map(&mut ask).collect()
    }
}

impl Trial {
    /// The largest distance at which a policy still holds a mention of the key when its last token is asked for; negative where the
    /// question alone fills the window, `None` where it depends on what attention does or on where chunks end, or where first keys that are
    /// never dropped have a part of a mention.
    pub fn reach(&self, policy: Policy) -> Option<i64> {
        let (far, recent) = match policy {
            Policy::Full => return Some(i64::MAX),
            Policy::Window { recent } => (0, recent),
            Policy::Sinks { far, recent } | Policy::SinksAbsolute { far, recent } => (far, recent),
            _ => return None,
        };
        if self.mentions.iter().any(|mention| mention.end <= far) {
            return Some(i64::MAX);
        }
        let is_cut = self.mentions.iter().any(|mention| mention.start < far);
        (!is_cut).then(|| recent as i64 - self.span() as i64)
    }

    /// Keys from the key's last mention to the query that asks for its last token, without filler.
    fn span(&self) -> usize {
        self.since_mention + self.question.len() + self.answer.len() - 1
    }

    /// Tokens of its prompt at a distance.
    pub fn n_tokens(&self, distance: usize) -> usize {
        self.opening.len() + distance + self.question.len() + self.answer.len()
    }
}

/// What came of all trials of one policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// As it was written.
    pub policy: String,
    /// Up to which distance it holds the key, in the trial where that is least; `None` where it is not known beforehand.
    pub reach: Option<i64>,
    /// The same in the trial where it is most.
    most: i64,
    /// One for each distance, ascending.
    pub cells: Vec<Cell>,
}

/// One policy at one distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Tokens between key and question.
    pub distance: usize,
    /// Keys that were asked for.
    pub trials: usize,
    /// Those that were known.
    pub right: usize,
    /// Σ ln p of the keys.
    log_probability: f64,
}

impl Tally {
    /// Nothing yet of a policy.
    pub fn new(policy: &str, distances: &[usize]) -> Self {
        let cell = |distance: &usize| Cell { distance: *distance, trials: 0, right: 0, log_probability: 0.0 };
        Self {
            policy: policy.to_owned(),
            reach: Some(i64::MAX),
            most: i64::MIN,
            cells: distances.iter().map(cell).collect(),
        }
    }

    /// Adds the answers of a trial, one a distance; `policy` is what all heads have, if they have the same.
    pub fn add(&mut self, trial: &Trial, policy: Option<Policy>, answers: &[Answer]) {
        self.add_answers(policy.and_then(|policy| trial.reach(policy)), answers);
    }

    /// The same for a policy that holds the key up to a distance of `reach`.
    pub fn add_answers(&mut self, reach: Option<i64>, answers: &[Answer]) {
        assert_eq!(answers.len(), self.cells.len(), "an answer a distance");
        self.reach = self.reach.zip(reach).map(|(a, b)| a.min(b));
        self.most = reach.map_or(self.most, |reach| reach.max(self.most));
        for (cell, answer) in self.cells.iter_mut().zip(answers) {
            cell.trials += 1;
            cell.right += usize::from(answer.is_right);
            cell.log_probability += answer.log_probability;
        }
    }

    /// Whether the key is still held at a distance; `None` where that is not known, or not the same in all trials.
    pub fn holds(&self, distance: usize) -> Option<bool> {
        let distance = distance as i64;
        let reach = self.reach?;
        if distance <= reach { Some(true) } else { (distance > self.most).then_some(false) }
    }
}

impl Cell {
    /// Share of keys that were known.
    pub fn accuracy(&self) -> f64 {
        self.right as f64 / self.trials as f64
    }

    /// Mean ln p of a key.
    pub fn log_probability(&self) -> f64 {
        self.log_probability / self.trials as f64
    }
}

/// Asks for the key.
fn answer(decoder: &mut Decoder<'_>, cache: &mut Cache, trial: &Trial) -> Answer {
    let mut answer = Answer { is_right: true, log_probability: 0.0 };
    let mut unread: &[u32] = &trial.question;
    for (i, token) in trial.answer.iter().enumerate() {
        let logits = decoder.read(cache, unread);
        answer.is_right &= likeliest(logits) == *token as usize;
        answer.log_probability += log_probability(logits, *token as usize);
        unread = &trial.answer[i..=i];
    }
    answer
}

/// The first of the largest.
fn likeliest(logits: &[f32]) -> usize {
    logits.iter().enumerate().fold(0, |best, (i, logit)| if *logit > logits[best] { i } else { best })
}

/// ln softmax, in f64.
fn log_probability(logits: &[f32], token: usize) -> f64 {
    let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|logit| (f64::from(*logit) - most).exp()).sum();
    f64::from(logits[token]) - most - sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{Assignment, Precision};
    use crate::file::ModelFile;
    use crate::model::Model;
    use dunwu_attention_fixtures::{Format, Tiny};

    fn tiny() -> (Model, Tokenizer) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiny.gguf");
        Tiny::default().write_gguf(&path, Format::F32, 3).unwrap();
        let file = ModelFile::open(&path).unwrap();
        (Model::load(&file, &mut |_, _| ()).unwrap(), Tokenizer::new(&file.tokenizer).unwrap())
    }

    const FRAME: (&str, &str) = ("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n");

    fn filler(tokenizer: &Tokenizer) -> Vec<u32> {
        let words = [" the cat and of", " the hen and of", " the rain and of"].concat().repeat(667);
        tokenizer.encode(words.as_bytes())
    }

    fn text(tokenizer: &Tokenizer, tokens: &[u32]) -> String {
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| tokenizer.bytes(*token).to_vec()).collect();
        String::from_utf8(bytes).unwrap()
    }

    /// The whole prompt of a trial at a distance.
    fn prompt(trial: &Trial, distance: usize) -> Vec<u32> {
        [&trial.opening[..], &trial.filler[..distance], &trial.question].concat()
    }

    #[test]
    fn a_prompt_hides_the_key_so_many_tokens_before_the_question() {
        let (_, tokenizer) = tiny();
        let filler = filler(&tokenizer);
        let test = Passkey::new(&tokenizer, FRAME, None, &filler, vec![90, 10, 90], 7).unwrap();
        assert_eq!(test.distances(), [10, 90]);
        let mut keys = Vec::new();
        for number in 0..6 {
            let trial = test.trial(number);
            let said = text(&tokenizer, &prompt(&trial, 10));
            let Trial { key, depth, .. } = &trial;
            assert!(said.starts_with("<|im_start|>user\nThere is an important pass key"), "{said}");
            assert!(
                said.contains(&format!("\n\nThe pass key is {key}. Remember it. {key} is the pass key.\n\n")),
                "{said}"
            );
            assert!(said.ends_with("<|im_end|>\n<|im_start|>assistant\nThe pass key is "), "{said}");
            assert_eq!(said.matches(key.as_str()).count(), 2, "{said}");
            assert_eq!(text(&tokenizer, &trial.answer), *key);
            assert_eq!(*depth, DEPTHS[number % DEPTHS.len()]);
            assert_eq!(prompt(&trial, 90).len() + trial.answer.len(), trial.n_tokens(90));
            let again = Passkey::new(&tokenizer, FRAME, None, &filler, vec![90], 7).unwrap().trial(number);
            assert_eq!(prompt(&again, 90), prompt(&trial, 90));
            keys.push(key.clone());
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 6);
        let other = Passkey::new(&tokenizer, FRAME, None, &filler, vec![90], 8).unwrap().trial(0);
        assert_ne!(other.key, test.trial(0).key);
    }

    #[test]
    fn what_is_asked_on_the_way_is_what_would_be_asked_from_the_beginning() {
        let (model, tokenizer) = tiny();
        let filler = filler(&tokenizer);
        let test = Passkey::new(&tokenizer, FRAME, None, &filler, vec![5, 40, 100], 1).unwrap();
        let shape = model.hyperparameters();
        let mut decoder = Decoder::new(&model, 1);
        for policy in ["full", "sinks:4+60", "h2o:8+40"] {
            let assignment = Assignment::uniform(policy.parse().unwrap(), shape);
            let trial = test.trial(2);
            let mut cache = Cache::new(shape, &assignment, Precision::F32);
            for (answer, distance) in test.ask(&trial, &mut decoder, &mut cache).iter().zip([5, 40, 100]) {
                let prompt = prompt(&trial, distance);
                let mut cache = Cache::new(shape, &assignment, Precision::F32);
                let (last, before) = prompt.split_last().unwrap();
                decoder.read(&mut cache, before);
                let asked = [&[*last], &trial.answer[..trial.answer.len() - 1]].concat();
                let nats: f64 =
                    decoder.surprise(&mut cache, &asked, &trial.answer).iter().map(|nats| f64::from(*nats)).sum();
                // Logarithms of a softmax in 32 bits, five of them.
                assert!((answer.log_probability + nats).abs() < 1e-4, "{policy}, {distance}: {answer:?}, {nats}");
                assert!(!answer.is_right, "a model that knows nothing knows no key");
            }
        }
    }

    #[test]
    fn a_key_is_held_as_far_as_the_window_reaches_from_its_last_query() {
        let (_, tokenizer) = tiny();
        let filler = filler(&tokenizer);
        let test = Passkey::new(&tokenizer, FRAME, None, &filler, vec![300], 1).unwrap();
        let trial = test.trial(1);
        let recent = 150;
        let policy = Policy::Sinks { far: 4, recent };
        let reach = trial.reach(policy).unwrap();
        for distance in [reach as usize, reach as usize + 1] {
            let prompt = prompt(&trial, distance);
            let last_query = prompt.len() + trial.answer.len() - 2;
            let at = (0..prompt.len()).rev().find(|from| prompt[*from..].starts_with(&trial.answer)).unwrap();
            let is_held = at + recent > last_query;
            assert_eq!(is_held, distance as i64 <= reach, "{distance}");
        }
        assert_eq!(trial.reach(Policy::Window { recent }), Some(reach));
        assert_eq!(trial.reach(Policy::Full), Some(i64::MAX));
        assert!(trial.reach(Policy::Window { recent: 1 }).unwrap() < 0);
        assert_eq!(trial.reach("h2o:512+512".parse().unwrap()), None);
    }

    #[test]
    fn a_key_among_first_keys_that_are_never_dropped_is_held_for_ever() {
        let (_, tokenizer) = tiny();
        let filler = filler(&tokenizer);
        let test = Passkey::new(&tokenizer, FRAME, None, &filler, vec![600], 1).unwrap();
        let deep = test.trial(2);
        let window = deep.reach(Policy::Window { recent: 300 });
        for number in 0..3 {
            let trial = test.trial(number);
            let prompt = prompt(&trial, 600);
            let mentions: Vec<usize> =
                (0..prompt.len()).filter(|from| prompt[*from..].starts_with(&trial.answer)).collect();
            let wanted: Vec<Range<usize>> = mentions.iter().map(|from| *from..from + trial.answer.len()).collect();
            assert_eq!(trial.mentions.to_vec(), wanted, "the tiny tokenizer writes each digit alone");
            let Range { start, end } = wanted[0];
            for (far, reach) in [(end, Some(i64::MAX)), (end - 1, None), (start + 1, None), (start, window)] {
                for policy in [Policy::Sinks { far, recent: 300 }, Policy::SinksAbsolute { far, recent: 300 }] {
                    assert_eq!(trial.reach(policy), reach, "{policy}, first mention at {start}..{end}");
                }
            }
        }
        let sinks: Policy = "sinks:200+300".parse().unwrap();
        let [shallow, deep] = [0, 2].map(|number| test.trial(number).reach(sinks));
        assert_eq!((shallow, deep), (Some(i64::MAX), window));
        let mut tally = Tally::new("sinks:200+300", &[600]);
        let answer = Answer { is_right: true, log_probability: 0.0 };
        tally.add_answers(shallow, &[answer]);
        assert_eq!(tally.holds(600), Some(true));
        tally.add_answers(deep, &[answer]);
        assert_eq!(tally.holds(600), None, "held in one trial and dropped in the other");
    }

    #[test]
    fn a_text_too_short_to_hide_a_key_in_is_refused() {
        let (_, tokenizer) = tiny();
        let filler = filler(&tokenizer);
        let said = Passkey::new(&tokenizer, FRAME, None, &filler[..1000], vec![600], 1).err().unwrap().to_string();
        assert!(said.contains("1000 tokens") && said.contains("600 takes 1112"), "{said}");
    }

    #[test]
    fn answers_are_counted_by_distance() {
        let mut tally = Tally::new("sinks:4+60", &[1, 2]);
        let answer = |is_right, log_probability| Answer { is_right, log_probability };
        tally.add_answers(Some(7), &[answer(true, -0.5), answer(false, -3.0)]);
        tally.add_answers(Some(1), &[answer(true, -1.5), answer(true, -1.0)]);
        let cells: Vec<(usize, f64, f64)> =
            tally.cells.iter().map(|cell| (cell.right, cell.accuracy(), cell.log_probability())).collect();
        assert_eq!(cells, [(2, 1.0, -1.0), (1, 0.5, -2.0)]);
        assert_eq!(
            (tally.holds(1), tally.holds(2)),
            (Some(true), None),
            "the first trial held it at 2, the second did not"
        );
        assert_eq!((tally.holds(7), tally.holds(8)), (None, Some(false)));
        tally.add_answers(None, &[answer(true, -1.5), answer(true, -1.0)]);
        assert_eq!(tally.holds(1), None);
    }

    #[test]
    fn probabilities_of_a_softmax_are_those_of_its_definition() {
        let logits = [1.0f32, -2.0, 700.0, 699.0];
        assert!((log_probability(&logits, 2) + (1.0 + (-1f64).exp()).ln()).abs() < 1e-12);
        assert!((log_probability(&logits, 3) + 1.0 + (1.0 + (-1f64).exp()).ln()).abs() < 1e-12);
        assert_eq!(likeliest(&logits), 2);
        assert_eq!(likeliest(&[0.0, 3.0, 3.0]), 1);
    }
}
