//! The verbs that need no files, by the words of the command line.

use dunwu::answer::Answer;
use dunwu::landscape::{PeaksRequest, RaceRequest};
use dunwu::reach::ReachRequest;
use dunwu::run::RunRequest;
use dunwu::verb::{Progress, VerbError, Watcher};
use dunwu_report::skin::{AnswerOnPage, AskedOnPage};
use dunwu_report::{forecast, peaks, race, reach, reference};
use std::sync::atomic::AtomicBool;

/// Verbs that can be asked here, for whoever asks for another.
const VERBS: [&str; 8] = ["forecast", "measures", "peaks", "presets", "race", "reach", "settings", "task"];

/// What the command says, as a page reads it: its answer, and beside it what a person should know.
pub(crate) fn answer(words: &[String]) -> Result<AskedOnPage, VerbError> {
    let (mut notes, stop) = (String::new(), AtomicBool::new(false));
    let mut hear = |progress: &Progress<'_>| {
        if let Progress::Note(note) = progress {
            notes.push_str(note);
            notes.push('\n');
        }
    };
    let answer = of_words(words, &mut Watcher::new(&mut hear, &stop))?;
    Ok(AskedOnPage { answers: vec![AnswerOnPage::from(&answer)], text: notes, code: 0 })
}

fn of_words(words: &[String], watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    let Some((verb, words)) = words.split_first() else {
        return Err(VerbError::usage(format!("name a verb: {}", VERBS.join(", "))));
    };
    match verb.as_str() {
        "forecast" => Ok(forecast::answer(&words.join(" "), &RunRequest::from_words(words)?, false)),
        "measures" => reference::measures(at_most_one(verb, words)?),
        "peaks" => peaks::answer(&PeaksRequest::from_words(words)?, watcher),
        "presets" => at_most_none(verb, words).map(|()| reference::presets()),
        "race" => race::answer(&RaceRequest::from_words(words)?, watcher),
        "reach" => reach::answer(&ReachRequest::from_words(words)?, watcher),
        "settings" => at_most_none(verb, words).map(|()| reference::settings()),
        "task" => reference::task(at_most_one(verb, words)?),
        other => Err(VerbError::usage(format!(
            "`{other}` cannot be asked in a page without a server; {} can, and `dunwu serve` answers all",
            VERBS.join(", ")
        ))),
    }
}

fn at_most_one<'w>(verb: &str, words: &'w [String]) -> Result<Option<&'w str>, VerbError> {
    match words {
        [] => Ok(None),
        [word] => Ok(Some(word)),
        [_, other, ..] => Err(VerbError::usage(format!("`{verb}` takes one word at most; leave out {other:?}"))),
    }
}

fn at_most_none(verb: &str, words: &[String]) -> Result<(), VerbError> {
    words.first().map_or(Ok(()), |word| Err(VerbError::usage(format!("`{verb}` takes no words; leave out {word:?}"))))
}
