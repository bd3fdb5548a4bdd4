//! `cargo xtask torture`: builds the bench and the program with debug assertions, and calls the bench.

use crate::checkout::Checkout;
use crate::failure::Failure;

/// What the program reads in such builds alone; a release build that knows the word would obey it.
const WORD: &str = "DUNWU_TROUBLE";

/// Passes the options on to the bench.
pub(crate) fn run(checkout: &Checkout, options: &[&str]) -> Result<(), Failure> {
    // Beside the tests of the workspace everything has the features that it was built with for them, so that nothing is built again.
    checkout.run(&["cargo", "build", "--workspace", "--bins", "--tests"])?;
    let built = |name: &str| checkout.target().join("debug").join(name).display().to_string();
    let (bench, program, root) = (built("torture"), built("dunwu"), checkout.root().display().to_string());
    let words: Vec<&str> =
        [bench.as_str(), "--dunwu", &program, "--root", &root].into_iter().chain(options.iter().copied()).collect();
    checkout.run(&words)
}

/// Some minutes of it with one seed; what is shipped has nothing of it.
pub(crate) fn some_minutes(checkout: &Checkout) -> Result<(), Failure> {
    run(checkout, &["--minutes", "1.5", "--seed", "1"])?;
    checkout.run(&["cargo", "build", "--release"])?;
    let program = checkout.target().join("release/dunwu");
    let bytes = std::fs::read(&program)
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", program.display())))?;
    if holds(&bytes, WORD.as_bytes()) {
        return Err(Failure::failed(format!(
            "the release build knows {WORD}, which belongs to builds with debug assertions"
        )));
    }
    Ok(())
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_a_program_is_found() {
        assert!(holds(b"abc DUNWU_TROUBLE=", WORD.as_bytes()));
        assert!(!holds(b"abc DUNWU_TROUBL", WORD.as_bytes()));
    }
}
