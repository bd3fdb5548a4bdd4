//! `dunwu compare`: runs by different losses, and runs that cannot be compared.

use crate::Desk;

#[test]
fn runs_by_two_losses_are_set_side_by_side() {
    let desk = Desk::new();
    let run = |words: &str| {
        let result = desk.json(&format!("run small model.width=16 steps=60 --quiet {words}"));
        result["run"].as_str().unwrap().to_owned()
    };
    let outputs = run("task=cyclic:7 loss=mse");
    let features = run("task=cyclic:7 loss=contrastive model.top_layer=ridge");
    let result = desk.json(&format!("compare {outputs} {features}"));
    let compared = &result["comparison"];
    assert_eq!(compared["losses"], serde_json::json!(["mse", "contrastive"]));
    // The fused network and the one made of blocks begin with the same weights.
    assert_eq!((&compared["same_sample"], &compared["same_start"]), (&true.into(), &true.into()));
    assert!((compared["moments"][0]["feature_cka"].as_f64().unwrap() - 1.0).abs() < 1e-5);
    for moment in compared["moments"].as_array().unwrap() {
        for asked in moment["asked"].as_array().unwrap() {
            assert!(asked["cosine"].as_f64().is_some_and(|cosine| cosine.abs() <= 1.0 + 1e-6), "{asked}");
            assert!(asked["weight_cosine"].is_number(), "{asked}");
        }
    }
    let verb = dunwu_report::verbs::VERBS.iter().find(|verb| verb.name == "compare").unwrap();
    let schema = serde_json::to_value(dunwu_report::verbs::schema(verb)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&result).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let differing: Vec<&str> =
        result["differing_settings"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    for key in ["loss", "model.top_layer"] {
        assert!(differing.iter().any(|other| other.starts_with(key)), "{key}: {differing:?}");
    }
    assert!(!differing.contains(&"steps") && !differing.contains(&"task"), "{differing:?}");
    let page = std::fs::read_to_string(desk.path(result["page"].as_str().unwrap())).unwrap();
    assert!(page.contains("<svg") && page.contains("contrastive"));
    let said = desk.dunwu(&format!("compare {outputs} {features} --output elsewhere.html"));
    assert!(said.code == 0 && said.stdout.contains("linear CKA") && desk.path("elsewhere.html").is_file());
    let other = run("task=cyclic:5");
    desk.refuses(&format!("compare {outputs} {other}"), 2, &["cyclic:7", "cyclic:5", "different questions"]);
    desk.refuses(&format!("compare {outputs} nope"), 1, &["no run is called \"nope\""]);
}
