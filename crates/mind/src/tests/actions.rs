//! What actions do, what is sent back, and what was earned.

use super::*;
use crate::{Amounts, Budget, Keep, NoMind, Took, earns_its_keep, take_turn};
use dunwu_science::ledger::Insight;

fn turn(campaign: &mut Campaign, answers: &[&str]) -> (crate::Turn, Vec<Ask>) {
    let mut script = Script::new(answers);
    let turn = take_turn(campaign, &mut script, &mut Budget::unlimited()).unwrap();
    (turn, script.1)
}

#[test]
fn every_action_leaves_its_event() {
    let (dir, world) = (tempfile::tempdir().unwrap(), World::new());
    let mut campaign = begun(&dir, &world);
    let (first, asks) = turn(&mut campaign, &[&propose("t = c * M^1.2 / rate, for some c")]);
    let Took::Proposed { id, sentence } = &first.took else { panic!("{first:?}") };
    assert_eq!((sentence.as_str(), first.exchanges), ("t = c * M^1.2 / rate, for some c", 1));
    let registered = campaign.state().claim(id).unwrap();
    assert_eq!((registered.by.as_str(), registered.n_runs), ("model script", 4));
    let text = asks[0].text();
    assert!(
        text.contains("what decides t?") && text.contains("- rate: 0.001..1; what rate is") && text.len() < 6_000,
        "{text}"
    );

    let object = format!(r#"{{"action":"object","claim":"{id}","text":"it fails\nfor small M","at":{{"M":5}}}}"#);
    let (objected, asks) = turn(&mut campaign, &[&object]);
    assert!(matches!(objected.took, Took::Objected { .. }), "{objected:?}");
    assert!(asks[0].text().contains(&format!("{id} [")), "claims are shown with their ids: {}", asks[0].text());
    let said = &campaign.state().said.last().unwrap().insight;
    let Insight::Objection { text, at: Some(at), .. } = said else { panic!("{said:?}") };
    assert_eq!((text.as_str(), &at.0["M"]), ("it fails for small M", &Setting::Number(5.0)));

    let predict =
        format!(r#"{{"action":"predict","claim":"{id}","at":{{"M":7.5,"rate":0.5}},"value":150,"error":0.1}}"#);
    assert!(matches!(turn(&mut campaign, &[&predict]).0.took, Took::Objected { .. }));
    let n_runs = campaign.state().runs.len();
    campaign.run(&world, 40, &mut Nobody).unwrap();
    let points: Vec<&Point> = campaign.state().runs[n_runs..].iter().map(|run| &run.point).collect();
    assert!(
        points.iter().any(|point| point.0.get("M") == Some(&Setting::Number(7.5))),
        "what was foretold is run: {points:?}"
    );

    let explain = format!(r#"{{"action":"explain","claim":"{id}","text":"t ~ M^1.2/rate"}}"#);
    assert!(matches!(turn(&mut campaign, &[&explain]).0.took, Took::Explained { .. }));
    assert!(
        matches!(&campaign.links().last().unwrap().event, Event::Explained { passed: false, bits, .. } if *bits == 0.0)
    );
    for (from, is_so) in [("A' * B", false), ("(B' * A)'", true)] {
        let derive = format!(
            r#"{{"action":"derive_step","from":"{from}","relation":"=","to":"A' * B","declare":{{"A":"n m","B":"n, m"}}}}"#
        );
        let derive = if is_so { derive } else { derive.replace("\"to\":\"A' * B\"", "\"to\":\"B' * A\"") };
        let (derived, _) = turn(&mut campaign, &[&derive]);
        assert!(matches!(derived.took, Took::Derived { ok, .. } if ok == is_so), "{derived:?}");
        assert!(matches!(&campaign.links().last().unwrap().event, Event::Derived { ok, .. } if *ok == is_so));
    }
}

#[test]
fn what_is_wrong_goes_back_once_and_then_the_search_takes_the_turn() {
    let (dir, world) = (tempfile::tempdir().unwrap(), World::new());
    let mut campaign = begun_with(&dir, &world, 70);
    let (mended, asks) = turn(&mut campaign, &[&propose("t = c * m, for some c"), &propose("t = c * M, for some c")]);
    assert!(matches!(mended.took, Took::Proposed { .. }) && mended.exchanges == 2, "{mended:?}");
    assert!(
        asks[0].wrong.is_none() && asks[1].wrong.as_ref().unwrap().contains("\"m\" is no quantity"),
        "{:?}",
        asks[1].wrong
    );
    let (repeated, asks) = turn(&mut campaign, &[&propose("t = k * M, for some k"), "I am sorry."]);
    assert!(asks[1].wrong.as_ref().unwrap().contains("was claimed before as"), "{:?}", asks[1].wrong);
    let Took::Offline { why, claims } = repeated.took else { panic!("{repeated:?}") };
    assert!(why.contains("no JSON object") && !claims.is_empty(), "{why}");
    let faults: Vec<bool> = exchanges(&campaign).iter().map(|exchange| exchange.fault.is_some()).collect();
    assert_eq!(faults, [true, false, true, true], "every exchange stands in the ledger");
    for nonsense in [
        r#"{"action":"propose","claim":"t is magic"}"#.to_owned(),
        propose("t = c * M + rate, for some c"),
        propose("t = c, for some c, where M in 500..900"),
        propose(&"x".repeat(9_000)),
        r#"{"action":"object","claim":"nothing","text":"no"}"#.to_owned(),
        r#"{"action":"explain","claim":"0123456789","text":"no"}"#.to_owned(),
        r#"{"action":"derive_step","from":"A +","relation":"=","to":"A","declare":{"A":"n"}}"#.to_owned(),
        r#"{"action":"derive_step","from":"A","relation":"=","to":"A","declare":{"A\"]\n":"n\n[x]"}}"#.to_owned(),
    ] {
        let (turn, _) = turn(&mut campaign, &[&nonsense, &nonsense]);
        assert!(matches!(turn.took, Took::Offline { .. }) && turn.faults.len() == 2, "{nonsense}: {turn:?}");
    }
    let at = |at: &str| {
        format!(r#"{{"action":"object","claim":"{}","text":"no","at":{at}}}"#, campaign.state().claims[0].id)
    };
    for at in [at(r#"{"M":1e9}"#), at(r#"{"N":3}"#), at(r#"{"M":"five"}"#)] {
        let (turn, _) = turn(&mut campaign, &[&at, &at]);
        assert!(matches!(turn.took, Took::Offline { .. }), "{at}: {turn:?}");
    }
}

#[test]
fn nobody_and_what_cannot_be_paid_leave_the_turn_to_the_search() {
    let (dir, world) = (tempfile::tempdir().unwrap(), World::new());
    let mut campaign = begun(&dir, &world);
    let none = take_turn(&mut campaign, &mut NoMind, &mut Budget::unlimited()).unwrap();
    assert!(matches!(&none.took, Took::Offline { why, .. } if why == "there is no model") && none.exchanges == 0);
    let mut script = Script::new(&[&propose("t = c * M, for some c")]);
    let mut budget = Budget::new(Amounts { calls: 5, tokens: 500, seconds: 60.0 });
    let unpaid = take_turn(&mut campaign, &mut script, &mut budget).unwrap();
    assert!(matches!(&unpaid.took, Took::Offline { why, .. } if why.contains("tokens")), "{unpaid:?}");
    assert!(
        script.1.is_empty() && budget.spent() == Amounts::default() && exchanges(&campaign).is_empty(),
        "no call was made"
    );
    let mut budget = Budget::new(Amounts { calls: 1, tokens: 100_000, seconds: 60.0 });
    let first = take_turn(&mut campaign, &mut Script::new(&["no", "no"]), &mut budget).unwrap();
    assert_eq!((first.exchanges, budget.spent().calls), (1, 1), "the repair is not to be paid");
    assert!(budget.spent().tokens > 500 && budget.left().calls == 0);
    let mut budget = Budget::new(Amounts { calls: 9, tokens: 100_000, seconds: 60.0 });
    take_turn(&mut campaign, &mut Script::new(&[""]), &mut budget).unwrap();
    assert!(budget.spent().tokens > 2_000, "a call that failed costs what was set aside: {budget:?}");
}

#[test]
fn a_model_that_says_no_more_than_the_search_does_not_earn_its_keep() {
    let world = World::new();
    for poor in [propose("t = c * M * ln(M) / rate, for some c"), "No.".to_owned()] {
        let dir = tempfile::tempdir().unwrap();
        let mut campaign = begun(&dir, &world);
        turn(&mut campaign, &[&poor]);
        campaign.run(&world, 140, &mut Nobody).unwrap();
        let reckoning = earns_its_keep(&campaign);
        let (model, keep) = &reckoning.models[0];
        assert!(
            matches!(keep, Keep::DoesNot { why } if why.starts_with("it does not earn its keep")),
            "{reckoning:#?}"
        );
        assert!(model.calls >= 1 && model.tokens > 100 && reckoning.offline.looked_at > 100, "{reckoning:#?}");
        assert!(reckoning.offline.bits > 10.0 && reckoning.runs == campaign.state().runs.len(), "{reckoning:#?}");
    }
}
