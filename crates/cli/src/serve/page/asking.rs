//! A command asked for the page: its answers as the page reads them.

use crate::audience::{Asked, Refusal, Said, ask};
use dunwu_report::skin::{AnswerOnPage, AskedOnPage};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Asks a command, `words` without the name of the program, about the runs in `folder`; ends soon after `stop` is set.
pub(super) fn ask_for_page(
    folder: &Path,
    words: &[String],
    tell: Box<dyn FnMut(Said)>,
    stop: Arc<AtomicBool>,
) -> Result<AskedOnPage, Refusal> {
    let mut words = words.to_vec();
    // `schema` alone has no folder of runs.
    if words.first().is_some_and(|verb| verb != "schema") {
        // After the verb: what follows a bare `--` would be read as words.
        words.splice(1..1, ["--runs".to_owned(), folder.display().to_string()]);
    }
    let Asked { answers, text, code, .. } = ask(&words, tell, stop)?;
    Ok(AskedOnPage { answers: answers.iter().map(AnswerOnPage::from).collect(), text, code })
}
