//! Which run it is that is asked for: a hash of the laboratory's name, the point with every default, and the seed.

use dunwu::store::RunId;
use dunwu_science::lab::{LabCard, Point, Setting};
use std::fmt::Write as _;

/// A point with every default, as text: two points that set the same are the same.
pub(crate) fn asked(card: &LabCard, point: &Point) -> String {
    let mut text = String::new();
    for knob in &card.knobs {
        let setting = card.setting(point, knob);
        // A String takes everything. `+ 0.0` makes −0 the 0 that it equals.
        let _ = match setting {
            Setting::Number(value) => writeln!(text, "{} = {:?}", knob.name, value + 0.0),
            Setting::Level(level) => writeln!(text, "{} = {level:?}", knob.name),
        };
    }
    // What no knob has, so that a point that is refused is still told from another.
    for (name, setting) in point.0.iter().filter(|(name, _)| card.knob(name).is_none()) {
        let _ = writeln!(text, "no knob {name:?} = {setting:?}");
    }
    text
}

/// The hash of a run.
pub(crate) fn specification(card: &LabCard, point: &Point, seed: u32) -> String {
    RunId::of(&format!("{}\n{}seed {seed}\n", card.name, asked(card, point))).to_string()
}
