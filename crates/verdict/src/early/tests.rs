//! What is shipped, and what a verdict may not do.

use super::coordinates::foreign_parts;
use super::forecast::forecast;
use super::looks::LOOKS;
use super::model::{Inputs, Model};
use super::observe::observe;
use super::verdict::{Asked, verdict};
use super::worlds::{self, FAMILIES};
use dunwu::operation::Operation;
use dunwu::run::{Past, RunRequest};
use dunwu_engine::{Scalars, Training};

fn request(words: &str) -> RunRequest {
    RunRequest::from_words(&words.split(' ').map(str::to_owned).collect::<Vec<_>>()).unwrap()
}

/// Evaluations of a run up to a share of its steps.
fn begun(request: &RunRequest, share: f64) -> Vec<Scalars> {
    let RunRequest { spec, problem, split, .. } = request;
    let mut training = Training::new(spec, problem, split, 1).unwrap();
    let mut scalars = Vec::new();
    while training.step() as f64 <= share * spec.steps as f64 {
        let progress = training.advance();
        scalars.extend(progress.scalars);
        if progress.outcome.is_some() {
            break;
        }
    }
    scalars
}

/// The probability from losses and accuracies at a share of the steps, whatever is certified.
fn probability(request: &RunRequest, share: f64) -> f64 {
    let scalars = begun(request, share);
    let known = (&request.spec, &request.problem, request.split.train.labels.len());
    let past = Past::so_far(known, Operation::of(&request.problem), None, &scalars, &[]);
    let asked = Asked { inputs: Some(Inputs::HeldOut), uncertified: true };
    verdict(Model::shipped(), &past, asked).uncertified.unwrap().probability
}

#[test]
fn what_is_shipped_is_whole_and_small() {
    let model = Model::shipped();
    let size = include_bytes!("shipped/forests.bin").len() + include_str!("shipped/card.json").len();
    assert!(size <= 1_000_000, "{size} bytes");
    assert_eq!(model.encode(), include_bytes!("shipped/forests.bin"));
    let families = &model.card.families;
    assert_eq!(families.len(), FAMILIES.len());
    let (runs, generalized): (Vec<usize>, Vec<usize>) =
        families.iter().map(|family| (family.runs, family.generalized)).unzip();
    assert!(runs.iter().sum::<usize>() >= 20_000 && generalized.iter().sum::<usize>() >= 5_000);
    for head in &model.card.heads {
        assert!(head.minima.threshold(0.01).is_some(), "{:?}", head.inputs);
        assert_eq!(head.spreads.len(), super::model::n_spreads(head.inputs));
    }
}

/// What a spec must not have is what no world has.
#[test]
fn every_world_is_of_a_kind_that_is_known() {
    for family in 0..FAMILIES.len() {
        for index in 0..12 {
            let world = worlds::draw(family, 1, index);
            let request = RunRequest::from_words(&world.words).unwrap();
            assert_eq!(foreign_parts(&request.spec), [""; 0], "{}", world.words.join(" "));
        }
    }
}

/// A sample of the runs that were learned from, made again: each generalizes or not as it did then, and what was expected is not
/// further off than of runs that were not seen. A family of costly runs is left out.
#[test]
fn a_sample_of_the_runs_comes_out_as_it_did() {
    let (mut right, mut n, mut n_generalized) = (0, 0, 0);
    for family in (0..FAMILIES.len()).filter(|&family| FAMILIES[family].name != "transformers") {
        for index in 0..2 {
            let world = worlds::draw(family, 1, index);
            let request = RunRequest::from_words(&world.words).unwrap();
            let trace = observe(family, index, &request).unwrap();
            let found = forecast(Model::shipped(), &request, true);
            let probability = found.uncertified.unwrap().probability;
            right += usize::from((probability > 0.5) == trace.generalized.is_some());
            n_generalized += usize::from(trace.generalized.is_some());
            n += 1;
            assert!(trace.looks().len() <= LOOKS.len());
        }
    }
    assert!(n_generalized >= 4, "{n_generalized} of {n}");
    // Nine in ten of all runs; of 36, thirty or more in 96 samples of 100.
    assert!(right >= 28, "{right} of {n}");
}

/// The negative controls: labels that mean nothing, no decay, and a loss that oscillates without cause.
#[test]
fn what_cannot_generalize_is_not_called_hopeful() {
    let network = "small task=cyclic:23 model.width=64 loss=cross_entropy optimizer=adamw \
                   optimizer.learning_rate=0.02 steps=600 record.evaluate_every=6";
    let meaningless = request(&format!("{network} optimizer.weight_decay=1 data.fraction=0.6 data.corrupted=1.0"));
    assert!(probability(&meaningless, 0.1) < 0.02, "{}", probability(&meaningless, 0.1));
    let undecayed = request(&format!("{network} optimizer.weight_decay=0 data.fraction=0.3"));
    assert!(probability(&undecayed, 0.2) < 0.1, "{}", probability(&undecayed, 0.2));
    let scalars: Vec<Scalars> = begun(&meaningless, 0.2)
        .into_iter()
        .enumerate()
        .map(|(place, row)| Scalars { train_loss: row.train_loss * (1.0 + 0.4 * (place % 5) as f64), ..row })
        .collect();
    let known = (&meaningless.spec, &meaningless.problem, meaningless.split.train.labels.len());
    let past = Past::so_far(known, Operation::of(&meaningless.problem), None, &scalars, &[]);
    let asked = Asked { inputs: Some(Inputs::HeldOut), uncertified: true };
    assert!(verdict(Model::shipped(), &past, asked).uncertified.unwrap().probability < 0.05);
}

