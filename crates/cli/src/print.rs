//! Answers on standard output: in words or as one JSON object, and their page and figures as files.

use crate::Place;
use crate::failure::Failure;
use crate::landscape::Drawn;
use crate::say::say;
use anyhow::Context as _;
use dunwu::answer::Answer;
use dunwu_report::{draw, skin};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// Writes the answer's page, and its figures where a folder was named; then prints it.
pub(crate) fn answer(answer: &Answer, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let page = keep_page(answer, drawn)?;
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

/// Writes page and figures; says where the page is.
fn keep_page(answer: &Answer, drawn: &Drawn) -> Result<PathBuf, Failure> {
    let path = drawn.page(answer.verb);
    fs::write(&path, skin::page(answer)).with_context(|| format!("cannot write {}", path.display()))?;
    if let Some(folder) = &drawn.figures {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        for (name, svg) in draw::documents(answer) {
            let path = folder.join(format!("{name}.svg"));
            fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(path)
}

/// Prints an answer that has no page.
pub(crate) fn without_page(answer: &Answer, place: &Place) {
    if place.json {
        say!("{}", skin::json(answer));
    } else {
        say!("{}", skin::terminal(answer));
    }
}
