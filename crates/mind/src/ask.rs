//! What a mind is asked: little enough that a small model keeps it in mind.

use crate::action::SCHEMA;
use dunwu_science::campaign::Campaign;
use dunwu_science::judge::{Judged, Verdict};
use dunwu_science::ledger::{Insight, State};
use dunwu_science::viva::Glossary;
use std::fmt::Write as _;
use std::time::Duration;

/// What a mind is asked, with what an answer may cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// What is wanted, and in what form.
    pub instructions: String,
    /// What is known.
    pub situation: String,
    /// The last answer and what was wrong with it.
    pub wrong: Option<String>,
    /// Tokens that the answer may have.
    pub answer_tokens: u64,
    /// The time that it may take.
    pub within: Duration,
}

/// Bytes of the situation, at most.
const MOST_BYTES: usize = 8_000;
/// Claims that stand, claims that fell, and things that were said, of each at most.
const MOST_LISTED: usize = 6;
/// Characters of something that was said, or of an answer that is sent back.
const MOST_SAID: usize = 300;

/// The forms of claims, each with an example.
const FORMS: [&str; 8] = [
    "t = c * M / rate, for some c",
    "e happens when samples > c * M, for some c",
    "t comes before u in at least 95 % of runs",
    "t * rate stays within 20 % whatever rate",
    "t is one curve of samples / M whatever M",
    "setting rate from 0.1 to 0.01 raises t in at least 90 % of pairs",
    "setting rate from 0.1 to 0.01 acts on t only through u in at least 80 % of pairs",
    "identity A' * A = B",
];

impl Ask {
    /// The ask of a campaign as it stands.
    pub fn of(campaign: &Campaign) -> Self {
        let state = campaign.state();
        let judged = campaign.judged();
        // The glossary gives way first: what its words tell, then the words that the question does not vary.
        let situation = [Some(100), Some(30), None]
            .into_iter()
            .map(|tells| situation(state, &judged, tells))
            .find(|text| text.len() <= MOST_BYTES);
        let situation = situation.unwrap_or_else(|| cut(&self::situation(state, &judged, None), MOST_BYTES));
        Self {
            instructions: instructions(),
            situation,
            wrong: None,
            answer_tokens: 1024,
            within: Duration::from_mins(1),
        }
    }

    /// The same ask with what was wrong with the last answer.
    #[must_use]
    pub fn again(&self, answer: &str, fault: &str) -> Self {
        let wrong = format!(
            "Your last answer was: {}\nWhat is wrong with it: {}\nAnswer again.",
            line(answer, MOST_SAID),
            line(fault, 3 * MOST_SAID)
        );
        Self { wrong: Some(wrong), ..self.clone() }
    }

    /// What is said to the mind after the instructions.
    pub fn message(&self) -> String {
        match &self.wrong {
            Some(wrong) => format!("{}\n{wrong}\n", self.situation),
            None => self.situation.clone(),
        }
    }

    /// All of it, as the ledger has it and as a program reads it.
    pub fn text(&self) -> String {
        format!("{}\n\n{}", self.instructions, self.message())
    }
}

fn instructions() -> String {
    let mut text = "You help to find what decides an observable of a laboratory. You propose; runs and a judge decide, and no words reach the judge. \
                    Answer with one compact JSON object and nothing else. Best is a claim that foretells more with less than those below.\n\
                    Claims have one of these forms, each perhaps with `, for some c and a`, `, with k = 2.75 sample`, `, where M in 11..97 and rate >= 0.01`, \
                    `, because ID`; expressions have + - * / ^ ln exp sqrt tanh abs; units have to fit, and a constant carries what is missing:\n"
        .to_owned();
    for form in FORMS {
        let _ = writeln!(text, "- {form}");
    }
    text.push_str("Actions: propose a claim; predict what comes out where a claim goes wrong; object to a claim; derive_step, an equality of matrices; explain a claim in few words.\n");
    let _ = write!(text, "Schema: {SCHEMA}");
    text
}

