//! `dunwu reach PATTERN`: what an attention design can exchange.

use crate::failure::Failure;
use crate::output::Drawn;
use crate::{Place, print, watching};
use dunwu::reach::ReachRequest;
use dunwu_engine::spec::attention::Sight;
use dunwu_report::reach::{answer, designs};

/// Forms of a pattern, keys and designs, for the command's help.
pub(crate) fn help() -> String {
    let block = |title: &str, lines: Vec<(String, String)>| {
        let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines: Vec<String> = lines.iter().map(|(name, says)| format!("  {name:<width$}  {says}")).collect();
        format!("{title}\n{}", lines.join("\n"))
    };
    let owned = |(name, says): (&str, &str)| (name.to_owned(), says.to_owned());
    let mut forms: Vec<(String, String)> = Sight::FORMS.iter().map(|&(form, _, sees)| owned((form, sees))).collect();
    forms.extend(
        [
            ("A/B/C", "layers from the bottom, begun over until there are all"),
            ("3xA", "three layers alike"),
            ("A,B", "heads that differ, in equal shares"),
            ("full-nope", "-nope behind a name: a layer without positions"),
        ]
        .map(owned),
    );
    let designs = designs().map(|(name, layout)| (name.to_owned(), layout)).collect();
    [
        block("Patterns, what a position sees:", forms),
        block("Keys:", ReachRequest::KEYS.map(owned).to_vec()),
        block("Published designs:", designs),
    ]
    .join("\n\n")
}

pub(crate) fn reach(words: &[String], drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let request = ReachRequest::from_words(words).map_err(|error| Failure::of_verb(error, None))?;
    let about: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = drawn.prepare("reach", &about)?;
    let answer = watching::watch(place.json, |watcher| answer(&request, watcher))?;
    print::answer(&answer, output, place)
}
