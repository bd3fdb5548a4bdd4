//! The page as one file with its data inside, which opens from a disk: a browser lets such a page fetch nothing.
//!
//! The script is the same that `dunwu serve` gives out, built as one piece. It finds the data in the page and shows them instead of what
//! stands there for a browser without script.

use dunwu_foreign::run::encode_bytes;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Made of `web/` by `npm run build`; CI builds them again and compares.
const SCRIPT: &str = include_str!("../../../../web/dist/single/page.js");
const STYLE: &str = include_str!("../../../../web/dist/single/page.css");

/// What such a page knows.
#[derive(Clone, Debug, Default)]
pub struct PageData {
    /// The list of its runs, as `dunwu ls --json` prints it.
    pub runs: Value,
    /// Its runs as columns, by the last part of their directories.
    pub packed: BTreeMap<String, Vec<u8>>,
    /// Answers by the words of their commands, which single spaces separate.
    pub answers: BTreeMap<String, Value>,
}

/// The whole page; `without_script` is what a browser without script shows, a sentence where it is `None`.
pub fn standalone(title: &str, without_script: Option<Markup>, data: &PageData) -> String {
    let packed: Map<String, Value> =
        data.packed.iter().map(|(name, bytes)| (name.clone(), encode_bytes(bytes).into())).collect();
    let data = json!({
        "about": { "version": env!("CARGO_PKG_VERSION"), "folder": data.runs["folder"], "may_change": false },
        "runs": data.runs,
        "packed": packed,
        "answers": data.answers,
    });
    // Inside a script element no text may look like the element's end; in JSON, `<` may be written so everywhere.
    let data = data.to_string().replace('<', "\\u003c");
    let script = SCRIPT.replace("</script", "<\\/script");
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "Dunwu " (env!("CARGO_PKG_VERSION")) };
                title { (title) " · Dunwu" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                div id="page" {}
                (without_script.unwrap_or_else(no_script))
                script type="application/json" id="dunwu-data" { (PreEscaped(data)) }
                script { (PreEscaped(script)) }
            }
        }
    };
    document.into_string()
}

fn no_script() -> Markup {
    html! { noscript { p { "This page draws with JavaScript. Without it, " code { "dunwu show RUN" } " says the same in a terminal." } } }
}

/// The engine in WebAssembly as a script beside such a page, which loads it when somebody asks for a computation.
pub fn engine_script(wasm: &[u8]) -> String {
    format!("dunwuEngine=\"{}\"", encode_bytes(wasm))
}
