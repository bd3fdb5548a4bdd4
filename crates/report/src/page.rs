//! The report: one HTML file that opens anywhere, for decades. No script, nothing fetched.

use super::figures::{self, Figure};
use super::svg::escape;
use super::view::View;
use super::words::{self, count, counted, percent};
use dunwu::opened::UnitLabel;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// Words that the report uses, for readers who meet them here first.
const WORDS: &[(&str, &str)] = &[
    (
        "Grokking",
        "A network first memorizes its training sample and only much later, often suddenly, answers what it was \
     never shown.",
    ),
    (
        "Generalizing, memorizing, undecided, dead",
        "What a hidden unit does: its contribution carries over to samples that \
     were not trained on; it serves the training sample only; it contributes nothing significant yet; its weights have \
     decayed to nothing.",
    ),
    (
        "Irrep",
        "An irreducible representation: one of the smallest patterns into which every function on the group splits. \
     For a cyclic group these are the frequencies of a Fourier series.",
    ),
    ("Purity", "Largest share of a unit's power that lies in a single irrep; 1 is a unit that is one pure feature."),
    (
        "Energy",
        "E = ½‖Ỹᵀσ(Xw)‖²: how strongly the unit's activation goes with the labels. In theory each unit climbs its own \
     energy, and the peaks are the features.",
    ),
    (
        "Stages",
        "I, lazy: hidden units are still random and the top layer fits them. II, independent: each unit climbs its \
     own energy. III, interactive: units repel each other, and the gradient points at what is missing.",
    ),
    (
        "G_F",
        "The gradient that reaches the hidden units' activations F: through the top layer, or from a loss of F itself.",
    ),
];

/// What every page begins and ends with; all but `title` and `lede` is HTML already.
pub(super) struct Head<'a> {
    pub(super) kicker: &'a str,
    pub(super) title: &'a str,
    pub(super) setup: &'a str,
    pub(super) lede: &'a str,
    pub(super) body: &'a str,
    pub(super) footer: &'a str,
}

/// A whole page.
pub(super) fn document(head: &Head<'_>) -> String {
    let Head { kicker, title, setup, lede, body, footer } = head;
    let (title, lede) = (escape(title), prose(lede));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"generator\" content=\"Dunwu {version}\"/>\n<title>{title} · Dunwu</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<header>\n<p class=\"kicker\">{kicker}</p>\n<h1>{title}</h1>\n\
         <p class=\"setup\">{setup}</p>\n\
         <p class=\"lede\">{lede}</p>\n</header>\n\
         {body}<footer>Made by Dunwu {version}{footer}</footer>\n</main>\n</body>\n</html>\n",
        version = env!("CARGO_PKG_VERSION"),
    )
}

/// The page; `landscape` are figures that follow the others, `settings` the spec's rows.
pub(super) fn html(view: &View<'_>, landscape: &[Figure], settings: &[(String, String)]) -> String {
    let mut body = glance(view);
    body += &story(view);
    body += &stages(view);
    body += "<h2>What the figures show</h2>\n";
    for figure in figures::all(view).iter().chain(landscape) {
        body += &shown(figure);
    }
    body += &spec(settings);
    body += &words(WORDS);
    document(&Head {
        kicker: "Dunwu · one run, opened",
        title: &view.opened.task,
        setup: &escape(&setup(view)),
        lede: &words::outcome(view.opened),
        body: &body,
        footer: &format!(
            " from {} and {}. Theory: Y. Tian, Provable Scaling Laws of Feature Emergence from Learning Dynamics of Grokking, \
             arXiv:2509.21519. Colours: Okabe &amp; Ito.",
            counted(view.opened.scalars.len(), "evaluation"),
            counted(view.opened.frames.len(), "snapshot"),
        ),
    })
}

/// A sentence, in which a number stays with its percent sign.
pub(super) fn prose(text: &str) -> String {
    escape(text).replace(" %", "&#160;%")
}

