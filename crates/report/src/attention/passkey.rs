//! What policies remember: sentences, the table, and the page.

use super::passkey_chart;
use crate::landscape::Page;
use crate::landscape::table::Table;
use crate::page::{self, Head, document};
use crate::svg::escape;
use crate::words::{count, counted, list, percent};
use dunwu::stats::Share;
use dunwu_attention::passkey::{CHANCE, Cell, Tally};

/// Accuracy with all keys kept, at the smallest distance, from which on a model can be said to manage the test.
const MANAGES: f64 = 0.5;

/// A whole test.
pub struct PasskeyRun {
    /// The model's name.
    pub model: String,
    /// The filler's.
    pub text: String,
    /// Keys for each policy and distance.
    pub trials: usize,
    /// From which keys and filler were drawn.
    pub seed: u64,
    /// Whether the prompts were written with the model's chat template.
    pub is_chat: bool,
    /// Longest text that the model was trained on, in tokens.
    pub trained_context: usize,
    /// Longest prompt, in tokens.
    pub longest: usize,
    /// One for each policy, in the order in which they were named.
    pub tallies: Vec<Tally>,
}

impl PasskeyRun {
    /// Whether the model knows the key at the smallest distance with all keys kept; `None` where that was not asked.
    pub fn manages(&self) -> Option<bool> {
        let full = self.tallies.iter().find(|tally| tally.policy == "full")?;
        Some(full.cells.first()?.accuracy() >= MANAGES)
    }
}

/// Right and asked, over some distances.
fn total<'c>(cells: impl Iterator<Item = &'c Cell>) -> (usize, usize) {
    cells.fold((0, 0), |(right, trials), cell| (right + cell.right, trials + cell.trials))
}

/// What came out, first in one sentence.
pub fn passkey_sentences(run: &PasskeyRun) -> Vec<String> {
    let mut sentences = vec![verdict(run)];
    sentences.extend(run.tallies.iter().map(tally_sentence));
    if run.longest > run.trained_context {
        sentences.push(format!(
            "The longest prompt has {} tokens; the model was trained on {}, and beyond that full may forget too.",
            count(run.longest as u64),
            count(run.trained_context as u64)
        ));
    }
    sentences.push(format!("Guessing would be right once in {}.", count((1.0 / CHANCE).round() as u64)));
    sentences
}

fn verdict(run: &PasskeyRun) -> String {
    if run.manages() == Some(false) {
        let least = run.tallies[0].cells[0].distance;
        return format!(
            "This model does not manage the test: with all keys kept and {} between key and question it knows fewer than half of \
             the keys, so this says little about policies.",
            counted(least, "token")
        );
    }
    let by_fate = |is_kept: bool| {
        let cells = run
            .tallies
            .iter()
            .filter(|tally| tally.policy != "full")
            .flat_map(|tally| tally.cells.iter().filter(move |cell| tally.holds(cell.distance) == Some(is_kept)));
        total(cells)
    };
    let ((kept, of_kept), (gone, of_gone)) = (by_fate(true), by_fate(false));
    match (of_kept, of_gone) {
        (_, 0) => "No key was dropped before it was asked for: take larger distances or smaller caches.".to_owned(),
        (0, _) => format!("Of {} that a cache had dropped, the model knew {gone}.", counted(of_gone, "key")),
        _ => format!(
            "What a cache drops the model forgets: it knew {gone} of {} that were dropped, and {kept} of {} that were still held.",
            counted(of_gone, "key"),
            counted(of_kept, "key")
        ),
    }
}

fn tally_sentence(tally: &Tally) -> String {
    let known = |held: Option<bool>| {
        let (right, trials) = total(tally.cells.iter().filter(|cell| tally.holds(cell.distance) == held));
        (trials > 0).then(|| format!("{right} of {trials}"))
    };
    // Where first keys are never dropped, how deep a key lies decides whether it is.
    let otherwise = if tally.reach.is_some() { "where only some keys are held" } else { "in all" };
    let parts = [(Some(true), "while the key is held"), (Some(false), "once it is dropped"), (None, otherwise)];
    let parts: Vec<String> =
        parts.into_iter().filter_map(|(held, when)| Some(format!("{} {when}", known(held)?))).collect();
    format!("{} knows {}.", tally.policy, list(&parts, 3))
}

fn table(run: &PasskeyRun) -> Table {
    let row = |tally: &Tally, cell: &Cell| {
        let share = Share::of(cell.right, cell.trials);
        let held = match tally.holds(cell.distance) {
            Some(true) => "yes",
            Some(false) => "no",
            None if tally.reach.is_some() => "some",
            None => "unknown",
        };
        vec![
            tally.policy.clone(),
            held.to_owned(),
            count(cell.distance as u64),
            format!("{}/{}", cell.right, cell.trials),
            percent(share.share),
            format!("{:.0}–{:.0} %", 100.0 * share.low, 100.0 * share.high),
            format!("{:.1}", cell.log_probability()),
        ]
    };
    Table {
        head: vec!["policy", "key held", "distance", "known", "share", "95 %", "ln p"],
        n_text: 2,
        rows: run.tallies.iter().flat_map(|tally| tally.cells.iter().map(|cell| row(tally, cell))).collect(),
    }
}

