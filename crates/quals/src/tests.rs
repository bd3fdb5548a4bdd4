//! The examination at a tiny size, and examinees that have to fail it.

use super::*;
use dunwu_science::claim::Scope;
use dunwu_science::judge::{ALPHA, ENOUGH_BITS, Judged, Registered, RunRecord, Verdict, judge_all};
use dunwu_science::lab::LabCard;

const TINY: Plan = Plan {
    name: "tiny",
    nulls: 6,
    null_campaigns: 0,
    cheats: 0,
    planted: 2,
    most_runs: 12,
    design_every: 2,
    shifted: 2,
    powers: 1,
    chains: 6,
    kills: 5,
};

#[test]
fn a_tiny_examination_has_every_tier_and_is_the_same_twice() {
    let mut heard = Vec::new();
    let quals = examine_with(&TINY, 5, judge_all, &|_| true, &mut |name, share| heard.push((name.to_owned(), share)));
    let names: Vec<&str> = quals.tiers.iter().map(|tier| tier.name.as_str()).collect();
    assert_eq!(names, TIERS);
    assert!(heard.iter().filter(|(_, share)| *share == 1.0).count() >= 8);
    let q6 = &quals.tiers[5];
    assert!(q6.holds, "{q6:#?}");
    let again = examine_with(&TINY, 5, judge_all, &|_| true, &mut |_, _| {});
    assert_eq!(serde_json::to_string(&quals).unwrap(), serde_json::to_string(&again).unwrap());
}

/// Our judge without the cost of stating a claim.
fn without_statement_cost(card: &LabCard, question: &Scope, claims: &[Registered], runs: &[RunRecord]) -> Vec<Judged> {
    let mut judged = judge_all(card, question, claims, runs);
    for judged in &mut judged {
        judged.score.net_bits += judged.score.statement_bits;
    }
    judged
}

/// The same, which establishes whatever has saved as many bits as odds of twenty to one.
fn credulous(card: &LabCard, question: &Scope, claims: &[Registered], runs: &[RunRecord]) -> Vec<Judged> {
    let mut judged = judge_all(card, question, claims, runs);
    for judged in &mut judged {
        if judged.score.net_bits + judged.score.statement_bits >= -ALPHA.log2() {
            judged.verdict = Verdict::Established;
            judged.score.net_bits = ENOUGH_BITS;
        }
    }
    judged
}

/// Two planted failures, and that what fails is the judge and not the examination.
#[test]
fn a_judge_without_statement_cost_fails() {
    let plan = Plan { nulls: 84, ..TINY };
    let fails = q0::examine(&plan, 3, without_statement_cost, &mut |_| {});
    assert!(!fails.holds && !fails.figures[1].holds, "{fails:#?}");
    let fails = q0::examine(&plan, 3, credulous, &mut |_| {});
    assert!(!fails.figures[0].holds && !fails.rows.is_empty(), "{fails:#?}");
    let ours = q0::examine(&plan, 3, judge_all, &mut |_| {});
    assert!(ours.holds, "{ours:#?}");
}
