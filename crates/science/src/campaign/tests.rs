//! Campaigns in planted worlds: what is true is established, nothing is where there is nothing, and a process that was killed leaves no trace.

use super::*;
use crate::claim::claim_from_sentence;
use crate::fixture::{Dice, card};
use crate::judge::{Judged, Registered, Verdict};
use crate::lab::{Lab, LabCard, Outcome, Point, Reading};
use crate::ledger::{Bent, Event, Insight, LedgerError, Question, read};
use std::collections::BTreeMap;

/// What comes out for M, samples and rate.
type See = fn(&mut Dice, f64, f64, f64) -> Vec<(&'static str, Outcome)>;

/// A world on the card of the fixture.
struct World {
    card: LabCard,
    see: See,
}

impl World {
    fn new(see: See) -> Self {
        Self { card: card(), see }
    }
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
        let text = serde_json::to_string(point).unwrap();
        let hash = blake3::hash(format!("{text}{seed}").as_bytes());
        let mut dice = Dice::new(u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()));
        let outcomes = (self.see)(&mut dice, numbers["M"], numbers["samples"], numbers["rate"]);
        Reading {
            outcomes: outcomes.into_iter().map(|(name, outcome)| (name.to_owned(), outcome)).collect(),
            steps: 100,
            specification: hash.to_hex().to_string(),
        }
    }
}

fn question(target: &str, knobs: &[&str]) -> Question {
    Question {
        text: "what decides it?".to_owned(),
        target: target.to_owned(),
        knobs: knobs.iter().map(ToString::to_string).collect(),
        scope: String::new(),
    }
}

fn fresh() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.jsonl");
    (dir, path)
}

fn law(dice: &mut Dice, m: f64, _: f64, rate: f64) -> Vec<(&'static str, Outcome)> {
    vec![("t_gen", Outcome::Value(5.0 * m * m.ln() / rate * (0.05 * dice.normal()).exp()))]
}

fn established(campaign: &Campaign) -> Vec<String> {
    let judged = campaign.judged();
    judged
        .iter()
        .filter(|judged| judged.verdict == Verdict::Established)
        .map(|judged| campaign.state().claim(&judged.id).unwrap().claim.sentence())
        .collect()
}

fn shown(campaign: &Campaign) -> String {
    let line = |judged: &Judged| {
        let Registered { claim, .. } = campaign.state().claim(&judged.id).unwrap();
        format!(
            "{} {:.1} {:.1} {:?} | {}\n",
            judged.verdict.words(),
            judged.score.net_bits,
            judged.score.registered_bits,
            judged.score.ahead_of,
            claim.sentence()
        )
    };
    campaign.judged().iter().map(line).collect()
}

#[test]
fn a_planted_law_is_established_from_an_empty_ledger() {
    let (_dir, path) = fresh();
    let world = World::new(law);
    let mut campaign =
        Campaign::begin(&path, "world", &world, question("t_gen", &["task", "samples", "rate"])).unwrap();
    let begun = std::time::Instant::now();
    let ended = campaign.run(&world, 8_000, &mut Nobody).unwrap();
    eprintln!("{ended:?} {:?}\n{}", begun.elapsed(), shown(&campaign));
    assert_eq!(established(&campaign), ["t_gen = c * M * ln(M) / rate, for some c"]);
    let again = replay(campaign.links(), &world, &mut Nobody);
    assert!(again.runs == ended.runs && again.differs.is_none(), "{again:?}");
    let other = World::new(|dice, m, samples, rate| law(dice, m, samples, rate * 1.1));
    assert!(replay(campaign.links(), &other, &mut Nobody).differs.is_some());
}

#[test]
fn nothing_is_established_where_there_is_nothing() {
    for seed in 0..3 {
        let (_dir, path) = fresh();
        let world = World::new(|dice, _, _, _| vec![("t_gen", Outcome::Value((3.0 + dice.normal()).exp()))]);
        let mut knobs = question("t_gen", &["task", "samples", "rate"]);
        knobs.text = seed.to_string();
        let mut campaign = Campaign::begin(&path, "world", &world, knobs).unwrap();
        campaign.run(&world, 5_000, &mut Nobody).unwrap();
        assert!(established(&campaign).is_empty(), "{}", shown(&campaign));
    }
}

