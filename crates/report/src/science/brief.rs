//! A campaign in one screen: sentences and tables.

use super::data::{ClaimData, ScienceData};
use super::viva;
use crate::words::{count, number};
use dunwu::answer::wording::counted;
use dunwu::answer::{Answer, Block, Section, Table, TableCell, object};

/// Claims that a screen has room for.
const N_SHOWN: usize = 10;

/// A campaign as an answer.
pub fn answer(data: &ScienceData) -> Answer {
    let mut blocks = viva::blocks(data);
    if blocks.is_empty() && !data.claims.is_empty() {
        blocks.push(Block::Table(claims_table(data)));
    }
    Answer {
        verb: "science",
        title: data.campaign.clone(),
        setup: format!("{}, in {}", data.question, data.laboratory),
        headline: headline(data),
        sentences: sentences(data),
        sections: vec![Section { title: None, shown: dunwu::answer::Shown::Everywhere, blocks }],
        sources: vec![
            "Bits that stay valid however often one looks: Ville 1939; Kraft 1949; Wasserman, Ramdas, Balakrishnan 2020, arXiv:1912.11436. Which run says most: Lindley 1956."
                .to_owned(),
        ],
        data: object(data),
    }
}

/// What stands best: established before leading, then by bits.
fn best(data: &ScienceData) -> Option<&ClaimData> {
    let rank = |claim: &&ClaimData| match claim.verdict.as_str() {
        "established" => 3,
        "leading" => 2,
        "open" if claim.net_bits > 0.0 => 1,
        _ => 0,
    };
    let standing = data.claims.iter().filter(|claim| rank(claim) > 0);
    standing.max_by(|a, b| rank(a).cmp(&rank(b)).then(a.net_bits.total_cmp(&b.net_bits)))
}

fn headline(data: &ScienceData) -> String {
    if let Some(bent) = &data.bent {
        return format!("Line {} of the ledger is bent: {}. Nothing after it counts.", bent.line, bent.why);
    }
    if let Some(replayed) = &data.replayed {
        return match &replayed.differs {
            Some(differs) => format!("Line {} came out otherwise: {}.", differs.line, differs.why),
            None => format!("{} came out the same, and so did every choice of them.", counted(replayed.runs, "run")),
        };
    }
    if let Some(headline) = viva::headline(data) {
        return headline;
    }
    match best(data) {
        Some(claim) => format!(
            "{}: {}. {} bits over {}.",
            capitalized(&claim.verdict_in_words),
            claim.sentence,
            number(claim.net_bits),
            counted(claim.runs, "run")
        ),
        None if data.claims.is_empty() => "No claim is registered yet.".to_owned(),
        None => format!("None of {} has earned what it costs to state it.", counted(data.claims.len(), "claim")),
    }
}

fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn sentences(data: &ScienceData) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(work) = &data.work {
        sentences.push(format!(
            "{} were made for {} steps; it ended because {}.",
            counted(work.runs, "run"),
            count(work.spent),
            work.why
        ));
    }
    if let Some(turn) = &data.turn {
        sentences.push(format!("{} {}.", capitalized(&turn.mind), turn.did));
    }
    if let Some(explained) = &data.explained {
        if let Some(last) = explained.sittings.last() {
            sentences.push(format!(
                "The last text, \u{201c}{}\u{201d}, delivered {} of the {} bits that the whole claim does, and {}.",
                last.text,
                number(last.bits),
                number(last.full_bits),
                if last.passed { "passed" } else { "did not pass" }
            ));
        }
        if explained.essential.is_some() {
            sentences.push(format!("It ended because {}.", explained.ended));
        }
    }
    for model in &data.models {
        sentences.push(format!("{} after {}: {}.", capitalized(&model.name), counted(model.calls, "call"), model.says));
    }
    if !data.registered.is_empty() {
        sentences.push(format!("Registered: {}.", data.registered.join(", ")));
    }
    let state = if data.intact { "All of them hold" } else { "Those before the bent one hold" };
    sentences.push(format!(
        "The ledger has {}. {state}; the last one's hash begins with {}.",
        counted(data.events, "line"),
        &data.head[..12.min(data.head.len())]
    ));
    if let Some(seal) = &data.seal {
        sentences.push(format!("It is sealed: {seal}."));
    }
    sentences.push(format!("{} so far, {} steps.", counted(data.runs, "run"), count(data.spent)));
    if let Some(best) = best(data) {
        sentences.extend(standing(best));
        if let Some(rival) = best.rivals.iter().min_by(|a, b| a.ahead_bits.total_cmp(&b.ahead_bits)) {
            let sentence =
                data.claims.iter().find(|claim| claim.id == rival.id).map_or("", |claim| claim.sentence.as_str());
            sentences.push(format!("Its nearest rival is {} bits behind: {sentence}.", number(rival.ahead_bits)));
        }
    }
    for claim in data.claims.iter().filter(|claim| claim.witness.is_some()).take(2) {
        let witness = claim.witness.as_ref().expect("claims with a witness were kept");
        let point = serde_json::to_string(&witness.point).unwrap_or_default();
        sentences.push(format!(
            "{} fails at {point} (run {}), where it loses {} bits.",
            claim.sentence,
            witness.run,
            number(witness.bits)
        ));
    }
    if let Some(point) = &data.disagreement {
        let point = serde_json::to_string(point).unwrap_or_default();
        sentences.push(format!("Those who foretell the outcome disagree most at {point}."));
    }
    sentences
}

/// What a claim that stands still lacks.
fn standing(claim: &ClaimData) -> Vec<String> {
    if claim.verdict == "established" {
        return vec![format!(
            "It earned {} bits on runs made after it was registered, and stood {} of attack.",
            number(claim.registered_bits),
            counted(claim.attack_runs, "run")
        )];
    }
    let mut lacks = Vec::new();
    for (name, what) in [("R1", "a power law of everything that was varied"), ("R2", "what near runs came to")] {
        if claim.ahead_of.get(name).is_some_and(|bits| *bits < 4.4) {
            lacks.push(format!("it is {} bits ahead of {what}, which is too little", number(claim.ahead_of[name])));
        }
    }
    if claim.net_bits < 10.0 {
        lacks.push(format!("it has earned {} bits of the 10 that lead", number(claim.net_bits)));
    }
    if claim.attack_runs < 6 {
        lacks.push(format!("{} attacked it", counted(claim.attack_runs, "run")));
    }
    if lacks.is_empty() { Vec::new() } else { vec![format!("It is not established: {}.", lacks.join("; "))] }
}

/// The claims that have most bits, those that stand first.
fn claims_table(data: &ScienceData) -> Table {
    let mut claims: Vec<&ClaimData> = data.claims.iter().collect();
    let falls = |claim: &ClaimData| !matches!(claim.verdict.as_str(), "established" | "leading" | "open");
    claims.sort_by(|a, b| falls(a).cmp(&falls(b)).then(b.net_bits.total_cmp(&a.net_bits)));
    let row = |claim: &&ClaimData| {
        vec![
            TableCell::Text(claim.id.clone()),
            TableCell::Text(claim.sentence.clone()),
            TableCell::Text(claim.verdict_in_words.clone()),
            TableCell::Number(claim.net_bits),
            TableCell::Number(claim.registered_bits),
            TableCell::Count(claim.runs as u64),
        ]
    };
    let heads = ["claim", "says", "verdict", "net bits", "after registration", "runs"];
    Table::new("claims", 3, &heads, claims.iter().take(N_SHOWN).map(row).collect())
}
