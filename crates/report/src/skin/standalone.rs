//! The page as one file with its data inside, which opens from a disk: a browser lets such a page fetch nothing.
//!
//! The script is the same that `dunwu serve` gives out, built as one piece. It finds the data in the page and shows them instead of what
//! stands there for a browser without script.

use super::page;
use dunwu::answer::Answer;
use dunwu_foreign::run::encode_bytes;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Made of `web/` by `npm run build`; CI builds them again and compares.
const SCRIPT: &str = include_str!("../../../../web/dist/single/page.js");
const STYLE: &str = include_str!("../../../../web/dist/single/page.css");

/// With this policy a browser loads nothing but what stands in a report.
const REPORT_POLICY: &str =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:";

/// What such a page knows.
#[derive(Clone, Debug, Default)]
pub struct PageData {
    /// The run that it is the report of: the page opens with it, and shows nothing else.
    pub report_of: Option<String>,
    /// The list of its runs, as `dunwu ls --json` prints it.
    pub runs: Value,
    /// Its runs as columns, by the last part of their directories.
    pub packed: BTreeMap<String, Vec<u8>>,
    /// Answers by the words of their commands, which single spaces separate.
    pub answers: BTreeMap<String, Value>,
}

/// The whole page; a browser without script shows `without_script`, or where it is `None` a sentence.
pub fn standalone(title: &str, without_script: Option<&Answer>, data: &PageData) -> String {
    let packed: Map<String, Value> =
        data.packed.iter().map(|(name, bytes)| (name.clone(), encode_bytes(bytes).into())).collect();
    let inside = json!({
        "about": { "version": env!("CARGO_PKG_VERSION"), "folder": data.runs["folder"], "may_change": false },
        "report_of": data.report_of,
        "runs": data.runs,
        "packed": packed,
        "answers": data.answers,
    });
    // Inside a script element no text may look like the element's end; in JSON, `<` may be written so everywhere.
    let inside = inside.to_string().replace('<', "\\u003c");
    let script = SCRIPT.replace("</script", "<\\/script");
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                @if data.report_of.is_some() { meta http-equiv="Content-Security-Policy" content=(REPORT_POLICY); }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "Dunwu " (env!("CARGO_PKG_VERSION")) };
                title { (page::clean(title)) " · Dunwu" }
                style { (PreEscaped(STYLE)) }
                @if without_script.is_some() { noscript { style { (PreEscaped(page::STYLE)) } } }
            }
            body {
                div id="page" {}
                noscript { @if let Some(answer) = without_script { (page::main(answer)) } @else { (no_script()) } }
                script type="application/json" id="dunwu-data" { (PreEscaped(inside)) }
                script { (PreEscaped(script)) }
            }
        }
    };
    document.into_string()
}

fn no_script() -> Markup {
    html! { p { "This page draws with JavaScript. Without it, " code { "dunwu show RUN" } " says the same in a terminal." } }
}

/// The engine in WebAssembly as a script beside such a page, which loads it when somebody asks for a computation.
pub fn engine_script(wasm: &[u8]) -> String {
    format!("dunwuEngine=\"{}\"", encode_bytes(wasm))
}
