//! What a task is: structure, irreps, characters, a corner of its table.

use super::characters::{self, characters};
use super::data::{FamiliesData, FamilyFacts, ProblemData, TableStructure, TaskData};
use dunwu::answer::wording::{count, counted, number};
use dunwu::answer::{Answer, Block, Fact, Section, Table, TableCell, object};
use dunwu::group::{Decomposition, DecompositionError};
use dunwu::task_file;
use dunwu::verb::VerbError;
use dunwu_engine::Problem;
use dunwu_engine::task::{FAMILIES, Structure, Task};
use std::path::Path;

/// Classes up to which programs read the character table: its size is their square, 65 thousand numbers here.
const MOST_CLASSES: usize = 256;
/// Entries of a list that people are shown before it is cut; a character table is shown whole or not at all.
const SHOWN: usize = 12;

/// What the task of this spelling is; without one, the families there are.
pub fn task(spelling: Option<&str>) -> Result<Answer, VerbError> {
    let Some(spelling) = spelling else { return Ok(families()) };
    let task = Task::parse(spelling).map_err(|error| VerbError::usage(format!("task: {error}")))?;
    let problem =
        task_file::resolve(&task, Path::new("")).map_err(|error| VerbError::usage(format!("task: {error}")))?;
    let decomposition = problem.group().map(Decomposition::of).transpose();
    Ok(of_problem(&problem, &decomposition))
}

fn families() -> Answer {
    let facts = FAMILIES.iter().map(|family| FamilyFacts {
        name: family.name.to_owned(),
        spelling: family.spelling.to_owned(),
        tells: family.tells.to_owned(),
        example: family.example.to_owned(),
    });
    let words = FAMILIES
        .iter()
        .map(|family| Fact::new(family.spelling, format!("{}, for example {}", family.tells, family.example)));
    Answer {
        verb: "task",
        title: "Tasks".to_owned(),
        setup: String::new(),
        headline: format!("There are {} of tasks.", families_counted(FAMILIES.len())),
        sentences: Vec::new(),
        sections: vec![Section::everywhere("Families", vec![Block::Words(words.collect())])],
        sources: Vec::new(),
        data: object(&TaskData::Families(FamiliesData { families: facts.collect() })),
    }
}

fn families_counted(n: usize) -> String {
    if n == 1 { "1 family".to_owned() } else { format!("{} families", count(n as u64)) }
}

fn of_problem(problem: &Problem, decomposition: &Result<Option<Decomposition>, DecompositionError>) -> Answer {
    let found = decomposition.as_ref().ok().and_then(Option::as_ref);
    let mut facts = vec![Fact::new("inputs of each label", shortened(&n_inputs_of_each_label(problem)))];
    let classes = problem.group().and_then(dunwu_engine::task::CayleyTable::classes);
    if let Some(classes) = &classes {
        let sizes: Vec<usize> = classes.iter().map(Vec::len).collect();
        facts.push(Fact::new("conjugacy classes", count(classes.len() as u64)));
        facts.push(Fact::new("sizes of the classes", shortened(&sizes)));
    }
    let mut sections = vec![Section::everywhere("In numbers", vec![Block::Facts(facts)])];
    let mut sentences = several(problem);
    sentences.extend(ranges(problem));
    match decomposition {
        Ok(Some(decomposition)) => {
            sections.push(Section::everywhere("Irreps", vec![Block::Table(characters::kinds(decomposition))]));
            let table = characters(problem, SHOWN).and_then(|table| characters::table(problem, decomposition, &table));
            sections.extend(table.map(|table| Section::everywhere("Character table", vec![Block::Table(table)])));
        }
        Ok(None) => sentences.push(without_group(problem)),
        Err(error) => sentences.push(format!("Its irreps are not computed: {error}.")),
    }
    sections.extend(if problem.n_features == 0 { corner(problem) } else { Some(first_inputs(problem)) });
    Answer {
        verb: "task",
        title: problem.name.clone(),
        setup: String::new(),
        headline: headline(problem),
        sentences,
        sections,
        sources: Vec::new(),
        data: object(&data(problem, found, classes.as_deref())),
    }
}

fn headline(problem: &Problem) -> String {
    let size = if problem.n_features > 0 {
        let inputs = counted(problem.n_population(), "input");
        format!("{}, {inputs} of {}", counted(problem.n_labels, "label"), counted(problem.n_features, "number"))
    } else {
        let labels = match problem.structure {
            Structure::Group(_) | Structure::Quasigroup(_) => format!("order {}", count(problem.n_labels as u64)),
            Structure::Function => counted(problem.n_labels, "label"),
        };
        let entries = count(problem.n_population() as u64);
        format!("{labels}, {}, {entries} entries", counted(problem.n_operands(), "operand"))
    };
    let kind = match &problem.structure {
        Structure::Group(table) if table.is_abelian() => "an abelian group",
        Structure::Group(_) => "a non-abelian group",
        Structure::Quasigroup(_) => "a quasigroup (a Latin square that is no group)",
        Structure::Function if !problem.several.is_empty() => "several problems for one network",
        Structure::Function if problem.n_features > 0 => "a function of numbers",
        Structure::Function => "a function that is no group multiplication",
    };
    format!("{} is {kind}: {size}.", problem.name)
}

