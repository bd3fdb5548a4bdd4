//! `dunwu fork` and `dunwu doctor`: a run with something done to it, and what a run suffers from.

use crate::Desk;
use serde_json::Value;

const PARENT: &str = "small task=cyclic:11 model.width=32 steps=200 seed=3 record.evaluate_every=10 --quiet";

#[test]
fn a_fork_is_the_run_of_its_own_spec_and_says_where_it_parts() {
    let desk = Desk::new();
    let parent = desk.json(&format!("run {PARENT}"))["run"].as_str().unwrap().to_owned();
    let fork = desk.json(&format!("fork {parent} --at 95 optimizer.learning_rate=0.5 --quiet"));
    assert_eq!((&fork["same_until"], &fork["parts_at"]), (&90.into(), &100.into()), "{fork}");
    assert_eq!(fork["interventions"][0], "at 95 set optimizer.learning_rate 0.5");
    assert_eq!(fork["begun_from"], Value::Null);
    let compared = desk.json(&format!("compare {parent} {}", fork["run"].as_str().unwrap()));
    assert_eq!((&compared["same_until"], &compared["parts_at"]), (&90.into(), &100.into()));
    assert_eq!(compared["differing_settings"][0]["key"], "interventions");
    // However it is asked for, it is one run, and its spec needs no parent.
    let again = desk.dunwu_with(&format!("run {PARENT}"), &["interventions=at 95 set optimizer.learning_rate 0.5"]);
    assert!(again.code == 0 && again.stderr.contains("exists already"), "{}", again.stderr);
    let spec = desk.dunwu(&format!("fork {parent} --at 95 optimizer.learning_rate=0.5 --spec"));
    desk.write("child.toml", &spec.stdout);
    let from_file = desk.dunwu("run child.toml --quiet");
    assert!(from_file.code == 0 && from_file.stderr.contains("exists already"), "{}", from_file.stderr);
    assert_eq!(desk.runs().len(), 2);
    let taken_back = desk.dunwu_with(&format!("fork {parent} --at 50 --until 60 --spec"), &["freeze top"]);
    assert!(taken_back.stdout.contains("from 50 to 60 freeze top"), "{}", taken_back.stdout);
}

#[test]
fn what_cannot_be_done_to_a_run_is_named() {
    let desk = Desk::new();
    let parent = desk.json(&format!("run {PARENT}"))["run"].as_str().unwrap().to_owned();
    for (at, word, wanted) in [
        ("200", "freeze top", "the run ends at 200"),
        ("9", "ablate units 32", "there is no hidden unit 32; there are 32"),
        ("9", "clamp attention to 3", "no part \"attention\""),
        ("9", "clamp loss", "no part \"loss\""),
        ("9", "model.width=7", "cannot change during a run"),
        ("9", "melt top", "there is no \"melt\""),
        ("9", "drop rows 100000", "no training sample 100000"),
    ] {
        let said = desk.dunwu_with(&format!("fork {parent} --at {at}"), &[word]);
        assert!(said.code == 2 && said.stdout.is_empty() && said.stderr.contains(wanted), "{word}: {}", said.stderr);
    }
    desk.refuses(&format!("fork {parent} --at 9"), 2, &["does something else than its parent"]);
    assert_eq!(desk.runs().len(), 1);
}

/// Alarms come before the run's answer, the diagnosis is that of `dunwu doctor RUN`, and the record is that of a run nobody looked at.
#[test]
fn a_run_under_a_doctor_is_the_run_and_its_diagnosis() {
    const RUN: &str = "run small task=cyclic:11 data.fraction=0.8 model.width=32 loss=cross_entropy optimizer=adamw \
                       optimizer.learning_rate=0.005 data.batch_size=32 steps=160 record.evaluate_every=10 --quiet";
    const SICK: &str = "interventions=at 60 set optimizer.weight_decay 60";
    let (watched, plain) = (Desk::new(), Desk::new());
    let said = watched.dunwu_with(&format!("{RUN} --json --doctor"), &[SICK]);
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert_eq!(said.stderr.matches("alarm at step").count(), said.stderr.lines().count(), "{}", said.stderr);
    assert!(said.stderr.contains("decay takes away more than the gradient makes"), "{}", said.stderr);
    let both: Value = serde_json::from_str(&said.stdout).unwrap();
    crate::assert_fits_its_schema(&both, "run --doctor");
    assert_eq!((&both["run"]["verb"], &both["doctor"]["reason"]), (&"run".into(), &"decay".into()));
    assert_eq!(plain.dunwu_with(RUN, &[SICK]).code, 0);
    assert_eq!(crate::computed(&watched.run()), crate::computed(&plain.run()));
    assert_eq!(watched.run().file_name(), plain.run().file_name());
    // Asked afterwards, or of a run that was there already, it says the same.
    let later = plain.dunwu(&format!("doctor {} --json --quiet", plain.run().display()));
    let later: Value = serde_json::from_str(&later.stdout).unwrap();
    for key in ["verdict", "reason", "first_step", "alarms", "switch", "forks", "losses"] {
        assert_eq!(both["doctor"][key], later[key], "{key}");
    }
    let again = plain.dunwu_with(&format!("{RUN} --doctor"), &[SICK]);
    assert!(again.code == 3 && again.stdout.contains("It is sick"), "{}", again.stdout);
    let well = Desk::new();
    let said = well.dunwu(&format!("{RUN} --doctor"));
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{}", said.stdout);
    assert!(said.stdout.contains("Run: ") && said.stdout.contains("It is well"), "{}", said.stdout);
}

