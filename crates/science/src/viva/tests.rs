//! Explanations and examinations in planted worlds: what says it delivers, what does not say it delivers nothing.

use super::*;
use crate::campaign::{Campaign, Nobody};
use crate::claim::{Claim, Scope, claim_from_sentence};
use crate::fixture::{Dice, card};
use crate::judge::RunRecord;
use crate::lab::{Lab, LabCard, Outcome, Point, Reading, Setting};
use crate::ledger::{Event, Question, read};
use std::collections::BTreeMap;

type See = fn(&mut Dice, f64, f64, f64) -> Vec<(&'static str, Outcome)>;

fn law(dice: &mut Dice, m: f64, _: f64, rate: f64) -> Vec<(&'static str, Outcome)> {
    vec![("t_gen", Outcome::Value(5.0 * m * m.ln() / rate * (0.05 * dice.normal()).exp()))]
}

fn event(dice: &mut Dice, m: f64, samples: f64, _: f64) -> Vec<(&'static str, Outcome)> {
    let odds = 8.0 * (samples / (2.7 * m * m.ln())).ln();
    vec![("generalized", Outcome::Event(dice.share() < 1.0 / (1.0 + (-odds).exp())))]
}

/// `n` runs at random points.
fn runs(n: usize, seed: u64, see: See) -> Vec<RunRecord> {
    let mut dice = Dice::new(seed);
    let run = |i: usize| {
        let m = [11.0, 23.0, 41.0, 71.0, 97.0][dice.below(5)];
        let samples = (10.0_f64.ln() + dice.share() * 1000.0_f64.ln()).exp().round();
        let rate = (-4.0 * dice.share() * std::f64::consts::LN_10).exp();
        let settings = [
            ("task", Setting::Level(format!("cyclic:{m}"))),
            ("samples", Setting::Number(samples)),
            ("rate", Setting::Number(rate)),
        ];
        RunRecord {
            line: i as u64 + 1,
            point: Point(settings.into_iter().map(|(name, setting)| (name.to_owned(), setting)).collect()),
            seed: i as u32,
            outcomes: see(&mut dice, m, samples, rate)
                .into_iter()
                .map(|(name, outcome)| (name.to_owned(), outcome))
                .collect(),
            specification: i.to_string(),
            steps: 1,
        }
    };
    (0..n).map(run).collect()
}

fn claim(sentence: &str) -> Claim {
    let claim = claim_from_sentence(sentence).unwrap();
    claim.check(&card()).unwrap();
    claim
}

/// Bits of texts about a claim: 20 runs known before, 24 after.
fn delivered(about: &str, see: See, texts: &[&str]) -> Vec<Sitting> {
    let (card, runs, question) = (card(), runs(44, 5, see), Scope::default());
    let quiz =
        Quiz::draw(Frame { card: &card, question: &question, known: &runs[..20] }, &claim(about), &runs[20..], 24);
    texts.iter().map(|text| quiz.put(text, &mut ControlledEnglish::default())).collect()
}

const LAW: &str = "t_gen = c * M * ln(M) / rate, for some c";

#[test]
fn what_says_the_law_delivers_it_and_what_does_not_delivers_nothing() {
    let texts = [
        LAW,
        "t_gen ~ M*ln(M)/rate",
        "It is a beautiful law. t_gen grows as M * ln(M) / rate. Everybody should know it.",
        "t_gen grows as 1 / rate",
        "more M, later. more rate, sooner",
        "It is all in the energy, which has a maximum, and the maximum is kept.",
        "t_gen grows as samples^2",
        "",
    ];
    let sittings = delivered(LAW, law, &texts);
    let bits: Vec<f64> = sittings.iter().map(|sitting| sitting.bits).collect();
    assert!(sittings[0].passed && sittings[0].bits == sittings[0].full_bits && bits[0] > 50.0, "{bits:?}");
    assert!(sittings[1].passed && sittings[1].bits_per_byte() > sittings[0].bits_per_byte(), "{bits:?}");
    assert_eq!(bits[1], bits[2], "what is not understood delivers nothing");
    assert!(!sittings[3].passed && bits[3] > 0.2 * bits[0] && bits[3] < 0.9 * bits[0], "{bits:?}");
    assert!(bits[4] > 0.5 && bits[4] < 8.0, "directions alone: {bits:?}");
    assert_eq!((bits[5], bits[7]), (0.0, 0.0));
    assert!(!sittings[5].passed && sittings[5].failed().len() > 8);
    assert!(bits[6] < 6.0, "a wrong law delivers little: {bits:?}");
    let kinds = |kind: ItemKind| sittings[0].items.iter().filter(|item| item.item.kind == kind).count();
    assert!(kinds(ItemKind::Value) > 3 && kinds(ItemKind::Direction) > 2 && kinds(ItemKind::Edge) > 2, "{sittings:#?}");
    let lines: Vec<u64> = sittings[0].items.iter().flat_map(|item| item.item.runs.clone()).collect();
    let mut once = lines.clone();
    once.sort_unstable();
    once.dedup();
    assert!(once.len() == lines.len() && once[0] > 20, "each run of the future is asked for once: {lines:?}");
}

#[test]
fn a_wrong_direction_costs_bits() {
    let bits: Vec<f64> = delivered(LAW, law, &["t_gen falls with rate", "t_gen rises with rate"])
        .iter()
        .map(|sitting| sitting.bits)
        .collect();
    assert!(bits[0] > 0.0 && bits[1] < -bits[0], "{bits:?}");
}

#[test]
fn a_boundary_is_asked_for_as_events() {
    let about = "generalized happens when samples > c * M * ln(M), for some c";
    let sittings = delivered(
        about,
        event,
        &[
            about,
            "generalized when samples > M*ln(M)",
            "more samples, more generalized",
            "generalized when samples > 1e9 * c / M^9",
        ],
    );
    let bits: Vec<f64> = sittings.iter().map(|sitting| sitting.bits).collect();
    assert!(
        bits[0] > 5.0 && sittings[1].passed && bits[2] > 0.0 && bits[2] < bits[0] && bits[3] < 0.8 * bits[0],
        "{bits:?}"
    );
    assert!(sittings[0].items.iter().any(|item| item.item.kind == ItemKind::Event));
}

/// Beyond the scope the law is another: whoever leaves the scope out is wrong there.
#[test]
fn a_scope_is_worth_its_bytes_where_it_matters() {
    let broken: See = |dice, m, _, rate| {
        let t = if rate < 0.01 { 900.0 } else { 40.0 * m / rate };
        vec![("t_gen", Outcome::Value(t * (0.05 * dice.normal()).exp()))]
    };
    let about = "t_gen = c * M / rate, for some c, where rate >= 0.01";
    let sittings = delivered(about, broken, &[about, "t_gen = c * M / rate"]);
    assert!(sittings[0].bits > sittings[1].bits + 10.0, "{} {}", sittings[0].bits, sittings[1].bits);
}

#[test]
fn causes_and_orders_have_items_of_their_own() {
    let paired: Vec<RunRecord> = runs(20, 7, law)
        .into_iter()
        .flat_map(|run| {
            [0.1, 0.01].map(|rate| {
                let mut run = run.clone();
                run.point.0.insert("rate".to_owned(), Setting::Number(rate));
                run.line = 2 * run.line + u64::from(rate < 0.05);
                run.specification.push_str(&rate.to_string());
                let m = card().numbers(&run.point)["M"];
                run.outcomes = BTreeMap::from([
                    ("t_gen".to_owned(), Outcome::Value(m / rate)),
                    ("t_mem".to_owned(), Outcome::Value(m)),
                ]);
                run
            })
        })
        .collect();
    let (card, question) = (card(), Scope::default());
    let sit = |about: &str, text: &str| {
        let quiz = Quiz::draw(
            Frame { card: &card, question: &question, known: &paired[..10] },
            &claim(about),
            &paired[10..],
            12,
        );
        quiz.put(text, &mut ControlledEnglish::default())
    };
    let cause = "setting rate from 0.1 to 0.01 raises t_gen in at least 90 % of pairs";
    let whole = sit(cause, cause);
    assert!(
        whole.items.iter().all(|item| item.item.kind == ItemKind::Direction)
            && whole.bits > 0.8 * whole.items.len() as f64,
        "{whole:?}"
    );
    assert!(sit(cause, "t_gen falls with rate").bits > 0.8 * whole.bits);
    assert!(
        whole.items[0].item.to_string().starts_with("Does t_gen rise from rate = 0.1 to rate = 0.01, with "),
        "{}",
        whole.items[0].item
    );
    let order = "t_mem comes before t_gen in at least 99 % of runs";
    let ordered = sit(order, order);
    assert!(ordered.bits > 0.0 && ordered.items[0].item.to_string().contains("come before t_gen"), "{ordered:?}");
    let same = sit("t_gen * rate stays within 10 % whatever rate", "t_gen * rate stays within 10 % whatever rate");
    assert!(same.bits > 10.0, "{}", same.bits);
}

/// Answers that are none must not pass: every metric fails the null agent.
struct Hopeless(Answer);

impl Listener for Hopeless {
    fn name(&self) -> &'static str {
        "hopeless"
    }
    fn listen(&mut self, _lesson: &Lesson<'_>) {}
    fn answer(&mut self, _item: &Item) -> Answer {
        self.0.clone()
    }
}

#[test]
fn nobody_passes_with_answers_that_are_none() {
    let (card, runs, question) = (card(), runs(44, 5, law), Scope::default());
    let quiz = Quiz::draw(Frame { card: &card, question: &question, known: &runs[..20] }, &claim(LAW), &runs[20..], 24);
    let number = |value: f64, error: f64| Answer::Number { value, error };
    for answer in [
        number(f64::NAN, 1.0),
        number(1e3, f64::INFINITY),
        number(1e3, f64::NAN),
        number(-1e3, 0.1),
        number(1e3, 1e300),
        Answer::Chance(f64::NAN),
        Answer::Chance(0.5),
    ] {
        let sitting = quiz.put("t_gen ~ M", &mut Hopeless(answer.clone()));
        assert!(!sitting.passed && sitting.bits < 0.0, "{answer:?}: {}", sitting.bits);
    }
    let silent = quiz.put(LAW, &mut GlossaryAlone);
    assert!(silent.bits == 0.0 && !silent.passed);
    let nothing = Quiz::draw(Frame { card: &card, question: &question, known: &runs }, &claim(LAW), &runs, 24);
    assert!(
        nothing.is_empty() && !nothing.put(LAW, &mut ControlledEnglish::default()).passed,
        "known runs are not asked for"
    );
}

struct World {
    card: LabCard,
    see: See,
}

impl Lab for World {
    fn card(&self) -> &LabCard {
        &self.card
    }

    fn most_steps(&self, _point: &Point) -> u64 {
        100
    }

    fn run(&self, point: &Point, seed: u32) -> Reading {
        let numbers = self.card.numbers(point);
        let hash = blake3::hash(format!("{}{seed}", serde_json::to_string(point).unwrap()).as_bytes());
        let mut dice = Dice::new(u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()));
        let outcomes = (self.see)(&mut dice, numbers["M"], numbers["samples"], numbers["rate"]);
        let outcomes = outcomes.into_iter().map(|(name, outcome)| (name.to_owned(), outcome)).collect();
        Reading { outcomes, steps: 100, specification: hash.to_hex().to_string() }
    }
}

