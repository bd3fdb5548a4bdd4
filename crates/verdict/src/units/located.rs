//! How much of a layer's memory sits where it can be located: in units that memorize and do nothing else.
//!
//! ```text
//! S = Σ_{j memorizing} Eⱼ⁺ / Σⱼ Eⱼ⁺      Eⱼ⁺ = E of unit j over one half of the flagged samples, where it is positive over the other half
//! ```
//!
//! Both sums are means over 400 random halvings of the flagged samples. The halves matter: of a unit without memory the positive part of E
//! over all flagged samples is positive by noise alone, and many such units would dilute the share; over a half that did not choose them
//! they cancel. Units that hinder memory (E below 0) count in neither sum.
//!
//! The interval holds the middle 95 % of the shares of single halvings: the mean over a half scatters about the mean over all flagged
//! samples exactly as that scatters about its expectation. Labels stay; that other samples would give other labels is not in it.

use super::label::{UnitLabel, UnitRole};
use crate::draw::Draw;

/// The share of a layer's memory that units of one role hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoleShare {
    /// The role.
    pub role: UnitRole,
    /// Units.
    pub units: usize,
    /// Mean of the sum of Eⱼ⁺, in units of the margin.
    pub memory: f64,
    /// Its share; `None` where the layer has no memory that passes its noise.
    pub share: Option<f64>,
    /// Lower and upper end of the share's 95 % interval.
    pub interval: Option<(f64, f64)>,
}

/// Where the memory of a layer sits.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// Σⱼ Eⱼ⁺, in units of the margin.
    pub memory: f64,
    /// One a role; shares add up to 1.
    pub roles: Vec<RoleShare>,
}

/// Random halvings.
const HALVINGS: usize = 400;
/// The numbered stream that they are drawn from.
const HALVING_STREAM: usize = 0x4a1f;

impl Located {
    /// From what flagged samples get beyond their twins, `[flagged][unit]`; `None` with fewer than four of them.
    pub fn of(beyond_twins: &[Vec<f64>], labels: &[UnitLabel]) -> Option<Self> {
        let n = beyond_twins.len();
        if n < 4 {
            return None;
        }
        let mut draw = Draw::of(HALVING_STREAM, 0);
        let n_roles = UnitRole::ALL.len();
        let place = |label: &UnitLabel| UnitRole::ALL.iter().position(|&role| role == label.role).unwrap_or(0);
        let places: Vec<usize> = labels.iter().map(place).collect();
        let sums: Vec<Vec<f64>> = (0..HALVINGS)
            .map(|_| {
                let order = draw.order(n);
                let (first, second) = order.split_at(n / 2);
                let [measured, chosen] = [first, second].map(|half| means(beyond_twins, half, labels.len()));
                let mut sums = vec![0.0; n_roles];
                for ((&role, measured), chosen) in places.iter().zip(measured).zip(chosen) {
                    sums[role] += if chosen > 0.0 { measured } else { 0.0 };
                }
                sums
            })
            .collect();
        let mean = |role: usize| sums.iter().map(|sums| sums[role]).sum::<f64>() / HALVINGS as f64;
        let memory: f64 = (0..n_roles).map(mean).sum();
        // Where the total is not above 0 in nearly all halvings there is no memory to be shared out.
        let mut totals: Vec<f64> = sums.iter().map(|sums| sums.iter().sum()).collect();
        totals.sort_by(f64::total_cmp);
        let is_there = totals[HALVINGS / 40] > 0.0;
        let share = |(place, &role): (usize, &UnitRole)| {
            let mut shares: Vec<f64> = sums.iter().map(|sums| sums[place] / sums.iter().sum::<f64>()).collect();
            shares.sort_by(f64::total_cmp);
            RoleShare {
                role,
                units: places.iter().filter(|&&other| other == place).count(),
                memory: mean(place),
                share: is_there.then(|| mean(place) / memory),
                interval: is_there
                    .then(|| (shares[HALVINGS / 40].max(0.0), shares[HALVINGS - 1 - HALVINGS / 40].min(1.0))),
            }
        };
        Some(Self { memory, roles: UnitRole::ALL.iter().enumerate().map(share).collect() })
    }

    /// The share of one role.
    pub fn of_role(&self, role: UnitRole) -> Option<&RoleShare> {
        self.roles.iter().find(|share| share.role == role)
    }
}

fn means(rows: &[Vec<f64>], places: &[usize], width: usize) -> Vec<f64> {
    let mut means = vec![0.0; width];
    for &place in places {
        means.iter_mut().zip(&rows[place]).for_each(|(mean, value)| *mean += value / places.len() as f64);
    }
    means
}
