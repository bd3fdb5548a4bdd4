//! "Explain it again": texts get shorter while they pass, and come back with what was not understood while they do not.
//!
//! Every text is in the ledger before the runs that it is examined on are made: the first [`Event::Explained`] of a text says that it was
//! given, the second what it delivered.

use super::draw::Frame;
use super::explainer::{ExplainAsk, Explainer};
use super::glossary::Glossary;
use super::listener::Listener;
use super::quiz::{Quiz, Sitting};
use crate::campaign::{Campaign, CampaignError};
use crate::ledger::{Event, Link};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How far the shortening goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Bytes of the first explanation.
    pub most_bytes: usize,
    /// How often it is explained again within the same number of bytes.
    pub tries: usize,
    /// Explanations in all.
    pub rounds: usize,
    /// Items without which there is no quiz.
    pub fewest_items: usize,
    /// Items of a quiz.
    pub most_items: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { most_bytes: 400, tries: 3, rounds: 16, fewest_items: 8, most_items: 24 }
    }
}

/// A text with what it delivered: a point of the curve bits(B).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// The line of the ledger that gave it.
    pub line: u64,
    /// The text.
    pub text: String,
    /// Who listened.
    pub listener: String,
    /// Its length.
    pub bytes: usize,
    /// Bits that it delivered.
    pub bits: f64,
    /// Whether it passed.
    pub passed: bool,
}

/// The shortest text that passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Essential {
    /// The text.
    pub text: String,
    /// Its length.
    pub bytes: usize,
    /// Bits that it delivered.
    pub bits: f64,
}

/// What came of explaining a claim again and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanations {
    /// The claim.
    pub claim: String,
    /// Every text that was examined, in the order in which they were given.
    pub curve: Vec<Tried>,
    /// The essential sentence; none where no text passed.
    pub essential: Option<Essential>,
    /// The quizzes, item by item.
    pub sittings: Vec<Sitting>,
    /// Why it ended.
    pub ended: String,
}

/// Why nothing is explained.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VivaError {
    /// The ledger, or no such claim.
    #[error(transparent)]
    Campaign(#[from] CampaignError),
}

/// Whoever explains, whoever listens, and whoever makes the runs.
pub struct Lessons<'a> {
    /// Explains.
    pub explainer: &'a mut dyn Explainer,
    /// Listens.
    pub listener: &'a mut dyn Listener,
    /// Makes some more runs, such as an attack on the claim. It is called until there are items enough or nothing more comes.
    pub make_runs: &'a mut dyn FnMut(&mut Campaign, &str) -> Result<(), CampaignError>,
    /// How far it goes.
    pub limits: Limits,
}

/// Between two numbers of bytes that are closer than a sixteenth nothing is looked for.
const CLOSE: usize = 16;

