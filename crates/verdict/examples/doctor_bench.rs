//! The doctor's bench by hand: `cargo run -p dunwu-verdict --example doctor_bench -- PLANTS DECOYS CLEAN SEED`.

use dunwu::verb::Watcher;
use dunwu_verdict::doctor::bench::{Size, bench, summarize};
use std::sync::atomic::AtomicBool;

#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn main() {
    let number = |place: usize| std::env::args().nth(place).and_then(|word| word.parse().ok()).unwrap_or(2);
    let size = Size { plants: number(1), decoys: number(2), clean: number(3), seed: number(4) };
    let stop = AtomicBool::new(false);
    let mut hear = |_: &dunwu::verb::Progress<'_>| {};
    let mut watcher = Watcher::new(&mut hear, &stop);
    let rows = bench(&size, 2, &mut watcher, |row| println!("{}", serde_json::to_string(row).unwrap_or_default()));
    if let Ok(rows) = rows {
        println!("{}", serde_json::to_string_pretty(&summarize(&rows)).unwrap_or_default());
    }
}