/// Ends the process, as it were, after some lines.
struct Killed(std::cell::Cell<usize>);

impl Listener for Killed {
    fn hear(&mut self, _what: &str) {}
    fn spent(&mut self, _steps: u64, _of: u64) {}
    fn is_stopped(&self) -> bool {
        self.0.set(self.0.get() - 1);
        self.0.get() == 0
    }
    fn said(&mut self) -> Vec<(String, Insight)> {
        Vec::new()
    }
}

#[test]
fn a_campaign_that_is_stopped_anywhere_ends_with_the_same_head() {
    let world = World::new(law);
    let run = |stops: &[usize]| {
        let (_dir, path) = fresh();
        drop(Campaign::begin(&path, "world", &world, question("t_gen", &["task", "rate"])).unwrap());
        for stop in stops {
            let mut campaign = Campaign::open(&path).unwrap();
            campaign.run(&world, 1_500, &mut Killed(std::cell::Cell::new(*stop))).unwrap();
        }
        let mut campaign = Campaign::open(&path).unwrap();
        campaign.run(&world, 1_500, &mut Nobody).unwrap();
        campaign.head().to_owned()
    };
    let head = run(&[]);
    for stops in [vec![1], vec![2, 3], vec![7, 7, 7], vec![12], vec![20]] {
        assert_eq!(run(&stops), head, "{stops:?}");
    }
}

/// A file that is cut at any byte is a ledger up to the last whole line, and the campaign goes on to the same head.
#[test]
fn a_torn_line_is_cut_and_a_bent_one_is_named() {
    let world = World::new(law);
    let (_dir, path) = fresh();
    let mut campaign = Campaign::begin(&path, "world", &world, question("t_gen", &["task", "rate"])).unwrap();
    campaign.run(&world, 1_000, &mut Nobody).unwrap();
    let head = campaign.head().to_owned();
    drop(campaign);
    let bytes = std::fs::read(&path).unwrap();
    let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in (first..bytes.len()).step_by((bytes.len() - first) / 24) {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let mut campaign = Campaign::open(&path).unwrap();
        campaign.run(&world, 1_000, &mut Nobody).unwrap();
        assert_eq!(campaign.head(), head, "cut at {cut}");
    }
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let bent = |lines: &[String]| {
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        read(&path).unwrap().1
    };
    let owned = || lines.iter().map(ToString::to_string).collect::<Vec<String>>();
    let a_run = lines.iter().position(|line| line.contains("\"is\":\"run\"")).unwrap();
    // Edited, dropped, reordered, and one whose hashes were all made again.
    let mut edited = owned();
    edited[a_run] = edited[a_run].replacen("\"value\":", "\"value\":1", 1);
    assert_eq!(bent(&edited).map(|bent| bent.line), Some(a_run as u64));
    let mut dropped = owned();
    dropped.remove(a_run);
    assert_eq!(bent(&dropped).map(|bent| bent.line), Some(a_run as u64));
    let mut turned = owned();
    turned.swap(a_run, a_run + 1);
    assert_eq!(bent(&turned).map(|bent| bent.line), Some(a_run as u64));
    let (links, none, _) = {
        std::fs::write(&path, &text).unwrap();
        read(&path).unwrap()
    };
    assert_eq!(none, None);
    let mut forged = Vec::new();
    let mut before = String::new();
    for link in &links {
        let mut event = link.event.clone();
        if let Event::Opened { question, .. } = &mut event {
            question.text = "another question".to_owned();
        }
        let link = crate::ledger::Link::new(link.line, &before, event);
        before.clone_from(&link.hash);
        forged.push(link.text());
    }
    let found = bent(&forged).unwrap();
    assert!(found.why.contains("seed"), "{found:?}");
    assert!(
        matches!(Campaign::open(&path), Err(CampaignError::Ledger(LedgerError::Bent { line, .. })) if line == found.line)
    );
    assert_eq!(Bent { line: 1, why: String::new() }.line, 1);
}

