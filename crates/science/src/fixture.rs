//! A small laboratory's card for tests.

use crate::lab::{Domain, Knob, LabCard, Observable, ObservableKind, Setting};
use crate::unit::Unit;

pub(crate) fn card() -> LabCard {
    let numbers = |name: &str, unit: &str, least: f64, most: f64, default: f64, whole: bool| Knob {
        name: name.to_owned(),
        tells: String::new(),
        domain: Domain::Numbers { unit: Unit::parse(unit).unwrap(), least, most, whole, logarithmic: true },
        default: Setting::Number(default),
    };
    let levels = [11.0, 23.0, 41.0, 71.0, 97.0].map(|m| (format!("cyclic:{m}"), vec![m]));
    let observable = |name: &str, unit: &str| Observable {
        name: name.to_owned(),
        tells: String::new(),
        kind: ObservableKind::Number { unit: Unit::parse(unit).unwrap(), resolution: 0.01, logarithmic: true },
        held_by: (name == "norm").then(|| ("intervention".to_owned(), "hold_norm".to_owned())),
    };
    LabCard {
        name: "fixture 1".to_owned(),
        knobs: vec![
            Knob {
                name: "task".to_owned(),
                tells: String::new(),
                domain: Domain::Levels { attributes: vec![("M".to_owned(), Unit::pure())], levels: levels.into() },
                default: Setting::Level("cyclic:23".to_owned()),
            },
            numbers("samples", "sample", 10.0, 10_000.0, 200.0, true),
            numbers("rate", "1", 1e-4, 1.0, 0.01, false),
            Knob {
                name: "intervention".to_owned(),
                tells: String::new(),
                domain: Domain::Levels {
                    attributes: Vec::new(),
                    levels: vec![("none".to_owned(), Vec::new()), ("hold_norm".to_owned(), Vec::new())],
                },
                default: Setting::Level("none".to_owned()),
            },
        ],
        observables: vec![
            observable("t_mem", "step"),
            observable("t_gen", "step"),
            observable("norm", "weight"),
            Observable {
                name: "generalized".to_owned(),
                tells: String::new(),
                kind: ObservableKind::Event,
                held_by: None,
            },
        ],
    }
}

/// Random numbers for tests.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678)
    }

    /// The next 64 bits (`SplitMix64`).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly between 0 and 1.
    pub(crate) fn share(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.share() * n as f64) as usize
    }

    /// Normally around 0 with deviation 1 (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }
}
