//! Every kind of network, loss and input goes the whole way: trained, recorded, killed, resumed, opened, shown, exported.

use crate::{Desk, computed, reported, snapshots};
use std::fs;

/// What is said of a run beside `run small`, and what its opening has to say.
const KINDS: &[(&str, &str)] = &[
    ("model.architecture=mlp model.depth=2 model.residual=true data.batch_size=50", "Not defined here"),
    ("model.architecture=mlp model.depth=1 model.embedding=5 loss=cross_entropy", "of 256 hidden units generalizing"),
    (
        "model.architecture=transformer model.depth=1 model.dimension=16 model.heads=2 model.normalization=none \
         model.initialization=nanda model.width=32 loss=cross_entropy",
        "Not defined here",
    ),
    (
        "model.architecture=transformer model.dimension=16 model.heads=2 model.width=32 data.batch_size=50 numerics=exact",
        "Not defined here",
    ),
    ("loss=contrastive model.top_layer=ridge model.width=32", "losses of the outputs"),
    ("loss=non_contrastive model.top_layer=ridge model.width=32", "losses of the outputs"),
    ("task=digits data.count=300 model.width=32 model.architecture=mlp", "inputs of digits are numbers"),
    ("task=parity:12:3 data.batch_size=32 model.width=32 model.architecture=mlp model.depth=1", "are numbers"),
];

#[test]
fn every_kind_of_network_is_trained_opened_shown_and_exported() {
    for (words, wanted) in KINDS {
        let desk = Desk::new();
        let summary = desk.json(&format!("run small steps=12 {words} --quiet"));
        let kernel = summary["kernel"].as_str().unwrap();
        assert_eq!(kernel == "exact", words.contains("numerics=exact"), "{words}: {kernel}");
        assert!(summary["train_loss"].as_f64().unwrap().is_finite(), "{words}");
        let run = desk.run();
        let name = run.file_name().unwrap().to_str().unwrap();
        // From the record alone, without what was derived while it trained.
        fs::remove_file(run.join("series.cache")).unwrap();
        let shown = desk.dunwu(&format!("show {}", &name[..8]));
        assert_eq!(shown.code, 0, "{words}: {}", shown.stderr);
        assert!(shown.stdout.contains(wanted), "{words}: no {wanted:?} in {}", shown.stdout);
        assert!(!shown.stdout.contains("NaN"), "{words}: {}", shown.stdout);
        assert!(!reported(&run).contains("NaN"), "{words}");
        let exported = desk.json(&format!("export {} --tables csv", &name[..8]));
        assert!(exported["files"].as_array().unwrap().len() > 4, "{words}: {exported}");
    }
}

#[test]
fn every_kind_of_network_goes_on_after_a_kill_with_the_same_bits() {
    for (words, _) in KINDS {
        let words = format!("run small steps=150 record.snapshots_per_decade=2 {words} --quiet");
        let wanted = Desk::new();
        assert_eq!(wanted.dunwu(&words).code, 0);
        let desk = Desk::new();
        desk.starts(&format!("{words} --checkpoint-every 0.01"), 60).kill();
        let said = desk.dunwu(&words);
        assert_eq!(said.code, 0, "{words}: {}", said.stderr);
        assert!(said.stderr.contains("going on from step"), "{words}: {}", said.stderr);
        assert_eq!(computed(&desk.run()), computed(&wanted.run()), "{words}");
        assert_eq!(snapshots(&desk.run()), snapshots(&wanted.run()), "{words}");
    }
}
