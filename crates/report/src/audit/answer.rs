//! An audit as an answer.

use super::data::AuditData;
use crate::words::list;
use dunwu::answer::{Answer, Block, Section, Table, TableCell, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_verdict::audit::{Audit, AuditRequest, Form, Judgement, KINDS, Verdict};

/// Whether the evidence of a run, a table or two files of samples misleads.
pub fn answer(request: &AuditRequest, watcher: &mut Watcher<'_>) -> Result<(Answer, Verdict), VerbError> {
    let audit = request.audit(watcher)?;
    Ok((of_audit(&request.subject.name(), &audit), audit.verdict()))
}

pub(super) fn of_audit(subject: &str, audit: &Audit) -> Answer {
    let sentences: Vec<String> =
        audit.reading.iter().cloned().chain(audit.with(Verdict::Misleads).flat_map(sentences)).collect();
    let mut sections = vec![Section::everywhere("Every kind of mistake", vec![Block::Table(judgements(audit))])];
    if audit.judgements.iter().any(|judgement| !judgement.evidence.is_empty()) {
        sections.push(Section::everywhere("The numbers behind it", vec![Block::Table(evidence(audit))]));
    }
    let rows: Vec<String> = audit
        .with(Verdict::Misleads)
        .filter(|judgement| !judgement.rows.is_empty())
        .map(|judgement| format!("{}: {}.", judgement.kind.name(), judgement.rows.join(", ")))
        .collect();
    if !rows.is_empty() {
        sections.push(Section::everywhere("Rows that show it", vec![Block::Paragraphs(rows)]));
    }
    Answer {
        verb: "audit",
        title: format!("Audit of {subject}"),
        setup: match audit.form {
            Form::Run => "a run".to_owned(),
            Form::Table => "a table of results".to_owned(),
            Form::Files => "two files of samples".to_owned(),
        },
        headline: headline(audit),
        sentences,
        sections,
        sources: sources(audit.form),
        data: object(&AuditData::of(subject, audit)),
    }
}

fn headline(audit: &Audit) -> String {
    let judged = audit.judgements.iter().filter(|judgement| judgement.verdict != Verdict::CannotTell).count();
    let of_all = format!("{judged} of {} kinds of mistakes could be judged", KINDS.len());
    let names: Vec<String> = audit.with(Verdict::Misleads).map(|judgement| judgement.kind.name().to_owned()).collect();
    match audit.verdict() {
        Verdict::Misleads => format!("It misleads: {} ({of_all}).", list(&names, names.len())),
        Verdict::NothingFound => format!("Nothing that misleads was found ({of_all})."),
        Verdict::CannotTell => format!("It cannot be told: {of_all}, and what is needed most was not given."),
    }
}

/// What was seen, and what it does to the conclusion.
fn sentences(judgement: &Judgement) -> [String; 2] {
    [judgement.sentence.clone(), judgement.kind.consequence().to_owned()]
}

fn judgements(audit: &Audit) -> Table {
    let verdict = |verdict| match verdict {
        Verdict::Misleads => "misleads",
        Verdict::NothingFound => "nothing found",
        Verdict::CannotTell => "cannot tell",
    };
    let row = |judgement: &Judgement| {
        vec![judgement.kind.name().into(), verdict(judgement.verdict).into(), judgement.sentence.as_str().into()]
    };
    Table::new("judgements", 3, &["kind", "verdict", "because"], audit.judgements.iter().map(row).collect())
}

fn evidence(audit: &Audit) -> Table {
    let rows = audit.judgements.iter().flat_map(|judgement| {
        let row = |evidence: &dunwu_verdict::audit::Evidence| {
            vec![judgement.kind.name().into(), evidence.what.as_str().into(), TableCell::Number(evidence.value)]
        };
        judgement.evidence.iter().map(row).collect::<Vec<_>>()
    });
    Table::new("evidence", 2, &["kind", "number", "value"], rows.collect())
}

fn sources(form: Form) -> Vec<String> {
    let sources: &[&str] = match form {
        Form::Run => &["Shares of two groups: Fisher 1935, exact test."],
        Form::Table => &[
            "Differences of means: permutation tests, Fisher 1935 (pairs) and Pitman 1937 (two samples).",
            "The best of several arms: Westfall and Young 1993; Šidák 1967 where seeds are not shared.",
            "Counts behind accuracies: Brown and Heathers 2017 (GRIM).",
            "Cut-off runs behind all others: Gehan 1965.",
        ],
        Form::Files => &[
            "Shares of two groups: Fisher 1935, exact test.",
            "Leakage by its kinds: Kapoor and Narayanan 2023, Patterns 4, 100804.",
        ],
    };
    sources.iter().map(|&source| source.to_owned()).collect()
}
