//! A recording: exchanges of a ledger, given again in their order, or made anew around another mind.

use crate::ask::Ask;
use crate::mind::{Mind, MindError};
use dunwu_science::ledger::{Event, Exchange, Link};
use std::collections::VecDeque;

/// Exchanges that are played, or recorded.
pub struct Cassette {
    name: String,
    left: VecDeque<Exchange>,
    recording: Option<Box<dyn Mind>>,
    recorded: Vec<Exchange>,
}

impl Cassette {
    /// Plays the exchanges of a ledger with one model.
    pub fn of(links: &[Link], model: &str) -> Self {
        let exchanges = links.iter().filter_map(|link| match &link.event {
            Event::Asked(exchange) if exchange.model == model => Some(exchange.clone()),
            _ => None,
        });
        Self::playing(model, exchanges.collect())
    }

    /// Plays these exchanges.
    pub fn playing(model: &str, exchanges: Vec<Exchange>) -> Self {
        Self { name: model.to_owned(), left: exchanges.into(), recording: None, recorded: Vec::new() }
    }

    /// Asks a mind and records what it says.
    pub fn recording(mind: Box<dyn Mind>) -> Self {
        Self { name: mind.name().to_owned(), left: VecDeque::new(), recording: Some(mind), recorded: Vec::new() }
    }

    /// What was recorded, or played, so far.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.recorded
    }

    /// Exchanges that were not played yet.
    pub fn left(&self) -> usize {
        self.left.len()
    }
}

impl Mind for Cassette {
    fn name(&self) -> &str {
        &self.name
    }

    fn ask(&mut self, ask: &Ask) -> Result<String, MindError> {
        if let Some(mind) = &mut self.recording {
            let answer = mind.ask(ask);
            let (text, fault) = match &answer {
                Ok(text) => (text.clone(), None),
                Err(error) => (String::new(), Some(error.to_string())),
            };
            self.recorded.push(Exchange { model: self.name.clone(), ask: ask.text(), answer: text, fault });
            return answer;
        }
        // Only in its order: what was asked otherwise was another campaign.
        let exchange = self.left.pop_front_if(|exchange| exchange.ask == ask.text()).ok_or(MindError::NotRecorded)?;
        self.recorded.push(exchange.clone());
        match exchange {
            Exchange { answer, fault: Some(fault), .. } if answer.is_empty() => Err(MindError::Recorded(fault)),
            Exchange { answer, .. } => Ok(answer),
        }
    }

    fn tokens(&self) -> Option<u64> {
        self.recording.as_ref().and_then(|mind| mind.tokens())
    }
}
