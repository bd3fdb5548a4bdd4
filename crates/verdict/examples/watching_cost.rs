//! What looking at updates costs: `cargo run --release -p dunwu-verdict --example watching_cost -- EVERY`.
//!
//! For each network of the doctor's bench runs without and with a look at every EVERY-th update alternate; printed are the median ratio of
//! their times and its quartiles.

use dunwu::run::RunRequest;
use dunwu_engine::Training;
use dunwu_verdict::doctor::bench::NETWORKS;
use std::time::{Duration, Instant};

const ROUNDS: usize = 21;

fn main() {
    let every: u64 = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(32);
    for network in &NETWORKS {
        let words: Vec<String> = network.words.split_whitespace().chain(["steps=400"]).map(str::to_owned).collect();
        let Ok(RunRequest { spec, problem, split, .. }) = RunRequest::from_words(&words) else { continue };
        let timed = |watched: bool| -> Duration {
            let Ok(mut training) = Training::new(&spec, &problem, &split, 1) else { return Duration::ZERO };
            if watched {
                training.watch(&problem, &split, every);
            }
            let began = Instant::now();
            while training.advance().outcome.is_none() {
                std::hint::black_box(training.vitals());
            }
            began.elapsed()
        };
        let ratio = |_: usize| {
            let (plain, watched) = (timed(false), timed(true));
            watched.as_secs_f64() / plain.as_secs_f64()
        };
        let mut ratios: Vec<f64> = (0..ROUNDS).map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        show(network.name, every, [ratios[ROUNDS / 4], ratios[ROUNDS / 2], ratios[3 * ROUNDS / 4]]);
    }
}

#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn show(name: &str, every: u64, [low, median, high]: [f64; 3]) {
    println!("{name}: every {every} updates {median:.3} (quartiles {low:.3} to {high:.3})");
}
