//! Writes traces as a matrix of f32, a row a look.
use dunwu_verdict::early::looks::{LOOKS, step_of};
use dunwu_verdict::early::observe::Trace;
use std::io::{BufRead, Write};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let file = std::io::BufReader::new(std::fs::File::open(&arguments[1]).unwrap());
    let mut out = std::io::BufWriter::new(std::fs::File::create(&arguments[2]).unwrap());
    for line in file.lines() {
        let Ok(trace) = serde_json::from_str::<Trace>(&line.unwrap()) else { continue };
        let head = |look: f32, step: f32| {
            vec![
                trace.family as f32,
                trace.index as f32,
                look,
                step,
                trace.steps as f32,
                trace.generalized.map_or(-1.0, |s| s as f32),
                trace.memorized.map_or(-1.0, |s| s as f32),
                trace.n_labels as f32,
                trace.work as f32,
            ]
        };
        let looks = trace.looks();
        let none = [dunwu_verdict::early::coordinates::UNDEFINED; dunwu_verdict::early::signs::N_SIGNS];
        let mut put = |head: Vec<f32>, signs: &[f32]| {
            for value in head.iter().chain(&trace.coordinates).chain(signs) {
                out.write_all(&value.to_le_bytes()).unwrap();
            }
        };
        put(head(-1.0, 0.0), &none);
        for (look, signs) in looks.iter().enumerate() {
            put(head(look as f32, step_of(look, trace.steps) as f32), signs);
        }
    }
    println!("{} looks", LOOKS.len());
}
