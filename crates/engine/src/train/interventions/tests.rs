use crate::spec::{RunSpec, TopLayer, apply, parse_interventions, parse_value};
use crate::train::tests::{begin, every_kind, every_method, tiny, tiny_with, to_the_end};
use crate::train::{Checkpoint, Progress, TrainError, Training};
use crate::{Problem, Split};

fn with(spec: &RunSpec, text: &str) -> RunSpec {
    let pair = ("interventions".to_owned(), parse_value(text));
    apply(spec, &[pair]).unwrap_or_else(|(_, error)| panic!("{text}: {error}"))
}

/// The run of `spec` from the state that another one has before `step`.
fn from(spec: &RunSpec, split: &Split, checkpoint: &Checkpoint) -> Vec<Progress> {
    let problem = spec.task.resolve(None).expect("a problem");
    to_the_end(&mut Training::resume(spec, &problem, split, 1, checkpoint).expect("it fits"))
}

fn state_at(spec: &RunSpec, step: u64) -> (Problem, Split, Checkpoint) {
    let (problem, split, mut training) = begin(spec, 1);
    (0..step).for_each(|_| drop(training.advance()));
    (problem, split, training.checkpoint())
}

fn array<'a>(checkpoint: &'a Checkpoint, name: &str) -> &'a [f32] {
    &checkpoint.arrays.iter().find(|(other, _)| other == name).expect(name).1
}

/// What can be done to a network of any kind.
fn everything(spec: &RunSpec) -> String {
    let top = "on memorized freeze all; when train_loss <= 0.5 clamp all; at 13 ablate units 1,3; at 12 scale top by 0.5;\
               from 9 to 15 clamp top to 0.7; ";
    let rest = "at 11 set optimizer.learning_rate 0.02; from 8 to 14 corrupt rows 2-6; at 16 drop rows 1; at 17 hold-out rows 4,5; \
                at 18 train 0.5 of rows; from 10 to 12 repeat 3 rows; at 14 reinitialize hidden; at 15 rewind hidden; \
                at 19 set data.batch_size 16; from 20 to 22 freeze hidden; when test_accuracy >= 0.0 set optimizer.weight_decay 0.1";
    let is_solved = matches!(spec.model.top_layer, TopLayer::Ridge { .. });
    let text = if is_solved { rest.to_owned() } else { format!("{top}{rest}") };
    let blocks = matches!(spec.model.architecture, crate::spec::Architecture::Transformer(_));
    if blocks { text.replace("hidden", "block.0") } else { text }
}

/// The law that forks stand on: from any state before the first intervention the child has the bits that it has from step 0; and
/// interrupted anywhere, it goes on as if it had not been.
#[test]
fn a_child_has_the_same_bits_from_its_parents_state_and_from_the_beginning() {
    let methods = every_method().into_iter().map(|optimizer| RunSpec { optimizer, ..tiny() });
    for parent in methods.chain(every_kind()) {
        let parent = RunSpec { steps: 25, ..parent };
        let child = with(&parent, &everything(&parent));
        let (_, _, mut straight) = begin(&child, 1);
        let expected = to_the_end(&mut straight);
        for step in [0, 3] {
            // An evaluation at step 0 begins what waits for `test_accuracy >= 0`: only what is at a known step lies ahead.
            let timed = with(
                &parent,
                "at 3 set optimizer.learning_rate 0.02; from 8 to 14 corrupt rows 2-6; at 9 repeat 2 rows",
            );
            let (_, split, checkpoint) = state_at(&parent, step);
            let whole = to_the_end(&mut begin(&timed, 1).2);
            assert_eq!(from(&timed, &split, &checkpoint), whole[step as usize..], "{timed:?}");
        }
        for step in [1, 9, 12, 15, 18, 21, 24] {
            let (_, split, checkpoint) = state_at(&child, step);
            assert_eq!(from(&child, &split, &checkpoint), expected[step as usize..], "{child:?} stopped at {step}");
        }
    }
}

