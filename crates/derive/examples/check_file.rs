//! Checks a derivation from a file: `cargo run -p dunwu-derive --example check_file -- derivation.toml`.

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use dunwu_derive::{Derivation, Options, check};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a file")?;
    let derivation = Derivation::parse(&std::fs::read_to_string(path)?)?;
    let report = check(&derivation, &Options::default());
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}