#[test]
fn a_wrong_claim_is_refuted_and_its_counterexample_made_simple() {
    let world = World::new(law);
    let (_dir, path) = fresh();
    let mut campaign =
        Campaign::begin(&path, "world", &world, question("t_gen", &["task", "samples", "rate"])).unwrap();
    let wrong = claim_from_sentence("t_gen = c * M^2 / rate, for some c").unwrap();
    let id = campaign.register(&wrong, "somebody").unwrap().id;
    campaign.run(&world, 4_000, &mut Nobody).unwrap();
    let judged = campaign.judged();
    let verdict = &judged.iter().find(|judged| judged.id == id).unwrap().verdict;
    assert!(matches!(verdict, Verdict::Refuted { .. }), "{}", shown(&campaign));
    assert!(campaign.state().witnesses.contains_key(&id), "{:?}", campaign.state().witnesses);
    let again =
        campaign.register(&claim_from_sentence("t_gen = k * M * M / rate, for some k").unwrap(), "somebody else");
    let Err(Refusal::Repeat { id: old, verdict, .. }) = again else { panic!("{again:?}") };
    assert!(old == id && matches!(*verdict, Verdict::Refuted { .. }));
}

#[test]
fn pairs_are_run_for_causes_and_rivals_come_from_insights() {
    let world = World::new(|dice, m, samples, rate| {
        let mut all = law(dice, m, samples, rate);
        all.push(("t_mem", Outcome::Value(m * (0.3 * dice.normal()).exp())));
        all
    });
    let (_dir, path) = fresh();
    let mut campaign = Campaign::begin(&path, "world", &world, question("t_gen", &["task"])).unwrap();
    campaign
        .register(
            &claim_from_sentence("setting rate from 0.1 to 0.01 raises t_gen in at least 50 % of pairs").unwrap(),
            "somebody",
        )
        .unwrap();
    campaign
        .register(&claim_from_sentence("t_mem comes before t_gen in at least 50 % of runs").unwrap(), "somebody")
        .unwrap();
    campaign.hear("a person".to_owned(), Insight::Rival("t_gen = c * M^3, for some c".to_owned())).unwrap();
    campaign.hear("a person".to_owned(), Insight::Rival("t_gen is magic".to_owned())).unwrap();
    assert_eq!(campaign.state().claims.len(), 3);
    let ended = campaign.run(&world, 18_000, &mut Nobody).unwrap();
    let verdicts: BTreeMap<String, String> = campaign
        .judged()
        .iter()
        .map(|judged| {
            (
                campaign.state().claim(&judged.id).unwrap().claim.statement.kind().to_owned() + &judged.id,
                judged.verdict.words(),
            )
        })
        .collect();
    let of = |kind: &str| verdicts.iter().find(|(id, _)| id.starts_with(kind)).unwrap().1.clone();
    assert!(of("cause") == "leading" || of("cause") == "established", "{ended:?}\n{}", shown(&campaign));
    assert!(of("order") == "leading" || of("order") == "established", "{ended:?}\n{}", shown(&campaign));
}

#[test]
fn a_question_may_hold_a_knob_that_it_does_not_vary() {
    let world = World::new(law);
    let (_dir, path) = fresh();
    let question = Question { scope: "task = cyclic:71".to_owned(), ..question("t_gen", &["rate"]) };
    let mut campaign = Campaign::begin(&path, "world", &world, question).unwrap();
    let ended = campaign.run(&world, 1_000, &mut Nobody).unwrap();
    assert_eq!(ended.runs, 10);
    assert!(campaign.state().runs.iter().all(|run| world.card.numbers(&run.point)["M"] == 71.0));
}

