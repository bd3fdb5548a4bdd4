//! Nothing is longer than a person reads at once: source files, and a few documents and rooms with a limit of their own.

use super::modules::{CompiledAs, compiled_files, lines_without_tests};
use super::rooms;
use super::tree::Tree;
use super::{Finding, Rule};

/// Lines of a source file without its tests.
const LIMIT: usize = 400;

/// What else has a limit.
struct Budget {
    /// A file, whose bytes count, or the folder of a crate, whose lines without tests do.
    path: &'static str,
    limit: usize,
    why: &'static str,
}

static LIMITS: &[Budget] = &[
    Budget { path: "README.md", limit: 9_000, why: "five minutes of reading; the rest belongs to docs/guide/" },
    Budget { path: "CONTRIBUTING.md", limit: 8_000, why: "the first hour of a newcomer, not a handbook" },
    Budget { path: "crates/dunwu", limit: 20_700, why: "one person holds the core in the head" },
];

pub(super) const FILES: Rule = Rule {
    name: "length",
    asks: "a source file has at most 400 lines without its tests",
    check: |tree| files(tree, LIMIT),
};

pub(super) const BUDGETS: Rule = Rule {
    name: "budget",
    asks: "README.md, CONTRIBUTING.md and the core crate stay within their limits",
    check: |tree| budgets(tree, LIMITS),
};

fn files(tree: &Tree, limit: usize) -> Vec<Finding> {
    let compiled = compiled_files(tree);
    let code = tree.texts().filter(|(path, _)| match path.rsplit_once('.') {
        Some((_, "rs")) => compiled.get(path) != Some(&CompiledAs::Tests),
        Some((_, "py" | "ts" | "js" | "svelte")) => true,
        _ => false,
    });
    let long = code.map(|(path, text)| (path, lines_without_tests(text).count())).filter(|(_, lines)| *lines > limit);
    let says = |lines| {
        format!("{lines} lines without its tests, {limit} at most; usually a concept is missing that wants a file")
    };
    long.map(|(path, lines)| Finding::of_file(path, lines, says(lines))).collect()
}

fn budgets(tree: &Tree, limits: &[Budget]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Budget { path, limit, why } in limits {
        let (size, unit) = match tree.text(path) {
            Some(text) => (text.len(), "bytes"),
            None => (rooms::lines_without_tests_of(tree, path), "lines without tests"),
        };
        if size > *limit {
            findings.push(Finding::of_file(path, size, format!("{size} {unit}, {limit} at most: {why}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: (&str, &str) = ("a/Cargo.toml", "[package]\n");

    #[test]
    fn a_file_is_too_long_by_one_line() {
        let tests = "#[cfg(test)]\nmod tests {\n    x\n}\n";
        let (three, four) = (format!("1\n2\n3\n{tests}"), format!("1\n2\n3\n4\n{tests}"));
        let tree = Tree::of(&[MANIFEST, ("a/src/lib.rs", &three)]);
        assert_eq!(files(&tree, 3), []);
        let tree = Tree::of(&[MANIFEST, ("a/src/lib.rs", &four), ("b.py", "1\n2\n3\n4\n5\n")]);
        let sizes: Vec<(String, usize)> = files(&tree, 3).into_iter().map(|found| (found.path, found.size)).collect();
        assert_eq!(sizes, [("a/src/lib.rs".to_owned(), 4), ("b.py".to_owned(), 5)]);
    }

    #[test]
    fn a_file_of_tests_may_be_long() {
        let tree =
            Tree::of(&[MANIFEST, ("a/src/lib.rs", "#[cfg(test)]\nmod checks;\n"), ("a/src/checks.rs", "1\n2\n3\n4\n")]);
        assert_eq!(files(&tree, 3), []);
    }

    #[test]
    fn a_document_and_a_room_keep_their_limits() {
        let limits = [
            Budget { path: "R.md", limit: 4, why: "short" },
            Budget { path: "a", limit: 2, why: "small" },
            Budget { path: "gone", limit: 0, why: "not there yet" },
        ];
        let tree =
            Tree::of(&[MANIFEST, ("a/src/lib.rs", "mod x;\n2\n"), ("R.md", "四\n"), ("a/tests/t.rs", "1\n2\n3\n")]);
        assert_eq!(budgets(&tree, &limits), []);
        let tree = Tree::of(&[MANIFEST, ("a/src/lib.rs", "mod x;\n2\n"), ("a/src/x.rs", "3\n"), ("R.md", "fünf\n")]);
        let found: Vec<(String, usize)> = budgets(&tree, &limits).into_iter().map(|f| (f.path, f.size)).collect();
        assert_eq!(found, [("R.md".to_owned(), 6), ("a".to_owned(), 3)]);
    }
}