/// A setting that changes at a step: the run of the other setting from that step's state. Taken back: a third one.
#[test]
fn a_setting_that_changes_is_another_run_from_that_state() {
    for (key, value) in [
        ("optimizer.learning_rate", "0.03"),
        ("optimizer.weight_decay", "0.5"),
        ("optimizer.beta1", "0.5"),
        ("optimizer.beta2", "0.9"),
        ("optimizer.epsilon", "0.1"),
        ("data.batch_size", "9"),
        ("loss", "cross_entropy"),
        ("optimizer.schedule", "cosine"),
    ] {
        for parent in [tiny(), tiny_with("model.architecture=mlp"), tiny_with("data.batch_size=20")] {
            let other = apply(&parent, &[(key.to_owned(), parse_value(value))]).unwrap();
            let (_, split, at_20) = state_at(&parent, 20);
            let expected = from(&other, &split, &at_20);
            let child = with(&parent, &format!("at 20 set {key} {value}"));
            let whole = to_the_end(&mut begin(&child, 1).2);
            assert_eq!(whole[20..], expected, "{key}");
            assert_ne!(whole, to_the_end(&mut begin(&parent, 1).2), "{key} changes nothing");

            let back = with(&parent, &format!("from 20 to 30 set {key} {value}"));
            let (_, _, mut until_30) = begin(&other, 1);
            until_30 =
                Training::resume(&other, &other.task.resolve(None).unwrap(), &split, 1, &at_20).unwrap_or(until_30);
            (20..30).for_each(|_| drop(until_30.advance()));
            let expected = from(&parent, &split, &until_30.checkpoint());
            assert_eq!(to_the_end(&mut begin(&back, 1).2)[30..], expected, "{key}");
        }
    }
}

/// Samples that change: a run with the other split from that state, where the whole sample is the batch.
#[test]
fn other_samples_are_another_split_from_that_state() {
    for kind in [
        "numerics=exact",
        "model.architecture=mlp",
        "model.top_layer=ridge",
        "model.architecture=mlp model.top_layer=ridge",
    ] {
        let parent = tiny_with(&format!("{kind} data.corrupted=0"));
        let (_, split, at_20) = state_at(&parent, 20);
        let n = split.train.len() as u32;
        let all_but = |rows: &[u32]| (0..n).filter(|row| !rows.contains(row)).collect::<Vec<_>>();
        let dropped = Split { train: split.train.select(&all_but(&[3, 7])), ..split.clone() };
        let mut held_out = dropped.clone();
        held_out.test.append(&split.train.select(&[3, 7]));
        let mut taken = split.clone();
        taken.train.append(&split.test.select(&[0, 1]));
        let rest: Vec<u32> = (2..split.test.len() as u32).collect();
        taken.test = split.test.select(&rest);
        for (text, other) in [("drop rows 3,7", &dropped), ("hold-out rows 3,7", &held_out), ("train rows 0,1", &taken)]
        {
            let child = with(&parent, &format!("at 20 {text}"));
            assert_eq!(to_the_end(&mut begin(&child, 1).2)[20..], from(&parent, other, &at_20), "{kind}: {text}");
        }
        // A sample that is held out has its true label, whatever it was trained on with.
        let noisy = tiny_with(&format!("{kind} data.corrupted=0.5"));
        let (_, noise, noisy_at_20) = state_at(&noisy, 20);
        let row = noise.corrupted[0];
        let rest: Vec<u32> = (0..n).filter(|other| *other != row).collect();
        let mut other = Split { train: noise.train.select(&rest), corrupted: Vec::new(), ..noise.clone() };
        let mut leaving = noise.train.select(&[row]);
        leaving.labels = vec![noise.train_true_labels[row as usize]];
        other.test.append(&leaving);
        let test_losses =
            |all: &[Progress]| -> Vec<f64> { all.iter().filter_map(|progress| progress.scalars?.test_loss).collect() };
        let child = with(&noisy, &format!("at 20 hold-out rows {row}"));
        let found = to_the_end(&mut begin(&child, 1).2);
        assert_eq!(test_losses(&found[20..]), test_losses(&from(&noisy, &other, &noisy_at_20)), "{kind}");
        // A wrong label is one of the others, and the rest of the table is as it was.
        let child = with(&parent, "at 20 corrupt rows 5");
        let found = to_the_end(&mut begin(&child, 1).2);
        let is_found = |label: u32| {
            let mut other = split.clone();
            other.train.labels[5] = label;
            found[20..] == from(&parent, &other, &at_20)
        };
        let right = split.train.labels[5];
        assert!((0..11).filter(|&label| label != right).any(is_found) && !is_found(right), "{kind}");
    }
}

