//! What the units of a layer do, as an answer.

use super::data::{FlagsData, UnitsData};
use super::figure::figure;
use crate::words::{count, counted, number, percent};
use dunwu::answer::{Answer, Block, Section, Table, TableCell, object};
use dunwu_verdict::units::{
    Confirmed, Estimate, FEWEST_FLAGGED, Flags, Halved, JudgedUnit, LayerVerdict, Measured, RefusalKind, UnitRole,
};

/// Rows of the table of units in a terminal.
const ROWS: usize = 16;

/// What is said of the units of a layer.
pub fn answer(subject: &str, verdict: &LayerVerdict) -> Answer {
    let mut blocks = vec![Block::Table(roles(verdict))];
    if verdict.stability.measured().next().is_some() {
        blocks.push(Block::Table(stability(verdict)));
    }
    blocks.push(Block::Figure(figure(verdict)));
    let everywhere = Section::everywhere("What the units do", blocks);
    let mut order: Vec<usize> = (0..verdict.units.len()).collect();
    let memory = |unit: &usize| verdict.units[*unit].evidence.memory.map_or(f64::NEG_INFINITY, |e| e.mean);
    order.sort_by(|a, b| memory(b).total_cmp(&memory(a)).then(a.cmp(b)));
    let all: Vec<usize> = (0..verdict.units.len()).collect();
    let sections = vec![
        everywhere,
        Section::of_terminal(
            Some("The units with the largest E; `--json` has all of them"),
            vec![Block::Table(units(verdict, &order[..order.len().min(ROWS)]))],
        ),
        Section::of_page("Every unit", vec![Block::Table(units(verdict, &all))]),
    ];
    Answer {
        verb: "units",
        title: format!("What the units of the layer {} do", layer(subject, verdict)),
        setup: format!(
            "{} {}, {} training samples, {} held out, {} flagged",
            count(verdict.units.len() as u64),
            verdict.basis,
            count(verdict.n_train as u64),
            count(verdict.soundness.n_held_out as u64),
            count(verdict.flagged.len() as u64)
        ),
        headline: headline(verdict),
        sentences: sentences(verdict),
        sections,
        sources: vec![
            "Flags by a ridge readout with exact leave-one-out: Allen 1974, Technometrics 16, 125.".to_owned(),
            "Contributions integrated along a path: Sundararajan et al. 2017, arXiv:1703.01365.".to_owned(),
        ],
        data: object(&UnitsData::of(verdict)),
    }
}

/// Flagged samples and their twins, for whoever measures what units contribute to them.
pub fn flags_answer(subject: &str, layer: &str, flags: &Flags) -> Answer {
    let rows = flags.flagged.iter().map(|flagged| {
        let twins: Vec<String> = flagged.twins.iter().map(ToString::to_string).collect();
        vec![
            TableCell::Text(twins.join(", ")),
            TableCell::Count(flagged.sample as u64),
            TableCell::Count(flagged.label as u64),
            TableCell::Count(flagged.readout as u64),
            TableCell::Number(flagged.contradiction),
        ]
    });
    let heads = ["twins", "sample", "label", "readout", "contradiction"];
    let table = Table::new("flagged", 1, &heads, rows.collect());
    Answer {
        verb: "units-flags",
        title: format!("Flagged samples of {subject}"),
        setup: format!("readout accuracy {}", flags.readout_accuracy.map_or_else(|| "unknown".to_owned(), percent)),
        headline: format!(
            "{} of {} training samples are {}.",
            count(flags.flagged.len() as u64),
            count(flags.n_train as u64),
            if flags.are_given {
                "named as flagged"
            } else {
                "flagged: the network has learned a label that a readout of held-out samples contradicts"
            }
        ),
        sentences: Vec::new(),
        sections: vec![Section::everywhere("Flagged samples", vec![Block::Table(table)])],
        sources: Vec::new(),
        data: object(&FlagsData::of(layer, flags)),
    }
}

fn layer<'a>(subject: &'a str, verdict: &'a LayerVerdict) -> &'a str {
    if verdict.name.is_empty() { subject } else { &verdict.name }
}