/// What is not defined where there is no group.
fn without_group(problem: &Problem) -> String {
    let what = match problem.structure {
        Structure::Quasigroup(_) => "a Latin square that is no group's",
        _ if !problem.several.is_empty() => "more than one operation",
        _ if problem.n_features > 0 => "no operation of tokens",
        _ => "no group multiplication",
    };
    format!(
        "It is {what}, so irreps, frequencies, conjugacy classes and a critical sample size are not defined for it. It is trained \
         and measured like any other task; the measures that need irreps are left empty, and nothing is expected of it."
    )
}

/// What the tokens of the first operand name.
fn several(problem: &Problem) -> Vec<String> {
    if problem.several.is_empty() {
        return Vec::new();
    }
    let named = problem.several.iter().enumerate().map(|(token, shared)| {
        let share = 100.0 * shared.share.0 as f64 / shared.share.1 as f64;
        format!("{token} is {} ({} % of the training sample)", shared.name, number(share))
    });
    vec![format!("Operand 1 names the problem: {}.", named.collect::<Vec<_>>().join("; "))]
}

/// The operands that do not begin at 0.
fn ranges(problem: &Problem) -> Vec<String> {
    let ranges = problem.operand_firsts.iter().zip(&problem.operand_sizes).enumerate();
    ranges
        .filter(|(_, (first, _))| **first > 0)
        .map(|(operand, (&first, &size))| {
            let last = first as usize + size - 1;
            format!(
                "Operand {} is a number from {first} to {last}, because there is no dividing by 0; its tokens are counted so in files, \
                 too.",
                operand + 1
            )
        })
        .collect()
}

fn data(problem: &Problem, decomposition: Option<&Decomposition>, classes: Option<&[Vec<u32>]>) -> TaskData {
    let (structure, table) = match &problem.structure {
        Structure::Group(table) => (TableStructure::Group, Some(table)),
        Structure::Quasigroup(table) => (TableStructure::Quasigroup, Some(table)),
        Structure::Function => (TableStructure::Function, None),
    };
    let of_classes = |of: fn(&Vec<u32>) -> usize| classes.map(|classes| classes.iter().map(of).collect());
    TaskData::Problem(Box::new(ProblemData {
        task: problem.name.clone(),
        structure,
        order: problem.n_labels,
        operands: problem.n_operands(),
        operand_sizes: problem.operand_sizes.clone(),
        operand_firsts: problem.operand_firsts.clone(),
        features: problem.n_features,
        population: problem.n_population(),
        label_counts: n_inputs_of_each_label(problem),
        abelian: table.map(dunwu_engine::task::CayleyTable::is_abelian),
        classes: classes.map(<[_]>::len),
        class_sizes: of_classes(Vec::len),
        class_representatives: of_classes(|class| class[0] as usize),
        irreps: decomposition.map(characters::irreps),
        characters: characters(problem, MOST_CLASSES).map(|table| characters::rows(&table)),
        residual: decomposition.map(|decomposition| decomposition.residual),
    }))
}

fn n_inputs_of_each_label(problem: &Problem) -> Vec<usize> {
    let mut counts = vec![0; problem.n_labels];
    problem.labels.iter().for_each(|&label| counts[label as usize] += 1);
    counts
}

fn shortened(entries: &[usize]) -> String {
    let cut = if entries.len() > SHOWN { ", …" } else { "" };
    let shown: Vec<String> = entries.iter().take(SHOWN).map(usize::to_string).collect();
    format!("{}{cut}", shown.join(", "))
}

/// The first numbers of the first inputs, each behind its label.
fn first_inputs(problem: &Problem) -> Section {
    let n = problem.n_features.min(SHOWN);
    let names: Vec<String> = (1..=n).map(|i| format!("x{i}")).collect();
    let heads: Vec<&str> = std::iter::once("label").chain(names.iter().map(String::as_str)).collect();
    let inputs = problem.values.chunks_exact(problem.n_features).zip(&problem.labels).take(SHOWN);
    let row = |(input, label): (&[f32], &u32)| {
        let numbers = input.iter().take(n).map(|number| TableCell::Text(number.to_string()));
        std::iter::once(label.to_string().into()).chain(numbers).collect()
    };
    let table = Table::new("inputs", 1, &heads, inputs.map(row).collect());
    Section::everywhere("Its first inputs, each behind its label", vec![Block::Table(table)])
}