#[test]
fn what_cannot_be_is_refused_in_a_sentence() {
    let world = World::new(law);
    let (_dir, path) = fresh();
    let begin = |target: &str, knobs: &[&str], scope: &str| {
        let question = Question { scope: scope.to_owned(), ..question(target, knobs) };
        Campaign::begin(&path, "world", &world, question).unwrap_err().to_string()
    };
    assert!(begin("t_gem", &["task"], "").contains("is no observable"));
    assert!(begin("t_gen", &["tusk"], "").contains("is no knob"));
    assert!(begin("t_gen", &[], "").contains("no knob is named"));
    assert!(begin("t_gen", &["task"], "M in 200..300").contains("the scope has no points"));
    assert!(begin("t_gen", &["task"], "M is large").contains("is no condition"));
    assert!(matches!(Campaign::open(&path), Err(CampaignError::Ledger(LedgerError::None { .. }))));
    let mut campaign = Campaign::begin(&path, "world", &world, question("t_gen", &["task"])).unwrap();
    assert!(campaign.run(&world, 0, &mut Nobody).unwrap_err().to_string().contains("budget is 0"));
    assert!(matches!(campaign.attack(&world, None, 100, &mut Nobody), Err(CampaignError::NothingStands)));
    assert!(matches!(campaign.attack(&world, Some("x"), 100, &mut Nobody), Err(CampaignError::NoClaim { .. })));
    assert!(matches!(Campaign::open(&path), Err(CampaignError::Ledger(LedgerError::Busy { .. }))));
    drop(campaign);
    assert!(matches!(
        Campaign::begin(&path, "world", &world, question("t_gen", &["task"])),
        Err(CampaignError::Ledger(LedgerError::There { .. }))
    ));
}

/// Seeds of a sealed campaign cannot be told from the ledger alone, and the same secret gives the same head, killed or not.
#[test]
fn a_sealed_campaign_draws_its_seeds_from_a_secret() {
    let world = World::new(law);
    let head = |secret: Option<&str>, stop: usize| {
        let (_dir, path) = fresh();
        let asked = question("t_gen", &["task", "rate"]);
        drop(match secret {
            Some(secret) => Campaign::begin_sealed(&path, "world", &world, asked, secret).unwrap(),
            None => Campaign::begin(&path, "world", &world, asked).unwrap(),
        });
        let mut campaign = Campaign::open(&path).unwrap();
        campaign.run(&world, 600, &mut Killed(std::cell::Cell::new(stop))).unwrap();
        drop(campaign);
        let mut campaign = Campaign::open(&path).unwrap();
        campaign.run(&world, 600, &mut Nobody).unwrap();
        let seeds: Vec<u32> = campaign.state().runs.iter().map(|run| run.seed).collect();
        let bent = secret.and_then(|secret| Secret::of(secret).bent_salt(campaign.links()));
        assert_eq!(bent, None);
        assert!(secret.is_none() || Secret::of("another").bent_salt(campaign.links()).is_some());
        let (links, fault, _) = read(&path).unwrap();
        assert!(fault.is_none() && links.len() == campaign.links().len(), "{fault:?}");
        if secret.is_some() {
            drop(campaign);
            std::fs::write(path.with_file_name("secret"), "another").unwrap();
            assert!(matches!(Campaign::open(&path), Err(CampaignError::Secret(_))));
        }
        (seeds, links.last().unwrap().hash.clone())
    };
    let (a, b) = (head(Some("one"), 3), head(Some("two"), 3));
    assert!(a.0 != b.0 && a.0 != head(None, 3).0);
    assert_eq!(a, head(Some("one"), 5));
}

/// A laboratory that spends more than it said is stopped after the first run that did.
#[test]
fn a_purse_is_not_spent_twice_by_a_laboratory_that_lies() {
    struct Greedy(World);
    impl Lab for Greedy {
        fn card(&self) -> &LabCard {
            self.0.card()
        }
        fn most_steps(&self, point: &Point) -> u64 {
            self.0.most_steps(point)
        }
        fn run(&self, point: &Point, seed: u32) -> Reading {
            Reading { steps: 5_000, ..self.0.run(point, seed) }
        }
    }
    let lab = Greedy(World::new(law));
    let (_dir, path) = fresh();
    let mut campaign = Campaign::begin(&path, "world", &lab, question("t_gen", &["task", "rate"])).unwrap();
    let ended = campaign.run(&lab, 1_000, &mut Nobody).unwrap();
    assert_eq!((ended.runs, ended.spent), (1, 5_000), "{ended:?}");
    assert_eq!(campaign.state().runs.len(), 4, "three are lost, and that is seen");
    assert!(ended.why.contains("more than it said"), "{ended:?}");
}
