//! `dunwu coordinates`: what programs rely on, the exit codes, and what is refused.

use crate::Desk;
use serde_json::Value;

const TWO_LAYERS: &str = "coordinates small task=cyclic:7 data.fraction=0.9 loss=cross_entropy optimizer=adam optimizer.learning_rate=0.01 \
                          optimizer.weight_decay=0 --widths 256,512,1024,2048 --quiet --json";

#[test]
fn a_network_that_keeps_its_sizes_exits_0_and_one_that_does_not_3() {
    let desk = Desk::new();
    let verdict = |words: &str, more: &[&str], code: i32| {
        let said = desk.dunwu_with(words, more);
        assert_eq!(said.code, code, "{words}: {}", said.stderr);
        let found: Value = serde_json::from_str(&said.stdout).unwrap();
        crate::assert_fits_its_schema(&found, words);
        found
    };
    let frozen = "interventions=at 0 freeze top";
    let stable = verdict(&format!("{TWO_LAYERS} --figures drawn --scale model.top_scale=-0.5"), &[frozen], 0);
    assert_eq!((&stable["verdict"], &stable["setting"]), (&"stable".into(), &"model.width".into()));
    assert!(desk.path("drawn/coordinates-slopes.svg").is_file() && desk.path("drawn/coordinates-sizes.svg").is_file());
    let grows = verdict(TWO_LAYERS, &[frozen], 3);
    assert_eq!(grows["verdict"], "grows");
    assert!(grows["headline"].as_str().unwrap().starts_with("Not stable: "), "{}", grows["headline"]);
    // Two widths and one seed leave no degree of freedom.
    let said = desk.dunwu("coordinates small task=cyclic:7 --widths 16,32 --seeds 1 --steps 1 --quiet");
    assert!(said.code == 4 && said.stdout.contains("Take more --widths"), "{}", said.stdout);
    desk.refuses("coordinates small --widths 16", 2, &["two widths"]);
    desk.refuses("coordinates small --scale lr=1", 2, &["\"lr\" is no setting with a number"]);
    desk.refuses("coordinates nosuchpreset", 2, &["nosuchpreset"]);
}
