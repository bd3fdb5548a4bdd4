//! A page in which one of several drawings is looked at at a time, moved through by hand.
//!
//! Its script only shows one frame and hides the others; it computes nothing, and without it all of them are shown, one below
//! the other. The report of a run has no script at all.

use super::page::{self, Head};
use super::svg::escape;
use std::fmt::Write;

const SCRIPT: &str = include_str!("frames.js");

/// One position of the slider.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PageFrame {
    /// What the position is called: `n = 128`.
    pub(crate) label: String,
    /// A whole SVG document, of the same size as those of the other frames.
    pub(crate) svg: String,
    /// One sentence with its numbers.
    pub(crate) caption: String,
}

/// The page; `body_after` is HTML that follows the frames, `lede` and captions are text.
pub(crate) fn terrain_page(title: &str, lede: &str, frames: &[PageFrame], body_after: &str) -> String {
    let body = format!("{}{body_after}", slides(frames));
    page::document(&Head {
        kicker: "Dunwu · energy landscape",
        title,
        setup: &escape(&setup(frames)),
        lede,
        body: &body,
        footer: ". Theory: Y. Tian, Provable Scaling Laws of Feature Emergence from Learning Dynamics of Grokking, \
                 arXiv:2509.21519. Colours: Okabe &amp; Ito.",
    })
}

fn setup(frames: &[PageFrame]) -> String {
    match frames {
        [] => "no frame".into(),
        [only] => only.label.clone(),
        [first, .., last] => format!("{} frames, {} to {}", frames.len(), first.label, last.label),
    }
}

/// The frames with their controls, which stay hidden until the script has found them.
fn slides(frames: &[PageFrame]) -> String {
    if frames.is_empty() {
        return String::new();
    }
    let last = frames.len() - 1;
    let mut html = String::from("<section class=\"slides\">\n");
    if last > 0 {
        let labels: String =
            frames.iter().flat_map(|f| ["<span>", &escape(&f.label), "</span>"].map(str::to_owned)).collect();
        writeln!(
            html,
            "<div class=\"controls\" hidden=\"hidden\">\n<button type=\"button\">play</button>\n<div>\
             <input type=\"range\" min=\"0\" max=\"{last}\" value=\"0\" step=\"1\" aria-label=\"frame\"/>\
             <p class=\"stops\">{labels}</p></div>\n</div>"
        )
        .expect("writing to a String cannot fail");
    }
    for PageFrame { label, svg, caption } in frames {
        writeln!(
            html,
            "<figure data-label=\"{}\">\n{svg}<figcaption>{}</figcaption>\n</figure>",
            escape(label),
            page::prose(caption)
        )
        .expect("writing to a String cannot fail");
    }
    html += "</section>\n";
    if last > 0 {
        html += "<script>\n";
        html += SCRIPT;
        html += "</script>\n";
    }
    html
}
