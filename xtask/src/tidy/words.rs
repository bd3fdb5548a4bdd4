//! Words that do not belong in what is committed. [`WORDS`] lists them.

use super::modules::{CompiledAs, compiled_files, lines_without_tests};
use super::tree::Tree;
use super::{Finding, Rule};

/// Where a word is looked for.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Every text.
    Anywhere,
    /// Documents, and comments and texts in quotes of sources that are no tests: what a person reads.
    Prose,
}

struct Word {
    spelling: &'static str,
    place: Place,
    /// Why not, and what instead.
    instead: &'static str,
}

const MACHINE: &str = "a path of somebody's machine; write a path from the checkout, or one that is asked for";
const LATER: &str = "a promise to mend it later; mend it, or say what it does not do and why";
const PRIVATE: &str = "how the work was done; say what is true of the code";
const DIALECT: &str = "house dialect; say who does what, in the field's words";

static WORDS: &[Word] = &[
    Word { spelling: "/work/", place: Place::Anywhere, instead: MACHINE },
    Word { spelling: "/tmp/", place: Place::Anywhere, instead: MACHINE },
    Word { spelling: "/root/", place: Place::Anywhere, instead: MACHINE },
    Word { spelling: "/home/", place: Place::Anywhere, instead: MACHINE },
    Word { spelling: "/Users/", place: Place::Anywhere, instead: MACHINE },
    Word { spelling: "TODO", place: Place::Anywhere, instead: LATER },
    Word { spelling: "FIXME", place: Place::Anywhere, instead: LATER },
    Word { spelling: "XXX", place: Place::Anywhere, instead: LATER },
    Word { spelling: "for now", place: Place::Prose, instead: LATER },
    Word { spelling: "worktree", place: Place::Anywhere, instead: PRIVATE },
    Word { spelling: "subagent", place: Place::Anywhere, instead: PRIVATE },
    Word { spelling: "Co-Authored-By", place: Place::Anywhere, instead: PRIVATE },
    Word { spelling: "weather", place: Place::Prose, instead: DIALECT },
    Word { spelling: "In part.", place: Place::Prose, instead: DIALECT },
    Word { spelling: "Of the tables.", place: Place::Prose, instead: DIALECT },
    Word { spelling: "See there.", place: Place::Prose, instead: DIALECT },
    Word { spelling: "lets go of", place: Place::Prose, instead: DIALECT },
    Word { spelling: "is told", place: Place::Prose, instead: DIALECT },
    Word { spelling: "are told", place: Place::Prose, instead: DIALECT },
];

/// Files that have to spell these words.
static EXEMPT: &[&str] = &["xtask/src/tidy/words.rs", "Cargo.lock"];

pub(super) const RULE: Rule =
    Rule { name: "words", asks: "no machine's paths, no promises, no dialect in what is committed", check };

fn check(tree: &Tree) -> Vec<Finding> {
    let compiled = compiled_files(tree);
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| !EXEMPT.contains(path)) {
        let is_test = compiled.get(path) == Some(&CompiledAs::Tests);
        let prose: Vec<(usize, &str)> = match path.rsplit_once('.') {
            Some((_, "rs")) if is_test => Vec::new(),
            Some((_, "rs")) => lines_without_tests(text).map(|(number, line)| (number, spoken(line))).collect(),
            Some((_, "md")) => text.lines().enumerate().map(|(i, line)| (i + 1, line)).collect(),
            _ => Vec::new(),
        };
        for Word { spelling, place, instead } in WORDS {
            // Most files have none of them.
            if !text.contains(spelling) {
                continue;
            }
            let lines: Vec<(usize, &str)> = match place {
                Place::Anywhere => text.lines().enumerate().map(|(i, line)| (i + 1, line)).collect(),
                Place::Prose => prose.clone(),
            };
            let hits = lines.into_iter().filter(|(_, line)| has_word(line, spelling));
            findings.extend(hits.map(|(line, _)| Finding::at(path, line, format!("{spelling:?} is {instead}"))));
        }
    }
    findings
}

/// What of a line of Rust a person reads: from the first quote or comment on.
fn spoken(line: &str) -> &str {
    let begin = [line.find('"'), line.find("//")].into_iter().flatten().min();
    begin.map_or("", |begin| &line[begin..])
}

/// Whether the word stands in the line as itself, not as a part of a longer word or path.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | '/' | '$');
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let begins = !before.is_some_and(is_part);
        let ends = !word.ends_with(char::is_alphanumeric) || !after.is_some_and(char::is_alphanumeric);
        begins && ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<(String, usize)> {
        let tree = Tree::of(&[("a/Cargo.toml", "[package]\n"), ("a/src/lib.rs", "mod x;\n"), (path, text)]);
        check(&tree).into_iter().map(|finding| (finding.says, finding.line.unwrap())).collect()
    }

    #[test]
    fn every_word_is_found_where_it_is_looked_for() {
        for Word { spelling: word, place, .. } in WORDS {
            for (path, text) in [("a.md", format!("one\ntwo {word} three\n")), ("a/src/x.rs", format!("\n// {word}\n"))]
            {
                let found = lines(path, &text);
                assert_eq!(found.len(), 1, "{word} in {path}");
                assert_eq!(found[0].1, 2, "{word} in {path}");
            }
            let in_code = lines("a/src/x.rs", &format!("{word} in code\n")).len();
            assert_eq!(in_code, usize::from(*place == Place::Anywhere), "{word}");
        }
    }

    #[test]
    fn a_part_of_a_longer_word_is_none() {
        for text in ["mktemp slurm-XXXXXX", "sweep/work/claims", "${TMPDIR:-/tmp}/slurm", "for nowhere", "$TEMP/home/x"]
        {
            assert_eq!(lines("a.md", text), [], "{text}");
        }
    }

    #[test]
    fn tests_may_speak_as_they_like() {
        let text = "#[cfg(test)]\nmod tests {\n    // In part.\n}\n";
        assert_eq!(lines("a/src/x.rs", text), []);
        assert_eq!(lines("a/tests/t.rs", "// In part.\n"), []);
    }
}
