//! Readers of what other programs recorded: records of foreign runs, event files, offline files of Weights & Biases.

use super::readers::{Open, PLAIN, Reader, put};
use super::record::chain_again;
use dunwu::store::RunDir;
use dunwu_foreign::export::{Logged, LoggedRun, event_file};
use dunwu_foreign::run::{Beginning, ForeignEnd, ForeignRecord, ForeignTensor, ForeignWriter, Known, Number};
use dunwu_foreign::series::{in_order, read_series};
use std::fs;
use std::path::Path;

pub(super) const RECORD: Reader = Reader {
    name: "foreign-record",
    words: &[
        "\"kind\":\"scalars\"",
        "\"kind\":\"units\"",
        "\"kind\":\"resumed\"",
        "\"kind\":\"finished\"",
        "\"how\":\"stopped\"",
        "\"at\":3",
        "\"step\":",
        "\"values\":",
        "\"n\":4194304",
        "\"f32\":\"AACAPw==\"",
        "\"NaN\"",
        "null",
    ],
    seeds: |scratch| Ok(vec![fs::read(make_run(scratch)?.path().join("record.jsonl")).map_err(said)?]),
    mend: chain_again,
    open: |scratch, _| record_reader(scratch),
    ..PLAIN
};

pub(super) const EVENTS: Reader = Reader {
    name: "event-file",
    words: &["brain.Event:2", "loss", "\u{a}\u{4}loss"],
    seeds: |_| Ok(vec![events()]),
    open: |scratch, _| Ok(series_reader(scratch, "events.out.tfevents.0")),
    ..PLAIN
};

pub(super) const WANDB: Reader = Reader {
    name: "wandb-file",
    field: &["testdata/wandb/run.wandb"],
    words: &[":W&B", "_step", "train/loss", "NaN", "{\"value\":1}"],
    open: |scratch, _| Ok(series_reader(scratch, "run.wandb")),
    ..PLAIN
};

pub(super) const LINES: Reader = Reader {
    name: "log-lines",
    words: &["{\"step\":1,\"loss\":0.5}\n", "\"epoch\":", "NaN", "-Infinity", "1e400", "\"_step\":"],
    seeds: |_| Ok(vec![b"{\"step\":1,\"loss\":NaN,\"lr\":1e-3}\n{\"step\":2,\"loss\":\"inf\"}\n".to_vec()]),
    open: |scratch, _| Ok(series_reader(scratch, "log.jsonl")),
    ..PLAIN
};

fn said<E: std::error::Error>(error: E) -> String {
    error.to_string()
}

/// A run with a line of every kind.
fn make_run(scratch: &Path) -> Result<RunDir, String> {
    let known = Known::from([("optimizer".to_owned(), "AdamW".to_owned())]);
    let beginning = Beginning::Imported { series: "loss".to_owned(), step: 0, value: Number(1.0) };
    let mut writer = ForeignWriter::create_import(&scratch.join("seed"), "a", &known, beginning).map_err(said)?;
    let tensor =
        ForeignTensor { name: "w".to_owned(), dtype: "F32".to_owned(), shape: vec![1], bytes: vec![0, 0, 128, 63] };
    for step in 0..4 {
        writer.scalars(step, &[("loss", 1.0 / step as f64), ("acc", 0.5)]).map_err(said)?;
        writer.units(step, "fc", "norm", &[1.0, f32::NAN, -2.5]).map_err(said)?;
    }
    writer.snapshot(3, &[tensor]).map_err(said)?;
    writer.mark(3, "said").map_err(said)?;
    writer.learn(&Known::from([("lr".to_owned(), "0.1".to_owned())])).map_err(said)?;
    writer.rewind(2).map_err(said)?;
    writer.scalars(2, &[("loss", f64::INFINITY)]).map_err(said)?;
    writer.finish(ForeignEnd::Stopped).map_err(said)
}

/// What is read is what is read once more without its torn tail; steps ascend, and every array has its numbers.
fn record_reader(scratch: &Path) -> Result<Open, String> {
    let folder = scratch.join("run");
    fs::create_dir_all(&folder).map_err(said)?;
    Ok(Box::new(move |bytes| {
        put(&folder.join("record.jsonl"), bytes);
        let run = RunDir::open(&folder).map_err(said)?;
        let record = ForeignRecord::read(&run).map_err(said)?;
        let series = record.series();
        assert!(series.iter().all(|one| one.steps.is_sorted_by(|a, b| a < b)), "steps ascend");
        for entry in &record.units {
            if let Ok(values) = record.load_units(entry) {
                assert_eq!(values.len(), entry.n, "an array has its numbers");
            }
        }
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        put(&folder.join("record.jsonl"), &bytes[..whole]);
        let again = ForeignRecord::read(&run).unwrap_or_else(|error| panic!("its whole lines are refused: {error}"));
        assert!(!again.torn && format!("{:?}", again.series()) == format!("{series:?}"), "another record");
        Ok(())
    }))
}

fn events() -> Vec<u8> {
    let row = |step: u64| Logged::Scalars { step, values: vec![("loss".to_owned(), 1.0 / step as f64)] };
    let units = Logged::Distribution { step: 2, name: "fc/norm".to_owned(), values: vec![1.0, 2.0] };
    let logged = vec![row(0), row(1), units, row(300)];
    event_file(&LoggedRun { id: "a".to_owned(), began: 1e9, logged, is_finished: true })
}

fn series_reader(scratch: &Path, name: &str) -> Open {
    let path = scratch.join(name);
    Box::new(move |bytes| {
        put(&path, bytes);
        for one in read_series(&path).map_err(said)? {
            assert_eq!(one.steps.len(), one.values.len(), "a step a value");
            assert!(in_order(&one).is_sorted_by(|a, b| a.0 < b.0), "steps ascend");
        }
        Ok(())
    })
}
