//! Cheats by the lines of a ledger.

use crate::q0::hunt::before_all;
use crate::q0::scene::{Fate, Scene, read_claim};
use crate::world::spread;
use dunwu_science::campaign::Secret;
use dunwu_science::judge::{RunRecord, Verdict};
use dunwu_science::lab::{Lab, Outcome, Point};
use dunwu_science::ledger::{Ask, Event, Insight, Link, seed_of};

fn texts(links: &[Link]) -> Vec<String> {
    links.iter().map(Link::text).collect()
}

fn is_run(link: &Link) -> bool {
    matches!(link.event, Event::Run { .. })
}

/// The place of some run in the middle.
fn a_run(scene: &mut Scene, links: &[Link]) -> usize {
    let runs: Vec<usize> = (0..links.len()).filter(|place| is_run(&links[*place])).collect();
    runs[scene.draws.below(runs.len() - 2)]
}

/// The lines with every hash made again.
fn chained(events: Vec<Event>) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for event in events {
        let before = links.last().map_or(String::new(), |link| link.hash.clone());
        links.push(Link::new(links.len() as u64, &before, event));
    }
    links
}

fn events(links: &[Link]) -> Vec<Event> {
    links.iter().map(|link| link.event.clone()).collect()
}

fn improve(event: &mut Event) {
    if let Event::Run { outcomes, .. } = event {
        outcomes.insert("t_gen".to_owned(), Outcome::Value(4321.0));
    }
}

pub(super) fn edited(scene: &mut Scene) -> Fate {
    let mut links = scene.recorded();
    let place = a_run(scene, &links);
    improve(&mut links[place].event);
    scene.verified(&texts(&links))
}

pub(super) fn dropped(scene: &mut Scene) -> Fate {
    let mut links = scene.recorded();
    let place = a_run(scene, &links);
    links.remove(place);
    scene.verified(&texts(&links))
}

pub(super) fn reordered(scene: &mut Scene) -> Fate {
    let mut links = scene.recorded();
    let place = a_run(scene, &links);
    links.swap(place, place + 1);
    scene.verified(&texts(&links))
}

pub(super) fn doubled(scene: &mut Scene) -> Fate {
    let mut links = scene.recorded();
    let place = a_run(scene, &links);
    links.insert(place + 1, links[place].clone());
    scene.verified(&texts(&links))
}

pub(super) fn hashes_anew(scene: &mut Scene) -> Fate {
    let mut events = events(&scene.recorded());
    if let Event::Opened { question, .. } = &mut events[0] {
        "what was meant all along".clone_into(&mut question.text);
    }
    scene.verified(&texts(&chained(events)))
}

pub(super) fn raised_budget(scene: &mut Scene) -> Fate {
    let mut events = events(&scene.recorded());
    for event in &mut events {
        if let Event::Purse { steps, .. } = event {
            *steps *= 100;
        }
    }
    scene.verified(&texts(&chained(events)))
}

pub(super) fn earlier_claim(scene: &mut Scene) -> Fate {
    let mut events = events(&scene.recorded());
    let claim = read_claim(&scene.case, "t_gen = c * M^3 * rate, for some c").expect("it fits");
    let proposed = events.iter().position(|event| matches!(event, Event::Proposed { .. }));
    let place = proposed.unwrap_or(events.len());
    let event = match proposed {
        Some(place) => events.remove(place),
        None => Event::Proposed { id: claim.id(), claim, by: "somebody".to_owned() },
    };
    // Batches before the claim's old place move down by a line.
    for event in &mut events {
        if let Event::Run { batch, .. } = event
            && (1..place as u64).contains(batch)
        {
            *batch += 1;
        }
    }
    events.insert(1, event);
    scene.verified(&texts(&chained(events)))
}

pub(super) fn last_improved(scene: &mut Scene) -> Fate {
    let mut events = events(&scene.recorded());
    if let Some(last) = events.iter_mut().rev().find(|event| matches!(event, Event::Run { .. })) {
        improve(last);
    }
    scene.verified(&texts(&chained(events)))
}

