//! `dunwu verdict --log`: what is expected of somebody else's run.

use crate::Desk;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A log in which the held-out loss falls as a power of the step, as CSV.
fn smooth(n: u32) -> String {
    let row =
        |i: u32| format!("{},{},{}\n", i, 1.0 + 3.0 * f64::from(i).powf(-0.6), 0.9 + 3.0 * f64::from(i).powf(-0.6));
    format!("step,val_loss,train_loss\n{}", (1..=n).map(row).collect::<String>())
}

#[test]
fn a_smooth_log_has_an_end_and_its_interval() {
    let desk = Desk::new();
    desk.write("log.csv", smooth(500));
    let found = desk.json("verdict --log log.csv --steps 1500");
    crate::assert_fits_its_schema(&found, "verdict --log");
    assert_eq!((&found["taken_for"], &found["predicted"]["name"]), (&"smooth".into(), &"val_loss".into()), "{found}");
    let end = |key: &str| found["final"][key].as_f64().unwrap();
    let truth = 1.0 + 3.0 * 1500_f64.powf(-0.6);
    assert!((end("law") - truth).abs() < 1e-3, "{found}");
    assert!(end("low") < truth && truth < end("high") && end("coverage") == 0.9, "{found}");
    assert_eq!(found["no_final"], Value::Null);
    // The same log as JSON lines, resumed at step 300 after it had reached 400.
    let line = |i: u32| {
        let loss = 1.0 + 3.0 * f64::from(i).powf(-0.6);
        format!("{{\"step\":{i},\"val_loss\":{loss},\"train_loss\":{}}}\n", loss - 0.1)
    };
    desk.write("log.jsonl", (1..=400).chain(300..=500).map(line).collect::<String>());
    let again = desk.json("verdict --log log.jsonl --steps 1500");
    assert_eq!((&again["points"], &again["final"]), (&found["points"], &found["final"]));
    // Nobody says how long it is to train.
    let open = desk.json("verdict --log log.csv");
    assert_eq!((&open["final"], &open["no_final"]["why"]), (&Value::Null, &"no_steps".into()));
    desk.refuses("verdict --log log.csv --steps 500", 2, &["has reached step 500", "--steps"]);
}

/// A run of our own as its own file of series shows it: memorized, and not understood.
#[test]
fn a_log_with_a_jump_has_no_number() {
    let desk = Desk::new();
    desk.json("run small data.fraction=0.25 loss=cross_entropy steps=300 --quiet");
    let scalars = desk.run().join("scalars.parquet");
    let found = desk.json(&format!("verdict --log {} --steps 600", scalars.display()));
    crate::assert_fits_its_schema(&found, "verdict --log");
    assert_eq!((&found["taken_for"], &found["final"]), (&"jump".into(), &Value::Null), "{found}");
    assert_eq!(found["signs"][0]["sign"], "memorized", "{found}");
    let roles: Vec<&str> =
        found["series"].as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["held_out_loss", "training_loss", "training_accuracy", "held_out_accuracy"]);
    let run = desk.run().display().to_string();
    desk.refuses(&format!("verdict --log {run}"), 2, &["is a run of Dunwu", "scalars.parquet"]);
}

/// A file that the package wandb wrote, alone and in its folder.
#[test]
fn an_offline_file_of_weights_and_biases_is_a_log() {
    let desk = Desk::new();
    fs::create_dir(desk.path("offline")).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/wandb/run.wandb");
    fs::copy(file, desk.path("offline/run-1.wandb")).unwrap();
    let found = desk.json("verdict --log offline/run-1.wandb --steps 900");
    assert_eq!((&found["predicted"]["name"], &found["at"]), (&"val.acc".into(), &390.into()), "{found}");
    let found = desk.json("verdict --log offline --steps 900 --loss train/loss");
    assert_eq!((&found["taken_for"], &found["signs"][0]["step"]), (&"cannot_tell".into(), &400.into()), "{found}");
}

#[test]
fn what_a_log_lacks_is_named() {
    let desk = Desk::new();
    desk.write("reward.csv", "step,reward,lr\n1,0.5,0.1\n2,0.6,0.1\n");
    desk.refuses("verdict --log reward.csv", 2, &["no series", "lr, reward", "--loss NAME"]);
    desk.refuses("verdict --log reward.csv --loss los", 2, &["no series \"los\"", "lr, reward"]);
    let short = desk.json("verdict --log reward.csv --loss reward --steps 9");
    assert_eq!((&short["taken_for"], &short["signs"][0]["sign"]), (&"cannot_tell".into(), &"too_short".into()));
    desk.write("sizes.csv", smooth(100));
    desk.refuses("verdict --log sizes.csv --by-samples", 2, &["val_error"]);
    desk.refuses("verdict --log nothing.csv", 2, &["nothing.csv", "JSON lines"]);
    desk.refuses("verdict --log sizes.csv some-run", 2, &["cannot be used with"]);
    desk.refuses("verdict some-run --steps 9", 1, &["no run is called"]);
    desk.refuses("verdict", 2, &["required"]);
}
