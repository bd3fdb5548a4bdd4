//! Makes the runs that verdicts are learned from, learns the model that is shipped, and judges it on what it did not see.
//!
//! `cargo xtask verdict` calls it: `learn_verdict TRACES RUNS_A_FAMILY OUT`. Traces that are in the file already are not made again.

use dunwu::run::RunRequest;
use dunwu_verdict::early::evaluate::{ChoiceRow, LookRow, ParkRow, Said, choice_rows, look_rows, park_rows};
use dunwu_verdict::early::learn::{Evidence, FOLDS, learn};
use dunwu_verdict::early::model::Inputs;
use dunwu_verdict::early::observe::{Trace, coordinates_of, observe};
use dunwu_verdict::early::worlds::{self, FAMILIES};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const SEED: u64 = 1;

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
    let (mut sizes, mut families) = (Vec::new(), Vec::new());
    for inputs in Inputs::ALL {
        eprintln!("leaving out sizes: {}", inputs.name());
        sizes.push(evidence.left_out(inputs, FOLDS, |row| evidence.fold(row)));
        eprintln!("leaving out families: {}", inputs.name());
        families.push(evidence.left_out(inputs, FAMILIES.len(), |row| evidence.family(row)));
    }
    let model = learn(&evidence, SEED, &sizes, &families);
    let bytes = model.encode();
    fs::write(out.join("forests.bin"), &bytes)?;
    fs::write(out.join("card.json"), serde_json::to_string_pretty(&model.card)? + "\n")?;
    eprintln!("{} bytes of forests and networks", bytes.len());
    let mut looks = fs::File::create(out.join("looks.csv"))?;
    let mut parks = fs::File::create(out.join("parks.csv"))?;
    writeln!(looks, "{}", LookRow::COLUMNS)?;
    writeln!(parks, "{}", ParkRow::COLUMNS)?;
    // Families that are left out are judged with what the sizes of the others said, as a user's would be, and foreign runs by their own head.
    let of_sizes = |inputs: Inputs| Said { head: model.head(inputs), unseen: &sizes[inputs as usize], foreign: None };
    let of_families = |inputs: Inputs| {
        let unseen = &families[inputs as usize];
        Said { head: model.head(inputs), unseen, foreign: Some(unseen.transfer_calibration(&evidence)) }
    };
    for (left_out, guarded, said) in Inputs::ALL
        .into_iter()
        .map(|inputs| ("sizes", None, of_sizes(inputs)))
        .chain(Inputs::ALL.into_iter().map(|inputs| ("families", Some("families_guarded"), of_families(inputs))))
    {
        for row in look_rows(&evidence, left_out, &said) {
            // Of single families a few looks are enough to see which is worst.
            if row.family == "all" || [0.0, 0.05, 0.1, 0.2].contains(&row.look) {
                writeln!(looks, "{row}")?;
            }
        }
        for alpha in [0.005, 0.01, 0.02, 0.05] {
            for row in park_rows(&evidence, left_out, alpha, &said, false) {
                writeln!(parks, "{row}")?;
            }
            for row in guarded.map_or_else(Vec::new, |name| park_rows(&evidence, name, alpha, &said, true)) {
                writeln!(parks, "{row}")?;
            }
        }
    }
    let mut choice = fs::File::create(out.join("choice.csv"))?;
    writeln!(choice, "{}", ChoiceRow::COLUMNS)?;
    for row in choice_rows(&evidence, &of_sizes(Inputs::Spec), &of_sizes(Inputs::HeldOut)) {
        writeln!(choice, "{row}")?;
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
    let is_made = |&(index, family): &(u64, usize)| worlds::is_made(family, index);
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
