//! The rooms of the house: its crates, how large they are, and what they leave to the files inside them.

use super::markdown::Document;
use super::modules::{CompiledAs, compiled_files, joined, lines_without_tests, packages, without_visibility};
use super::tree::Tree;
use super::{Finding, Rule};

const MANIFEST: &str = "Cargo.toml";
const ARCHITECTURE: &str = "ARCHITECTURE.md";

pub(super) const LOGIC: Rule =
    Rule { name: "mod", asks: "a mod.rs lists and re-exports; functions stand in files with a name", check: logic };

pub(super) const MEMBERS: Rule = Rule {
    name: "rooms",
    asks: "the rooms that ARCHITECTURE.md draws are the members of the workspace",
    check: members,
};

fn logic(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts_ending("/mod.rs") {
        let functions = lines_without_tests(text).filter(|(_, line)| is_function(line.trim_start()));
        findings.extend(functions.map(|(line, text)| {
            let name = text.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next()).unwrap_or_default();
            Finding::at(
                path,
                line,
                format!("the function `{name}` stands in a mod.rs; give it a file that says what it is"),
            )
        }));
    }
    findings
}

fn is_function(line: &str) -> bool {
    let mut words = without_visibility(line).split(' ');
    words.find(|word| !matches!(*word, "const" | "async" | "unsafe")) == Some("fn")
}

/// Members that the drawing of rooms does not show, and rooms that are no members.
fn members(tree: &Tree) -> Vec<Finding> {
    let members = workspace_members(tree);
    let Some(architecture) = Document::at(tree, ARCHITECTURE) else { return Vec::new() };
    // A room is a line of the drawing that begins with its folder: `crates/cli/   dunwu-cli   …`.
    let drawn: Vec<(usize, &str)> = architecture
        .fenced()
        .filter_map(|(number, line)| Some((number, line.split_once("/ ").map(|(folder, _)| folder)?)))
        .filter(|(_, folder)| !folder.starts_with(' '))
        .collect();
    let missing = members.iter().filter(|member| !drawn.iter().any(|(_, room)| room == member));
    let mut findings: Vec<Finding> = missing
        .map(|member| {
            Finding::of_file(ARCHITECTURE, 1, format!("the room `{member}/` is not drawn; add its line under Rooms"))
        })
        .collect();
    let gone =
        drawn.iter().filter(|(_, room)| room.starts_with("crates/") && !members.iter().any(|member| member == room));
    findings.extend(
        gone.map(|(line, room)| Finding::at(ARCHITECTURE, *line, format!("`{room}/` is no member of the workspace"))),
    );
    findings
}

