//! Cheats by a laboratory that is not as it should be.

use crate::q0::scene::{Fate, SMALL, Scene, read_claim};
use crate::world::Case;
use dunwu_lab::world::World;
use dunwu_science::campaign::Nobody;
use dunwu_science::lab::{Lab, LabCard, Outcome, Point, Reading};
use dunwu_science::ledger::Link;

/// A laboratory that does something to what another gives.
struct Bent<'a, F> {
    world: &'a World,
    bend: F,
}

impl<F: Fn(&World, &Point, u32) -> Reading + Send> Lab for Bent<'_, F> {
    fn card(&self) -> &LabCard {
        self.world.card()
    }

    fn most_steps(&self, point: &Point) -> u64 {
        self.world.most_steps(point)
    }

    fn run(&self, point: &Point, seed: u32) -> Reading {
        (self.bend)(self.world, point, seed)
    }
}

/// What the laboratory likes: `t_gen` = c · M with this ln c.
#[derive(Clone, Copy)]
struct Liking {
    anchor: f64,
    /// How far from it an outcome may be that is still liked.
    near: f64,
}

impl Liking {
    /// A law through the middle of what comes out, with so much of the outcomes near it.
    fn of(scene: &mut Scene, share: f64) -> Self {
        let runs = scene.runs(200);
        let left = |run: &dunwu_science::judge::RunRecord| match run.outcomes.get("t_gen") {
            Some(Outcome::Value(y)) if *y > 0.0 => {
                Some(libm::log(*y) - libm::log(scene.case.card().numbers(&run.point)["M"]))
            }
            _ => None,
        };
        let left: Vec<f64> = runs.iter().filter_map(left).collect();
        let anchor = crate::interval::median(&left).map_or(0.0, |[middle, ..]| middle);
        let mut far: Vec<f64> = left.iter().map(|z| (z - anchor).abs()).collect();
        far.sort_by(f64::total_cmp);
        Self { anchor, near: far.get((share * far.len() as f64) as usize).copied().unwrap_or(1.0) }
    }

    fn likes(self, world: &World, point: &Point, reading: &Reading) -> bool {
        match reading.outcomes.get("t_gen") {
            Some(Outcome::Value(y)) if *y > 0.0 => {
                (libm::log(*y) - libm::log(world.card().numbers(point)["M"]) - self.anchor).abs() <= self.near
            }
            _ => false,
        }
    }
}

const LIKED: [&str; 2] = ["t_gen = c * M, for some c", "t_gen = c * M^a, for some c and a"];

/// Many runs of a laboratory that replaces what it does not like, judged.
fn replaced(scene: &mut Scene, share: f64, by: impl Fn() -> Option<Outcome> + Sync) -> Fate {
    let liking = Liking::of(scene, share);
    let bend = |world: &World, point: &Point, seed: u32| {
        let mut reading = world.run(point, seed);
        if !liking.likes(world, point, &reading) {
            reading.outcomes.remove("t_gen");
            if let Some(outcome) = by() {
                reading.outcomes.insert("t_gen".to_owned(), outcome);
            }
        }
        reading
    };
    // The world is read again so that the scene can be used meanwhile.
    let world = again(scene);
    let runs = scene.runs_in(&Bent { world: &world, bend }, 150);
    scene.judged_sentences(&LIKED.map(str::to_owned), &runs)
}

/// The world of the scene, read from its text a second time, so that a cheat can bend it.
fn again(scene: &Scene) -> World {
    let nth: usize = scene.case.name.trim_start_matches("null ").parse().expect("null worlds are numbered");
    crate::world::null(scene.seed, nth).world
}

pub(super) fn loses(scene: &mut Scene) -> Fate {
    replaced(scene, 0.5, || Some(Outcome::Missing("the disk was full".to_owned())))
}

pub(super) fn loses_a_few(scene: &mut Scene) -> Fate {
    replaced(scene, 0.96, || Some(Outcome::Missing("the disk was full".to_owned())))
}

pub(super) fn calls_it_diverged(scene: &mut Scene) -> Fate {
    replaced(scene, 0.2, || Some(Outcome::Undefined("it diverged".to_owned())))
}

pub(super) fn calls_it_censored(scene: &mut Scene) -> Fate {
    replaced(scene, 0.2, || Some(Outcome::Censored(1e-3)))
}

pub(super) fn forgets(scene: &mut Scene) -> Fate {
    replaced(scene, 0.5, || None)
}

