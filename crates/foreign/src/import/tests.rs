//! A log that is imported while it grows comes to what it comes to at once, and both to what its lines say one by one.

use super::{ImportError, Novelty, import_source, sources};
use crate::run::ForeignRecord;
use dunwu::store::RunDir;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Losses by step after each line in turn: a line whose step is not above the last takes back all from its step on.
fn one_by_one(lines: &[(u64, f64)]) -> BTreeMap<u64, f64> {
    let mut kept = BTreeMap::new();
    for &(step, loss) in lines {
        kept.retain(|&earlier, _| earlier < step);
        kept.insert(step, loss);
    }
    kept
}

/// A run of ten evaluations or more, not at every step, that went back to an earlier step once or twice; mostly to one where it had none.
fn resumed() -> impl Strategy<Value = Vec<(u64, f64)>> {
    let gaps = proptest::collection::vec(1..4_u64, 10..25);
    let back = || (0..30_u64, proptest::collection::vec(1..4_u64, 3..10));
    (gaps, back(), proptest::option::of(back()), 0..97_u64).prop_map(|(gaps, back, again, seed)| {
        let mut steps = vec![0];
        let go_on = |from: u64, gaps: Vec<u64>, steps: &mut Vec<u64>| {
            let mut step = from;
            gaps.into_iter().for_each(|gap| {
                step += gap;
                steps.push(step);
            });
        };
        go_on(0, gaps, &mut steps);
        for (to, gaps) in [Some(back), again].into_iter().flatten() {
            let last = *steps.last().unwrap_or(&0);
            go_on(to.min(last), gaps, &mut steps);
        }
        steps.into_iter().zip(0_u64..).map(|(step, place)| (step, (seed * 31 + place) as f64 / 8.0)).collect()
    })
}

fn import(folder: &Path, lines: &[(u64, f64)]) -> Result<(Novelty, usize, BTreeMap<u64, f64>), ImportError> {
    let file = folder.join("log.jsonl");
    let texts =
        lines.iter().map(|(step, loss)| format!("{{\"step\": {step}, \"train_loss\": {loss}, \"n\": {}}}\n", -loss));
    std::fs::write(&file, texts.collect::<String>()).unwrap();
    let imported = import_source(&sources(&file).unwrap()[0], None, &folder.join("runs"))?;
    let record = ForeignRecord::read(&RunDir::open(imported.run).unwrap()).unwrap();
    let series = |name: &str| {
        let found = record.series().into_iter().find(|one| one.name == name).unwrap();
        found.steps.into_iter().zip(found.values).collect::<BTreeMap<u64, f64>>()
    };
    let losses = series("train_loss");
    assert!(series("n").iter().all(|(step, value)| losses[step] == -value));
    Ok((imported.novelty, imported.n_new, losses))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_log_that_grew_in_between_comes_to_what_its_lines_say(lines in resumed(), cut in 5..30_usize) {
        let folder = tempfile::tempdir().unwrap();
        let cut = cut.min(lines.len());
        let (novelty, n_new, first) = import(folder.path(), &lines[..cut]).unwrap();
        prop_assert_eq!((novelty, n_new), (Novelty::New, 2 * first.len()));
        prop_assert_eq!(&first, &one_by_one(&lines[..cut]));

        let (_, n_new, grown) = import(folder.path(), &lines).unwrap();
        let whole = one_by_one(&lines);
        prop_assert_eq!(&grown, &whole);
        // What was there already, and stays, is not recorded again.
        let common = whole.iter().zip(&first).take_while(|(a, b)| a == b).count();
        prop_assert_eq!(n_new, 2 * (whole.len() - common));

        let (novelty, n_new, again) = import(folder.path(), &lines).unwrap();
        prop_assert_eq!((novelty, n_new), (Novelty::Same, 0));
        prop_assert_eq!(again, whole);
    }
}

#[test]
fn a_log_that_was_written_anew_is_no_continuation() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<(u64, f64)> = (0..8).map(|step| (step, step as f64)).collect();
    import(folder.path(), &lines).unwrap();
    let mut other = lines.clone();
    other[5].1 = 50.0;
    other[6].1 = 60.0;
    let error = import(folder.path(), &other).unwrap_err();
    assert!(
        matches!(&error, ImportError::Other { series, step: 5, .. } if series == "train_loss" || series == "n"),
        "{error}"
    );
    let (novelty, _, kept) = import(folder.path(), &lines).unwrap();
    assert_eq!((novelty, kept.len()), (Novelty::Same, 8));
}

#[test]
fn a_log_without_a_number_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.jsonl");
    std::fs::write(&file, "{\"step\": 1, \"note\": \"begun\"}\n").unwrap();
    let error = import_source(&sources(&file).unwrap()[0], None, folder.path()).unwrap_err();
    assert!(error.to_string().contains("log.jsonl"), "{error}");
}