/// Every policy at every distance, for a terminal.
pub fn passkey_text(run: &PasskeyRun) -> String {
    table(run).text()
}

/// The page with its drawing.
pub fn passkey_page(run: &PasskeyRun) -> Page {
    let figure = passkey_chart::figure(run);
    let sentences = passkey_sentences(run);
    let mut body = format!("<ul class=\"story both\">\n{}</ul>\n", page::items(&sentences[1..]));
    body += "<h2>What the figure shows</h2>\n";
    body += &page::shown(&figure);
    body += &page::dense(&table(run).html());
    let template = if run.is_chat { "chat template" } else { "no chat template" };
    let setup = format!(
        "{} for each policy and distance, hidden in {} · seed {} · {template}",
        counted(run.trials, "key"),
        run.text,
        run.seed
    );
    let html = document(&Head {
        kicker: "Dunwu · what a cache remembers",
        title: &run.model,
        setup: &escape(&setup),
        lede: &sentences[0],
        body: &body,
        footer: ". Test: Mohtashami &amp; Jaggi 2023, arXiv:2305.16300. Intervals: Wilson 1927. Colours: Okabe &amp; Ito.",
    });
    let drawings = figure.svg.map(|svg| vec![(figure.name.to_owned(), svg)]).unwrap_or_default();
    Page { html, drawings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::{assert_sound, assert_texts_apart, has_a_broken_number};
    use dunwu_attention::passkey::Answer;

    /// Policies with the window that each has; right wherever the key is held and `knows`.
    fn run(policies: &[(&str, Option<i64>)], distances: &[usize], knows: bool) -> PasskeyRun {
        let tally = |(policy, reach): &(&str, Option<i64>)| {
            let answer = |distance: &usize| {
                let is_right = knows && reach.is_none_or(|reach| *distance as i64 <= reach);
                Answer { is_right, log_probability: if is_right { -0.1 } else { -9.0 } }
            };
            let answers: Vec<Answer> = distances.iter().map(answer).collect();
            let mut tally = Tally::new(policy, distances);
            (0..20).for_each(|_| tally.add_answers(*reach, &answers));
            tally
        };
        PasskeyRun {
            model: "a model <1>".to_owned(),
            text: "a text & more".to_owned(),
            trials: 20,
            seed: 0,
            is_chat: true,
            trained_context: 4096,
            longest: 4600,
            tallies: policies.iter().map(tally).collect(),
        }
    }

    const POLICIES: [(&str, Option<i64>); 4] = [
        ("full", Some(i64::MAX)),
        ("sinks:4+1020", Some(950)),
        ("sinks:4+252", Some(180)),
        ("heads:a/long/path/of/an/assignment.json", None),
    ];

    #[test]
    fn every_page_is_well_formed_and_its_texts_stand_apart() {
        let many: Vec<(String, Option<i64>)> = (0..9).map(|i| (format!("sinks:4+{}", 1 << i), Some(1 << i))).collect();
        let many: Vec<(&str, Option<i64>)> = many.iter().map(|(name, reach)| (name.as_str(), *reach)).collect();
        for (policies, distances, knows) in [
            (&POLICIES[..], &[256, 512, 1024, 2048, 4096][..], true),
            (&POLICIES[..1], &[64], false),
            (&many, &[1, 4, 16, 64, 256], true),
        ] {
            let page = passkey_page(&run(policies, distances, knows));
            let xml = page.html.strip_prefix("<!doctype html>").unwrap();
            roxmltree::Document::parse(xml).unwrap();
            assert!(!has_a_broken_number(&page.html), "{}", page.html);
            assert_sound(&page.drawings[0].1, "passkey");
            assert_texts_apart(&page.drawings[0].1, "passkey");
        }
    }

    #[test]
    fn the_verdict_says_what_was_forgotten_and_what_cannot_be_told() {
        let said =
            |policies: &[(&str, Option<i64>)], knows| passkey_sentences(&run(policies, &[128, 512], knows)).join(" ");
        let known = said(&POLICIES, true);
        assert!(
            known.contains("knew 0 of 20 keys that were dropped, and 60 of 60 keys that were still held"),
            "{known}"
        );
        assert!(
            known.contains("sinks:4+252 knows 20 of 20 while the key is held and 0 of 20 once it is dropped"),
            "{known}"
        );
        assert!(
            known.contains("assignment.json knows 40 of 40 in all") && known.contains("trained on 4,096"),
            "{known}"
        );
        assert!(said(&POLICIES, false).contains("does not manage the test"), "{}", said(&POLICIES, false));
        assert!(said(&POLICIES[..2], true).contains("No key was dropped"));
        assert!(passkey_text(&run(&POLICIES, &[128, 512], true)).contains("20/20"));
    }

    /// Writes a sample to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
    #[test]
    #[ignore = "writes files for the eye, checks nothing that others do not"]
    fn write_the_sample() {
        let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
        let page = passkey_page(&run(&POLICIES, &[256, 512, 1024, 2048, 4096], true));
        std::fs::write(folder.join("passkey.html"), page.html).unwrap();
    }
}
