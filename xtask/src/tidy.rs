//! `cargo xtask tidy`: the house rules as a test. [`RULES`] lists them; each is a function of the files alone.
//!
//! What breaks a rule today and is to be mended step by step stands in `xtask/exceptions.txt` with its size, which it may not
//! exceed. `cargo test -p xtask` runs the rules on this checkout, so that `cargo test --workspace` does.

mod dead;
mod dependencies;
mod exceptions;
mod length;
mod markdown;
mod modules;
mod pointers;
mod rooms;
mod tree;
mod words;

pub(crate) use dead::linked_files;
pub(crate) use tree::Tree;

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::gallery;
use crate::say::say;
use exceptions::Exceptions;
use std::fs;

/// Where exceptions stand.
const EXCEPTIONS: &str = "xtask/exceptions.txt";

/// Whether a file's name has this ending.
pub(crate) fn has_end(name: &str, end: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, found)| found == end)
}

/// A rule of the house.
pub(crate) struct Rule {
    /// One word, which exceptions and findings carry.
    pub(crate) name: &'static str,
    /// What it asks for.
    pub(crate) asks: &'static str,
    pub(crate) check: fn(&Tree) -> Vec<Finding>,
}

/// Every rule, in the order in which findings are shown.
static RULES: &[Rule] = &[
    length::FILES,
    length::BUDGETS,
    dead::SOURCES,
    dead::IMAGES,
    gallery::RULE,
    rooms::LOGIC,
    rooms::MEMBERS,
    dependencies::REASONS,
    pointers::LINKS,
    pointers::PATHS,
    words::RULE,
];

/// Something that breaks a rule.
#[derive(Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// Line in the file, from 1, where there is one.
    pub(crate) line: Option<usize>,
    /// How large it is: lines, bytes, functions, or 1. An exception bounds the sum over a file.
    pub(crate) size: usize,
    /// What is wrong and what to do.
    pub(crate) says: String,
}

impl Finding {
    /// One of a kind that is counted.
    fn at(path: &str, line: usize, says: String) -> Self {
        Self { path: path.to_owned(), line: Some(line), size: 1, says }
    }

    /// One of a whole file.
    pub(crate) fn of_file(path: &str, size: usize, says: String) -> Self {
        Self { path: path.to_owned(), line: None, size, says }
    }

    fn shown(&self, rule: &str) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{rule}: {}{line}: {}", self.path, self.says)
    }
}

/// Checks this checkout and prints how large each room is.
pub(crate) fn run(checkout: &Checkout) -> Result<(), Failure> {
    let tree = Tree::read(checkout.root())?;
    say!("{}\n", rooms::table(&tree));
    let (problems, n_excepted) = problems(&tree)?;
    for problem in &problems {
        say!("{problem}");
    }
    if !problems.is_empty() {
        let n = problems.len();
        let remedy =
            "mend them; where one has to stay, `cargo xtask tidy --write-exceptions` lists it, and the commit says why";
        return Err(Failure::failed(format!(
            "{n} problem{} with the house rules: {remedy}",
            if n == 1 { "" } else { "s" }
        )));
    }
    say!("{} rules hold, with {n_excepted} files excepted in {EXCEPTIONS}:", RULES.len());
    for rule in RULES {
        say!("  {:<13}{}", rule.name, rule.asks);
    }
    Ok(())
}

/// Lines for what breaks a rule and is not excepted, and the number of exceptions.
fn problems(tree: &Tree) -> Result<(Vec<String>, usize), Failure> {
    let exceptions = Exceptions::parse(tree.text(EXCEPTIONS).unwrap_or_default())?;
    let mut problems = Vec::new();
    for rule in RULES {
        problems.extend(exceptions.problems(rule.name, &(rule.check)(tree)));
    }
    problems.extend(exceptions.of_no_rule(|name| RULES.iter().any(|rule| rule.name == name)));
    Ok((problems, exceptions.len()))
}

/// Excepts all that breaks a rule today, at the size that it has.
pub(crate) fn write_exceptions(checkout: &Checkout) -> Result<(), Failure> {
    let tree = Tree::read(checkout.root())?;
    let findings = RULES.iter().map(|rule| (rule.name, (rule.check)(&tree)));
    let text = exceptions::text(findings);
    let path = checkout.root().join(EXCEPTIONS);
    fs::write(&path, &text).map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?;
    say!("{EXCEPTIONS}: {} exceptions", Exceptions::parse(&text)?.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_house_is_tidy() {
        let tree = Tree::read(Checkout::of_this_build().root()).unwrap();
        let (problems, _) = problems(&tree).unwrap();
        assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    }

    #[test]
    fn every_rule_has_a_name_of_its_own() {
        assert_eq!(RULES.iter().map(|rule| rule.name).collect::<BTreeSet<_>>().len(), RULES.len());
    }

    #[test]
    fn an_exception_of_no_rule_is_a_problem() {
        let (problems, _) = problems(&Tree::of(&[(EXCEPTIONS, "colour 1 README.md\n")])).unwrap();
        assert!(problems.iter().any(|problem| problem.contains("there is no rule `colour`")), "{problems:?}");
    }
}
