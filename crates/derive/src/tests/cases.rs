//! Statements of the theory as printed and as corrected: the checker finds what is wrong by itself.

use crate::{Derivation, Options, Report, Standing, check};

fn report(text: &str) -> Report {
    check(&Derivation::parse(text).unwrap(), &Options::default())
}

macro_rules! case {
    ($name:literal) => {
        report(include_str!(concat!("../../cases/", $name, ".toml")))
    };
}

fn stands(report: &Report) {
    assert!(report.ok, "{report:#?}");
}

fn fails(report: &Report, step: usize) {
    assert_eq!(report.first_false, Some(step), "{report:#?}");
    assert!(report.witness.is_some());
}

fn saved(report: &Report, by: &str) {
    assert!(report.saved_by.iter().any(|words| words == by), "{:?}", report.saved_by);
}

/// Item 1 of section 0: the 2 of the cross term.
#[test]
fn the_dropped_two_is_found_at_its_step() {
    let printed = case!("dropped_two_as_printed");
    fails(&printed, 1);
    let words = printed.correction.as_deref();
    assert_eq!(words, Some("the left side is the sum of 1 times `squares`, 2 times `cross` on every draw"));
    stands(&case!("dropped_two_corrected"));
}

/// Item 1 of section 0: the heights follow with the factor 4.
#[test]
fn heights_of_peaks_are_four_times_the_printed_ones() {
    for printed in [case!("peak_real_as_printed"), case!("peak_complex_as_printed")] {
        fails(&printed, 2);
        assert_eq!(printed.factor, Some(4.0));
        assert_eq!(printed.correction.as_deref(), Some("the left side is 4 times the right side on every draw"));
    }
    stands(&case!("peak_real_corrected"));
    stands(&case!("peak_complex_corrected"));
}

/// Item 2 of section 0: E* = 1 instead of 2 for the quaternion group.
#[test]
fn the_quaternionic_type_is_missing() {
    let claimed = case!("peak_all_types_as_claimed");
    fails(&claimed, 2);
    saved(&claimed, "k is real");
    let witness = claimed.witness.unwrap();
    assert_eq!(witness.choices["G"], "quaternion");
    assert_eq!(witness.choices["k"], "quaternionic representation of dimension 2");
    let number = |shown: &crate::Shown| shown.entries.as_ref().unwrap()[0][0];
    assert!((number(&witness.left) - 1.0).abs() < 1e-9 && (number(&witness.right) - 2.0).abs() < 1e-12);
    stands(&case!("peak_all_types_corrected"));
}

/// Item 3 of section 0.
#[test]
fn schurs_step_holds_for_one_dimension_only() {
    let printed = case!("schur_as_printed");
    fails(&printed, 1);
    saved(&printed, "k is of one dimension");
    saved(&printed, "G is abelian");
    assert_eq!(printed.witness.unwrap().sizes["M"], 6);
    stands(&case!("schur_corrected"));
    let flipped = case!("flipped_half_is_no_peak");
    fails(&flipped, 1);
    saved(&flipped, "k is of one dimension");
}

/// Item 4 of section 0.
#[test]
fn the_second_half_of_a_peak_is_free_in_phase() {
    let complex = case!("halves_complex_as_printed");
    fails(&complex, 2);
    saved(&complex, "k is real");
    let real = case!("halves_real_as_printed");
    fails(&real, 2);
    saved(&real, "k is of one dimension");
    stands(&case!("halves_corrected"));
}

/// Item 5 of section 0, with the numbers of flat directions of section 2.3.
#[test]
fn peaks_of_real_representations_of_one_dimension_are_strict() {
    let printed = case!("flat_peaks_as_printed");
    fails(&printed, 2);
    saved(&printed, "k is complex");
    saved(&printed, "k is of several dimensions");
    stands(&case!("flat_peaks_corrected"));
}

/// Item 6 of section 0: the prefactor, and two assumptions that exclude each other.
#[test]
fn lemma_1_has_another_prefactor_and_an_empty_set_up() {
    let printed = case!("lemma1_as_printed");
    fails(&printed, 2);
    saved(&printed, "n = K");
    stands(&case!("lemma1_corrected"));
    let empty = case!("lemma1_empty").empty.unwrap();
    assert_eq!(empty, "no Q meets `orthonormal columns` together with what else is assumed");
}

/// Item 7 of section 0.
#[test]
fn one_target_leaves_nothing_after_centring() {
    let printed = case!("one_target_as_printed");
    assert_eq!((printed.ok, printed.first_false, printed.first_vacuous), (false, None, Some(1)));
    assert!(printed.steps.iter().all(|step| step.standing == Standing::Vacuous));
    assert_eq!(printed.identically_zero, ["E", "Yt"]);
    stands(&case!("one_target_corrected"));
}

/// Item 9 of section 0.
#[test]
fn theorem_6_is_an_identity() {
    stands(&case!("theorem6"));
    let flipped = case!("theorem6_sign_flipped");
    fails(&flipped, 3);
    assert_eq!(flipped.factor, Some(-1.0));
}

/// Item 10 of section 0.
#[test]
fn factorised_characters_hold_for_one_dimension_only() {
    let printed = case!("theorem7_as_printed");
    fails(&printed, 1);
    saved(&printed, "k is of one dimension");
    stands(&case!("theorem7_corrected"));
}

#[test]
fn the_gradient_at_the_ridge_solution_is_exact_and_needs_centring() {
    stands(&case!("ridge"));
    let without = case!("ridge_without_centring");
    fails(&without, 1);
    saved(&without, "F and Y: centred columns");
}

#[test]
fn theorem_1_and_lemma_2_stand() {
    stands(&case!("theorem1"));
    stands(&case!("lemma2"));
}

#[test]
fn a_limit_in_the_wrong_size_is_found() {
    stands(&case!("kernel_limit"));
    fails(&case!("kernel_limit_wrong_order"), 1);
}
