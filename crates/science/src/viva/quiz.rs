//! A quiz: questions about runs of the future, put to a listener, and what the explanation delivered.
//!
//! ```text
//! bits of an item = log₂ p(outcome | explanation) − log₂ p(outcome | glossary)
//! ```

use super::answer::{Answer, Truth};
use super::draw::{Frame, draw};
use super::glossary::Glossary;
use super::item::Item;
use super::listener::{ControlledEnglish, Lesson, Listener};
use crate::claim::Claim;
use crate::judge::{RunRecord, Scale};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The share of the bits of the whole claim that an explanation has to deliver.
pub const PASS: f64 = 0.9;
/// Below so many bits of the whole claim there is nothing to be delivered, and nobody passes.
const LEAST_BITS: f64 = 1.0;
/// An item is failed that delivers a bit less than the whole claim does.
const FAILED: f64 = 1.0;
/// What an answer costs that is none.
const NO_ANSWER: f64 = -10.0;

/// Questions with their answers, for one explanation.
#[derive(Clone, Debug)]
pub struct Quiz<'a> {
    frame: Frame<'a>,
    glossary: Glossary,
    items: Vec<(Item, Truth)>,
    /// Bits of each item for a reader of the whole claim.
    full: Vec<f64>,
    left_out: usize,
}

/// What came of an explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sitting {
    /// The explanation.
    pub text: String,
    /// Who listened.
    pub listener: String,
    /// Its length.
    pub bytes: usize,
    /// Bits that it delivered.
    pub bits: f64,
    /// Bits that the whole claim delivers to the deterministic reader on the same items.
    pub full_bits: f64,
    /// Whether it delivered nine tenths of them.
    pub passed: bool,
    /// The questions.
    pub items: Vec<Marked>,
    /// Runs without an outcome that could be asked for.
    pub left_out: usize,
}

/// A question with what was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Marked {
    /// The question.
    pub item: Item,
    /// What was answered.
    pub answer: Answer,
    /// What came out.
    pub truth: Truth,
    /// Bits that were delivered.
    pub bits: f64,
    /// Bits that the whole claim delivers.
    pub full_bits: f64,
    /// Whether it comes back.
    pub failed: bool,
}

impl<'a> Quiz<'a> {
    /// Draws at most `most` questions about a claim from runs that were made after the explanation.
    pub fn draw(frame: Frame<'a>, claim: &Claim, future: &[RunRecord], most: usize) -> Self {
        let drawn = draw(frame, claim, future, most);
        let mut quiz = Self {
            frame,
            glossary: Glossary::of(frame.card),
            items: drawn.items,
            full: Vec::new(),
            left_out: drawn.left_out,
        };
        let whole = Claim { because: Vec::new(), ..claim.clone() }.sentence();
        let answers = quiz.answers(&whole, &mut ControlledEnglish::default());
        quiz.full = quiz
            .items
            .iter()
            .zip(&answers)
            .map(|((item, truth), answer)| quiz.delivered(item, truth, answer))
            .collect();
        quiz
    }

    /// How many questions there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The questions.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().map(|(item, _)| item)
    }

    /// Puts the questions to a listener that hears this text and nothing else.
    pub fn put(&self, text: &str, listener: &mut dyn Listener) -> Sitting {
        let answers = self.answers(text, listener);
        let marked = self.items.iter().zip(&self.full).zip(answers).map(|(((item, truth), full), answer)| {
            let bits = self.delivered(item, truth, &answer);
            Marked {
                item: item.clone(),
                truth: truth.clone(),
                bits,
                full_bits: *full,
                failed: bits < full - FAILED,
                answer,
            }
        });
        let items: Vec<Marked> = marked.collect();
        let bits: f64 = items.iter().map(|item| item.bits).sum();
        let full_bits: f64 = self.full.iter().sum();
        Sitting {
            text: text.to_owned(),
            listener: listener.name().to_owned(),
            bytes: text.len(),
            bits,
            full_bits,
            passed: full_bits >= LEAST_BITS && bits >= PASS * full_bits,
            items,
            left_out: self.left_out,
        }
    }

    fn answers(&self, text: &str, listener: &mut dyn Listener) -> Vec<Answer> {
        let Frame { card, question, known } = self.frame;
        listener.listen(&Lesson { glossary: &self.glossary, explanation: text, card, question, known });
        let items: Vec<Item> = self.items.iter().map(|(item, _)| item.clone()).collect();
        let mut answers = listener.answer_all(&items);
        answers.resize(items.len(), Answer::Silence);
        answers
    }

    /// What an answer delivers over the glossary's.
    fn delivered(&self, item: &Item, truth: &Truth, answer: &Answer) -> f64 {
        if *answer == Answer::Silence {
            return 0.0;
        }
        let scale = self.frame.card.observable(&item.observable).and_then(Scale::of);
        let of = |answer: &Answer| answer.log2_probability(scale, truth);
        match (of(answer), of(&item.marginal)) {
            (Some(bits), Some(marginal)) => bits - marginal,
            (None, _) => NO_ANSWER,
            (_, None) => 0.0,
        }
    }
}

impl Sitting {
    /// The failed items in sentences, the worst first: what is said to whoever explains it again.
    pub fn failed(&self) -> Vec<String> {
        let mut failed: Vec<&Marked> = self.items.iter().filter(|item| item.failed).collect();
        failed.sort_by(|a, b| (a.bits - a.full_bits).total_cmp(&(b.bits - b.full_bits)));
        failed
            .into_iter()
            .map(|item| format!("{} I said {}; it was {}.", item.item, item.heard(), item.truth))
            .collect()
    }

    /// Bits a byte.
    pub fn bits_per_byte(&self) -> f64 {
        self.bits / self.bytes.max(1) as f64
    }
}

impl Marked {
    /// What the listener went by.
    fn heard(&self) -> String {
        match &self.answer {
            Answer::Silence => format!("{}, as the glossary has it", self.item.marginal),
            answer => answer.to_string(),
        }
    }
}
