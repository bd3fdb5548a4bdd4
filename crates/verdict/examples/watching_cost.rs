//! What looking at updates costs: `cargo run --release -p dunwu-verdict --example watching_cost -- EVERY [NETWORK]`.
//!
//! For each network of the doctor's bench runs without and with a look at every EVERY-th update alternate; printed are the median ratio of
//! their processor times and its quartiles. Bind it to one core (`taskset -c 0`) where others use the machine, too.

use dunwu::run::RunRequest;
use dunwu_engine::Training;
use dunwu_verdict::doctor::bench::NETWORKS;
use std::time::{Duration, Instant};

const ROUNDS: usize = 21;

fn main() {
    let every: u64 = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(32);
    let asked = std::env::args().nth(2);
    let began = Instant::now();
    for network in NETWORKS.iter().filter(|network| asked.as_ref().is_none_or(|name| name == network.name)) {
        let words: Vec<String> = network.words.split_whitespace().chain(["steps=400"]).map(str::to_owned).collect();
        let Ok(RunRequest { spec, problem, split, .. }) = RunRequest::from_words(&words) else { continue };
        let timed = |watched: bool| -> Duration {
            let Ok(mut training) = Training::new(&spec, &problem, &split, 1) else { return Duration::ZERO };
            if watched {
                training.watch(&problem, &split, every);
            }
            let before = processor_time(began);
            while training.advance().outcome.is_none() {
                std::hint::black_box(training.vitals());
            }
            processor_time(began).saturating_sub(before)
        };
        let ratio = |round: usize| {
            // Which one comes first alternates, too, so that a drift of the clock rate falls on both.
            let begins_watched = !round.is_multiple_of(2);
            let (first, second) = (timed(begins_watched), timed(!begins_watched));
            let (plain, watched) = if begins_watched { (second, first) } else { (first, second) };
            watched.as_secs_f64() / plain.as_secs_f64()
        };
        ratio(0);
        let mut ratios: Vec<f64> = (0..ROUNDS).map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        show(network.name, every, [ratios[ROUNDS / 4], ratios[ROUNDS / 2], ratios[3 * ROUNDS / 4]]);
    }
}

/// Time that the threads of this process had a processor; where the system does not say, time since `began`.
fn processor_time(began: Instant) -> Duration {
    let of_thread = |entry: std::io::Result<std::fs::DirEntry>| -> Option<u64> {
        let text = std::fs::read_to_string(entry.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    let threads = std::fs::read_dir("/proc/self/task").ok();
    let times: Option<Vec<u64>> = threads.and_then(|threads| threads.map(of_thread).collect());
    match times.filter(|times| !times.is_empty()) {
        Some(times) => Duration::from_nanos(times.iter().sum()),
        None => began.elapsed(),
    }
}

#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn show(name: &str, every: u64, [low, median, high]: [f64; 3]) {
    println!("{name}: every {every} updates {median:.4} (quartiles {low:.4} to {high:.4})");
}
