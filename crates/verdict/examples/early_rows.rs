//! Trains worlds and writes what verdicts are learned from.
use dunwu::run::RunRequest;
use dunwu_verdict::early::observe::observe;
use dunwu_verdict::early::worlds;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let n: usize = arguments[1].parse().unwrap();
    let path = &arguments[2];
    let threads: usize = arguments[3].parse().unwrap();
    let total = n * worlds::FAMILIES.len();
    let next = AtomicUsize::new(0);
    let out = Mutex::new(std::io::BufWriter::new(std::fs::File::create(path).unwrap()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= total {
                        break;
                    }
                    let (family, index) = (at % worlds::FAMILIES.len(), at / worlds::FAMILIES.len());
                    if worlds::FAMILIES[family].name == "transformers" && index % 5 > 1 {
                        continue;
                    }
                    let words = worlds::draw(family, 1, index as u64).words;
                    let made = RunRequest::from_words(&words).map_err(|error| format!("{error:?}"));
                    match made.and_then(|request| observe(family, index as u64, &request)) {
                        Ok(trace) => {
                            let line = serde_json::to_string(&trace).unwrap() + "\n";
                            out.lock().unwrap().write_all(line.as_bytes()).unwrap();
                        }
                        Err(error) => eprintln!("{words:?}: {error}"),
                    }
                }
            });
        }
    });
}
