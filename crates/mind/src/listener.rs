//! A model that listens: it hears the glossary, an explanation and some runs of the past, and answers a quiz on runs of the future.

use crate::ask::{Ask, cut};
use crate::budget::Budget;
use crate::mind::Mind;
use crate::paid::{Paid, call};
use dunwu_science::viva::{Answer, Item, Lesson, Listener};
use serde::Deserialize;
use std::time::Duration;

/// Bytes of the glossary that it is given, at most.
const MOST_GLOSSARY: usize = 6_000;

const INSTRUCTIONS: &str = "Somebody explains to you what decides an outcome. You know the glossary, some runs of the past and the explanation, and nothing more. \
Answer every question with what the explanation makes you expect. Answer with one compact JSON array and nothing else, an object a question:\n\
{\"number\":1,\"value\":120,\"error\":0.2} where a value is asked for (error: how far it may be off, a share where errors are ratios, else an amount), \
{\"number\":2,\"chance\":0.9} where yes or no is asked for (chance: the probability of yes). Leave out what you cannot tell.";

/// A mind as a listener.
pub struct MindListener<'a> {
    mind: &'a mut dyn Mind,
    budget: &'a mut Budget,
    name: String,
    heard: String,
    /// What was wrong with its last answer as a whole.
    pub fault: Option<String>,
}

impl<'a> MindListener<'a> {
    /// A mind that listens, paid from a budget.
    pub fn new(mind: &'a mut dyn Mind, budget: &'a mut Budget) -> Self {
        let name = crate::by(mind.name());
        Self { mind, budget, name, heard: String::new(), fault: None }
    }

    fn asked(&mut self, items: &[Item]) -> Result<Vec<Answer>, String> {
        let questions: Vec<String> = items.iter().map(|item| format!("{}. {item}", item.number)).collect();
        let mut ask = Ask {
            instructions: INSTRUCTIONS.to_owned(),
            situation: format!("{}\nQuestions:\n{}\n", self.heard, questions.join("\n")),
            wrong: None,
            answer_tokens: self.budget.answer_tokens,
            within: Duration::from_mins(1),
        };
        match call(self.mind, &mut ask, self.budget) {
            Paid::Answered(answer) => answers_of(&answer, items),
            Paid::Failed(error) => Err(error.to_string()),
            Paid::NotMade(why) => Err(why),
        }
    }
}

impl Listener for MindListener<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn listen(&mut self, lesson: &Lesson<'_>) {
        let glossary = cut(&lesson.glossary.to_string(), MOST_GLOSSARY);
        self.heard = format!("{glossary}\n{}\nExplanation: {}\n", lesson.past(), lesson.explanation);
    }

    fn answer(&mut self, item: &Item) -> Answer {
        self.answer_all(std::slice::from_ref(item)).pop().unwrap_or(Answer::Silence)
    }

    fn answer_all(&mut self, items: &[Item]) -> Vec<Answer> {
        match self.asked(items) {
            Ok(answers) => answers,
            Err(fault) => {
                self.fault = Some(fault);
                vec![Answer::Silence; items.len()]
            }
        }
    }
}

/// One answer as the model writes it.
#[derive(Deserialize)]
struct Written {
    number: usize,
    value: Option<f64>,
    error: Option<f64>,
    chance: Option<f64>,
}

/// The answers in a text, in the order of the items; what is left out is silence.
fn answers_of(text: &str, items: &[Item]) -> Result<Vec<Answer>, String> {
    let (from, to) = text.find('[').zip(text.rfind(']')).filter(|(from, to)| from < to).ok_or("it is no JSON array")?;
    let written: Vec<Written> = serde_json::from_str(&text[from..=to]).map_err(|error| error.to_string())?;
    let answer = |item: &Item| {
        let found = written.iter().find(|written| written.number == item.number)?;
        Some(match (found.value, found.error, found.chance) {
            (Some(value), Some(error), None) => Answer::Number { value, error },
            (None, None, Some(chance)) => Answer::Chance(chance),
            _ => return None,
        })
    };
    Ok(items.iter().map(|item| answer(item).unwrap_or(Answer::Silence)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu_science::lab::Point;
    use dunwu_science::viva::{Asked, ItemKind};

    fn item(number: usize) -> Item {
        Item {
            number,
            kind: ItemKind::Value,
            observable: "t".to_owned(),
            at: Point::default(),
            asked: Asked::Number,
            marginal: Answer::Silence,
            runs: Vec::new(),
        }
    }

    #[test]
    fn answers_are_found_by_number_and_what_is_none_is_silence() {
        let text = "Here: [{\"number\":2,\"chance\":0.25},{\"number\":1,\"value\":12,\"error\":0.1},{\"number\":3}]";
        let answers = answers_of(text, &[item(1), item(2), item(3), item(4)]).unwrap();
        let number = Answer::Number { value: 12.0, error: 0.1 };
        assert_eq!(answers, [number, Answer::Chance(0.25), Answer::Silence, Answer::Silence]);
        assert!(answers_of("I think it grows", &[item(1)]).is_err());
        assert!(answers_of("] [", &[item(1)]).is_err());
    }
}
