//! `dunwu reach`: what programs rely on, what is refused, and that a run of the engine agrees.

use crate::Desk;

#[test]
fn a_design_is_answered_in_words_on_a_page_and_for_programs() {
    let desk = Desk::new();
    let reach = desk.json("reach 3xchunked:6 --output reach.html --figures drawn");
    assert_eq!((&reach["all"]["pairs"], &reach["all"]["blind"]), (&276.into(), &216.into()));
    assert_eq!((&reach["all"]["worst"]["position"], &reach["all"]["worst"]["sight"]), (&6.into(), &0.into()));
    assert!(desk.path("reach.html").is_file() && desk.path("drawn/reach-map.svg").is_file());
    let scout = desk.json("reach llama-4-scout length=20000");
    assert_eq!((&scout["all"]["blind"], &scout["local"]["layers"]), (&0.into(), &36.into()));
    assert_eq!(scout["longest_with_positions"], 8191);
}

#[test]
fn what_is_no_design_is_refused_with_its_name() {
    let desk = Desk::new();
    desk.refuses("reach window:0", 2, &["\"window:0\" sees nothing"]);
    desk.refuses("reach lama-4-scout", 2, &["perhaps llama-4-scout"]);
    desk.refuses("reach 3xwindow:8/full layers=3", 2, &["no layer 4 for full"]);
    desk.refuses("reach full length=99999999", 2, &["from 1 to 16777216"]);
    desk.refuses(
        "run small task=recall:8:2:3 model.architecture=transformer model.attention=window:0",
        2,
        &["sees nothing"],
    );
}

/// The answer at position 11 sees from 8 on: what stands at 9 is learned, what stands at 5 is guessed, one of three.
#[test]
fn what_is_blind_stays_at_chance_in_a_run() {
    let desk = Desk::new();
    let reach = desk.json("reach chunked:4 layers=2 length=12");
    let blind = |distance: usize| {
        reach["all"]["distances"][distance - 1]["blind"] == reach["all"]["distances"][distance - 1]["pairs"]
    };
    assert!(!blind(2) && blind(6));
    let run = desk.json(
        "run small task=recall:11:3:5,9 data.fraction=1 loss=cross_entropy model.architecture=transformer model.dimension=24 \
         model.heads=2 model.width=48 model.activation=gelu model.attention=chunked:4 optimizer=adam optimizer.learning_rate=3e-3 \
         optimizer.weight_decay=0 steps=300 --quiet",
    );
    let accuracy = run["train_accuracy"].as_f64();
    assert!(accuracy.is_some_and(|accuracy| (accuracy - 12.0 / 18.0).abs() < 1e-6), "{run}");
}
