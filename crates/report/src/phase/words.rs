//! A phase diagram in sentences.

use super::grid::labels;
use crate::words::{counted, list, number};
use dunwu_studies::phase::{Diagram, FEW_SEEDS, Phase, Place, Within};

/// What came out, in sentences: how much generalizes, which phases there are, where the boundary lies, what to beware of.
pub(super) fn sentences(diagram: &Diagram) -> Vec<String> {
    let n_runs = diagram.cells.iter().map(|cell| cell.runs).sum::<usize>();
    let n_generalizing = diagram.cells.iter().filter(|cell| cell.share.share > 0.5).count();
    let phases: Vec<String> = diagram.counts().into_iter().map(|(phase, n)| format!("{n} {}", phase.name())).collect();
    let mut sentences = vec![
        format!(
            "More than half of the seeds generalize in {n_generalizing} of {} ({}).",
            counted(diagram.cells.len(), "cell"),
            counted(n_runs, "run")
        ),
        format!("By what most of their seeds came to, the cells are {}.", list(&phases, 9)),
    ];
    sentences.extend(boundary_sentences(diagram));
    sentences.extend(notes(diagram));
    sentences
}

fn boundary_sentences(diagram: &Diagram) -> Vec<String> {
    if diagram.along.is_none() {
        return vec!["Neither axis is an amount of data, so no boundary is drawn.".to_owned()];
    }
    let place = |place: &Place| match (place.within, place.n) {
        (Within::Below, _) => "at every amount of data that was swept".to_owned(),
        (Within::Beyond, _) => "at no amount of data that was swept".to_owned(),
        (Within::Swept, Some(n)) => format!("from {} samples on", number(n)),
        (Within::Swept, None) => "from somewhere within the sweep on".to_owned(),
    };
    let ratio =
        |line: usize| diagram.ratio(line).map_or(String::new(), |r| format!(", {} times the theory's", number(r)));
    let mut sentences = Vec::new();
    // Of several lines the table says it.
    if let [measured] = &diagram.measured.places[..] {
        sentences.push(format!("Half of the seeds generalize {}{}.", place(measured), ratio(measured.line)));
    }
    let ratios: Vec<f64> = diagram.measured.places.iter().filter_map(|place| diagram.ratio(place.line)).collect();
    if let ([_, _, ..], Some(low), Some(high)) =
        (&ratios[..], ratios.iter().copied().reduce(f64::min), ratios.iter().copied().reduce(f64::max))
    {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        sentences.push(format!(
            "Over {} the measured boundary lies at {} times the theory's sample size (geometric mean; {} to {}).",
            counted(ratios.len(), "line"),
            number(mean),
            number(low),
            number(high)
        ));
    }
    sentences
}

/// What a reader has to know before trusting the picture.
pub(super) fn notes(diagram: &Diagram) -> Vec<String> {
    let mut notes = Vec::new();
    let few: Vec<String> =
        diagram.cells.iter().filter(|cell| cell.few_seeds).map(|cell| place_name(diagram, cell.x, cell.y)).collect();
    if few.len() == diagram.cells.len() {
        notes.push(format!("Every cell has fewer than {FEW_SEEDS} seeds."));
    } else if !few.is_empty() {
        notes.push(format!("Fewer than {FEW_SEEDS} seeds: {}.", list(&few, 8)));
    }
    let failed: usize = diagram.cells.iter().map(|cell| cell.failed).sum();
    if failed > 0 {
        notes.push(format!("{} ended with an error; shares and means leave them out.", counted(failed, "run")));
    }
    let missing = diagram.x.values.len() * diagram.n_rows() - diagram.cells.len();
    if missing > 0 {
        let verb = if missing == 1 { "holds" } else { "hold" };
        notes.push(format!("{} of the grid {verb} no run and stay blank.", counted(missing, "cell")));
    }
    notes.extend(diagram.silent.iter().map(|because| format!("The theory is silent on some lines: {because}.")));
    notes.push(match diagram.lost {
        0 => "Counted as generalized: runs whose test accuracy is at its level at the end.".to_owned(),
        lost => format!(
            "Counted as generalized: runs whose test accuracy is at its level at the end; {} had generalized and lost it, and {} \
             not counted.",
            counted(lost, "run"),
            if lost == 1 { "is" } else { "are" }
        ),
    });
    if !diagram.beside.is_empty() {
        notes.push(format!("Varies along with the axes: {}.", list(&diagram.beside, 6)));
    }
    notes
}

/// A cell by its values: `0.3 at cyclic:23`.
pub(super) fn place_name(diagram: &Diagram, x: usize, y: usize) -> String {
    let row = diagram.y.as_ref().map_or(String::new(), |axis| format!(" at {}", labels(axis)[y]));
    format!("{}{row}", labels(&diagram.x)[x])
}

/// Letter, name and meaning of every phase, for help.
pub fn legend() -> impl Iterator<Item = (char, &'static str, &'static str)> {
    Phase::ALL.into_iter().map(|phase| (phase.letter(), phase.name(), phase.meaning()))
}
