//! Which source files the compiler reads, and whether as code or as tests: the `mod` lines from every crate's roots on.

use super::tree::Tree;
use std::collections::BTreeMap;

/// What a source file is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CompiledAs {
    /// A file of `tests/`, or one that stands behind `#[cfg(test)]`.
    Tests,
    /// A file of a library, a program, an example or a benchmark.
    Code,
}

/// A `mod name;` line.
#[derive(Debug, PartialEq)]
struct Declaration {
    /// Names of the inline modules around it, then its own.
    path: Vec<String>,
    /// What a `#[path = "…"]` above it says.
    file: Option<String>,
    for_tests: bool,
}

/// Every source file that is reached from the root of some crate. What is reached both ways counts as code.
pub(crate) fn compiled_files(tree: &Tree) -> BTreeMap<&str, CompiledAs> {
    let mut found = BTreeMap::new();
    let mut open: Vec<(&str, CompiledAs)> = roots(tree);
    while let Some((path, kind)) = open.pop() {
        if found.get(path).is_some_and(|&before| before >= kind) {
            continue;
        }
        let Some(text) = tree.text(path) else { continue };
        let kind = if text.lines().any(|line| line == "#![cfg(test)]") { CompiledAs::Tests } else { kind };
        found.insert(path, kind);
        for declaration in declarations(text) {
            let kind = if declaration.for_tests { CompiledAs::Tests } else { kind };
            let file = candidates(path, &declaration).iter().find_map(|file| tree.file(file));
            open.extend(file.map(|(file, _)| (file, kind)));
        }
    }
    found
}

/// The files that cargo compiles by themselves: what it finds by name, and every `path = "….rs"` of a manifest.
fn roots(tree: &Tree) -> Vec<(&str, CompiledAs)> {
    let packages: Vec<&str> = packages(tree).collect();
    let mut roots = Vec::new();
    for (path, _) in tree.texts_ending(".rs") {
        for package in &packages {
            let Some(inside) = path.strip_prefix(package) else { continue };
            let parts: Vec<&str> = inside.split('/').collect();
            let kind = match parts[..] {
                ["build.rs"] | ["src", "lib.rs" | "main.rs"] => Some(CompiledAs::Code),
                ["src", "bin", _] | ["src", "bin", _, "main.rs"] => Some(CompiledAs::Code),
                ["examples" | "benches", _] | ["examples" | "benches", _, "main.rs"] => Some(CompiledAs::Code),
                ["tests", _] | ["tests", _, "main.rs"] => Some(CompiledAs::Tests),
                _ => None,
            };
            roots.extend(kind.map(|kind| (path, kind)));
        }
    }
    for package in &packages {
        let manifest = tree.text(&format!("{package}Cargo.toml")).unwrap_or_default();
        for line in manifest.lines().filter_map(|line| line.trim().strip_prefix("path = \"")) {
            let Some((file, _)) = line.split_once('"') else { continue };
            let file = tree.file(&joined(package.trim_end_matches('/'), file));
            roots.extend(file.map(|(file, _)| (file, CompiledAs::Code)));
        }
    }
    roots
}

/// Folders of all packages, each with a `/` at its end, the root's empty.
pub(crate) fn packages(tree: &Tree) -> impl Iterator<Item = &str> {
    let manifests = tree.texts_ending("Cargo.toml").filter(|(_, text)| text.lines().any(|line| line == "[package]"));
    manifests.map(|(path, _)| path.trim_end_matches("Cargo.toml"))
}

/// Where the compiler looks for a module that `path` declares.
fn candidates(path: &str, declaration: &Declaration) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.trim_end_matches(".rs");
    let is_root = matches!(name, "mod.rs" | "lib.rs" | "main.rs" | "build.rs")
        || ["tests", "benches", "examples", "bin"]
            .iter()
            .any(|roots| folder == *roots || folder.ends_with(&format!("/{roots}")));
    if let Some(file) = &declaration.file {
        return vec![joined(folder, file)];
    }
    let own = if is_root { folder.to_owned() } else { joined(folder, stem) };
    let module = joined(&own, &declaration.path.join("/"));
    vec![format!("{module}.rs"), format!("{module}/mod.rs")]
}

