//! `dunwu presets`, `settings`, `measures` and `task`: what there is to choose from, walked from the tables that define it.

use crate::Place;
use crate::failure::Failure;
use crate::say::say;
use dunwu::group::{CharacterTable, Decomposition, Irrep, IrrepKind, c64};
use dunwu::measure::MEASURES;
use dunwu::scalars::SCALARS;
use dunwu::task_file;
use dunwu_engine::spec::nearest;
use dunwu_engine::spec::presets::PRESETS;
use dunwu_engine::spec::settings::SETTINGS;
use dunwu_engine::task::{FAMILIES, Structure, Task};
use dunwu_engine::{Problem, RunSpec};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn presets(place: &Place) {
    if place.json {
        let rows = PRESETS.iter().map(|p| json!({ "name": p.name, "paper": p.paper, "promises": p.promises }));
        say!("{}", json!({ "presets": rows.collect::<Vec<_>>() }));
        return;
    }
    for preset in PRESETS {
        say!("{:<12} {}\n{:13}{}", preset.name, preset.paper, "", preset.promises);
    }
}

pub(crate) fn settings(place: &Place) {
    let default = RunSpec::default();
    let shown = |setting: &dunwu_engine::spec::Setting| setting.get(&default).map(|value| value.to_string());
    if place.json {
        let rows = SETTINGS.iter().map(|setting| {
            json!({
                "key": setting.key,
                "tells": setting.doc,
                "allowed": setting.allowed().to_string(),
                "default": shown(setting),
                "identifies": setting.identifies,
            })
        });
        say!("{}", json!({ "settings": rows.collect::<Vec<_>>() }));
        return;
    }
    for setting in SETTINGS {
        let default = shown(setting).map_or(String::new(), |value| format!(" = {value}"));
        say!("{}{default}\n    {}\n    allowed: {}", setting.key, setting.doc, setting.allowed());
    }
}

pub(crate) fn measures(name: Option<&str>, place: &Place) -> Result<(), Failure> {
    if let Some(unknown) = name.filter(|name| MEASURES.iter().all(|measure| measure.name != *name)) {
        let hint = nearest(unknown, MEASURES.iter().map(|measure| measure.name));
        let hint = hint.map_or("`dunwu measures` lists them all".to_owned(), |name| format!("did you mean `{name}`?"));
        return Err(Failure::usage(format!("there is no measure `{unknown}`; {hint}")));
    }
    let wanted = || MEASURES.iter().filter(|measure| name.is_none_or(|name| measure.name == name));
    if place.json {
        let rows = wanted().map(|m| {
            json!({
                "name": m.name,
                "tells": m.tells,
                "formula": m.formula,
                "shape": m.shape,
                "unit": m.unit,
                "source": m.source,
                "undefined": m.undefined,
            })
        });
        let scalars = SCALARS
            .iter()
            .filter(|scalar| name.is_none_or(|name| scalar.name == name))
            .map(|s| json!({ "name": s.name, "tells": s.tells, "unit": s.unit, "undefined": s.undefined }));
        let scalars = scalars.collect::<Vec<_>>();
        say!("{}", json!({ "measures": rows.collect::<Vec<_>>(), "scalars": scalars }));
        return Ok(());
    }
    for measure in wanted() {
        say!("{}  ({:?}, {})", measure.name, measure.shape, measure.unit);
        say!("    {}", measure.tells);
        measure.formula.lines().for_each(|line| say!("      {line}"));
        say!("    undefined: {}\n    source: {}", measure.undefined, measure.source);
        if SCALARS.iter().any(|scalar| scalar.name == measure.name) {
            say!("    also at every evaluation, not at snapshots alone, and in the tables of sweeps");
        }
    }
    Ok(())
}

pub(crate) fn task(spec: Option<&str>, place: &Place) -> Result<(), Failure> {
    let Some(spec) = spec else {
        families(place);
        return Ok(());
    };
    let refused = |error: &dyn std::fmt::Display| Failure::usage(format!("task: {error}"));
    let task = Task::parse(spec).map_err(|error| refused(&error))?;
    let problem = task_file::resolve(&task, Path::new("")).map_err(|error| refused(&error))?;
    let decomposition = problem.group().map(Decomposition::of).transpose();
    if place.json {
        let characters = characters(&problem, JSON_CLASSES);
        say!("{}", object(&problem, decomposition.as_ref().ok().and_then(Option::as_ref), characters.as_ref()));
        return Ok(());
    }
    say!("{}: {}", problem.name, kind(&problem));
    if problem.n_features == 0 {
        say!("  order {}, {} operands, {} entries", problem.n_labels, problem.n_operands(), problem.n_population());
    } else {
        say!("  {} labels, {} inputs of {} numbers", problem.n_labels, problem.n_population(), problem.n_features);
        let of_each: Vec<String> = n_inputs_of_each_label(&problem).iter().map(usize::to_string).collect();
        say!("  inputs of each label: {}", shortened(&of_each));
    }
    if let Some(classes) = problem.group().and_then(dunwu_engine::task::CayleyTable::classes) {
        let sizes: Vec<String> = classes.iter().map(|class| class.len().to_string()).collect();
        say!("  {} conjugacy classes, of sizes {}", classes.len(), shortened(&sizes));
    }
    match &decomposition {
        Ok(Some(decomposition)) => {
            irreps(decomposition);
            if let Some(characters) = characters(&problem, SHOWN) {
                character_table(&problem, decomposition, &characters);
            }
        }
        Ok(None) => say!("  no representation theory here: it needs a group"),
        Err(error) => say!("  irreps are not computed: {error}"),
    }
    if problem.n_features == 0 {
        corner(&problem);
    } else {
        first_inputs(&problem);
    }
    Ok(())
}