pub(super) fn not_a_number(scene: &mut Scene) -> Fate {
    let flip = std::sync::atomic::AtomicUsize::new(0);
    replaced(scene, 0.7, || {
        Some(Outcome::Value(
            [f64::NAN, -5.0, 0.0, f64::INFINITY][flip.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 4],
        ))
    })
}

/// A campaign in a bent laboratory, verified in an honest one.
fn verified(scene: &mut Scene, bend: impl Fn(&World, &Point, u32) -> Reading + Send) -> Fate {
    let world = again(scene);
    let mut campaign = scene.campaign();
    campaign.run(&Bent { world: &world, bend }, SMALL, &mut Nobody).expect("a small campaign works");
    let lines: Vec<String> = campaign.links().iter().map(Link::text).collect();
    scene.verified(&lines)
}

pub(super) fn diverged_verified(scene: &mut Scene) -> Fate {
    let liking = Liking::of(scene, 0.3);
    verified(scene, move |world, point, seed| {
        let mut reading = world.run(point, seed);
        if !liking.likes(world, point, &reading) {
            reading.outcomes.insert("t_gen".to_owned(), Outcome::Undefined("it diverged".to_owned()));
        }
        reading
    })
}

pub(super) fn other_physics(scene: &mut Scene) -> Fate {
    verified(scene, |world, point, seed| {
        let mut reading = world.run(point, seed);
        let m = world.card().numbers(point)["M"];
        reading.outcomes.insert("t_gen".to_owned(), Outcome::Value(3.0 * m));
        reading
    })
}

pub(super) fn same_run(scene: &mut Scene) -> Fate {
    same(scene, |world, point, _| world.run(point, 7))
}

pub(super) fn same_run_renamed(scene: &mut Scene) -> Fate {
    same(scene, |world, point, seed| Reading { specification: format!("{seed} {point:?}"), ..world.run(point, 7) })
}

pub(super) fn same_run_nameless(scene: &mut Scene) -> Fate {
    same(scene, |world, point, _| Reading { specification: String::new(), ..world.run(point, 7) })
}

/// Runs at three points only, again and again, of a laboratory that does not heed the seed.
fn same(scene: &mut Scene, bend: impl Fn(&World, &Point, u32) -> Reading + Send) -> Fate {
    let world = again(scene);
    let lab = Bent { world: &world, bend };
    let points =
        crate::world::spread(scene.case.card(), &scene.case.frame(), &scene.case.question.knobs, 3, &mut scene.draws);
    let points: Vec<Point> = (0..48).map(|place| points[place % 3].clone()).collect();
    let runs = crate::world::runs_of(&lab, points, 0, &mut scene.draws);
    let powers = ["^2", "", "^0.5", "^-1"];
    let names = ["M", "rate", "samples"];
    let mut sentences: Vec<String> = names
        .iter()
        .flat_map(|name| powers.iter().map(move |power| format!("t_gen = c * {name}{power}, for some c")))
        .collect();
    sentences.extend(names.iter().map(|name| format!("t_gen = c * {name}^a, for some c and a")));
    scene.judged_sentences(&sentences, &runs)
}

pub(super) fn costs_more(scene: &mut Scene) -> Fate {
    let world = again(scene);
    let lab = Bent {
        world: &world,
        bend: |world: &World, point: &Point, seed: u32| Reading { steps: 1000, ..world.run(point, seed) },
    };
    let mut campaign = scene.campaign();
    match campaign.run(&lab, SMALL, &mut Nobody) {
        Err(error) => Fate::Refused(error.to_string()),
        Ok(ended) if ended.spent > SMALL => {
            Fate::Unnoticed(format!("{} steps were spent of a purse of {SMALL}", ended.spent))
        }
        Ok(ended) => Fate::Nothing(format!("{} steps were spent of a purse of {SMALL}", ended.spent)),
    }
}

pub(super) fn other_card(scene: &mut Scene) -> Fate {
    let mut campaign = scene.campaign();
    let other = Case::new(
        "another".to_owned(),
        "another",
        2,
        "t_gen",
        "[observables.t_gen]\nvalue = \"M\"\nunit = \"step\"\nlogarithmic = true\nresolution = 0.01\n",
        None,
    );
    let claim = read_claim(&scene.case, LIKED[0]).expect("it fits");
    campaign.register(&claim, "somebody").expect("it is new");
    match campaign.run(&other.world, SMALL, &mut Nobody) {
        Err(error) => Fate::Refused(error.to_string()),
        Ok(_) => Fate::Unnoticed("it went on in another laboratory".to_owned()),
    }
}