fn headline(verdict: &LayerVerdict) -> String {
    let memorizing = verdict.located.as_ref().and_then(|located| located.of_role(UnitRole::Memorizing));
    let (n, basis) = (count(verdict.units.len() as u64), &verdict.basis);
    if verdict.soundness.is_refused() {
        return format!(
            "It cannot be told what the {n} {basis} do, nor what share of the layer's memory could be located: {}.",
            reasons(verdict)
        );
    }
    let roles: Vec<String> = UnitRole::ALL
        .iter()
        .filter(|&&role| verdict.count(role) > 0)
        .map(|&role| format!("{} {}", count(verdict.count(role) as u64), role.name()))
        .collect();
    let roles = format!("of {n} {basis}: {}", roles.join(", "));
    if verdict.flagged.len() < FEWEST_FLAGGED {
        return format!(
            "What share of the layer's memory can be located is not known with {}; {roles}.",
            counted(verdict.flagged.len(), "flagged sample")
        );
    }
    match memorizing.and_then(|share| Some((share.share?, share.interval?))) {
        Some((share, (low, high))) => format!(
            "Units that only memorize hold {} of the layer's memory (95 % interval {} to {}), which is all that can be located; {roles}.",
            percent(share.clamp(0.0, 1.0)),
            percent(low),
            percent(high)
        ),
        None => format!("The layer has no memory beyond its noise, so that there is none to be located; {roles}."),
    }
}

fn reasons(verdict: &LayerVerdict) -> String {
    let words = verdict.soundness.refusals.iter().map(|refusal| match refusal.kind {
        RefusalKind::NoHeldOut => "there are no held-out samples",
        RefusalKind::FewHeldOut => "there are too few held-out samples",
        RefusalKind::Shift => "held-out samples are of another kind than training samples",
        RefusalKind::Chance => "the network generalizes hardly above chance",
        RefusalKind::Incomplete => "contributions do not add up to what the layer does",
        RefusalKind::Imbalance => "classes differ too much in size",
        RefusalKind::Unstable => "halves of the samples give other labels",
        RefusalKind::FewFlagged => "too few samples are flagged",
    });
    words.collect::<Vec<_>>().join("; ")
}

fn sentences(verdict: &LayerVerdict) -> Vec<String> {
    let mut sentences: Vec<String> =
        verdict.soundness.refusals.iter().map(|refusal| refusal.sentence.clone()).collect();
    sentences.extend(luck(verdict));
    let of_both = verdict.located.as_ref().and_then(|located| located.of_role(UnitRole::Both));
    if let Some(share) = of_both.and_then(|both| both.share) {
        sentences.push(format!(
            "Units that do both hold {} of the layer's memory: what removes that memory there takes something that generalizes with it.",
            percent(share.clamp(0.0, 1.0))
        ));
    }
    let leaning = verdict.units.iter().filter(|unit| !unit.evidence.leaning.is_empty()).count();
    if leaning > 0 {
        sentences.push(format!(
            "Samples lean on {}: these give a sample more than twice what they give any held-out one.",
            counted(leaning, "unit")
        ));
    }
    let ablated = |wanted: Confirmed| {
        let confirmations = verdict.units.iter().filter_map(|unit| unit.confirmation);
        confirmations.filter(|confirmation| confirmation.confirmed == wanted).count()
    };
    let [confirmed, unclear, contradicted] =
        [Confirmed::Confirmed, Confirmed::Unclear, Confirmed::Contradicted].map(|wanted| ablated(wanted) as u64);
    if confirmed + unclear + contradicted > 0 {
        sentences.push(format!(
            "Ablating single units confirms {} labels and contradicts {}; of {} more the effect is too small beside its error to tell.",
            count(confirmed),
            count(contradicted),
            count(unclear)
        ));
    }
    sentences.push(completeness(verdict));
    sentences
}

