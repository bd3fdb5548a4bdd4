//! A campaign is replayed with no model.

use super::*;
use crate::{Budget, Cassette, Took, take_turn};

#[test]
fn a_campaign_is_replayed_from_its_ledger_to_the_same_last_hash() {
    let world = World::new();
    let play = |mind: &mut dyn Mind| {
        let dir = tempfile::tempdir().unwrap();
        let mut campaign = begun(&dir, &world);
        let mut budget = Budget::unlimited();
        for _ in 0..4 {
            take_turn(&mut campaign, mind, &mut budget).unwrap();
            campaign.run(&world, 20, &mut Nobody).unwrap();
        }
        (campaign.head().to_owned(), campaign.links().to_vec())
    };
    let answers = [
        propose("t = c * M, for some c"),
        "no".to_owned(),
        "```json\n".to_owned() + &propose("t = c * M^2, for some c") + "\n```",
        String::new(),
        propose("t = c / rate, for some c"),
    ];
    let mut script = Script::new(&answers.iter().map(String::as_str).collect::<Vec<_>>());
    let (head, links) = play(&mut script);
    assert!(script.0.is_empty() && script.1.len() > 5, "the last turns met nobody");
    let mut cassette = Cassette::of(&links, "script");
    assert_eq!(cassette.left(), script.1.len());
    let (again, _) = play(&mut cassette);
    assert_eq!((again, cassette.left()), (head.clone(), 0));
    // Recorded around another mind, and played from there.
    let mut recording =
        Cassette::recording(Box::new(Script::new(&answers.iter().map(String::as_str).collect::<Vec<_>>())));
    assert_eq!(play(&mut recording).0, head);
    let mut played = Cassette::playing("script", recording.exchanges().to_vec());
    assert_eq!(play(&mut played).0, head);
}

#[test]
fn a_recording_of_another_campaign_answers_nothing() {
    let (dir, world) = (tempfile::tempdir().unwrap(), World::new());
    let mut campaign = begun(&dir, &world);
    let other = Exchange {
        model: "m".to_owned(),
        ask: "another".to_owned(),
        answer: propose("t = c * M, for some c"),
        fault: None,
    };
    let mut cassette = Cassette::playing("m", vec![other]);
    let turn = take_turn(&mut campaign, &mut cassette, &mut Budget::unlimited()).unwrap();
    assert!(matches!(turn.took, Took::Offline { .. }) && turn.exchanges == 0 && cassette.left() == 1, "{turn:?}");
    assert!(exchanges(&campaign).is_empty());
}