#[test]
fn weights_are_what_was_asked_for() {
    let parent = RunSpec { steps: 40, ..tiny_with("data.corrupted=0") };
    let end = |text: &str, step: u64| state_at(&with(&parent, text), step).2;
    let initial = state_at(&parent, 0).2;
    let at_20 = state_at(&parent, 20).2;
    // Held parts do not move, the rest does.
    let frozen = end("at 20 freeze hidden", 30);
    for kind in ["weights", "moment1", "moment2"] {
        assert_eq!(array(&frozen, &format!("{kind}.hidden")), array(&at_20, &format!("{kind}.hidden")));
        assert_ne!(array(&frozen, &format!("{kind}.top")), array(&at_20, &format!("{kind}.top")));
    }
    let thawed = end("at 20 freeze hidden; at 25 thaw hidden", 30);
    let until_25 = end("from 20 to 25 freeze hidden", 30);
    assert_eq!(array(&thawed, "weights.hidden"), array(&until_25, "weights.hidden"));
    assert_ne!(array(&thawed, "weights.hidden"), array(&frozen, "weights.hidden"));
    let norm = |weights: &[f32]| weights.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>().sqrt();
    let clamped = norm(array(&end("at 20 clamp top", 30), "weights.top"));
    let own = norm(array(&at_20, "weights.top"));
    assert!((clamped / own - 1.0).abs() < 1e-6, "{clamped} against {own}");
    assert!((norm(array(&end("at 20 clamp top to 0.25", 30), "weights.top")) - 0.25).abs() < 1e-6);
    let ablated = end("at 20 ablate units 2,5", 30);
    let rows: Vec<&[f32]> = array(&ablated, "weights.top").chunks_exact(11).collect();
    for (unit, row) in rows.iter().enumerate() {
        assert_eq!(row.iter().all(|&w| w == 0.0), unit == 2 || unit == 5, "unit {unit}");
    }
    // What is held is held from before that step's forward pass on.
    let losses = |text: &str| -> Vec<f64> {
        to_the_end(&mut begin(&with(&parent, text), 1).2).iter().map(|progress| progress.train_loss).collect()
    };
    let plain: Vec<f64> = to_the_end(&mut begin(&parent, 1).2).iter().map(|progress| progress.train_loss).collect();
    for text in ["at 20 ablate units 0-9", "at 20 clamp top to 0.25"] {
        let held = losses(text);
        assert!(held[..20] == plain[..20] && held[20] != plain[20], "{text}");
    }
    // What is done at once shows one update later, so all else is frozen to look at it.
    let seen = |text: &str| end(&format!("at 20 {text}; at 20 freeze all"), 21);
    assert_eq!(array(&seen("rewind hidden"), "weights.hidden"), array(&initial, "weights.hidden"));
    let anew = seen("reinitialize hidden");
    assert_ne!(array(&anew, "weights.hidden"), array(&initial, "weights.hidden"));
    assert!(array(&anew, "moment1.hidden").iter().all(|&m| m == 0.0));
    let (before, width) = (array(&at_20, "weights.top"), 11);
    let doubled = seen("scale top by 2");
    assert!(array(&doubled, "weights.top").iter().zip(before).all(|(new, old)| *new == 2.0 * old));
    let nudged = seen("nudge top 30 by 0.5");
    let moved: Vec<usize> = (0..before.len()).filter(|&i| array(&nudged, "weights.top")[i] != before[i]).collect();
    assert_eq!(moved, [30]);
    let halved = seen("scale units 4 by 0.5");
    let moved: Vec<usize> = (0..before.len()).filter(|&i| array(&halved, "weights.top")[i] != before[i]).collect();
    assert!(moved.iter().all(|i| i / width == 4) && moved.len() > 8, "{moved:?}");
    let shifted = end("from 20 to 22 shift hidden by 1; from 20 to 22 freeze all", 22);
    let sums = array(&shifted, "weights.hidden").iter().zip(array(&at_20, "weights.hidden"));
    assert!(sums.clone().all(|(new, old)| (new - old - 2.0).abs() < 1e-6), "once before each of two steps");
}