/// What a forecast advises is tried: the least change of decay that is enough heals, and a decay that no run of the kind bore lies outside.
#[test]
fn advice_that_is_followed_helps() {
    for (task, wanted) in
        [("task=cyclic:23 data.fraction=0.5 steps=1000", 4), ("task=cyclic:31 data.fraction=0.35 steps=1000", 3)]
    {
        let asked = |further: &str| request(&format!("small {task}{further}"));
        let advice = forecast(Model::shipped(), &asked(""), false).changes;
        let decay = advice.iter().find(|change| change.setting == "optimizer.weight_decay").unwrap();
        assert!(decay.probability >= 0.9 && decay.value < 0.005, "{decay:?}");
        let healed = (0..4).filter(|seed| {
            let further = format!(" optimizer.weight_decay={} seed={seed} events.stop_after=0", decay.value);
            begun(&asked(&further), 1.0).last().unwrap().test_accuracy.unwrap() > 0.98
        });
        assert!(healed.count() >= wanted, "{task}: {decay:?}");
    }
    let deadly = request("small task=cyclic:23 data.fraction=0.5 steps=1000 optimizer.weight_decay=0.014");
    assert!(!forecast(Model::shipped(), &deadly, false).inside, "all units of such a run decay");
}

/// Tables that no rule generates, which no run that was learned from had: hope is gone by a tenth of the steps, whatever the spec.
#[test]
fn a_table_without_a_rule_is_not_called_hopeful() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/verdict");
    let mut probabilities = Vec::new();
    for m in [17, 23, 29] {
        for (activation, share) in [("square", 0.6), ("relu", 0.6), ("square", 0.85), ("relu", 0.85)] {
            let request = request(&format!(
                "small task=table:{folder}/random-{m}.csv data.fraction={share} steps=800 model.activation={activation} optimizer=adamw \
                 optimizer.learning_rate=0.01 optimizer.weight_decay=1 record.evaluate_every=8"
            ));
            probabilities.push(probability(&request, 0.1));
        }
    }
    let mean = probabilities.iter().sum::<f64>() / probabilities.len() as f64;
    assert!(mean < 0.02, "{mean}: {probabilities:?}");
    assert!(probabilities.iter().all(|p| *p < 0.1), "{probabilities:?}");
}

/// What is raw of a foreign run is said by its own head, which reads neither sizes nor codes of kinds.
#[test]
fn foreign_runs_have_a_head_of_their_own() {
    use super::coordinates::{COORDINATES, TRANSFERRED, place};
    let model = Model::shipped();
    let foreign = request("small task=cyclic:23 data.fraction=0.7 optimizer=muon optimizer.variant=paper steps=400");
    let found = forecast(model, &foreign, true);
    let mut row = super::observe::coordinates_of(&foreign);
    let raw = found.uncertified.unwrap().probability;
    assert!(!found.inside && found.probability.is_none());
    assert!((raw - model.foreign_probability(Inputs::Spec, &row)).abs() < 1e-12);
    for input in COORDINATES.iter().filter(|input| !TRANSFERRED.contains(&input.name)) {
        row[place(input.name)] = 1234.5;
    }
    assert!((raw - model.foreign_probability(Inputs::Spec, &row)).abs() < 1e-12);
}

/// A forecast of what is not known says nothing, and a judge never parks it.
#[test]
fn what_is_not_known_is_never_parked() {
    use super::judge::RiskJudge;
    use dunwu_studies::sweep::Judge as _;
    let judge = RiskJudge::new(0.05).unwrap();
    let foreign = request("small task=cyclic:23 data.fraction=0.2 optimizer=muon optimizer.variant=paper steps=400");
    let scalars = begun(&foreign, 0.5);
    let known = (&foreign.spec, &foreign.problem, foreign.split.train.labels.len());
    let past = Past::so_far(known, Operation::of(&foreign.problem), None, &scalars, &[]);
    assert_eq!(judge.parks(&past), None);
    assert_eq!(judge.worth(&past), None);
    let hopeless = request("small task=cyclic:23 data.fraction=0.2 steps=600 model.width=64");
    let scalars = begun(&hopeless, 0.5);
    let known = (&hopeless.spec, &hopeless.problem, hopeless.split.train.labels.len());
    let past = Past::so_far(known, Operation::of(&hopeless.problem), None, &scalars, &[]);
    assert!(judge.parks(&past).is_some_and(|probability| probability < 0.1));
}

#[test]
#[ignore = "prints times: cargo test -p dunwu-verdict --lib early::tests::times -- --ignored --nocapture"]
#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn times() {
    let request = request("small task=cyclic:23 data.fraction=0.5 steps=2000");
    let model = Model::shipped();
    let begin = std::time::Instant::now();
    for _ in 0..200 {
        let _ = forecast(model, &request, false);
    }
    println!("a forecast, with what it would take: {:.3} ms", begin.elapsed().as_secs_f64() * 1e3 / 200.0);
    let begin = std::time::Instant::now();
    let scalars = begun(&request, 1.0);
    let run = begin.elapsed().as_secs_f64();
    let known = (&request.spec, &request.problem, request.split.train.labels.len());
    let operation = Operation::of(&request.problem);
    let begin = std::time::Instant::now();
    for share in LOOKS {
        let step = (share * 2_000.0) as u64;
        let seen = &scalars[..scalars.partition_point(|row| row.step <= step)];
        let _ = verdict(model, &Past::so_far(known, operation, None, seen, &[]).at(step), Asked::default());
    }
    let looks = begin.elapsed().as_secs_f64();
    println!("a run {:.0} ms, its twelve looks {:.2} ms, {:.2} %", run * 1e3, looks * 1e3, 100.0 * looks / run);
}
