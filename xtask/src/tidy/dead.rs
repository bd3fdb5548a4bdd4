//! Nothing lies about that nobody uses: source files that no `mod` reaches, images that nothing shows.

use super::markdown::documents;
use super::modules::compiled_files;
use super::tree::Tree;
use super::{Finding, Rule};
use std::collections::BTreeSet;

const IMAGES_END: [&str; 7] = [".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico"];

pub(super) const SOURCES: Rule =
    Rule { name: "dead", asks: "every .rs file is reached by a `mod` from some crate's root", check: sources };

pub(super) const IMAGES: Rule =
    Rule { name: "images", asks: "every image is shown by a document or named by a source file", check: images };

fn sources(tree: &Tree) -> Vec<Finding> {
    let compiled = compiled_files(tree);
    let dead = tree.texts_ending(".rs").filter(|(path, _)| !compiled.contains_key(path));
    let says = "no `mod` reaches this file, so the compiler never reads it; declare it or delete it";
    dead.map(|(path, _)| Finding::of_file(path, 1, says.to_owned())).collect()
}

/// Whether this is an image, by its name.
pub(crate) fn is_image(path: &str) -> bool {
    IMAGES_END.iter().any(|end| path.ends_with(end))
}

/// Files that documents show or link to.
pub(crate) fn linked_files(tree: &Tree) -> BTreeSet<String> {
    let links = documents(tree).flat_map(|document| document.links().into_iter().filter_map(move |link| link.file()));
    links.collect()
}

fn images(tree: &Tree) -> Vec<Finding> {
    let linked = linked_files(tree);
    let named = |image: &str| {
        let name = image.rsplit_once('/').map_or(image, |(_, name)| name);
        let sources = tree.texts().filter(|(path, _)| {
            [".rs", ".py", ".html", ".svelte", ".ts", ".js", ".css"].iter().any(|end| path.ends_with(end))
        });
        // A list of figures says what makes them, not who shows them.
        sources.filter(|(path, _)| !path.starts_with("xtask/")).any(|(_, text)| text.contains(name))
    };
    let dead = tree.paths().filter(|path| is_image(path) && !linked.contains(*path) && !named(path));
    let says = "no document shows this image and no source file names it; show it or delete it";
    dead.map(|path| Finding::of_file(path, 1, says.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(findings: Vec<Finding>) -> Vec<String> {
        findings.into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn a_source_file_that_nobody_declares_is_dead() {
        let mut files = vec![("a/Cargo.toml", "[package]\n"), ("a/src/lib.rs", "mod x;\n"), ("a/src/x.rs", "")];
        assert_eq!(sources(&Tree::of(&files)), []);
        files.push(("a/src/y.rs", ""));
        files.push(("stray.rs", ""));
        assert_eq!(paths(sources(&Tree::of(&files))), ["a/src/y.rs", "stray.rs"]);
    }

    #[test]
    fn an_image_that_nobody_shows_is_dead() {
        let mut files = vec![
            ("docs/a.md", "![A](images/a.svg) and [b](../b.png)\n"),
            ("docs/images/a.svg", "<svg/>"),
            ("b.png", ""),
            ("web/logo.svg", "<svg/>"),
            ("web/page.html", "<img src=logo.svg>"),
        ];
        assert_eq!(images(&Tree::of(&files)), []);
        files.push(("docs/images/c.svg", "<svg/>"));
        files.push(("xtask/src/list.rs", "\"c.svg\""));
        assert_eq!(paths(images(&Tree::of(&files))), ["docs/images/c.svg"]);
    }
}