#[test]
fn an_event_begins_what_waits_for_it() {
    let parent = RunSpec { steps: 400, ..tiny_with("data.corrupted=0 record.evaluate_every=1 events.sustained=0") };
    let whole = to_the_end(&mut begin(&parent, 1).2);
    let memorized = whole.iter().find(|p| p.scalars.is_some_and(|s| s.train_accuracy >= parent.events.memorized));
    let step = memorized.expect("it memorizes").step + 1;
    let waits = to_the_end(&mut begin(&with(&parent, "on memorized set optimizer.learning_rate 0.5"), 1).2);
    let knows = with(&parent, &format!("at {step} set optimizer.learning_rate 0.5"));
    assert_eq!(waits, to_the_end(&mut begin(&knows, 1).2));
    assert_ne!(waits, whole);
    let crossing = whole.iter().find(|p| p.scalars.is_some_and(|s| s.train_loss <= 0.5)).expect("a low loss").step + 1;
    let waits = to_the_end(&mut begin(&with(&parent, "when train_loss <= 0.5 rewind top"), 1).2);
    assert_eq!(waits, to_the_end(&mut begin(&with(&parent, &format!("at {crossing} rewind top")), 1).2));
}

#[test]
fn a_batch_that_repeats_holds_few_samples() {
    let parent = tiny_with("data.batch_size=20 data.corrupted=0");
    let child = with(&parent, "at 20 repeat 2 rows");
    let (_, split, at_20) = state_at(&parent, 20);
    let mut batches =
        super::super::batches::Batches::arranged(parent.seed, 20, &vec![true; split.train.len()], Some(2)).unwrap();
    let batch = batches.at(20);
    assert_eq!((batch.len(), batch.iter().collect::<std::collections::BTreeSet<_>>().len()), (20, 2));
    assert_ne!(to_the_end(&mut begin(&child, 1).2)[21..], from(&parent, &split, &at_20)[1..]);
}

#[test]
fn what_a_network_or_a_sample_does_not_have_is_named() {
    for (kind, text, why) in [
        ("seed=1", "at 3 freeze attention", "no part \"attention\"; it has hidden, top"),
        ("seed=1", "at 3 ablate units 3,40", "no hidden unit 40; there are 40"),
        ("seed=1", "at 3 nudge top 440 by 1", "has 440 weights"),
        ("seed=1", "at 3 drop rows 84", "there are 84"),
        ("seed=1", "at 3 drop rows 0-83", "no training sample would be left"),
        ("seed=1", "at 3 drop rows 0-40; at 5 hold-out rows 41-83", "with what other interventions take away"),
        ("seed=1", "at 3 train rows 37", "there are 37"),
        ("seed=1", "at 3 magnify rows 1 by 9", "tokens"),
        ("model.top_layer=ridge", "at 3 freeze top", "solved for"),
        ("model.top_layer=ridge", "at 3 ablate units 1", "solved for"),
        ("model.architecture=mlp", "at 3 freeze hidden.2", "hidden.1.bias"),
    ] {
        let spec = with(&tiny_with(kind), text);
        let problem = spec.task.resolve(None).unwrap();
        let split = Split::draw(&problem, &spec.data, spec.seed, None).unwrap();
        let error = Training::check(&spec, &problem, &split).expect_err(text);
        assert!(matches!(error, TrainError::Intervention { .. }));
        let named = text.rsplit("; ").next().unwrap();
        assert!(error.to_string().contains(why) && error.to_string().contains(named), "{error}");
    }
    for (text, why) in [
        ("at 60 freeze top", "the run ends at 60"),
        ("at 3 set optimizer.momentum 0.5", "adam has no momentum"),
        ("at 3 set loss contrastive", "cannot become one of the features"),
        ("at 3 set optimizer.beta1 2", "cannot be 2"),
        ("at 3 set optimizer.warmup_steps 9", "warmup has it"),
    ] {
        let (_, error) = apply(&tiny(), &[("interventions".to_owned(), parse_value(text))]).expect_err(text);
        assert!(error.to_string().contains(why), "{text}: {error}");
    }
    // What another setting took away is found, too.
    let spec = with(&tiny(), "at 3 set optimizer.beta1 0.5");
    assert!(apply(&spec, &[("optimizer".to_owned(), parse_value("sgd"))]).is_err());
    assert!(
        apply(
            &tiny(),
            &[(
                "interventions".to_owned(),
                parse_value("at 3 set optimizer.schedule warmup; at 5 set optimizer.warmup_steps 9")
            )]
        )
        .is_ok()
    );
    assert!(parse_interventions("").unwrap().is_empty());
}