fn families(place: &Place) {
    if place.json {
        let rows = FAMILIES
            .iter()
            .map(|f| json!({ "name": f.name, "spelling": f.spelling, "tells": f.tells, "example": f.example }));
        say!("{}", json!({ "families": rows.collect::<Vec<_>>() }));
        return;
    }
    for family in FAMILIES {
        say!("{:<28} {}\n{:29}for example {}", family.spelling, family.tells, "", family.example);
    }
}

fn kind(problem: &Problem) -> &'static str {
    match &problem.structure {
        Structure::Group(table) if table.is_abelian() => "an abelian group",
        Structure::Group(_) => "a non-abelian group",
        Structure::Quasigroup(_) => "a quasigroup (a Latin square that is no group)",
        Structure::Function if problem.n_features > 0 => "a function of numbers",
        Structure::Function => "a function that is no group multiplication",
    }
}

fn object(problem: &Problem, decomposition: Option<&Decomposition>, characters: Option<&CharacterTable>) -> Value {
    let table = match &problem.structure {
        Structure::Group(table) | Structure::Quasigroup(table) => Some(table),
        Structure::Function => None,
    };
    let irreps = decomposition.map(|decomposition| {
        let row = |(name, irrep): (String, &Irrep)| json!({ "name": name, "degree": irrep.degree, "type": irrep.kind });
        over_the_complex_numbers(decomposition).map(row).collect::<Vec<_>>()
    });
    let classes = problem.group().and_then(dunwu_engine::task::CayleyTable::classes);
    let of_classes =
        |of: fn(&Vec<u32>) -> usize| classes.as_ref().map(|classes| classes.iter().map(of).collect::<Vec<_>>());
    let character_rows = characters.map(|table| {
        let values = |values: &[c64]| values.iter().map(|value| [value.re, value.im]).collect::<Vec<_>>();
        let rows = table.characters.iter();
        rows.map(|row| json!({ "degree": row.degree, "type": row.kind, "values": values(&row.values) }))
            .collect::<Vec<_>>()
    });
    json!({
        "task": problem.name,
        "structure": match problem.structure {
            Structure::Group(_) => "group",
            Structure::Quasigroup(_) => "quasigroup",
            Structure::Function => "function",
        },
        "order": problem.n_labels,
        "operands": problem.n_operands(),
        "features": problem.n_features,
        "population": problem.n_population(),
        "label_counts": n_inputs_of_each_label(problem),
        "abelian": table.map(dunwu_engine::task::CayleyTable::is_abelian),
        "classes": classes.as_ref().map(Vec::len),
        "class_sizes": of_classes(Vec::len),
        "class_representatives": of_classes(|class| class[0] as usize),
        "irreps": irreps,
        "characters": character_rows,
        "residual": decomposition.map(|decomposition| decomposition.residual),
    })
}

fn n_inputs_of_each_label(problem: &Problem) -> Vec<usize> {
    let mut counts = vec![0; problem.n_labels];
    problem.labels.iter().for_each(|&label| counts[label as usize] += 1);
    counts
}

/// Every irrep over ℂ, so that Σ d² is the order and there are as many as classes: of a complex pair, which a real network
/// learns as one and a [`Decomposition`] lists as one, both.
fn over_the_complex_numbers(decomposition: &Decomposition) -> impl Iterator<Item = (String, &Irrep)> {
    decomposition.irreps.iter().flat_map(|irrep| {
        let conjugate = (irrep.kind == IrrepKind::Complex).then(|| (format!("{} conjugate", irrep.name), irrep));
        [(irrep.name.clone(), irrep)].into_iter().chain(conjugate)
    })
}

