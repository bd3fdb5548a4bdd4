//! The examination Q4 on many seeds: `cargo run --release -p dunwu-derive --example q4 -- 20 60`.

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use dunwu_derive::q4::examine;

fn main() {
    let whole =
        |at: usize, otherwise: u64| std::env::args().nth(at).and_then(|word| word.parse().ok()).unwrap_or(otherwise);
    let (seeds, count, first) = (whole(1, 20), whole(2, 60) as usize, whole(3, 0));
    let (mut planted, mut located, mut alarms, mut unsure) = (0, 0, 0, 0);
    for seed in first..first + seeds {
        let result = examine(seed, count);
        planted += result.planted;
        located += result.located;
        alarms += result.false_alarms;
        unsure += result.unsure;
        for missed in &result.missed {
            println!(
                "seed {seed}: {}, planted {:?} {:?}, reported {:?}, {:?}\n{}",
                missed.template, missed.planted, missed.kind, missed.reported, missed.standings, missed.text
            );
        }
    }
    println!("{seeds} seeds of {count}: {located} of {planted} located, {alarms} false alarms, {unsure} unsure");
}
