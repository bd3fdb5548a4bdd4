//! Every cheat, played.

use super::cheats::CHEATS;
use super::scene::{Fate, Scene};
use crate::plan::{Judge, Plan};
use crate::result::{Figure, Tier};
use crate::work::each;

/// Plays every cheat.
pub(crate) fn examine_cheats(plan: &Plan, seed: u64, judge: Judge, watch: &mut dyn FnMut(f64)) -> Tier {
    let n = CHEATS.len() * plan.cheats;
    let mut tier = Tier::new("Q0 cheats", n);
    let fates = each(n, watch, |nth| {
        let cheat = &CHEATS[nth / plan.cheats];
        let mut scene = Scene::new(seed, cheat.name, nth % plan.cheats, judge);
        (cheat.play)(&mut scene)
    });
    let mut caught = 0;
    for (cheat, fates) in CHEATS.iter().zip(fates.chunks(plan.cheats.max(1))) {
        let failed: Vec<&Fate> = fates.iter().filter(|fate| !cheat.must.is_met(fate)).collect();
        let case = format!("{}: {}", cheat.name, cheat.does);
        match failed.first() {
            None => {
                caught += 1;
                tier.held(case, cheat.must.words(), fates[0].words());
            }
            Some(fate) => {
                tier.row(case, cheat.must.words(), format!("{} of {}: {}", failed.len(), fates.len(), fate.words()));
            }
        }
    }
    tier.figure(
        Figure::share("cheats that are caught every time", caught, CHEATS.len())
            .bar("all", |figure| figure.value == Some(1.0)),
    );
    tier.figure(Figure::number("times that each cheat is tried", CHEATS.len(), plan.cheats as f64));
    tier
}