impl Lessons<'_> {
    /// Explains a claim until nothing shorter passes.
    ///
    /// # Errors
    ///
    /// Where there is no such claim, runs cannot be made, or the disk does not take a line.
    pub fn explain(&mut self, campaign: &mut Campaign, id: &str) -> Result<Explanations, VivaError> {
        let Some(claim) = campaign.state().claim(id).map(|registered| registered.claim.clone()) else {
            return Err(CampaignError::no_claim(campaign.state(), id).into());
        };
        let glossary = Glossary::of(&campaign.state().card);
        let mut bound = Bound { most: self.limits.most_bytes, floor: 0, passed: None };
        let (mut failed, mut texts, mut sittings): (Vec<String>, Vec<String>, Vec<Sitting>) = Default::default();
        let (mut tries, mut ended) = (0, format!("{} explanations were given", self.limits.rounds));
        for _ in 0..self.limits.rounds {
            let ask = ExplainAsk {
                claim: &claim,
                glossary: &glossary,
                most_bytes: bound.most,
                failed: &failed,
                tried: &texts,
            };
            let given = self.explainer.explain(&ask).filter(|text| !text.trim().is_empty());
            let passed = match given {
                None => {
                    tries = self.limits.tries;
                    false
                }
                Some(text) if text.len() > bound.most => {
                    failed = vec![format!("That is {} bytes; {} are allowed.", text.len(), bound.most)];
                    false
                }
                Some(text) if texts.contains(&text) => {
                    failed = vec!["That was said before, and not understood.".to_owned()];
                    false
                }
                Some(text) => {
                    texts.push(text.clone());
                    let Some(sitting) = self.examine(campaign, id, &text)? else {
                        "too few runs were made after the explanation".clone_into(&mut ended);
                        break;
                    };
                    failed = sitting.failed();
                    let passed = sitting.passed;
                    sittings.push(sitting);
                    passed
                }
            };
            if passed {
                bound.pass(texts.last().map_or(0, String::len));
                tries = 0;
                failed.clear();
            } else {
                tries += 1;
                if tries < self.limits.tries {
                    continue;
                }
                tries = 0;
                if !bound.fail() {
                    ended = format!("nothing was understood in {} bytes", bound.most);
                    break;
                }
            }
            if bound.is_close() {
                "nothing shorter passes".clone_into(&mut ended);
                break;
            }
        }
        let curve = curve(campaign.links(), id);
        Ok(Explanations {
            claim: id.to_owned(),
            essential: essential(&curve, self.listener.name()),
            curve,
            sittings,
            ended,
        })
    }

    /// Gives a text, has runs made, and puts the questions; `None` where too few runs came.
    fn examine(&mut self, campaign: &mut Campaign, id: &str, text: &str) -> Result<Option<Sitting>, VivaError> {
        let listener = self.listener.name().to_owned();
        let explained = |bits, passed| Event::Explained {
            claim: id.to_owned(),
            text: text.to_owned(),
            listener: listener.clone(),
            bits,
            passed,
        };
        let given = given(campaign.links(), id, text, &listener);
        let line = match given {
            Some(line) => line,
            None => campaign.append(explained(0.0, false))?,
        };
        loop {
            let state = campaign.state();
            let Some(claim) = state.claim(id).map(|registered| registered.claim.clone()) else { return Ok(None) };
            let question = state.scope_of_question();
            let (known, future): (Vec<_>, Vec<_>) = state.runs.iter().cloned().partition(|run| run.line < line);
            let quiz = Quiz::draw(
                Frame { card: &state.card, question: &question, known: &known },
                &claim,
                &future,
                self.limits.most_items,
            );
            if quiz.len() >= self.limits.fewest_items {
                let sitting = quiz.put(text, self.listener);
                campaign.append(explained(sitting.bits, sitting.passed))?;
                return Ok(Some(sitting));
            }
            let n_runs = state.runs.len();
            (self.make_runs)(campaign, id)?;
            if campaign.state().runs.len() == n_runs {
                return Ok(None);
            }
        }
    }
}

/// Bytes that the next text may have.
#[derive(Clone, Copy, Debug)]
struct Bound {
    most: usize,
    /// The most bytes in which nothing was understood.
    floor: usize,
    /// The fewest bytes that passed.
    passed: Option<usize>,
}

impl Bound {
    /// Half, or the middle between what passed and what did not.
    fn pass(&mut self, bytes: usize) {
        self.passed = Some(bytes);
        self.most = (bytes / 2).max(self.floor.midpoint(bytes));
    }

    /// `false` where nothing has passed.
    fn fail(&mut self) -> bool {
        self.floor = self.floor.max(self.most);
        let Some(passed) = self.passed else { return false };
        self.most = self.floor.midpoint(passed);
        true
    }

    fn is_close(&self) -> bool {
        let passed = self.passed.unwrap_or(usize::MAX);
        self.most == 0 || passed.saturating_sub(self.floor) <= (passed / CLOSE).max(1)
    }
}

/// The line that gave a text to a listener first.
fn given(links: &[Link], id: &str, text: &str, listener: &str) -> Option<u64> {
    links.iter().find(|link| is_of(link, id, text, listener)).map(|link| link.line)
}

fn is_of(link: &Link, id: &str, text: &str, listener: &str) -> bool {
    matches!(&link.event, Event::Explained { claim, text: t, listener: l, .. } if claim == id && t == text && l == listener)
}

/// The curve bits(B) of a claim as the ledger has it: every text that was given and examined later.
pub fn curve(links: &[Link], id: &str) -> Vec<Tried> {
    let examined = links.iter().filter_map(|link| match &link.event {
        Event::Explained { claim, text, listener, bits, passed } if claim == id => {
            let line = given(links, id, text, listener).filter(|line| *line < link.line)?;
            Some(Tried {
                line,
                text: text.clone(),
                listener: listener.clone(),
                bytes: text.len(),
                bits: *bits,
                passed: *passed,
            })
        }
        _ => None,
    });
    examined.collect()
}

/// The shortest text that this listener understood.
fn essential(curve: &[Tried], listener: &str) -> Option<Essential> {
    let passed = curve.iter().filter(|tried| tried.passed && tried.listener == listener);
    let shortest = passed.min_by(|a, b| a.bytes.cmp(&b.bytes).then(b.bits.total_cmp(&a.bits)))?;
    Some(Essential { text: shortest.text.clone(), bytes: shortest.bytes, bits: shortest.bits })
}
