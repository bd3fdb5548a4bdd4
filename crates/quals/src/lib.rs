//! QUALS, the examination of the scientist, in one call, [`examine_tiers`].
//!
//! ```text
//! Q0 null worlds      laws looked for after the event, in pure noise      is something established where there is nothing?
//! Q0 cheats           proposers, ledgers and laboratories that cheat      is each refused, found, or of no use?
//! Q1 planted worlds   half of them held out, six rivals at equal runs     is the law found, and after how many runs?
//! Q2 shifted physics  laws with other powers, knobs without names         the same, scored strictly
//! Q4 derivations      chains with and without a planted error             is the first wrong step found?
//! Q6 operations       killed, cut, gone through again, told something     does it end the same?
//! power, verdicts     what `open` means; what each verdict must fail      how large has an effect to be?
//! ```
//!
//! Nobody who is examined sees a truth: worlds are laboratories of the crate `dunwu-lab`, and what is asked of them is all that anybody
//! may ask. The held-out half has a stream of the caller's seed of its own, so that a builder who tunes on one seed is examined on
//! another. No network, no model, and no clock.

mod draws;
mod interval;
mod plan;
mod power;
mod q0;
mod q1;
mod q2;
mod q4;
mod q6;
mod result;
mod rivals;
mod sitting;
mod work;
mod world;

#[cfg(test)]
mod tests;

pub use plan::Size;
pub use q0::{CHEATS, Cheat, Must};
pub use result::{Figure, Quals, Row, Tier};

use plan::{Judge, Plan};

/// The names of the tiers, in their order.
pub const TIERS: [&str; 8] = [
    "Q0 null worlds",
    "Q0 cheats",
    "Q1 planted worlds",
    "Q2 shifted physics",
    "Q4 derivations",
    "Q6 operations",
    "Power",
    "Verdicts",
];

/// Holds the tiers of the examination that are asked for. `watch` hears which one is worked on and what share of it is done.
pub fn examine_tiers(
    size: Size,
    seed: u64,
    is_asked: &dyn Fn(&str) -> bool,
    watch: &mut dyn FnMut(&str, f64),
) -> Quals {
    examine_with(&Plan::of(size), seed, dunwu_science::judge::judge_all, is_asked, watch)
}

/// A tier, as it is worked on.
type Work<'a> = &'a dyn Fn(&mut dyn FnMut(f64)) -> Tier;

fn examine_with(
    plan: &Plan,
    seed: u64,
    judge: Judge,
    is_asked: &dyn Fn(&str) -> bool,
    watch: &mut dyn FnMut(&str, f64),
) -> Quals {
    let works: [Work<'_>; TIERS.len()] = [
        &|watch| q0::examine(plan, seed, judge, watch),
        &|watch| q0::examine_cheats(plan, seed, judge, watch),
        &|watch| q1::examine(plan, seed, watch),
        &|watch| q2::examine(plan, seed, watch),
        &|_| q4::examine(plan, seed),
        &|watch| q6::examine(plan, seed, watch),
        &|watch| power::curve(plan, seed, watch),
        &|_| power::verdicts(seed),
    ];
    let tier = |(name, work): (&str, Work<'_>)| {
        watch(name, 0.0);
        let tier = work(&mut |share| watch(name, share));
        watch(name, 1.0);
        tier
    };
    let tiers: Vec<Tier> = TIERS.into_iter().zip(works).filter(|(name, _)| is_asked(name)).map(tier).collect();
    Quals { size: plan.name.to_owned(), seed, holds: tiers.iter().all(|tier| tier.holds), tiers }
}