fn irreps(decomposition: &Decomposition) {
    let mut kinds: Vec<(usize, &str, usize)> = Vec::new();
    for (_, irrep) in over_the_complex_numbers(decomposition) {
        let kind = irrep.kind.name();
        match kinds.iter_mut().find(|(degree, other, _)| *degree == irrep.degree && *other == kind) {
            Some((_, _, count)) => *count += 1,
            None => kinds.push((irrep.degree, kind, 1)),
        }
    }
    let n: usize = kinds.iter().map(|(_, _, count)| count).sum();
    say!("  {n} irreps (residual {:.0e}):", decomposition.residual);
    for (degree, kind, count) in kinds {
        let pairs =
            if kind == IrrepKind::Complex.name() { format!(", {} conjugate pairs", count / 2) } else { String::new() };
        say!("    {count} of degree {degree}, {kind}{pairs}");
    }
}

/// The character table of a group with no more classes than this, where it is computed.
fn characters(problem: &Problem, most_classes: usize) -> Option<CharacterTable> {
    let table = problem.group()?;
    let is_small = table.classes()?.len() <= most_classes;
    is_small.then(|| CharacterTable::of(table).ok()).flatten()
}

/// Characters by row, classes by column.
fn character_table(problem: &Problem, decomposition: &Decomposition, characters: &CharacterTable) {
    let Some(table) = problem.group() else { return };
    let n_classes = characters.classes.len();
    let order = |class: &Vec<u32>| table.element_order(class[0]).map_or(String::new(), |order| order.to_string());
    let mut lines = vec![
        ("element order".to_owned(), characters.classes.iter().map(order).collect::<Vec<_>>()),
        ("class size".to_owned(), characters.classes.iter().map(|class| class.len().to_string()).collect()),
    ];
    // Both lists have the irreps in the same order.
    for (row, (name, _)) in over_the_complex_numbers(decomposition).enumerate() {
        let values = &characters.characters[row].values;
        let entry = |class: usize| character(characters.integer(row, class), values[class]);
        lines.push((name, (0..n_classes).map(entry).collect()));
    }
    let width = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let name_width = width(&mut lines.iter().map(|(name, _)| name));
    let widths: Vec<usize> =
        (0..n_classes).map(|class| width(&mut lines.iter().map(|(_, cells)| &cells[class]))).collect();
    say!("  character table:");
    for (name, cells) in &lines {
        let cells = cells.iter().zip(&widths).map(|(cell, &width)| format!("  {cell:>width$}"));
        say!("    {name:<name_width$}{}", cells.collect::<String>());
    }
}

/// A value of a character: an integer as one, anything else as a short decimal `a+bi`.
fn character(integer: Option<i64>, value: c64) -> String {
    if let Some(integer) = integer {
        return integer.to_string();
    }
    // Far above the rounding of a sum of a few roots of unity.
    let is_zero = |part: f64| part.abs() < 1e-9;
    let decimal = |part: f64| {
        if is_zero(part - part.round()) {
            return format!("{part:.0}");
        }
        format!("{part:.3}").trim_end_matches('0').to_owned()
    };
    let imaginary = match decimal(value.im).as_str() {
        "1" => "i".to_owned(),
        "-1" => "-i".to_owned(),
        other => format!("{other}i"),
    };
    match (is_zero(value.re), is_zero(value.im)) {
        (_, true) => decimal(value.re),
        (true, false) => imaginary,
        (false, false) if value.im > 0.0 => format!("{}+{imaginary}", decimal(value.re)),
        (false, false) => format!("{}{imaginary}", decimal(value.re)),
    }
}

/// Classes up to which JSON has the character table: its size is their square, 65 thousand numbers here.
const JSON_CLASSES: usize = 256;

/// Entries of a list that are shown before it is cut; a character table is shown whole or not at all.
const SHOWN: usize = 12;

fn shortened(entries: &[String]) -> String {
    let cut = if entries.len() > SHOWN { ", …" } else { "" };
    format!("{}{cut}", entries[..entries.len().min(SHOWN)].join(", "))
}

/// The first numbers of the first inputs.
fn first_inputs(problem: &Problem) {
    say!("  its first inputs, each behind its label:");
    for (input, label) in problem.values.chunks_exact(problem.n_features).zip(&problem.labels).take(SHOWN) {
        let numbers = input.iter().take(SHOWN).map(|number| format!("{number:>7}"));
        say!("   {label:>4}:{}{}", numbers.collect::<String>(), if problem.n_features > SHOWN { " …" } else { "" });
    }
    if problem.n_population() > SHOWN {
        say!("      …");
    }
}

/// The first rows and columns of the table of the last two operands.
fn corner(problem: &Problem) {
    let [.., rows, columns] = *problem.operand_sizes else { return };
    say!("  the corner of its table, labels from 0:");
    for a in 0..rows.min(SHOWN) {
        let cells = (0..columns.min(SHOWN)).map(|b| format!("{:>4}", problem.labels[a * columns + b]));
        say!("   {}{}", cells.collect::<String>(), if columns > SHOWN { " …" } else { "" });
    }
    if rows > SHOWN {
        say!("      …");
    }
}