/// How often a label is luck, the worse of both halvings.
fn luck(verdict: &LayerVerdict) -> Option<String> {
    let halvings = [(verdict.stability.held_out, "held-out"), (verdict.stability.flagged, "flagged")];
    let shares = halvings.into_iter().filter_map(|(halved, which)| Some((halved?.share?, halved?.told, which)));
    let (share, told, which) = shares.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(format!(
        "Judged with two halves of the {which} samples, {} of the {} {} that both halves tell get another label.",
        percent(share),
        number(told.round()),
        verdict.basis
    ))
}

fn stability(verdict: &LayerVerdict) -> Table {
    let row = |(which, halved): (&str, Option<Halved>)| {
        let ends = halved.and_then(|halved| halved.ends);
        vec![
            which.into(),
            TableCell::of(halved.map(|halved| halved.told), TableCell::Number),
            TableCell::of(halved.and_then(|halved| halved.share), TableCell::Share),
            ends.map_or(TableCell::Missing, |(low, high)| {
                TableCell::Text(format!("{} to {}", percent(low), percent(high)))
            }),
        ]
    };
    let rows = [("held-out samples", verdict.stability.held_out), ("flagged samples", verdict.stability.flagged)];
    let heads = ["judged with two halves of the", "told by both", "get another label", "lowest to highest"];
    Table::new("stability_table", 1, &heads, rows.into_iter().map(row).collect())
}

fn completeness(verdict: &LayerVerdict) -> String {
    let sound = &verdict.soundness;
    match (verdict.measured, sound.contributions, sound.layer_effect) {
        (Measured::Exactly, ..) => "Contributions are exact here: outputs are linear in this layer.".to_owned(),
        (_, Some(contributed), Some(effect)) => format!(
            "Contributions to held-out margins add up to {}, and the whole layer at its mean activation takes {}.",
            number(contributed),
            number(effect)
        ),
        _ => "Whether contributions add up to what the layer does was not checked; `layer.ablated_output`, or of sequences \
             `layer.ablated_margin`, would tell."
            .to_owned(),
    }
}

fn roles(verdict: &LayerVerdict) -> Table {
    let row = |&role: &UnitRole| {
        let share = verdict.located.as_ref().and_then(|located| located.of_role(role));
        let ends = share.and_then(|share| share.interval);
        vec![
            role.name().into(),
            TableCell::Count(verdict.count(role) as u64),
            TableCell::of(share.map(|share| share.memory), TableCell::Number),
            TableCell::of(share.and_then(|share| share.share), TableCell::Share),
            ends.map_or(TableCell::Missing, |(low, high)| {
                TableCell::Text(format!("{} to {}", percent(low), percent(high)))
            }),
        ]
    };
    let heads = ["role", "units", "memory (margin)", "of the layer's", "95 % interval"];
    Table::new("roles_table", 1, &heads, UnitRole::ALL.iter().map(row).collect())
}

fn units(verdict: &LayerVerdict, places: &[usize]) -> Table {
    let cell = |estimate: Option<Estimate>| {
        estimate.map_or(TableCell::Missing, |e| {
            TableCell::Text(if e.error.is_finite() {
                format!("{} ± {}", number(e.mean), number(e.error))
            } else {
                number(e.mean)
            })
        })
    };
    let ablated = |unit: &JudgedUnit| match unit.confirmation.map(|confirmation| confirmation.confirmed) {
        None | Some(Confirmed::NothingClaimed) => TableCell::Missing,
        Some(Confirmed::Confirmed) => "confirms".into(),
        Some(Confirmed::Contradicted) => "contradicts".into(),
        Some(Confirmed::Unclear) => "unclear".into(),
    };
    let row = |&place: &usize| {
        let unit = &verdict.units[place];
        vec![
            TableCell::Text(place.to_string()),
            unit.label.role.name().into(),
            cell(unit.evidence.memory),
            cell(unit.evidence.held_out),
            cell(unit.evidence.excess),
            ablated(unit),
            TableCell::Share(unit.label.confidence),
            TableCell::Count(unit.evidence.leaning.len() as u64),
        ]
    };
    let heads = ["unit", "role", "E: memory", "H: held out", "X: excess", "ablation", "confidence", "leaning"];
    Table::new("units_table", 6, &heads, places.iter().map(row).collect())
}
