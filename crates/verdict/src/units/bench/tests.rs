use super::planted::Planted;
use crate::units::{LayerVerdict, UnitRole};

#[test]
fn planted_units_are_told() {
    let mut table = [[0; 5]; 5];
    let place = |role: UnitRole| UnitRole::ALL.iter().position(|&other| other == role).unwrap();
    for seed in 0..5 {
        let planted = Planted::build(seed);
        let verdict = LayerVerdict::of(&planted.samples, &planted.contributions).unwrap();
        println!("{seed}: {:?}", verdict.soundness);
        for (unit, &truth) in verdict.units.iter().zip(&planted.truth) {
            table[place(truth)][place(unit.label.role)] += 1;
            if unit.label.role != truth {
                println!("{truth:?} {:?} {:?}", unit.label, Evidences(&unit.evidence));
            }
        }
    }
    println!("{table:?}");
}

struct Evidences<'a>(&'a crate::units::Evidence);
impl std::fmt::Debug for Evidences<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let e = self.0;
        write!(
            f,
            "a {:.3} H {:?} E {:?} X {:?} U {:?} lean {}",
            e.scale,
            e.held_out,
            e.memory,
            e.excess,
            e.unflagged,
            e.leaning.len()
        )
    }
}

#[test]
fn banks() {
    let mut table = [[0; 5]; 2];
    let place = |role: UnitRole| UnitRole::ALL.iter().position(|&other| other == role).unwrap();
    for seed in 0..5 {
        let banks = super::banks::Banks::train(seed);
        let contributions = crate::units::Contributions::of_last_layer(&banks.samples);
        let verdict = LayerVerdict::of(&banks.samples, &contributions).unwrap();
        println!(
            "{seed}: {:?} {:?} {} {:?}",
            verdict.soundness.train_accuracy,
            verdict.soundness.shift_auc,
            verdict.flagged.len(),
            verdict.located
        );
        let wrongs: Vec<f64> = verdict.units.iter().map(|u| u.evidence.excess.unwrap().z()).collect();
        for (unit, &truth) in verdict.units.iter().zip(&banks.truth) {
            table[place(truth)][place(unit.label.role)] += 1;
        }
    }
    println!("{table:?}");
}