fn begun(path: &std::path::Path, world: &World) -> Campaign {
    let knobs = ["task", "samples", "rate"].map(ToOwned::to_owned).to_vec();
    let question =
        Question { text: "what decides it?".to_owned(), target: "t_gen".to_owned(), knobs, scope: String::new() };
    Campaign::begin(path, "world", world, question).unwrap()
}

#[test]
fn the_shortest_text_that_passes_is_found_and_the_curve_is_in_the_ledger() {
    let world = World { card: card(), see: law };
    let teach = || {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.jsonl");
        let mut campaign = begun(&path, &world);
        let id = campaign
            .register(&claim(&format!("{LAW}, where rate in 0.0001..1, because it is so")), "somebody")
            .unwrap()
            .id;
        campaign.run(&world, 1_600, &mut Nobody).unwrap();
        let mut make_runs =
            |campaign: &mut Campaign, id: &str| campaign.attack(&world, Some(id), 800, &mut Nobody).map(drop);
        let (mut explainer, mut listener) = (Shortening, ControlledEnglish::default());
        let mut lessons = Lessons {
            explainer: &mut explainer,
            listener: &mut listener,
            make_runs: &mut make_runs,
            limits: Limits { fewest_items: 6, ..Limits::default() },
        };
        let told = lessons.explain(&mut campaign, &id).unwrap();
        assert!(lessons.explain(&mut campaign, "0000000000").unwrap_err().to_string().contains("no claim"));
        (told, campaign.links().to_vec(), read(&path).unwrap().1)
    };
    let (told, links, bent) = teach();
    let essential = told.essential.clone().unwrap();
    assert_eq!(essential.text, "t_gen~M*ln(M)/rate", "{told:#?}");
    assert_eq!(told.ended, "nothing shorter passes");
    assert!(told.curve.len() >= 3 && told.curve.iter().any(|tried| !tried.passed), "{:#?}", told.curve);
    assert_eq!((told.curve, bent), (curve(&links, &told.claim), None));
    for sitting in &told.sittings {
        let given = links
            .iter()
            .find(|link| matches!(&link.event, Event::Explained { text, .. } if *text == sitting.text))
            .unwrap()
            .line;
        assert!(
            sitting.items.iter().flat_map(|item| &item.item.runs).all(|run| *run > given),
            "a quiz is on runs of the future"
        );
    }
    let (again, others, _) = teach();
    assert_eq!(
        (again.essential.unwrap(), others.last()),
        (essential, links.last()),
        "the same work gives the same last hash"
    );
}

