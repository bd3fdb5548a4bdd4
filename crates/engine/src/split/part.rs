//! Samples that are trained on together, or not at all: rows, columns, mirror images, one side of the table, its inner part.

use super::{SplitError, draw_without_replacement, share};
use crate::random::{Stream, rng};
use crate::spec::Part;
use crate::task::{Problem, Samples};
use std::collections::BTreeMap;

/// Population indices of `⌊share · units⌋` units of a part, drawn uniformly without replacement.
///
/// A smaller share of the same seed is part of a larger one.
pub(super) fn draw(problem: &Problem, part: Part, of: f64, seed: u64) -> Result<Vec<u32>, SplitError> {
    let setting = part.key();
    if !(0.0..=1.0).contains(&of) {
        return Err(SplitError::Impossible { setting, value: of, allowed: "a share from 0 to 1" });
    }
    let no_part = |needs| Err(SplitError::NoPart { setting, needs, task: problem.name.clone() });
    match part {
        Part::OneSided | Part::MirrorPairs if !has_mirror_images(problem) => {
            return no_part("a task of two operands with the same tokens");
        }
        _ if !problem.several.is_empty() => return no_part("a task of one problem"),
        Part::Rows | Part::Columns if problem.n_operands() < 2 => return no_part("a task of two operands or more"),
        Part::Inner if problem.n_operands() == 0 => return no_part("a task whose inputs are tokens"),
        _ => {}
    }
    let units = units(problem, part, of);
    let chosen: Vec<u32> = if part == Part::Inner {
        units.concat()
    } else {
        let drawn = draw_without_replacement(&mut rng(seed, Stream::Split), units.len(), share(of, units.len()));
        drawn.iter().flat_map(|&unit| &units[unit as usize]).copied().collect()
    };
    if chosen.is_empty() {
        return Err(SplitError::Empty { setting, value: of.to_string(), population: problem.n_population() });
    }
    Ok(chosen)
}

/// The samples of each unit, by population index; of the inner part those whose tokens are all below the share.
fn units(problem: &Problem, part: Part, of: f64) -> Vec<Vec<u32>> {
    let Samples { operands, .. } = problem.population();
    let mut units: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
    for index in 0..problem.n_population() {
        let first = operands[0][index];
        let last = operands[operands.len() - 1][index];
        let is_inner = |(tokens, &size): (&Vec<u32>, &usize)| (tokens[index] as usize) < share(of, size);
        let unit = match part {
            Part::OneSided => (first <= last).then_some((first, last)),
            Part::MirrorPairs => Some((first.min(last), first.max(last))),
            Part::Rows => Some((first, 0)),
            Part::Columns => Some((last, 0)),
            Part::Inner => operands.iter().zip(&problem.operand_sizes).all(is_inner).then_some((0, 0)),
        };
        if let Some(unit) = unit {
            units.entry(unit).or_default().push(index as u32);
        }
    }
    units.into_values().collect()
}

/// Whether (b, a) is a sample wherever (a, b) is.
fn has_mirror_images(problem: &Problem) -> bool {
    let (sizes, firsts) = (&problem.operand_sizes, &problem.operand_firsts);
    sizes.len() == 2 && sizes[0] == sizes[1] && firsts[0] == firsts[1]
}

#[cfg(test)]
mod tests {
    use crate::spec::{DataSpec, Part, Sampling};
    use crate::split::Split;
    use crate::task::{Problem, Task};
    use std::collections::BTreeSet;

    fn problem(task: &str) -> Problem {
        Task::parse(task).unwrap().resolve(None).unwrap()
    }

    fn tuples(problem: &Problem, part: Part, share: f64, seed: u64) -> BTreeSet<Vec<u32>> {
        let split = Split::draw(problem, &DataSpec::of(Sampling::Part(part, share)), seed, None).unwrap();
        assert_eq!(split.train.len() + split.test.len(), problem.n_population());
        (0..split.train.len()).map(|i| split.train.operands.iter().map(|tokens| tokens[i]).collect()).collect()
    }