/// What is known. `tells` is how many characters the glossary has for each word; without it only the question's words are listed.
fn situation(state: &State, judged: &[Judged], tells: Option<usize>) -> String {
    let question = &state.question;
    let mut text = format!(
        "Question: {}\nWhat decides {}, of {}?",
        line(&question.text, MOST_SAID),
        question.target,
        question.knobs.join(", ")
    );
    if !question.scope.trim().is_empty() {
        let _ = write!(text, " Runs are made where {}.", question.scope);
    }
    let _ = writeln!(text, " {} runs were made.\n\nCan be set:", state.runs.len());
    let glossary = Glossary::of(&state.card);
    let is_asked = |name: &str| state.card.owner(name).is_some_and(|knob| question.knobs.contains(&knob.name));
    for (title, terms) in [("", &glossary.knobs), ("Comes out:\n", &glossary.observables)] {
        text.push_str(title);
        for term in terms {
            if tells.is_none() && term.name != question.target && !is_asked(&term.name) {
                continue;
            }
            let mut short = term.clone();
            short.tells = line(&term.tells, tells.unwrap_or(0));
            let _ = writeln!(text, "- {}", line(&short.to_string(), 200));
        }
    }
    claims(&mut text, state, judged);
    let said = state.said.iter().rev().filter_map(|noted| match &noted.insight {
        Insight::Hint(text) => Some(format!("hint by {}: {text}", noted.by)),
        Insight::Constraint(text) => Some(format!("constraint by {}: {text}", noted.by)),
        Insight::Objection { claim, text, .. } => Some(format!("{} objects to {claim}: {text}", noted.by)),
        Insight::Rival(_) | Insight::Stop => None,
    });
    list(&mut text, "Was said", said.take(MOST_LISTED).map(|said| line(&said, MOST_SAID)).collect());
    text
}

fn claims(text: &mut String, state: &State, judged: &[Judged]) {
    let mut all: Vec<(&Judged, String)> =
        judged.iter().filter_map(|judged| Some((judged, state.claim(&judged.id)?.claim.sentence()))).collect();
    all.sort_by(|a, b| b.0.score.net_bits.total_cmp(&a.0.score.net_bits).then_with(|| a.0.id.cmp(&b.0.id)));
    let has_fallen = |judged: &Judged| {
        matches!(judged.verdict, Verdict::Refuted { .. } | Verdict::Vacuous | Verdict::Superseded { .. })
    };
    let shown = |(judged, sentence): &(&Judged, String)| {
        line(
            &format!("{} [{}, {:.1} bits]: {sentence}", judged.id, judged.verdict.words(), judged.score.net_bits),
            MOST_SAID,
        )
    };
    let (fallen, standing): (Vec<_>, Vec<_>) = all.into_iter().partition(|(judged, _)| has_fallen(judged));
    list(text, "Claims that stand", standing.iter().take(MOST_LISTED).map(shown).collect());
    list(text, "Claims that fell; do not say them again", fallen.iter().take(MOST_LISTED).map(shown).collect());
}

fn list(text: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}:");
    for line in lines {
        let _ = writeln!(text, "- {line}");
    }
}

/// A text on one line of at most so many characters.
pub(crate) fn line(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(char::is_control, "");
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() && most > 0 {
        short.push('…');
    }
    short
}

/// A text of at most so many bytes.
pub(crate) fn cut(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_one_of_the_claim_language() {
        for form in FORMS {
            dunwu_science::claim::claim_from_sentence(form).unwrap();
        }
        assert!(instructions().len() < 2_600, "{}", instructions().len());
    }

    #[test]
    fn lines_are_short_and_have_no_control_characters() {
        assert_eq!(line("a\n\tb\u{7}c  d", 100), "a bc d");
        assert_eq!(line("äöüß", 2), "äö…");
        assert_eq!(line("abc", 0), "");
    }
}
