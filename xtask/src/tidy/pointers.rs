//! What documents point at is there: relative links with their headings, and files named in backticks.

use super::markdown::{Document, documents};
use super::tree::Tree;
use super::{Finding, Rule, has_end};

/// What speaks of the past, where files may have stood that are gone.
const HISTORY: &str = "CHANGELOG.md";

pub(super) const LINKS: Rule = Rule {
    name: "links",
    asks: "every relative link of a document leads to a file and a heading that exist",
    check: links,
};

pub(super) const PATHS: Rule =
    Rule { name: "paths", asks: "every source file that a document names in backticks exists", check: paths };

fn links(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for document in documents(tree) {
        for link in document.links() {
            let file = link.file();
            if let Some(file) = &file
                && !tree.has(file)
                && !tree.has_folder(file)
            {
                findings.push(Finding::at(
                    document.path,
                    link.line,
                    format!("the link `{}` leads nowhere", link.target),
                ));
                continue;
            }
            let Some(anchor) = link.anchor() else { continue };
            let target = file.as_deref().map_or(Some(document), |file| Document::at(tree, file));
            if target.is_some_and(|target| has_end(target.path, "md") && !target.anchors().iter().any(|a| a == anchor))
            {
                let says = format!("the link `{}` leads to a heading that is not there", link.target);
                findings.push(Finding::at(document.path, link.line, says));
            }
        }
    }
    findings
}

fn paths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for document in documents(tree).filter(|document| document.path != HISTORY) {
        let stale = document.names().filter(|(_, name)| is_missing(tree, name));
        findings.extend(stale.map(|(line, name)| {
            Finding::at(document.path, line, format!("`{name}` is not in this checkout; say where it stands now"))
        }));
    }
    findings
}

/// Whether a name in backticks is a path of this checkout by its looks and is not there.
///
/// A source file may be named by the end of its path (`store/faults.rs`), a placeholder (`measure/NAME.rs`) by a folder that
/// exists. Whatever begins with one of the checkout's own folders (`scripts/check-run`) has to be there as it is written. Other
/// names, such as files that a user makes, are not judged.
fn is_missing(tree: &Tree, name: &str) -> bool {
    let is_path = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if !name.contains(['/', '.']) || !name.chars().all(is_path) || name.starts_with(['/', '-']) || name.contains("..") {
        return false;
    }
    let is_end = |path: &str, end: &str| path == end || path.strip_suffix(end).is_some_and(|rest| rest.ends_with('/'));
    let path = name.trim_end_matches('/');
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split('.').next().unwrap_or(file);
    let is_placeholder = stem.len() > 1 && stem.chars().all(|c| c.is_ascii_uppercase() || c == '_') && !tree.has(path);
    let ends_here =
        |end: &str| tree.paths().any(|path| is_end(path, end)) || tree.folders().any(|path| is_end(path, end));
    if has_end(file, "rs") {
        return if is_placeholder { !folder.is_empty() && !ends_here(folder) } else { !ends_here(path) };
    }
    let top = path.split('/').next().unwrap_or(path);
    name.contains('/') && tree.has_folder(top) && !is_placeholder && !tree.has(path) && !tree.has_folder(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let good = "[a](b.md) [c](b.md#two) [d](#one) [e](../crates)\n# One\n";
        let files =
            |text: &'static str| Tree::of(&[("docs/a.md", text), ("docs/b.md", "# Two\n"), ("crates/x.rs", "")]);
        assert_eq!(links(&files(good)), []);
        for bad in ["[a](c.md)\n", "[a](b.md#three)\n", "[a](#two)\n", "![a](images/a.svg)\n"] {
            assert_eq!(links(&files(bad)).len(), 1, "{bad}");
        }
    }

    #[test]
    fn a_file_that_is_gone_is_found() {
        let check = |name: &str| {
            let text = format!("Look at `{name}`.\n");
            paths(&Tree::of(&[
                ("docs/a.md", &text),
                ("crates/dunwu/src/store/faults.rs", ""),
                ("scripts/check-run", ""),
                ("sweeps/README.md", ""),
            ]))
            .len()
        };
        let there = [
            "store/faults.rs",
            "faults.rs",
            "crates/dunwu/src/store/",
            "crates/dunwu",
            "scripts/check-run",
            "store/NAME.rs",
            "sweeps/NAME.toml",
            "sweeps/README.md",
        ];
        // What a user makes, a pattern, a command, a ratio, a module of Rust.
        let others =
            ["mine.toml", "runs/x.parquet", "crates/*/x.rs", "dunwu run a.rs", "8/8", "train::Outcome", "r.html"];
        for name in there.into_iter().chain(others) {
            assert_eq!(check(name), 0, "{name}");
        }
        let gone = ["store/fault.rs", "tore/faults.rs", "crates/dunwu/src/stores/", "scripts/check", "stores/NAME.rs"];
        for name in gone {
            assert_eq!(check(name), 1, "{name}");
        }
    }

    #[test]
    fn the_past_may_name_what_is_gone() {
        assert_eq!(paths(&Tree::of(&[(HISTORY, "`store/gone.rs`\n")])), []);
    }
}