#[test]
fn a_doctor_says_what_a_run_suffers_from_and_proves_it() {
    let desk = Desk::new();
    let network = "small task=cyclic:23 data.fraction=0.7 model.width=64 loss=cross_entropy optimizer=adamw \
                   optimizer.learning_rate=0.005 data.batch_size=64 steps=300 seed=4 --quiet";
    let well = desk.json(&format!("run {network}"))["run"].as_str().unwrap().to_owned();
    let found = desk.json(&format!("doctor {well} --quiet"));
    assert_eq!((&found["verdict"], &found["reason"]), (&"well".into(), &Value::Null), "{found}");
    let sick =
        desk.dunwu_with(&format!("run {network} --json"), &["interventions=at 100 set optimizer.weight_decay 60"]);
    let sick: Value = serde_json::from_str(&sick.stdout).unwrap();
    let said = desk.dunwu(&format!("doctor {} --json --quiet", sick["run"].as_str().unwrap()));
    assert_eq!(said.code, 3, "{}", said.stderr);
    let found: Value = serde_json::from_str(&said.stdout).unwrap();
    crate::assert_fits_its_schema(&found, "doctor");
    assert_eq!((&found["verdict"], &found["reason"]), (&"sick".into(), &"decay".into()), "{found}");
    assert_eq!(found["switch"]["at"], 100);
    assert_eq!(found["proof"]["null"]["heals"], false);
    // The switch that it names does what it says.
    let switch = found["switch"]["words"][0].as_str().unwrap();
    let fork = desk.json(&format!("fork {} --at 100 {switch} --quiet", sick["run"].as_str().unwrap()));
    let losses = fork["train_loss"].as_array().unwrap();
    assert!(losses[0].as_f64().unwrap() > 2.0 * losses[1].as_f64().unwrap() + 0.1, "{fork}");
    // A network without biases whose units all die: what it does not have is not tried.
    let dead = desk.dunwu_with(
        &format!("run {network} model.activation=relu --json"),
        &["interventions=at 100 shift hidden by -9"],
    );
    let dead: Value = serde_json::from_str(&dead.stdout).unwrap();
    let said = desk.dunwu(&format!("doctor {} --json --quiet", dead["run"].as_str().unwrap()));
    let found: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {}", said.stderr));
    assert_eq!((said.code, &found["alarms"][0]["reason"]), (3, &"dead_units".into()), "{found}");
    // Somebody else's run, of which only series are left.
    let rows = |last: f64| {
        (0..60).map(move |i| format!("{},{}\n", i * 10, if i < 40 { 1.0 / f64::from(i + 1) } else { last }))
    };
    desk.write("well.csv", format!("step,train_loss\n{}", rows(0.02).collect::<String>()));
    desk.write("sick.csv", format!("step,train_loss\n{}", rows(4.0).collect::<String>()));
    desk.write("other.csv", "step,accuracy\n1,0.5\n");
    assert_eq!(desk.json("doctor well.csv")["verdict"], "well");
    for (file, code, first) in [("sick.csv", 3, Value::from(400)), ("other.csv", 4, Value::Null)] {
        let said = desk.dunwu(&format!("doctor {file} --json"));
        let found: Value = serde_json::from_str(&said.stdout).unwrap();
        crate::assert_fits_its_schema(&found, "doctor");
        assert_eq!((said.code, &found["first_step"]), (code, &first), "{}", said.stderr);
    }
    desk.refuses("doctor nosuchrun", 1, &["no run is called \"nosuchrun\""]);
    let of_spec = desk.json("doctor small optimizer.learning_rate=3");
    assert_eq!(of_spec["lints"][0]["reason"], "rate");
}
