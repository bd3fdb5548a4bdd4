//! The commands that documents show: they run, and a translation shows the same ones.

use super::Ending;
use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::tidy::Tree;

/// The README's own test command, which `full` runs first.
pub(super) const TESTS: [&str; 3] = ["cargo", "test", "--workspace"];

const README: &str = "README.md";
const SCRIPT: &str = "scripts/readme-commands";

/// Runs the tests with the command that the README names, once it is known to name it.
pub(super) fn tests(checkout: &Checkout) -> Result<Ending, Failure> {
    names(&commands(checkout, README)?, &TESTS.join(" "))?;
    checkout.run(&TESTS)?;
    Ok(Ending::Held)
}

/// Whether a document has this command.
fn names(commands: &str, wanted: &str) -> Result<(), Failure> {
    if commands.lines().any(|command| command == wanted) {
        return Ok(());
    }
    Err(Failure::failed(format!("{README} does not name the command `{wanted}`, which is how everything is tested")))
}

/// Runs every command of the README but the tests.
pub(super) fn readme(checkout: &Checkout) -> Result<Ending, Failure> {
    checkout.run(&[SCRIPT, README, "--except", &TESTS.join(" ")])?;
    Ok(Ending::Held)
}

/// Runs every command of every page of the guide.
pub(super) fn guide(checkout: &Checkout) -> Result<Ending, Failure> {
    let pages = guide_pages(&Tree::read(checkout.root())?);
    if pages.is_empty() {
        return Ok(Ending::Skipped("docs/guide has no page with commands".to_owned()));
    }
    let words: Vec<&str> = [SCRIPT].into_iter().chain(pages.iter().map(String::as_str)).collect();
    checkout.run(&words)?;
    Ok(Ending::Held)
}

/// Pages of the guide that show commands; translations show the same ones.
fn guide_pages(tree: &Tree) -> Vec<String> {
    let pages = tree.texts_ending(".md").filter(|(path, text)| {
        path.starts_with("docs/guide/") && original(path).is_none() && text.lines().any(|line| line == "```console")
    });
    pages.map(|(path, _)| path.to_owned()).collect()
}

/// Compares the commands of every `NAME.zh.md` with those of `NAME.md`.
pub(super) fn translations(checkout: &Checkout) -> Result<Ending, Failure> {
    let tree = Tree::read(checkout.root())?;
    for (translation, _) in tree.texts_ending(".md") {
        let Some(original) = original(translation) else { continue };
        if !tree.has(&original) {
            return Err(Failure::failed(format!("{translation} translates {original}, which is not there")));
        }
        let [theirs, ours] = [&original, translation].map(|file| commands(checkout, file));
        if let Some(difference) = first_difference(&theirs?, &ours?) {
            return Err(Failure::failed(format!("{translation} has other commands than {original}: {difference}")));
        }
    }
    Ok(Ending::Held)
}

/// The document that this one translates.
fn original(path: &str) -> Option<String> {
    path.strip_suffix(".zh.md").map(|stem| format!("{stem}.md"))
}

/// Commands of a document, a line each.
fn commands(checkout: &Checkout, file: &str) -> Result<String, Failure> {
    checkout.output(&[SCRIPT, "--list", file])
}

fn first_difference(theirs: &str, ours: &str) -> Option<String> {
    let (mut theirs, mut ours) = (theirs.lines(), ours.lines());
    loop {
        match (theirs.next(), ours.next()) {
            (None, None) => return None,
            (theirs, ours) if theirs == ours => {}
            (Some(theirs), Some(ours)) => return Some(format!("`{ours}` instead of `{theirs}`")),
            (Some(missing), None) => return Some(format!("`{missing}` is missing")),
            (None, Some(more)) => return Some(format!("`{more}` is one more")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_without_the_test_command_is_refused() {
        assert_eq!(names("cargo run\ncargo test --workspace\n", "cargo test --workspace"), Ok(()));
        assert!(names("cargo test --workspace --quiet\n", "cargo test --workspace").is_err());
    }

    #[test]
    fn the_first_other_command_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some("`c` instead of `b`".to_owned()));
        assert_eq!(first_difference("a\nb\n", "a\n"), Some("`b` is missing".to_owned()));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some("`b` is one more".to_owned()));
    }

    #[test]
    fn pages_of_the_guide_are_those_with_commands() {
        let console = "```console\n$ dunwu\n```\n";
        let tree = Tree::of(&[
            ("docs/guide/runs.md", console),
            ("docs/guide/runs.zh.md", console),
            ("docs/guide/why.md", "words\n"),
            ("docs/other.md", console),
        ]);
        assert_eq!(guide_pages(&tree), ["docs/guide/runs.md"]);
    }
}