/// What the words of a page mean.
pub(super) fn words(words: &[(&str, &str)]) -> String {
    let mut text = String::from("<h2>Words used here</h2>\n<dl class=\"words\">\n");
    for (word, meaning) in words {
        write(&mut text, format_args!("<dt>{}</dt>\n<dd>{}</dd>\n", escape(word), escape(meaning)));
    }
    text + "</dl>\n"
}

/// Sentences as the items of a list.
pub(super) fn items(sentences: &[String]) -> String {
    let mut text = String::new();
    for sentence in sentences {
        write(&mut text, format_args!("<li>{}</li>\n", prose(sentence)));
    }
    text
}

fn write(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("writing to a String cannot fail");
}

/// What was trained on what, in half a line.
fn setup(view: &View<'_>) -> String {
    let opened = view.opened;
    format!(
        "{} of {} · {} · {}",
        count(opened.n_train as u64),
        counted(opened.n_population, "sample"),
        counted(opened.spec.model.width, "hidden unit"),
        counted(opened.spec.steps as usize, "step"),
    )
}

/// The few numbers that one looks for first.
fn glance(view: &View<'_>) -> String {
    let opened = view.opened;
    let mut numbers: Vec<(String, String)> = Vec::new();
    if let Some(last) = opened.scalars.last() {
        numbers.push((percent(last.train_accuracy), "training accuracy, last".into()));
        if let Some(test) = last.test_accuracy {
            numbers.push((percent(test), "test accuracy, last".into()));
        }
    }
    let step = |step: Option<u64>| step.map_or("never".into(), |s| format!("step {}", count(s)));
    numbers.push((step(opened.memorized), "memorized".into()));
    if opened.n_train < opened.n_population {
        numbers.push((step(opened.generalized), "generalized".into()));
    }
    if let Some(frame) = view.last_frame().filter(|f| !f.labels.is_empty()) {
        let n = count(View::labelled(frame, UnitLabel::Generalizing) as u64);
        numbers.push((n, format!("of {} generalizing", counted(frame.labels.len(), "hidden unit"))));
    }
    if let Some(coverage) = view.coverage() {
        let all = coverage.covered.len() + coverage.missing.len();
        numbers.push((
            format!("{} of {}", count(coverage.covered.len() as u64), count(all as u64)),
            "irreps covered".into(),
        ));
    }
    let mut text = String::from("<dl class=\"glance\">\n");
    for (number, meaning) in numbers {
        write(&mut text, format_args!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(&meaning), escape(&number)));
    }
    text + "</dl>\n"
}

fn story(view: &View<'_>) -> String {
    if view.opened.story.is_empty() {
        return String::new();
    }
    let mut text = String::from("<section>\n<ul class=\"story\">\n");
    text += &items(&view.opened.story);
    text + "</ul>\n</section>\n"
}

pub(super) fn shown(figure: &Figure) -> String {
    let Figure { name, title, caption, svg } = figure;
    let class = if svg.is_some() { "" } else { " class=\"undefined\"" };
    format!(
        "<figure id=\"{name}\"{class}>\n<h3>{}</h3>\n{}<figcaption>{}</figcaption>\n</figure>\n",
        escape(title),
        svg.as_deref().unwrap_or_default(),
        prose(caption),
    )
}

fn stages(view: &View<'_>) -> String {
    if view.opened.stages.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "<h2>Stages</h2>\n<table>\n<thead><tr><th>stage</th><th class=\"n\">from step</th><th class=\"n\">to step</th>\
         <th>why it begins here</th></tr></thead>\n<tbody>\n",
    );
    for span in &view.opened.stages {
        let (numeral, name) = words::stage(span.name);
        write(
            &mut text,
            format_args!(
                "<tr><td>{numeral}, {name}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
                count(span.from),
                count(span.to),
                prose(&span.evidence),
            ),
        );
    }
    text + "</tbody>\n</table>\n"
}

fn spec(settings: &[(String, String)]) -> String {
    if settings.is_empty() {
        return String::new();
    }
    let mut text = String::from("<h2>How this run was set up</h2>\n<dl class=\"settings\">\n");
    for (key, value) in settings {
        write(&mut text, format_args!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(key), escape(value)));
    }
    text + "</dl>\n"
}