/// Folders of the workspace's members, `crates/*` spelled out.
fn workspace_members(tree: &Tree) -> Vec<String> {
    let manifest = tree.text(MANIFEST).unwrap_or_default();
    let list = manifest.split("\nmembers = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or_default();
    let mut members = Vec::new();
    for member in list.split('"').skip(1).step_by(2) {
        match member.strip_suffix("/*") {
            Some(folder) => {
                let inside =
                    tree.folders().filter(|path| path.rsplit_once('/').is_some_and(|(above, _)| above == folder));
                members.extend(inside.filter(|path| tree.has(&joined(path, MANIFEST))).map(str::to_owned));
            }
            None => members.push(member.to_owned()),
        }
    }
    members
}

/// Lines of a crate's sources without their tests: code, comments and blank lines.
pub(super) fn lines_without_tests_of(tree: &Tree, room: &str) -> usize {
    let compiled = compiled_files(tree);
    let sources = tree.texts_ending(".rs").filter(|(path, _)| path.starts_with(&format!("{room}/src/")));
    let code = sources.filter(|(path, _)| compiled.get(path) != Some(&CompiledAs::Tests));
    code.map(|(_, text)| lines_without_tests(text).count()).sum()
}

/// How large each room is, as a table.
pub(super) fn table(tree: &Tree) -> String {
    let mut rows = vec![["room", "files", "lines", "of tests", "longest file"].map(str::to_owned)];
    let (mut all_files, mut all_code, mut all_tests) = (0, 0, 0);
    for package in packages(tree) {
        let sources: Vec<(&str, &str)> =
            tree.texts_ending(".rs").filter(|(path, _)| path.starts_with(package)).collect();
        let room = package.trim_end_matches('/');
        let code = lines_without_tests_of(tree, room);
        let tests = sources.iter().map(|(_, text)| text.lines().count()).sum::<usize>() - code;
        let length = |text| lines_without_tests(text).count();
        let compiled = compiled_files(tree);
        let longest = sources
            .iter()
            .filter(|(path, _)| compiled.get(path) != Some(&CompiledAs::Tests))
            .max_by_key(|(_, text)| length(text))
            .map(|(path, text)| format!("{} {}", length(text), path.trim_start_matches(package)));
        rows.push([
            room.to_owned(),
            sources.len().to_string(),
            code.to_string(),
            tests.to_string(),
            longest.unwrap_or_default(),
        ]);
        (all_files, all_code, all_tests) = (all_files + sources.len(), all_code + code, all_tests + tests);
    }
    rows.push(["all".to_owned(), all_files.to_string(), all_code.to_string(), all_tests.to_string(), String::new()]);
    let line = |[room, files, code, tests, longest]: &[String; 5]| {
        format!("{room:<20}{files:>6}{code:>8}{tests:>10}  {longest}").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_in_a_mod_file_is_found() {
        let text = "mod a;\npub use a::b;\npub(crate) struct S;\nimpl S {\n    pub(crate) const fn c() {}\n}\nfn d<T>() {}\n\
                    pub type F = fn(u8);\n#[cfg(test)]\nmod tests {\n    fn e() {}\n}\n";
        let findings = logic(&Tree::of(&[("a/src/x/mod.rs", text), ("a/src/y.rs", "fn f() {}\n")]));
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [Some(5), Some(7)]);
        assert!(findings[1].says.contains("`d`"), "{findings:?}");
    }

    #[test]
    fn the_drawing_shows_the_members() {
        let manifest = "[workspace]\nmembers = [\n    \"crates/*\",\n    \"xtask\",\n]\n";
        let check = |drawing: &str| {
            let says = members(&Tree::of(&[
                (MANIFEST, manifest),
                (ARCHITECTURE, drawing),
                ("crates/a/Cargo.toml", ""),
                ("crates/b/Cargo.toml", ""),
                ("crates/c/notes.md", ""),
                ("xtask/Cargo.toml", ""),
            ]));
            says.into_iter().map(|finding| finding.says).collect::<Vec<_>>()
        };
        assert_eq!(
            check("```\ncrates/a/   A\n  b/   not a room\ncrates/b/   B\nxtask/   X\ndocs/  D\n```\n"),
            Vec::<String>::new()
        );
        let says = check("```\ncrates/a/   A\ncrates/d/   D\nxtask/   X\n```\ncrates/b/   not in the drawing\n");
        assert_eq!(says.len(), 2);
        assert!(
            says[0].contains("`crates/b/` is not drawn") && says[1].contains("`crates/d/` is no member"),
            "{says:?}"
        );
    }

    #[test]
    fn a_room_is_counted_without_its_tests() {
        let tree = Tree::of(&[
            ("a/Cargo.toml", "[package]\n"),
            ("a/src/lib.rs", "mod x;\n#[cfg(test)]\nmod checks;\n"),
            ("a/src/x.rs", "1\n2\n#[cfg(test)]\nmod tests {\n}\n"),
            ("a/src/checks.rs", "1\n"),
            ("a/tests/t.rs", "1\n2\n"),
        ]);
        assert_eq!(lines_without_tests_of(&tree, "a"), 5);
        let table = table(&tree);
        let row = table.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(row, ["a", "4", "5", "6", "3", "src/lib.rs"]);
    }
}