/// Explains badly until it is told what was not understood.
struct Learner(Vec<usize>);

impl Explainer for Learner {
    fn name(&self) -> &'static str {
        "learner"
    }
    fn explain(&mut self, ask: &ExplainAsk<'_>) -> Option<String> {
        self.0.push(ask.failed.len());
        let texts =
            ["It is the energy.", "t_gen~M*ln(M)/rate and so on and so on and so on and so on", "t_gen~M*ln(M)/rate"];
        texts.get(ask.tried.len()).map(|text| (*text).to_owned())
    }
}

#[test]
fn failed_items_come_back_and_a_text_that_is_too_long_is_not_examined() {
    let world = World { card: card(), see: law };
    let dir = tempfile::tempdir().unwrap();
    let mut campaign = begun(&dir.path().join("ledger.jsonl"), &world);
    let id = campaign.register(&claim(LAW), "somebody").unwrap().id;
    campaign.run(&world, 1_600, &mut Nobody).unwrap();
    let mut make_runs =
        |campaign: &mut Campaign, id: &str| campaign.attack(&world, Some(id), 800, &mut Nobody).map(drop);
    let (mut learner, mut listener) = (Learner(Vec::new()), ControlledEnglish::default());
    let limits = Limits { most_bytes: 40, tries: 3, rounds: 4, fewest_items: 6, most_items: 24 };
    let told = Lessons { explainer: &mut learner, listener: &mut listener, make_runs: &mut make_runs, limits }
        .explain(&mut campaign, &id)
        .unwrap();
    assert!(told.essential.is_none() && told.curve.len() == 1, "{told:#?}");
    assert!(told.ended.starts_with("nothing was understood in 40 bytes"), "{}", told.ended);
    assert!(learner.0[0] == 0 && learner.0[1] > 3 && learner.0[2] == 1, "{:?}", learner.0);
    let failed = told.sittings[0].failed();
    assert!(
        failed
            .iter()
            .any(|item| item.starts_with("What is t_gen at ") && item.contains("as the glossary has it; it was")),
        "{failed:?}"
    );
    // Without a run after the explanation there is no quiz.
    let mut nothing = |_: &mut Campaign, _: &str| Ok(());
    let told = Lessons { explainer: &mut Shortening, listener: &mut listener, make_runs: &mut nothing, limits }
        .explain(&mut campaign, &id)
        .unwrap();
    assert_eq!(told.ended, "too few runs were made after the explanation");
}

