//! Makes the runs that verdicts are learned from, learns the model that is shipped, and judges it on what it did not see.
//!
//! `cargo xtask verdict` calls it: `learn_verdict TRACES RUNS_A_FAMILY OUT`. Traces that are in the file already are not made again.

use dunwu::run::RunRequest;
use dunwu_verdict::early::evaluate::{LookRow, ParkRow, look_rows, park_rows};
use dunwu_verdict::early::learn::{Evidence, FOLDS, LeftOut, learn};
use dunwu_verdict::early::model::Inputs;
use dunwu_verdict::early::observe::{Trace, coordinates_of, observe};
use dunwu_verdict::early::trees::Fit;
use dunwu_verdict::early::worlds::{self, FAMILIES};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const SEED: u64 = 1;
/// Of five transformers two are made: one costs as much as ten other runs.
const COSTLY: &str = "transformers";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [traces, runs, out] = arguments.as_slice() else {
        return Err("usage: learn_verdict TRACES RUNS_A_FAMILY OUT".into());
    };
    let traces = make(Path::new(traces), runs.parse()?)?;
    let evidence = Evidence::of(traces);
    eprintln!("{} runs, {} rows", evidence.traces.len(), evidence.rows.len());
    let out = Path::new(out);
    fs::create_dir_all(out)?;
    let fit = Fit::USUAL;
    let mut unseen = Vec::new();
    for inputs in Inputs::ALL {
        eprintln!("leaving out sizes: {}", inputs.name());
        unseen.push(evidence.left_out(inputs, &fit, FOLDS, |row| evidence.fold(row)));
    }
    let model = learn(&evidence, SEED, &fit, &unseen);
    let bytes = model.encode();
    fs::write(out.join("forests.bin"), &bytes)?;
    fs::write(out.join("card.json"), serde_json::to_string_pretty(&model.card)? + "\n")?;
    eprintln!("{} bytes of forests", bytes.len());
    let mut looks = fs::File::create(out.join("looks.csv"))?;
    let mut parks = fs::File::create(out.join("parks.csv"))?;
    writeln!(looks, "{}", LookRow::COLUMNS)?;
    writeln!(parks, "{}", ParkRow::COLUMNS)?;
    let mut report = |left_out: &'static str, inputs: Inputs, unseen: &LeftOut| -> Result<(), Box<dyn Error>> {
        // Families that are left out are judged with what the sizes of the others said, as a user's would be.
        let head = model.head(inputs);
        for row in look_rows(&evidence, left_out, head, unseen) {
            // Of single families a few looks are enough to see which is worst.
            if row.family == "all" || [0.0, 0.05, 0.1, 0.2].contains(&row.look) {
                writeln!(looks, "{row}")?;
            }
        }
        for alpha in [0.005, 0.01, 0.02, 0.05] {
            for row in park_rows(&evidence, left_out, alpha, (head, unseen), &head.minima) {
                writeln!(parks, "{row}")?;
            }
        }
        Ok(())
    };
    for (inputs, unseen) in Inputs::ALL.into_iter().zip(&unseen) {
        report("sizes", inputs, unseen)?;
    }
    for inputs in [Inputs::Spec, Inputs::HeldOut] {
        eprintln!("leaving out families: {}", inputs.name());
        let unseen = evidence.left_out(inputs, &fit, FAMILIES.len(), |row| evidence.family(row));
        report("families", inputs, &unseen)?;
    }
    Ok(())
}

/// Reads the traces that are there and makes the others.
fn make(path: &Path, runs: u64) -> Result<Vec<Trace>, Box<dyn Error>> {
    let text = if path.exists() { fs::read_to_string(path)? } else { String::new() };
    // A line that was cut by a kill is made again.
    let mut traces: Vec<Trace> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let known: BTreeSet<(u64, usize)> = traces.iter().map(|trace| (trace.index, trace.family)).collect();
    let wanted = (0..runs).flat_map(|index| (0..FAMILIES.len()).map(move |family| (index, family)));
    let is_made = |&(index, family): &(u64, usize)| FAMILIES[family].name != COSTLY || index % 5 < 2;
    let missing: Vec<(u64, usize)> = wanted.filter(is_made).filter(|world| !known.contains(world)).collect();
    traces.retain(|trace| trace.index < runs);
    // Computed anew, so that runs outlive a change of what is read of their specs.
    let next = AtomicUsize::new(0);
    let anew = Mutex::new(vec![Vec::new(); traces.len()]);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(trace) = traces.get(place) else { return };
                    let words = worlds::draw(trace.family, SEED, trace.index).words;
                    let request = RunRequest::from_words(&words).expect("it was made from these words");
                    anew.lock().expect("no thread panics")[place] = coordinates_of(&request);
                }
            });
        }
    });
    for (trace, coordinates) in traces.iter_mut().zip(anew.into_inner()?) {
        trace.coordinates = coordinates;
    }
    if missing.is_empty() {
        return Ok(traces);
    }
    let mut whole: String =
        text.lines().filter(|line| serde_json::from_str::<Trace>(line).is_ok()).collect::<Vec<_>>().join("\n");
    if !whole.is_empty() {
        whole.push('\n');
    }
    fs::write(path, whole)?;
    let file = Mutex::new(fs::OpenOptions::new().append(true).create(true).open(path)?);
    let made = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(&(index, family)) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let words = worlds::draw(family, SEED, index).words;
                    let request = RunRequest::from_words(&words).map_err(|error| format!("{error:?}"));
                    match request.and_then(|request| observe(family, index, &request)) {
                        Ok(trace) => {
                            let line = serde_json::to_string(&trace).expect("numbers and texts") + "\n";
                            let written = file.lock().expect("no thread panics").write_all(line.as_bytes());
                            written.expect("the file of traces takes a line");
                            made.lock().expect("no thread panics").push(trace);
                        }
                        Err(error) => eprintln!("{}: {error}", words.join(" ")),
                    }
                }
            });
        }
    });
    traces.extend(made.into_inner()?);
    Ok(traces)
}
