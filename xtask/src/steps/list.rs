//! The steps of `check` and of `full`, the fastest answer to "is it broken?" first.

use super::documents;
use super::{Ending, Step};
use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::tidy;
use crate::torture;
use std::fs::File;
use std::process::{Command, Stdio};

const FORMAT: Step = Step {
    name: "format",
    about: "rustfmt would change nothing",
    run: |checkout| held(checkout.run(&["cargo", "fmt", "--all", "--check"])),
};

const TIDY: Step = Step { name: "tidy", about: "the house rules", run: |checkout| held(tidy::run(checkout)) };

const LINTS: Step = Step {
    name: "lints",
    about: "clippy finds nothing",
    run: |checkout| held(checkout.run(&["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
};

/// What is to hold before a commit.
pub(crate) static CHECK: &[Step] = &[
    FORMAT,
    TIDY,
    LINTS,
    Step {
        name: "quick-tests",
        about: "unit tests of every crate; the binary's tests and the slow ones are left to `full`",
        run: |checkout| held(checkout.run(&["cargo", "test", "--workspace", "--lib", "--bins"])),
    },
];

/// What is to hold at every commit.
pub(crate) static FULL: &[Step] = &[
    Step { name: "tests", about: "the README's own test command", run: documents::tests },
    FORMAT,
    TIDY,
    LINTS,
    Step {
        name: "documentation",
        about: "rustdoc has nothing to warn of",
        run: |checkout| {
            let words = ["cargo", "doc", "--no-deps", "--workspace"];
            held(checkout.run_with(&words, &[("RUSTDOCFLAGS", "-D warnings")]))
        },
    },
    Step { name: "translations", about: "a translated document shows the same commands", run: documents::translations },
    Step { name: "licences", about: "cargo-deny: licences, sources and duplicates of dependencies", run: licences },
    Step {
        name: "benchmarks",
        about: "every benchmark of the workspace runs, once and untimed",
        run: |checkout| held(checkout.run(&["cargo", "bench", "--workspace", "--bench", "*", "--", "--test"])),
    },
    Step { name: "run", about: "one run, end to end, and the object that programs rely on", run: one_run },
    Step {
        name: "same-bits",
        about: "runs have the same bits on this machine and in WebAssembly, and on aarch64 where it is emulated",
        run: |checkout| held(checkout.run(&["scripts/check-same-bits"])),
    },
    Step {
        name: "torture",
        about: "broken disks, kills and nonsense: a minute for what writes, half of one for what reads",
        run: |checkout| held(torture::some_minutes(checkout)),
    },
    Step { name: "slurm", about: "a sweep on a real Slurm comes to what a laptop makes of it", run: slurm },
    Step {
        name: "python",
        about: "the Python package: its wheel, in a clean environment, and what is tried with it",
        run: python,
    },
    Step {
        name: "science",
        about: "the scientist examined, committed campaigns judged again, and strangers' agents",
        run: science,
    },
    Step { name: "page", about: "the page: built again, and looked at in a browser", run: page },
    Step { name: "readme", about: "every command of the README", run: documents::readme },
    Step { name: "guide", about: "every command of every page of the guide", run: documents::guide },
];

fn held(result: Result<(), Failure>) -> Result<Ending, Failure> {
    result.map(|()| Ending::Held)
}

/// Advisories need a network, so hosted CI asks for them in a job of its own.
fn licences(checkout: &Checkout) -> Result<Ending, Failure> {
    if !checkout.answers(&["cargo", "deny", "--version"]) {
        return Ok(Ending::Skipped("cargo-deny is not here (cargo install cargo-deny --locked)".to_owned()));
    }
    held(checkout.run(&["cargo", "deny", "check", "bans", "licenses", "sources"]))
}

fn build(checkout: &Checkout) -> Result<(), Failure> {
    checkout.run(&["cargo", "build", "--release"])
}

fn one_run(checkout: &Checkout) -> Result<Ending, Failure> {
    build(checkout)?;
    let folder = checkout.empty_folder("full/run")?;
    let object = folder.join("small.json");
    let cannot = |what: &str, error: &dyn std::fmt::Display| {
        Failure::failed(format!("cannot {what} {}: {error}", object.display()))
    };
    let file = File::create(&object).map_err(|error| cannot("make", &error))?;
    let mut command = Command::new(checkout.target().join("release/dunwu"));
    command.args(["run", "small", "--json", "--quiet", "--runs"]).arg(&folder).stdin(Stdio::null()).stdout(file);
    let status = command.status().map_err(|error| cannot("start the run for", &error))?;
    if !status.success() {
        return Err(Failure::failed(format!("`dunwu run small --json --quiet` ends with {status}")));
    }
    let object = object.to_str().ok_or_else(|| cannot("name", &"it is no UTF-8"))?;
    held(checkout.run(&["scripts/check-run", object]))
}

fn slurm(checkout: &Checkout) -> Result<Ending, Failure> {
    build(checkout)?;
    let program = checkout.target().join("release/dunwu");
    let program = program.to_str().ok_or_else(|| Failure::failed("the path of target/ is no UTF-8"))?;
    held(checkout.run(&["scripts/with-slurm", "scripts/check-slurm", program]))
}

fn python(checkout: &Checkout) -> Result<Ending, Failure> {
    held(checkout.run(&["scripts/check-python"]))
}

fn science(checkout: &Checkout) -> Result<Ending, Failure> {
    build(checkout)?;
    let program = checkout.target().join("release/dunwu");
    let program = program.to_str().ok_or_else(|| Failure::failed("the path of target/ is no UTF-8"))?;
    held(checkout.run(&["scripts/check-science", program]))
}

fn page(checkout: &Checkout) -> Result<Ending, Failure> {
    build(checkout)?;
    let program = checkout.target().join("release/dunwu");
    let program = program.to_str().ok_or_else(|| Failure::failed("the path of target/ is no UTF-8"))?;
    held(checkout.run(&["scripts/check-page", program]))
}
