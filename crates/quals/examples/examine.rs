//! The examination from the command line: `examine [ci|full] [SEED] [TIER …]`, tiers by the beginnings of their names, one JSON value on the standard output, progress on the other.

use dunwu_quals::{Size, examine_tiers};
use std::io::Write as _;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let size = if arguments.first().is_some_and(|size| size == "full") { Size::Full } else { Size::Ci };
    let seed = arguments.get(1).and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let begun = Instant::now();
    let mut last = String::new();
    let only = arguments.get(2..).unwrap_or_default();
    let is_asked = |name: &str| only.is_empty() || only.iter().any(|begun| name.starts_with(begun.as_str()));
    let quals = examine_tiers(size, seed, &is_asked, &mut |tier, share| {
        let now = format!("{tier} {:.0} %", (share * 10.0).floor() * 10.0);
        if now != last {
            // Progress that nobody reads is no failure.
            let _ = writeln!(std::io::stderr(), "{:6.1} s  {now}", begun.elapsed().as_secs_f64());
            last = now;
        }
    });
    let text = serde_json::to_string_pretty(&quals).expect("a result has a JSON form");
    writeln!(std::io::stdout(), "{text}")
}
