//! `dunwu import --as` on networks that PyTorch trained, through the command.

use crate::{Desk, assert_fits_its_schema};
use std::path::Path;
use std::process::Command;

fn dunwu(desk: &Desk, words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
    let output = command.args(words).current_dir(&desk.folder).output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().unwrap(), stdout, stderr)
}

#[test]
fn imported_weights_are_a_run_for_every_command_that_reads_weights() {
    let desk = Desk::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/imported");
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let files = ["two-layer-0.safetensors", "two-layer-2000.safetensors"].map(file);
    let split = format!("data.split={}", file("two-layer-train.csv"));
    let spec = ["task=cyclic:13", "model.width=96", "model.activation=square", "loss=mse", &split];
    let words = [&["import", "--json", &files[0], &files[1], "--as"][..], &spec].concat();
    let (code, stdout, stderr) = dunwu(&desk, &words);
    assert_eq!(code, 0, "{stderr}");
    let object: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_fits_its_schema(&object, "import");
    assert_eq!(object["test_accuracy"], 1.0);
    assert_eq!(object["imported"]["steps"], serde_json::json!([0, 2000]));
    let run = object["run"].as_str().unwrap();
    for words in [&["show", run][..], &["report", run], &["compare", run, run], &["peaks", "--run", run, "--quiet"]] {
        let (code, stdout, stderr) = dunwu(&desk, words);
        assert_eq!(code, 0, "{words:?}: {stderr}{stdout}");
    }
    for words in
        [&["resume", run][..], &["fork", run, "--at", "5", "freeze top"], &["doctor", run], &["curvature", run]]
    {
        let (code, _, stderr) = dunwu(&desk, words);
        assert!(code == 2 && stderr.contains("nobody can train it again"), "{words:?}: {code} {stderr}");
    }
    let (code, _, stderr) = dunwu(&desk, &["import", &files[0]]);
    assert!(code == 2 && stderr.contains("--as"), "{stderr}");
}
