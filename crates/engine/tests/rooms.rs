//! Which room of the engine may know which: every `crate::room` and every `super::…::room` in the sources points down the list
//! below. So the words of a spec know nothing of what they do, and the kernel knows no network.

#![expect(clippy::disallowed_methods, reason = "reads the crate's own sources")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from the ground up. A room may use those before it, and itself.
const ROOMS: [&str; 11] =
    ["elementary", "random", "written", "task", "spec", "split", "kernel", "loss", "model", "optim", "train"];

/// What the kernel may know: scalar functions, and words.
const BELOW_KERNEL: [&str; 2] = ["elementary", "spec"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file under a folder, by its path from there.
fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path.strip_prefix(source()).expect("below the sources").to_owned());
        }
    }
}

/// Names of the modules from the root to this file's: `kernel`, `product` of `kernel/product.rs`.
fn module_of(file: &Path) -> Vec<String> {
    let names = file.with_extension("");
    let names = names.iter().map(|name| name.to_str().expect("a name in ASCII").to_owned());
    names.filter(|name| name != "mod" && name != "lib").collect()
}

/// The text without comments and without what stands in quotes.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let outside = line.split('"').step_by(2);
        outside.for_each(|part| code.push_str(part));
        code.push('\n');
    }
    code
}

/// The names that a path goes on with: one, or those of the outermost braces.
fn continuations(rest: &str) -> Vec<&str> {
    let name = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let Some(list) = rest.strip_prefix('{') else { return vec![&rest[..name(rest)]] };
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let item = list[start..at].trim();
                names.push(&item[..name(item)]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => (),
        }
    }
    names
}

/// Names that stand at the crate's root, with the room that each is of: rooms, and what `lib.rs` re-exports.
fn at_the_root(name: &str) -> Option<&'static str> {
    // A star, or what follows the last comma of a list.
    if name.is_empty() {
        return None;
    }
    if let Some(room) = ROOMS.into_iter().find(|room| *room == name) {
        return Some(room);
    }
    let lib = code_of(&fs::read_to_string(source().join("lib.rs")).expect("the root"));
    ROOMS.into_iter().find(|room| {
        let begins = format!("pub use {room}::");
        lib.split(&begins).skip(1).any(|rest| continuations(rest).contains(&name))
    })
}

/// The rooms that a file names.
fn named_by(module: &[String], code: &str) -> BTreeSet<&'static str> {
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        rooms.extend(continuations(&code[at + "crate::".len()..]).into_iter().filter_map(at_the_root));
    }
    // As many `super` as there are modules lead to the root; in a module within the file, one more.
    let up = "super::".repeat(module.len());
    for (at, _) in code.match_indices(&up) {
        let rest = code[at + up.len()..].trim_start_matches("super::");
        rooms.extend(continuations(rest).into_iter().filter_map(at_the_root));
    }
    rooms
}

#[test]
fn every_arrow_between_rooms_points_down() {
    let mut files = Vec::new();
    source_files(&source(), &mut files);
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| *file != Path::new("lib.rs")) {
        let module = module_of(file);
        let own = ROOMS.iter().position(|room| *room == module[0]);
        let own = own.unwrap_or_else(|| panic!("{} is in no room of the list", file.display()));
        seen.insert(ROOMS[own]);
        for room in named_by(&module, &code_of(&fs::read_to_string(source().join(file)).unwrap())) {
            let is_below = ROOMS[..own].contains(&room);
            let is_known = ROOMS[own] != "kernel" || BELOW_KERNEL.contains(&room);
            if room != ROOMS[own] && !(is_below && is_known) {
                wrong.push(format!("{} knows {room}", file.display()));
            }
        }
    }
    assert_eq!(seen, ROOMS.into(), "every room has files");
    assert!(wrong.is_empty(), "rooms know what is above them: {wrong:#?}");
}

#[test]
fn arrows_are_found_however_they_are_written() {
    let named = |module: &[&str], code: &str| {
        let module: Vec<String> = module.iter().map(|&name| name.to_owned()).collect();
        named_by(&module, &code_of(code)).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(named(&["spec"], "use crate::model::Weights;"), ["model"]);
    assert_eq!(
        named(&["spec"], "use crate::{kernel::{self, Workers}, optim, task::Task};"),
        ["kernel", "optim", "task"]
    );
    assert_eq!(named(&["spec", "apply"], "use super::super::loss::Loss;"), ["loss"]);
    assert_eq!(named(&["kernel"], "fn f() -> super::train::Outcome {}"), ["train"]);
    assert_eq!(named(&["kernel", "product"], "let split: crate::Split = todo!();"), ["split"]);
    assert_eq!(named(&["spec", "settings"], "use super::loss::X; // crate::model\nlet s = \"crate::model\";"), [""; 0]);
}