/// Another question, all hashes and all seeds made again, and the outcomes as they were.
pub(super) fn seeds_anew(scene: &mut Scene) -> Fate {
    let mut links: Vec<Link> = Vec::new();
    for mut event in events(&scene.recorded()) {
        match &mut event {
            Event::Opened { question, .. } => "what was meant all along".clone_into(&mut question.text),
            Event::Run { batch, place, seed, .. } => {
                let link = &links[*batch as usize];
                if let Event::Batch { asks, .. } = &link.event {
                    *seed = seed_of(&link.hash, asks[*place].group);
                }
            }
            _ => {}
        }
        let before = links.last().map_or(String::new(), |link| link.hash.clone());
        links.push(Link::new(links.len() as u64, &before, event));
    }
    scene.verified(&texts(&links))
}

/// The law that seeds are chosen for.
const LIKED: &str = "t_gen = c * sqrt(M), for some c";

/// ln y less half of ln M, which is the same for all runs where the liked law holds.
fn left(scene: &Scene, run: &RunRecord) -> Option<f64> {
    match run.outcomes.get("t_gen") {
        Some(Outcome::Value(y)) if *y > 0.0 => {
            Some(libm::log(*y) - 0.5 * libm::log(scene.case.card().numbers(&run.point)["M"]))
        }
        _ => None,
    }
}

/// Batches of so many runs, of each as many versions as somebody has words for a hint before it; the version is kept that suits the law.
/// Seeds are those that the ledger's own functions give. An objection with a point asks for one run.
fn grind(scene: &mut Scene, n_words: usize, n_asks: usize, secret: Option<&Secret>) -> Fate {
    const N_RUNS: usize = 48;
    let mut runs: Vec<RunRecord> = Vec::new();
    let mut head = Link::new(0, "", Event::Closed { spent: 0, why: "somewhere".to_owned() });
    let middles: Vec<f64> = scene.runs(20).iter().filter_map(|run| left(scene, run)).collect();
    let anchor = crate::interval::median(&middles).map_or(0.0, |[middle, ..]| middle);
    let missed = |scene: &Scene, made: &[RunRecord]| -> f64 {
        made.iter().map(|run| left(scene, run).map_or(9.0, |left| (left - anchor).powi(2))).sum()
    };
    while runs.len() < N_RUNS {
        let (card, frame) = (scene.case.card(), scene.case.frame());
        let points: Vec<Point> = spread(card, &frame, &scene.case.question.knobs, n_asks, &mut scene.draws);
        let asks: Vec<Ask> = points.into_iter().enumerate().map(|(group, point)| Ask { point, group }).collect();
        let version = |word: usize, secret: Option<&Secret>| {
            let hint = Event::Said { insight: Insight::Hint(format!("what about {word}?")), by: "somebody".to_owned() };
            let said = Link::new(head.line + 1, &head.hash, hint);
            let salt = secret.map(|secret| secret.salt(&said.hash));
            let batch = Event::Batch { why: "an objection".to_owned(), about: None, asks: asks.clone(), salt };
            let batch = Link::new(said.line + 1, &said.hash, batch);
            let made: Vec<RunRecord> = asks.iter().map(|ask| made(scene, &batch, ask)).collect();
            (missed(scene, &made), batch, made)
        };
        // What somebody can try does not have the secret in it; what is made has.
        let tried = (0..n_words).map(|word| (version(word, None).0, word));
        let (_, best) = tried.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are words");
        let (_, batch, made) = version(best, secret);
        head = batch;
        runs.extend(made);
    }
    let claim = read_claim(&scene.case, LIKED).expect("it fits");
    let judged = (scene.judge)(scene.case.card(), &scene.case.frame(), &[before_all(&claim)], &runs).swap_remove(0);
    let words =
        format!("{LIKED}: {}, {:.1} net bits after {} runs", judged.verdict.words(), judged.score.net_bits, runs.len());
    if judged.verdict == Verdict::Established { Fate::Established(words) } else { Fate::Nothing(words) }
}

/// A run of a batch, with the seed that the batch gives it.
fn made(scene: &Scene, batch: &Link, ask: &Ask) -> RunRecord {
    let seed = seed_of(&batch.hash, ask.group);
    let reading = scene.case.world.run(&ask.point, seed);
    RunRecord {
        line: batch.line + 1,
        point: ask.point.clone(),
        seed,
        outcomes: reading.outcomes,
        specification: reading.specification,
        steps: reading.steps,
    }
}

pub(super) fn word_for_seeds(scene: &mut Scene) -> Fate {
    grind(scene, 64, 1, Some(&Secret::of("nobody knows")))
}

pub(super) fn rolled_back(scene: &mut Scene) -> Fate {
    grind(scene, 4, 4, None)
}