#[test]
fn the_examiner_walks_reasons_to_their_leaves() {
    let world = World { card: card(), see: law };
    let dir = tempfile::tempdir().unwrap();
    let mut campaign = begun(&dir.path().join("ledger.jsonl"), &world);
    let mut register = |sentence: &str| campaign.register(&claim(sentence), "somebody").unwrap().id;
    let inverse = register(
        "setting rate from 0.1 to 0.01 raises t_gen in at least 50 % of pairs, because a smaller step is a slower one",
    );
    let bare = register("t_mem comes before t_gen in at least 50 % of runs");
    let part = register("t_gen = k * M * ln(M) / rate, for some k, where M in 11..41");
    let wrong = register("t_gen = c * M^3, for some c");
    let root = register(&format!("{LAW}, because {inverse} and {bare} and {part} and {wrong} and 0123456789"));
    let loose = register(&format!("t_gen = c * M^1.3 / rate, for some c, because {inverse}"));
    let first = register(&format!(
        "t_gen * rate stays within 90 % whatever rate, because {}",
        claim("t_gen * rate stays within 80 % whatever rate").id()
    ));
    let second = register(&format!("t_gen * rate stays within 80 % whatever rate, because {first}"));
    campaign.run(&world, 4_000, &mut Nobody).unwrap();

    let told = examine(&campaign, &root).unwrap();
    let root_node = &told.nodes[0];
    assert_eq!(
        root_node.why,
        [
            Why::Claim { id: inverse.clone() },
            Why::Claim { id: bare.clone() },
            Why::Restatement { id: part.clone(), of: root.clone() },
            Why::Fallen {
                id: wrong.clone(),
                verdict: campaign.judged().iter().find(|judged| judged.id == wrong).unwrap().verdict.words()
            },
            Why::Unknown { id: "0123456789".to_owned() },
        ],
        "{told:#?}"
    );
    assert_eq!((told.depth, told.is_cut), (2, false));
    assert_eq!(
        (told.axioms.clone(), told.open.clone()),
        (vec!["a smaller step is a slower one".to_owned()], vec![bare])
    );
    let what_if = root_node.what_if.as_ref().unwrap();
    assert!(
        what_if.says.contains("t_gen is ") && campaign.state().runs.iter().all(|run| run.point != what_if.at),
        "{what_if:?}"
    );
    assert!(
        told.nodes[1].what_if.as_ref().unwrap().says.contains("setting rate from 0.1 to 0.01 raises t_gen"),
        "{told:#?}"
    );
    let is_ahead = root_node.how_else.as_ref().unwrap().bits > 0.0;
    assert_eq!(told.without_rival.contains(&root), !is_ahead, "{told:#?}");

    let told = examine(&campaign, &first).unwrap();
    assert_eq!(told.nodes[1].why, [Why::Circle { id: first.clone() }], "{told:#?}");
    assert_eq!((told.open, told.depth), (vec![second], 1));
    let told = examine(&campaign, &loose).unwrap();
    assert_eq!(told.nodes.len(), 2, "a cause is no law, and a reason: {told:#?}");
    assert!(examine(&campaign, "0000000000").is_none());
    assert_eq!(serde_json::from_str::<Examination>(&serde_json::to_string(&told).unwrap()).unwrap(), told);
}

#[test]
fn a_glossary_says_names_units_and_what_they_tell() {
    let mut card = card();
    card.knobs[1].tells = "pairs that are trained on".to_owned();
    let glossary = Glossary::of(&card);
    let text = glossary.to_string();
    assert!(text.contains("- samples [sample]: 10..10000; pairs that are trained on\n"), "{text}");
    assert!(
        text.contains("- M: 11..97; a number that belongs to task\n")
            && text.contains("- generalized: happens or not\n"),
        "{text}"
    );
}
