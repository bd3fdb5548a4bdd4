//! Answers on standard output: in words or as one JSON object, and their page and figures as files.

use crate::Place;
use crate::failure::Failure;
use crate::output::PageOutput;
use crate::say::say;
use dunwu::answer::Answer;
use dunwu_report::skin;
use serde_json::{Value, json};

/// Writes the answer's page, and its figures where a folder was named; then prints it.
pub(crate) fn answer(answer: &Answer, output: PageOutput, place: &Place) -> Result<(), Failure> {
    let page = output.keep_answer(answer)?;
    if place.json {
        let mut object = skin::json(answer);
        if let Value::Object(object) = &mut object {
            object.insert("page".to_owned(), json!(page));
        }
        say!("{object}");
    } else {
        say!("{}", skin::terminal(answer));
        say!("Page, to open in a browser: {}", page.display());
    }
    Ok(())
}

/// Prints an answer that has no page.
pub(crate) fn without_page(answer: &Answer, place: &Place) {
    if place.json {
        say!("{}", skin::json(answer));
    } else {
        say!("{}", skin::terminal(answer));
    }
}