/// The path of `file` as seen from `folder`, with `.` and `..` taken out.
pub(crate) fn joined(folder: &str, file: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The `mod name;` lines of a file as rustfmt leaves it: one a line, inline modules indented, their `}` below their `mod`.
fn declarations(text: &str) -> Vec<Declaration> {
    let mut found = Vec::new();
    let mut attributes: Vec<&str> = Vec::new();
    // Inline modules that are open: indentation, name, whether they are for tests.
    let mut around: Vec<(usize, String, bool)> = Vec::new();
    for line in text.lines() {
        let words = line.trim_start();
        let indentation = line.len() - words.len();
        if around.last().is_some_and(|(outer, ..)| words.starts_with('}') && indentation == *outer) {
            around.pop();
        }
        if words.starts_with("#[") {
            attributes.push(words);
            continue;
        }
        let code = words.split("//").next().unwrap_or_default().trim_end();
        if let Some(rest) = without_visibility(code).strip_prefix("mod ") {
            let for_tests = attributes.iter().any(|line| is_for_tests(line)) || around.iter().any(|(.., tests)| *tests);
            if let Some(name) = rest.strip_suffix(';') {
                let mut path: Vec<String> = around.iter().map(|(_, name, _)| name.clone()).collect();
                path.push(name.to_owned());
                let file = attributes.iter().find_map(|line| line.strip_prefix("#[path = \"")?.split('"').next());
                found.push(Declaration { path, file: file.map(str::to_owned), for_tests });
            } else if let Some(name) = rest.strip_suffix(" {") {
                around.push((indentation, name.to_owned(), for_tests));
            }
        }
        if !words.is_empty() && !words.starts_with("//") {
            attributes.clear();
        }
    }
    found
}

fn is_for_tests(attribute: &str) -> bool {
    attribute.starts_with("#[cfg(test)]") || attribute.starts_with("#[cfg(all(test")
}

/// `pub(crate) mod x;` without its `pub(crate)`.
pub(crate) fn without_visibility(line: &str) -> &str {
    let Some(rest) = line.strip_prefix("pub") else { return line };
    let rest = match rest.strip_prefix('(') {
        Some(inside) => inside.split_once(')').map_or(rest, |(_, rest)| rest),
        None => rest,
    };
    rest.strip_prefix(' ').unwrap_or(line)
}

/// The lines of a file that are not inside a `#[cfg(test)] mod name { … }` at its outer level, with their numbers from 1.
pub(crate) fn lines_without_tests(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    let lines: Vec<&str> = text.lines().collect();
    let mut attributes_begin = None;
    let mut kept = Vec::new();
    for (i, &line) in lines.iter().enumerate() {
        if inside {
            inside = line != "}";
            continue;
        }
        if line.starts_with("#[") {
            attributes_begin = attributes_begin.or(Some(kept.len()));
        } else if let Some(begin) = attributes_begin.take() {
            let for_tests = kept[begin..].iter().any(|&(_, line)| is_for_tests(line));
            if for_tests && line.starts_with("mod ") && line.ends_with('{') {
                kept.truncate(begin);
                inside = true;
                continue;
            }
        }
        kept.push((i + 1, line));
    }
    kept.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_declare_a_module_is_followed() {
        let tree = Tree::of(&[
            ("a/Cargo.toml", "[package]\n\n[[bin]]\npath = \"tools/extra.rs\"\n"),
            (
                "a/src/lib.rs",
                "mod one;\npub(crate) mod two; // why\nmod inline {\n    mod deep;\n}\n#[cfg(test)]\nmod checks;\n",
            ),
            ("a/src/one.rs", "pub mod inner;\n"),
            ("a/src/one/inner.rs", ""),
            ("a/src/two/mod.rs", "#[path = \"other.rs\"]\nmod named;\n#[cfg(test)]\nmod tests {\n    mod far;\n}\n"),
            ("a/src/two/other.rs", ""),
            ("a/src/two/tests/far.rs", ""),
            ("a/src/inline/deep.rs", ""),
            ("a/src/checks.rs", "mod more;\n"),
            ("a/src/checks/more.rs", ""),
            ("a/src/lost.rs", "mod lost_too;\n"),
            ("a/src/lost/lost_too.rs", ""),
            ("a/tests/whole/main.rs", "mod part;\n"),
            ("a/tests/whole/part.rs", ""),
            ("a/benches/speed.rs", ""),
            ("a/examples/try.rs", ""),
            ("a/tools/extra.rs", ""),
        ]);
        let found = compiled_files(&tree);
        let of = |kind| found.iter().filter(|(_, found)| **found == kind).map(|(path, _)| *path).collect::<Vec<_>>();
        let code = [
            "a/benches/speed.rs",
            "a/examples/try.rs",
            "a/src/inline/deep.rs",
            "a/src/lib.rs",
            "a/src/one.rs",
            "a/src/one/inner.rs",
            "a/src/two/mod.rs",
            "a/src/two/other.rs",
            "a/tools/extra.rs",
        ];
        assert_eq!(of(CompiledAs::Code), code);
        let tests = [
            "a/src/checks.rs",
            "a/src/checks/more.rs",
            "a/src/two/tests/far.rs",
            "a/tests/whole/main.rs",
            "a/tests/whole/part.rs",
        ];
        assert_eq!(of(CompiledAs::Tests), tests);
    }

    #[test]
    fn a_file_behind_both_is_code() {
        let tree = Tree::of(&[
            ("Cargo.toml", "[package]\n"),
            ("src/lib.rs", "#[cfg(test)]\n#[path = \"x.rs\"]\nmod y;\nmod x;\n"),
            ("src/x.rs", ""),
        ]);
        assert_eq!(compiled_files(&tree)["src/x.rs"], CompiledAs::Code);
    }

    #[test]
    fn the_tests_of_a_file_do_not_count() {
        let text =
            "code\n#[derive(Debug)]\nstruct A;\n\n#[cfg(test)]\n#[expect(x)]\nmod tests {\n    fn a() {}\n}\nmore\n";
        let kept: Vec<usize> = lines_without_tests(text).map(|(number, _)| number).collect();
        assert_eq!(kept, [1, 2, 3, 4, 10]);
    }
}
