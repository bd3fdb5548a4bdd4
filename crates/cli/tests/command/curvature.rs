//! `dunwu curvature`: how sharply a run's loss is curved, beside the edge of stability.

use crate::Desk;

const NETWORK: &str = "small task=cyclic:7 data.fraction=0.8 data.corrupted=0 model.width=8";

#[test]
fn a_run_and_its_spec_have_the_same_curvature() {
    let desk = Desk::new();
    let settings = format!("{NETWORK} optimizer=sgd optimizer.learning_rate=0.1 optimizer.weight_decay=0 steps=40");
    let run = desk.json(&format!("run {settings} --quiet"))["run"].as_str().unwrap().to_owned();
    let of_run = desk.json(&format!("curvature {run} --every 10 --quiet"));
    let of_spec = desk.json(&format!("curvature {settings} --every 10 --quiet"));
    assert_eq!(of_run["points"], of_spec["points"]);
    let points = of_run["points"].as_array().unwrap();
    let steps: Vec<u64> = points.iter().map(|point| point["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, [0, 10, 20, 30, 40]);
    assert!(points.iter().all(|point| point["edge"] == 20.0 && point["sharpness"].as_f64().unwrap() > 0.0), "{of_run}");
    assert_eq!(of_run["outside_the_law"], serde_json::json!([]));
    let page = desk.dunwu(&format!("curvature {run} --every 10 --quiet"));
    assert!(page.code == 0 && page.stdout.contains("of 2/η"), "{}", page.stdout);
}

#[test]
fn what_has_no_curvature_and_what_is_no_run_are_refused() {
    let desk = Desk::new();
    desk.refuses(&format!("curvature {NETWORK} optimizer=muon"), 2, &["optimizer.name", "take sgd, adam or adamw"]);
    desk.refuses("curvature nowhere", 1, &["no run is called \"nowhere\""]);
    assert!(desk.runs().is_empty());
}
