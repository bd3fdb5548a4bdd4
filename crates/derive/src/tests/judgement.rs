//! What the checker says of chains whose truth is plain.

use crate::{Derivation, Options, Report, Standing, State, Tensor, check};
use std::collections::BTreeMap;

fn file(declare: &str, from: &str, relation: &str, to: &str) -> Derivation {
    let text = format!(
        "[sizes]\nn = \"2..6\"\nm = \"2..6\"\n[declare]\n{declare}\n[[step]]\nfrom = \"{from}\"\nrelation = \"{relation}\"\nto = \"{to}\"\n"
    );
    Derivation::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn judge(declare: &str, from: &str, relation: &str, to: &str) -> Report {
    check(&file(declare, from, relation, to), &Options::default())
}

const SQUARES: &str = "A = { shape = [\"n\", \"n\"] }\nB = { shape = [\"n\", \"n\"] }";

#[test]
fn commuting_is_what_saves_a_commuted_product() {
    let report = judge(SQUARES, "A*B", "=", "B*A");
    assert_eq!(report.first_false, Some(1));
    assert!(report.saved_by.iter().any(|words| words == "A commutes with B"), "{:?}", report.saved_by);
    let witness = report.witness.unwrap();
    assert_eq!(witness.sizes["n"], 2);
    assert!(witness.simplified);
}

#[test]
fn a_transpose_and_a_size_as_factor_are_named() {
    let transposed = judge(SQUARES, "A*B", "=", "B'*A'");
    assert_eq!(
        transposed.correction.as_deref(),
        Some("the left side is the transpose of the right side on every draw")
    );
    let scaled = judge(SQUARES, "3*trace(I(n))*A", "=", "A");
    assert_eq!(scaled.correction.as_deref(), Some("the left side is 3 n times the right side on every draw"));
}

#[test]
fn a_wrong_constant_is_found_where_only_an_ascent_leads() {
    let vectors = "x = { shape = \"n\" }\ny = { shape = \"n\" }";
    let sized = |constant: &str| judge(vectors, "inner(x, y)", "<=", &format!("{constant}*norm(x)*norm(y)"));
    assert!(sized("1").ok);
    // 60 random pairs rarely have a cosine above 0.999; an ascent finds one at once.
    assert_eq!(sized("0.999").first_false, Some(1));
    let reversed = judge(vectors, "norm(x)*norm(y)", "<=", "inner(x, y)");
    assert_eq!(reversed.correction.as_deref(), Some("the reversed inequality holds on every draw"));
}

#[test]
fn contradictory_assumptions_are_an_empty_set_up() {
    let report = judge(
        "A = { shape = [\"n\", \"n\"], assumptions = [\"antisymmetric\", \"positive definite\"] }",
        "trace(A)",
        "=",
        "0",
    );
    assert!(report.empty.unwrap().contains("no A meets"));
    let zero =
        judge("A = { shape = [\"n\", \"n\"], assumptions = [\"symmetric\", \"antisymmetric\"] }", "A*A", "=", "A");
    assert_eq!((zero.first_vacuous, zero.identically_zero), (Some(1), vec!["A".to_owned()]));
}

#[test]
fn a_claim_that_something_is_zero_is_not_vacuous() {
    assert!(judge(SQUARES, "trace(A*B - B*A)", "=", "0").ok);
    assert!(judge(SQUARES, "center(ones(n))", "=", "zeros(n)").ok);
}

#[test]
fn bad_conditions_are_left_open() {
    let declare = "A = { shape = [\"n\", \"n\"] }\nt = \"positive\"";
    let report = judge(declare, "inv(ones(n)*ones(n)' + 1e-14*A)*(ones(n)*ones(n)' + 1e-14*A)", "=", "I(n)");
    assert_eq!(report.steps[0].standing, Standing::CannotTell);
    let undefined = judge(declare, "ln(-t)", "=", "t");
    assert_eq!(undefined.steps[0].standing, Standing::CannotTell);
}

#[test]
fn orders_are_the_slopes_that_they_are() {
    let declare = "x = { shape = \"n\" }\nt = \"small\"";
    let claim = |relation: &str, to: &str| judge(declare, "exp(t*x)", relation, to);
    let line = "ones(n) + t*x";
    assert!(claim("= up to O(t^2)", line).ok);
    assert!(claim("= up to O(t^1)", line).ok);
    let wrong = claim("= up to O(t^3)", line);
    assert_eq!(wrong.first_false, Some(1));
    assert!((wrong.steps[0].slope.unwrap() - 2.0).abs() < 0.05);
}

#[test]
fn local_maxima_are_told_from_saddles() {
    let report = |point: &str| {
        let text = format!(
            "[sizes]\nn = \"3..5\"\n[declare]\nd = {{ shape = \"n\", assumptions = [\"positive\"] }}\n\
             w = {{ shape = \"n\", maximises = \"inner(w, diag(d)*w)\" }}\n[define]\n\"E(w)\" = \"inner(w, diag(d)*w)\"\n\
             [[step]]\nfrom = \"{point}\"\nrelation = \"is a local maximum of\"\nto = \"E\"\n"
        );
        check(&Derivation::parse(&text).unwrap(), &Options::default())
    };
    assert!(report("w").ok);
    assert_eq!(report("onehot(1, n)").first_false, Some(1));
    assert_eq!(report("2*w").first_false, Some(1));
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let derivation = file(SQUARES, "A*B", "=", "B*A");
    let options = Options { seed: 3, ..Options::default() };
    let text = |report: &Report| serde_json::to_string(report).unwrap();
    assert_eq!(text(&check(&derivation, &options)), text(&check(&derivation, &options)));
    assert_ne!(text(&check(&derivation, &options)), text(&check(&derivation, &Options { seed: 4, ..options })));
}

/// A recorded step of descent, and one that was recorded with the wrong sign.
#[test]
fn steps_are_tried_on_states_of_real_runs() {
    let derivation = file(
        "W = { shape = [\"n\", \"m\"] }\nV = { shape = [\"n\", \"m\"], assumptions = [\"equal to W\"] }",
        "V - W",
        "=",
        "W - V",
    );
    let weights = Tensor::from_fn(7, 3, |row, col| (row * 3 + col) as f64 / 10.0);
    let state = |name: &str, by: f64| State {
        name: name.to_owned(),
        tensors: BTreeMap::from([("W".to_owned(), weights.clone()), ("V".to_owned(), weights.scaled(by))]),
        precision: 6e-8,
        group: None,
    };
    let states = [state("same", 1.0), state("other", 1.5)];
    let report = check(&derivation, &Options { states: &states, ..Options::default() });
    assert_eq!(report.steps[0].states.len(), 1);
    assert_eq!(report.steps[0].states[0].state, "same");
    assert!(report.states_left_out[0].starts_with("other: no V meets `equal to W`"));

    let derivation =
        file("W = { shape = [\"n\", \"m\"] }\nD = { shape = [\"n\", \"m\"] }", "trace(W'*D)", "=", "trace(D'*W)");
    let tensors = BTreeMap::from([("W".to_owned(), weights.clone()), ("D".to_owned(), weights.scaled(-2.0))]);
    let states = [State { name: "step 10".to_owned(), tensors, precision: 0.0, group: None }];
    let report = check(&derivation, &Options { states: &states, ..Options::default() });
    assert!(report.ok && report.steps[0].states[0].standing == Standing::Stands);
}

/// A claim that random tensors meet and a run does not: the witness is the state.
#[test]
fn a_state_can_refute_what_random_tensors_do_not() {
    let derivation =
        file("W = { shape = [\"n\", \"m\"], assumptions = [\"unit norm\"] }", "rank(W) + 0*norm(W)", ">=", "2");
    let outer = Tensor::from_fn(4, 3, |row, _| if row == 0 { 1.0 / 3.0_f64.sqrt() } else { 0.0 });
    let tensors = BTreeMap::from([("W".to_owned(), outer)]);
    let states = [State { name: "collapsed".to_owned(), tensors, precision: 0.0, group: None }];
    let report = check(&derivation, &Options { states: &states, ..Options::default() });
    assert_eq!(report.first_false, Some(1));
    assert_eq!(report.witness.unwrap().state.as_deref(), Some("collapsed"));
}

#[test]
fn reports_have_a_schema() {
    let schema = serde_json::to_string(&schemars::schema_for!(Report)).unwrap();
    assert!(schema.contains("first_false") && schema.contains("saved_by"));
}
