//! Cheats that make a claim a second time.

use crate::q0::scene::{Fate, Scene, read_claim};

/// Registers the first and says what becomes of the others: refused where all are.
fn after(scene: &mut Scene, first: &str, others: &[&str]) -> Fate {
    let mut campaign = scene.campaign();
    let claim = read_claim(&scene.case, first).expect("the first claim fits");
    campaign.register(&claim, "somebody").expect("the first claim is new");
    let mut said = Vec::new();
    for other in others {
        let claim = match read_claim(&scene.case, other) {
            Ok(claim) => claim,
            Err(why) => return Fate::Unnoticed(format!("{other} was not tried: {why}")),
        };
        match campaign.register(&claim, "somebody else") {
            Ok(_) => said.push(Err((*other).to_owned())),
            Err(refusal) => said.push(Ok(refusal.to_string())),
        }
    }
    let through: Vec<String> = said.iter().filter_map(|said| said.clone().err()).collect();
    if through.is_empty() {
        Fate::Refused(said.into_iter().flatten().collect::<Vec<_>>().join(" | "))
    } else {
        Fate::Unnoticed(through.join(" | "))
    }
}

const LAW: &str = "t_gen = c * M^2 / rate, for some c";

pub(super) fn renamed(scene: &mut Scene) -> Fate {
    after(
        scene,
        LAW,
        &["t_gen = k * M^2 / rate, for some k", "t_gen = q * M^2 / rate, for some q, because it was not said before"],
    )
}

pub(super) fn disguised(scene: &mut Scene) -> Fate {
    after(
        scene,
        LAW,
        &[
            "t_gen = c * M * M / rate, for some c",
            "t_gen = M^2 / (c * rate), for some c",
            "t_gen = c * M^3 / (M * rate), for some c",
            "t_gen = c * sqrt(M^4) / rate, for some c",
            "t_gen = c * exp(2 * ln(M)) / rate, for some c",
            "t_gen = abs(c) * abs(M)^2 / rate, for some c",
            "t_gen = 2 * c * M^2 / rate, for some c",
            "t_gen = c * (M^2 + M^2) / rate, for some c",
            "t_gen = c * (M / sqrt(rate))^2, for some c",
            "t_gen = c^3 * M^2 / rate, for some c",
        ],
    )
}

pub(super) fn idle_scope(scene: &mut Scene) -> Fate {
    after(
        scene,
        LAW,
        &[
            "t_gen = c * M^2 / rate, for some c, where rate <= 1",
            "t_gen = c * M^2 / rate, for some c, where M in 1..1000",
        ],
    )
}

pub(super) fn idle_constant(scene: &mut Scene) -> Fate {
    after(
        scene,
        LAW,
        &["t_gen = c * k * M^2 / rate, for some c and k", "t_gen = c * M^2 / (k * rate), for some c, with k = 3"],
    )
}

pub(super) fn turned_round(scene: &mut Scene) -> Fate {
    after(
        scene,
        "t_gen = c * samples + k, for some c and k",
        &[
            "t_gen = c + k * samples, for some c and k",
            "t_gen = k * (1 + c * samples), for some c and k",
            "t_gen = c * samples + 2 * k, for some c and k",
        ],
    )
}
