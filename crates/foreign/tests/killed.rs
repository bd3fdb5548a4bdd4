//! A program that records a run and is killed by the system, as often as one likes: what it was told of is there.

use dunwu::store::RunDir;
use dunwu_foreign::run::{ForeignRecord, ForeignWriter, Known};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Where the child of this test records; without it the function below does nothing.
const FOLDER: &str = "DUNWU_TEST_RECORDS_IN";

/// The child: records steps for ever, each with an array, and says each step once it is recorded.
#[test]
fn records_for_ever_where_it_is_asked_to() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut writer = match RunDir::list(Path::new(&folder)).unwrap().into_iter().next() {
        Some(dir) => ForeignWriter::open(&dir).unwrap(),
        None => ForeignWriter::create(Path::new(&folder), "mine", &Known::new()).unwrap(),
    };
    for step in writer.last_step().map_or(0, |last| last + 1).. {
        writer.scalars(step, &[("loss", 1.0 / (step as f64 + 1.0)), ("acc", f64::NAN)]).unwrap();
        writer.units(step, "fc", "norm", &[step as f32; 32]).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "recorded {step}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_a_killed_program_was_told_of_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut promised = 0;
    for round in 1..=6 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "records_for_ever_where_it_is_asked_to", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let steps = lines.filter_map(|line| line.split("recorded ").nth(1)?.parse::<u64>().ok());
        promised = steps.take(150 * round).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let runs = RunDir::list(folder.path()).unwrap();
        assert_eq!(runs.len(), 1, "one run, however often it is gone on with");
        let record = ForeignRecord::read(&runs[0]).unwrap();
        let series = record.series();
        let loss = series.iter().find(|one| one.name == "loss").unwrap();
        assert!(loss.steps.len() as u64 > promised, "{promised} of {}", loss.steps.len());
        assert!(loss.steps.iter().enumerate().all(|(place, &step)| step == place as u64));
        assert!(loss.values.iter().enumerate().all(|(step, &value)| value == 1.0 / (step as f64 + 1.0)));
        // Of the step in which it was killed a program may lack the array.
        assert!((record.units.len() + round) as u64 > promised, "{promised} of {}", record.units.len());
        for entry in record.units.iter().step_by(37) {
            assert_eq!(record.load_units(entry).unwrap(), [entry.step as f32; 32]);
        }
    }
    assert!(promised > 1000, "{promised}");
}
