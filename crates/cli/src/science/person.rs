//! A person who listens in the terminal: questions on standard error, answers from standard input.

use dunwu_science::judge::Scale;
use dunwu_science::viva::{Answer, Asked, Item, Lesson, Listener};
use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};

/// How often a question is put again whose answer cannot be read.
const MOST_ASKED: usize = 3;

/// Whoever sits at the terminal.
#[derive(Default)]
pub(super) struct Person {
    scales: BTreeMap<String, Scale>,
}

/// A question, or what is known: a terminal that is gone is noticed when nothing is answered.
fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

impl Listener for Person {
    fn name(&self) -> &'static str {
        "a person"
    }

    fn listen(&mut self, lesson: &Lesson<'_>) {
        let scales = lesson
            .card
            .observables
            .iter()
            .filter_map(|observable| Some((observable.name.clone(), Scale::of(observable)?)));
        self.scales = scales.collect();
        say(&format!("{}\n{}\n\nExplanation: {}\n", lesson.glossary, lesson.past(), lesson.explanation));
        say(
            "Answer with a number and how far it may be off (`350 20%` or `350 40`), or with yes, no or a chance (`80%`). An empty line: no idea.",
        );
    }

    fn answer(&mut self, item: &Item) -> Answer {
        for _ in 0..MOST_ASKED {
            say(&format!("{}. {item}", item.number));
            let mut line = String::new();
            match std::io::stdin().lock().read_line(&mut line) {
                Ok(0) | Err(_) => return Answer::Silence,
                Ok(_) => {}
            }
            let scale = self.scales.get(&item.observable).filter(|_| matches!(item.asked, Asked::Number));
            match answer_of(&line, scale.copied()) {
                Some(answer) => return answer,
                None => say("That is no answer to it."),
            }
        }
        Answer::Silence
    }
}

/// An answer as it is typed: to a value where there is a scale, otherwise to yes or no.
fn answer_of(line: &str, scale: Option<Scale>) -> Option<Answer> {
    let line = line.trim().replace(['±', ','], " ");
    let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "+-" && *word != "+/-").collect();
    if words.is_empty() {
        return Some(Answer::Silence);
    }
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let share = |text: &str| text.strip_suffix('%').and_then(number).map(|percent| percent / 100.0);
    let Some(scale) = scale else {
        let chance = match words.as_slice() {
            ["yes" | "y"] => 0.9,
            ["no" | "n"] => 0.1,
            [word] => share(word).or_else(|| number(word))?,
            _ => return None,
        };
        return (0.0..=1.0).contains(&chance).then_some(Answer::Chance(chance));
    };
    let value = number(words.first()?)?;
    // A third off where nothing is said of it.
    let error = match words.get(1) {
        None => 0.3 * if scale.logarithmic { 1.0 } else { value.abs() },
        Some(word) => match share(word) {
            Some(part) => part * if scale.logarithmic { 1.0 } else { value.abs() },
            None if scale.logarithmic => number(word)? / value.abs().max(f64::MIN_POSITIVE),
            None => number(word)?,
        },
    };
    (words.len() <= 2 && error >= 0.0).then_some(Answer::Number { value, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_people_write_them() {
        let ratio = Some(Scale { logarithmic: true, resolution: 0.01 });
        let amount = Some(Scale { logarithmic: false, resolution: 0.1 });
        let number = |value, error| Some(Answer::Number { value, error });
        assert_eq!(answer_of("350 20%\n", ratio), number(350.0, 0.2));
        assert_eq!(answer_of("350 ± 35", ratio), number(350.0, 0.1));
        assert_eq!(answer_of("-4 +- 50%", amount), number(-4.0, 2.0));
        assert_eq!(answer_of("7 2", amount), number(7.0, 2.0));
        assert_eq!(answer_of("350", ratio), number(350.0, 0.3));
        assert_eq!(answer_of("yes", None), Some(Answer::Chance(0.9)));
        assert_eq!(answer_of("80%", None), Some(Answer::Chance(0.8)));
        assert_eq!(answer_of("", ratio), Some(Answer::Silence));
        for nonsense in ["many", "1 2 3", "nan", "3 -1"] {
            assert_eq!(answer_of(nonsense, ratio), None, "{nonsense}");
        }
        assert_eq!(answer_of("120%", None), None);
    }
}