/// The first rows and columns of the table of the last two operands.
fn corner(problem: &Problem) -> Option<Section> {
    let [.., rows, columns] = *problem.operand_sizes else { return None };
    let [.., first_row, first_column] = *problem.operand_firsts else { return None };
    let (rows, n) = (rows.min(SHOWN), columns.min(SHOWN));
    let names: Vec<String> = (0..n).map(|b| (first_column as usize + b).to_string()).collect();
    let heads: Vec<&str> = std::iter::once("").chain(names.iter().map(String::as_str)).collect();
    let row = |a: usize| {
        let labels = (0..n).map(|b| TableCell::Count(u64::from(problem.labels[a * columns + b])));
        std::iter::once((first_row as usize + a).to_string().into()).chain(labels).collect()
    };
    let table = Table::new("corner", 1, &heads, (0..rows).map(row).collect());
    Some(Section::everywhere("The corner of its table, labels from 0", vec![Block::Table(table)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::assert_page_sound;
    use crate::reference::{measures, presets, settings};
    use crate::skin;

    fn answers() -> Vec<Answer> {
        let spellings = [
            "cyclic:6",
            "symmetric:4",
            "alternating:4",
            "parity:3:2",
            "digits",
            "expression:x^2+x*y+y^2:7",
            "expression:x-y:7",
            "expression:x^2:7",
            "expression:x/y:97",
            "expression:x/y if y%2 else x-y:97",
            "word:aba^-1:symmetric:4",
            "several:cyclic:23@0.9,expression:x*y:23@0.1",
            "base:10:cyclic:100",
        ];
        let tasks = spellings.iter().map(|spelling| task(Some(spelling)).unwrap());
        tasks.chain([task(None).unwrap(), presets(), settings(), measures(None).unwrap()]).collect()
    }

    #[test]
    fn every_reference_fits_a_terminal_and_its_schema() {
        for answer in answers() {
            let text = skin::terminal(&answer);
            // A formula stays as it is.
            let is_short = |line: &str| line.chars().count() <= 80 || line.starts_with("    ") || line.contains("  (");
            assert!(text.lines().all(is_short), "{text}");
            assert_page_sound(&skin::page(&answer), &answer.title);
            assert_eq!(crate::verbs::mistakes(answer.verb, &skin::json(&answer)), [""; 0], "{}", answer.title);
        }
    }

    /// Of a group the squares of the degrees sum to its order.
    #[test]
    fn irreps_are_over_the_complex_numbers() {
        for (spelling, order) in [("cyclic:6", 6), ("symmetric:4", 24), ("alternating:4", 12), ("dicyclic:2", 8)] {
            let data = task(Some(spelling)).unwrap().data;
            let degrees = data["irreps"].as_array().unwrap().iter().map(|irrep| irrep["degree"].as_u64().unwrap());
            assert_eq!(degrees.map(|degree| degree * degree).sum::<u64>(), order, "{spelling}");
        }
    }

    /// Power et al.'s x/y has 97 rows and 96 columns, and says so.
    #[test]
    fn a_table_is_shown_with_the_numbers_that_it_is_of() {
        let answer = task(Some("expression:x/y:97")).unwrap();
        assert_eq!(answer.data["operand_sizes"], serde_json::json!([97, 96]));
        assert_eq!(answer.data["operand_firsts"], serde_json::json!([0, 1]));
        assert_eq!(answer.data["structure"], "function");
        assert!(answer.data["irreps"].is_null() && answer.data["classes"].is_null());
        let text = skin::terminal(&answer);
        for said in
            ["97 labels, 2 operands, 9,312 entries", "Operand 2 is a number from 1 to 96", "no group multiplication"]
        {
            assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(said), "{said}: {text}");
        }
        // Below the numbers of the columns 1, 2, 3, …: 1/1 = 1, 1/2 = 49, 1/3 = 65.
        let words = |line: &str| line.split_whitespace().take(4).map(str::to_owned).collect::<Vec<_>>();
        let ones: Vec<_> =
            text.lines().map(words).filter(|words| words.first().is_some_and(|word| word == "1")).collect();
        assert_eq!(ones, [["1", "2", "3", "4"], ["1", "1", "49", "65"]], "{text}");
    }

    #[test]
    fn unknown_names_are_refused_with_a_hint() {
        let error = |result: Result<Answer, VerbError>| match result {
            Err(VerbError::Usage(mistake)) => mistake.message,
            _ => panic!("refused as a mistake"),
        };
        assert!(error(measures(Some("unit_puritu"))).contains("did you mean `unit_purity`?"));
        assert!(error(task(Some("cylic:7"))).starts_with("task: "));
    }
}
