//! Minds of every kind, good and bad, in a planted world. The server is a few lines of `std::net`; nothing leaves this machine.

mod actions;
mod cassettes;
mod commands;
mod servers;

use crate::{Ask, Mind, MindError};
use dunwu_science::campaign::{Campaign, Nobody};
use dunwu_science::lab::{Domain, Knob, Lab, LabCard, Observable, ObservableKind, Outcome, Point, Reading, Setting};
use dunwu_science::ledger::{Event, Exchange, Question};
use dunwu_science::unit::Unit;
use std::collections::{BTreeMap, VecDeque};

/// `t = 5 M ln M / rate` with five per cent of noise.
struct World(LabCard);

impl World {
    fn new() -> Self {
        let number = |name: &str, least: f64, most: f64, default: f64| Knob {
            name: name.to_owned(),
            tells: format!("what {name} is"),
            domain: Domain::Numbers { unit: Unit::pure(), least, most, whole: false, logarithmic: true },
            default: Setting::Number(default),
        };
        let step = Unit::base("step");
        Self(LabCard {
            name: "test world 1".to_owned(),
            knobs: vec![number("M", 5.0, 200.0, 20.0), number("rate", 1e-3, 1.0, 0.1)],
            observables: vec![Observable {
                name: "t".to_owned(),
                tells: "when it happens".to_owned(),
                kind: ObservableKind::Number { unit: step, resolution: 0.01, logarithmic: true },
                held_by: None,
            }],
        })
    }
}

impl Lab for World {
    fn card(&self) -> &LabCard {
        &self.0
    }

    fn most_steps(&self, _point: &Point) -> u64 {
        10
    }

    fn run(&self, point: &Point, seed: u32) -> Reading {
        let numbers = self.0.numbers(point);
        let (m, rate) = (numbers["M"], numbers["rate"]);
        let hash = blake3::hash(format!("{}{seed}", serde_json::to_string(point).unwrap()).as_bytes());
        let noise = f64::from(u16::from_le_bytes([hash.as_bytes()[0], hash.as_bytes()[1]])) / 65_536.0 - 0.5;
        let outcomes =
            BTreeMap::from([("t".to_owned(), Outcome::Value(5.0 * m * m.ln() / rate * (0.17 * noise).exp()))]);
        Reading { outcomes, steps: 10, specification: hash.to_hex().to_string() }
    }
}

/// A campaign with four runs, which are too few to search in.
fn begun(dir: &tempfile::TempDir, world: &World) -> Campaign {
    begun_with(dir, world, 40)
}

/// A campaign with as many steps spent.
fn begun_with(dir: &tempfile::TempDir, world: &World, steps: u64) -> Campaign {
    let question = Question {
        text: "what decides t?".to_owned(),
        target: "t".to_owned(),
        knobs: vec!["M".to_owned(), "rate".to_owned()],
        scope: String::new(),
    };
    let mut campaign = Campaign::begin(&dir.path().join("ledger.jsonl"), "world", world, question).unwrap();
    campaign.run(world, steps, &mut Nobody).unwrap();
    campaign
}

fn exchanges(campaign: &Campaign) -> Vec<Exchange> {
    let of = |event: &Event| if let Event::Asked(exchange) = event { Some(exchange.clone()) } else { None };
    campaign.links().iter().filter_map(|link| of(&link.event)).collect()
}

fn propose(claim: &str) -> String {
    serde_json::json!({ "action": "propose", "claim": claim }).to_string()
}

/// Says these in turn, then nothing.
struct Script(VecDeque<String>, Vec<Ask>);

impl Script {
    fn new(answers: &[&str]) -> Self {
        Self(answers.iter().map(ToString::to_string).collect(), Vec::new())
    }
}

impl Mind for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn ask(&mut self, ask: &Ask) -> Result<String, MindError> {
        self.1.push(ask.clone());
        self.0.pop_front().ok_or(MindError::Unreachable("the script is over".to_owned()))
    }
}
