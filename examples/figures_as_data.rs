//! Finds the peaks of a landscape, lists the figures of the answer, and writes each as SVG into a folder.
//!
//! `cargo run --release -p dunwu-report --example figures_as_data -- FOLDER`
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use dunwu::landscape::PeaksRequest;
use dunwu::verb::{VerbError, Watcher};
use dunwu_report::{draw, peaks};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

fn main() -> Result<(), VerbError> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "figures".to_owned()));
    std::fs::create_dir_all(&folder)?;
    let request = PeaksRequest::from_words(&["cyclic:23", "n=334", "energy=raw"].map(str::to_owned))?;
    let stop = AtomicBool::new(false);
    let answer = peaks::answer(&request, &mut Watcher::new(&mut |_| {}, &stop))?;
    println!("{}", answer.headline);
    for figure in answer.figures() {
        println!("{}: {}", figure.name, figure.caption);
    }
    for (name, svg) in draw::documents(&answer) {
        std::fs::write(folder.join(format!("{name}.svg")), svg)?;
    }
    Ok(())
}
