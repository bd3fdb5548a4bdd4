//! `cargo xtask verdict`: makes the runs that early verdicts are learned from, and the model that is shipped.

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::say::say;

/// Runs of a family where nobody asks for more or fewer.
const RUNS: &str = "1100";

/// Traces stay under `target`, so that an interrupted call goes on; model and tables go where they are committed.
pub(crate) fn run(checkout: &Checkout, options: &[&str]) -> Result<(), Failure> {
    let runs = match options {
        [] => RUNS,
        ["--runs", runs] if runs.parse::<u64>().is_ok_and(|runs| runs > 0) => runs,
        other => return Err(Failure::usage(format!("there is no `cargo xtask verdict {}`", other.join(" ")))),
    };
    let path = |path: &str| checkout.root().join(path).display().to_string();
    let (traces, out) =
        (checkout.target().join("verdict-traces.jsonl").display().to_string(), path("testdata/verdict"));
    let words = ["cargo", "run", "--release", "-p", "dunwu-verdict", "--example", "learn_verdict", "--"];
    checkout.run(&words.into_iter().chain([traces.as_str(), runs, &out]).collect::<Vec<_>>())?;
    for name in ["card.json", "forests.bin"] {
        let (from, to) =
            (path(&format!("testdata/verdict/{name}")), path(&format!("crates/verdict/src/early/shipped/{name}")));
        std::fs::rename(&from, &to).map_err(|error| Failure::failed(format!("cannot move {from} to {to}: {error}")))?;
    }
    say!("what is shipped is new: build again, and look at the tables in testdata/verdict");
    Ok(())
}