    #[test]
    fn every_part_is_what_its_name_says() {
        let square = problem("cyclic:10");
        for seed in 0..5 {
            let one_sided = tuples(&square, Part::OneSided, 0.4, seed);
            assert!(one_sided.len() == 22 && one_sided.iter().all(|pair| pair[0] <= pair[1])); // ⌊0.4 · 55⌋
            let pairs = tuples(&square, Part::MirrorPairs, 0.4, seed);
            assert!(pairs.iter().all(|pair| pairs.contains(&vec![pair[1], pair[0]])));
            assert_eq!(pairs.iter().filter(|pair| pair[0] <= pair[1]).count(), 22);
            for (part, operand) in [(Part::Rows, 0), (Part::Columns, 1)] {
                let whole = tuples(&square, part, 0.35, seed);
                let tokens: BTreeSet<u32> = whole.iter().map(|pair| pair[operand]).collect();
                assert_eq!((tokens.len(), whole.len()), (3, 30), "{part:?}");
            }
            let inner = tuples(&square, Part::Inner, 0.7, seed);
            let expected = (0..7).flat_map(|a| (0..7).map(move |b| vec![a, b])).collect();
            assert_eq!(inner, expected);
        }
        let rectangle = problem("expression:x/y:7");
        assert_eq!(tuples(&rectangle, Part::Rows, 1.0, 0).len(), 42);
        assert_eq!(tuples(&rectangle, Part::Columns, 0.5, 0).len(), 21);
        assert_eq!(tuples(&rectangle, Part::Inner, 0.5, 0).len(), 9);
        assert_eq!(tuples(&problem("operands:3:cyclic:4"), Part::Columns, 0.5, 0).len(), 32);
        assert_eq!(tuples(&problem("expression:x^2:11"), Part::Inner, 0.5, 0).len(), 5);
        assert_eq!(tuples(&problem("expression:x/y+y/x:7"), Part::MirrorPairs, 1.0, 0).len(), 36);
    }

    #[test]
    fn a_smaller_share_is_part_of_a_larger_one_and_seeds_differ() {
        let square = problem("symmetric:3");
        for part in Part::ALL {
            assert!(tuples(&square, part, 0.5, 1).is_subset(&tuples(&square, part, 0.8, 1)), "{part:?}");
            let is_drawn = part != Part::Inner;
            let differs = (0..8).any(|seed| tuples(&square, part, 0.5, seed) != tuples(&square, part, 0.5, 9));
            assert_eq!(differs, is_drawn, "{part:?}");
        }
    }

    #[test]
    fn every_unit_is_drawn_equally_often() {
        let square = problem("cyclic:5");
        let mut counts = [0_u32; 5];
        for seed in 0..2_000 {
            tuples(&square, Part::Rows, 0.4, seed).iter().for_each(|pair| counts[pair[0] as usize] += 1);
        }
        // 2000 draws of two rows of five: 800 of each, standard deviation √(2000 · 0.4 · 0.6) = 22.
        assert!(counts.iter().all(|&count| (count / 5).abs_diff(800) < 110), "{counts:?}");
    }

    #[test]
    fn refusals_name_the_setting() {
        let check = |task: &str, part, share, skew, expected: &str| {
            let data = DataSpec { skew, ..DataSpec::of(Sampling::Part(part, share)) };
            assert_eq!(Split::draw(&problem(task), &data, 0, None).unwrap_err().to_string(), expected);
        };
        let mirrored = "needs a task of two operands with the same tokens, and";
        check(
            "expression:x/y:7",
            Part::OneSided,
            0.5,
            0.0,
            &format!("data.one_sided {mirrored} expression:x/y:7 is none"),
        );
        check("digits", Part::MirrorPairs, 0.5, 0.0, &format!("data.mirror_pairs {mirrored} digits is none"));
        check(
            "expression:x^2:7",
            Part::Rows,
            0.5,
            0.0,
            "data.rows needs a task of two operands or more, and expression:x^2:7 is none",
        );
        check("digits", Part::Inner, 0.5, 0.0, "data.inner needs a task whose inputs are tokens, and digits is none");
        check("cyclic:5", Part::Rows, 0.1, 0.0, "data.rows = 0.1 leaves no training sample of 25; the least is 1");
        check("cyclic:5", Part::Rows, f64::NAN, 0.0, "data.rows = NaN is not a share from 0 to 1");
        let skewed = "data.skew weighs single samples, and data.columns draws none; leave one of them out";
        check("cyclic:5", Part::Columns, 0.5, 1.0, skewed);
    }
}
