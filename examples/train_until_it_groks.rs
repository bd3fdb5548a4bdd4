//! Trains one network step by step and prints when it memorizes and when it generalizes.
//!
//! `cargo run --release -p dunwu-report --example train_until_it_groks`
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use dunwu_engine::spec::presets;
use dunwu_engine::{Split, Training};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let spec = (presets::find("small")?.spec)();
    let problem = spec.task.resolve(None)?;
    let split = Split::draw(&problem, &spec.data, spec.seed, None)?;
    let mut training = Training::new(&spec, &problem, &split, 1)?;
    loop {
        let progress = training.advance();
        if let Some(row) = progress.scalars.filter(|row| row.step % 50 == 0) {
            let test = row.test_accuracy.unwrap_or(f64::NAN);
            println!("step {:>4}: train accuracy {:.3}, test accuracy {test:.3}", row.step, row.train_accuracy);
        }
        if let Some(outcome) = progress.outcome {
            println!(
                "{outcome:?}; memorized and generalized at {:?}",
                training.stays().map(|stay| stay.map(|stay| stay.arrived))
            );
            return Ok(());
        }
    }
}
