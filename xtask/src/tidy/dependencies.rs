//! Every dependency says why it is here.

use super::tree::Tree;
use super::{Finding, Rule};

const MANIFEST: &str = "Cargo.toml";

pub(super) const REASONS: Rule = Rule {
    name: "reasons",
    asks: "every line of [workspace.dependencies] ends with the reason for it; members take theirs from there",
    check: |tree| {
        let mut findings = reasons(tree);
        findings.extend(members(tree));
        findings
    },
};

fn reasons(tree: &Tree) -> Vec<Finding> {
    let lines = tree.text(MANIFEST).unwrap_or_default().lines().enumerate();
    let section = lines.skip_while(|(_, line)| *line != "[workspace.dependencies]").skip(1);
    let entries = section.take_while(|(_, line)| !line.starts_with('[')).filter(|(_, line)| line.contains(" = "));
    let without =
        entries.filter(|(_, line)| !line.starts_with('#') && !line.contains("path = ") && comment(line).is_empty());
    let says = "a dependency without its reason; say at the end of the line, after #, why it is here";
    without.map(|(i, _)| Finding::at(MANIFEST, i + 1, says.to_owned())).collect()
}

/// Dependencies of members whose version does not come from the workspace.
fn members(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts_ending("/Cargo.toml") {
        let mut inside = false;
        for (i, line) in text.lines().enumerate() {
            if line.starts_with('[') {
                inside = line.contains("dependencies");
            } else if inside && line.contains('=') && !line.starts_with('#') && !line.contains("workspace = true") {
                let says = "a dependency beside [workspace.dependencies]; put it there with its reason, and `.workspace = true` here";
                findings.push(Finding::at(path, i + 1, says.to_owned()));
            }
        }
    }
    findings
}

/// What stands after the first `#` outside quotes.
fn comment(line: &str) -> &str {
    let mut quoted = false;
    for (i, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted => return line[i + 1..].trim(),
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let text = "[workspace.dependencies]\n# engine\nown = { path = \"crates/own\" }\na = \"1\" # why\n\
                    b = { version = \"1\", features = [\"#\"] }\nc = \"2\" #\n\n[profile.dev]\nd = 3\n";
        let lines: Vec<_> = reasons(&Tree::of(&[(MANIFEST, text)])).into_iter().map(|found| found.line).collect();
        assert_eq!(lines, [Some(5), Some(6)]);
    }

    #[test]
    fn a_member_takes_its_dependencies_from_the_workspace() {
        let text = "[package]\nname = \"a\"\n[dependencies]\nb.workspace = true\nc = { workspace = true, optional = true }\n\
                    [dev-dependencies]\nd = \"1\"\n[lints]\nworkspace = true\n";
        let lines: Vec<_> = members(&Tree::of(&[("a/Cargo.toml", text)])).into_iter().map(|found| found.line).collect();
        assert_eq!(lines, [Some(7)]);
    }
}
