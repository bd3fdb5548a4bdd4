//! The page of a foreign run is sound whatever was recorded, and its numbers are the record's.

use super::answer::with_arrays;
use super::*;
use crate::drawing_checks::{assert_page_sound, assert_sound};
use crate::{draw, skin};
use dunwu_foreign::recorded::{ForeignRun, RecordedRun};
use dunwu_foreign::run::{ForeignEnd, ForeignError, ForeignTensor, ForeignWriter, Known};
use tempfile::TempDir;

fn recorded(record: impl FnOnce(&mut ForeignWriter) -> Result<(), ForeignError>) -> (TempDir, ForeignRun) {
    let root = tempfile::tempdir().unwrap();
    let known = Known::from(
        [("framework", "PyTorch"), ("parameters", "10500"), ("steps", "200")]
            .map(|(a, b)| (a.to_owned(), b.to_owned())),
    );
    let mut writer = ForeignWriter::create(root.path(), "mine", &known).unwrap();
    record(&mut writer).unwrap();
    let dir = writer.finish(ForeignEnd::Finished).unwrap();
    let RecordedRun::Foreign(run) = RecordedRun::open(dir).unwrap() else { panic!("it is foreign") };
    (root, *run)
}

type Recording = fn(&mut ForeignWriter) -> Result<(), ForeignError>;

/// A run with something of every kind.
fn whole(writer: &mut ForeignWriter) -> Result<(), ForeignError> {
    for step in 0..200_u64 {
        let x = step as f64;
        writer
            .scalars(step, &[("train/loss", 2.0 / (1.0 + x)), ("lr", 1e-3 * (1.0 - x / 200.0)), ("opt/beta", 0.9)])?;
        if step % 10 == 0 {
            writer.scalars(step, &[("val/loss", 2.5 / (1.0 + x)), ("val/accuracy", 100.0 - 90.0 / (1.0 + x))])?;
            for layer in ["fc1", "fc2", "head"] {
                let units: Vec<f32> = (0..100).map(|unit| (unit as f32 + 1.0) * (step as f32 + 1.0)).collect();
                writer.units(step, layer, "weight_norm", &units)?;
                writer.units(step, layer, "gradient_norm", &[1.0 / (step as f32 + 1.0)])?;
            }
            // Four equal singular values: the effective rank is 4; later one alone: it is 1.
            let spectrum = if step < 100 { [2.0, 2.0, 2.0, 2.0] } else { [3.0, 0.0, 0.0, 0.0] };
            writer.units(step, "fc1", "weight_spectrum", &spectrum)?;
        }
    }
    let bytes = 1.0_f32.to_le_bytes().to_vec();
    writer.snapshot(199, &[ForeignTensor { name: "w".into(), dtype: "F32".into(), shape: vec![1], bytes }])?;
    writer.mark(100, "the learning rate was \"halved\" <here>")
}

#[test]
fn every_figure_of_a_page_is_sound_and_says_what_was_recorded() {
    let (_root, run) = recorded(whole);
    let answer = with_arrays(&run).unwrap();
    for figure in answer.figures() {
        if let Some(svg) = draw::svg(figure) {
            assert_sound(&svg, &figure.name);
        }
    }
    assert_page_sound(&skin::page(&answer), "foreign");
    let names: Vec<&str> = answer.figures().map(|figure| figure.name.as_str()).collect();
    assert_eq!(
        names,
        ["curves", "layers", "spectra", "units-fc1-weight-norm", "units-fc2-weight-norm", "units-head-weight-norm"]
    );
    let caption = |name: &str| answer.figures().find(|figure| figure.name == name).unwrap().caption.clone();
    assert!(caption("spectra").contains("the effective rank of fc1 goes from 4 to 1"), "{}", caption("spectra"));
    assert!(
        caption("units-fc1-weight-norm").contains("Each row is the mean of 2 units"),
        "{}",
        caption("units-fc1-weight-norm")
    );
    // 100 − 90/191 percent at step 190, which is a share.
    let last = 1.0 - 0.9 / 191.0;
    assert!(
        answer.headline.starts_with("mine finished at step 199, with val/loss 0.0131, val/accuracy 99.5 %"),
        "{} {last}",
        answer.headline
    );
    assert_eq!(answer.setup, "recorded by PyTorch, 10,500 parameters");
    let text: Vec<String> = skin::terminal(&answer).split_whitespace().map(str::to_owned).collect();
    assert!(text.join(" ").contains("the learning rate was \"halved\" <here>"), "{text:?}");
    assert!(answer.story().any(|sentence| sentence.contains("are not defined for it")));
}

#[test]
fn a_run_of_which_next_to_nothing_was_recorded_is_shown_all_the_same() {
    let nothing = |_: &mut ForeignWriter| Ok(());
    let one = |writer: &mut ForeignWriter| writer.scalars(0, &[("loss", f64::NAN)]);
    let broken = |writer: &mut ForeignWriter| {
        for step in 0..3 {
            writer.scalars(step, &[("loss", [f64::INFINITY, -1.0, 1e99][step as usize]), ("acc", f64::NAN)])?;
            writer.units(step, "fc", "norm", &[f32::NAN, f32::INFINITY])?;
            writer.units(step, "fc", "one", &[f32::NAN])?;
            writer.units(step, "fc", "spectrum", &[0.0, f32::NAN])?;
            writer.units(step, "fc", "empty", &[])?;
        }
        Ok(())
    };
    let late = |writer: &mut ForeignWriter| {
        writer.units(8_999_999_999_999_999, "fc", "norm", &[1.0, 2.0])?;
        writer.scalars(8_999_999_999_999_999, &[("loss", 1.0)])
    };
    let records: [Recording; 4] = [nothing, one, broken, late];
    for (place, record) in records.into_iter().enumerate() {
        let (_root, run) = recorded(record);
        let answer = with_arrays(&run).unwrap();
        for figure in answer.figures() {
            if let Some(svg) = draw::svg(figure) {
                assert_sound(&svg, &format!("{place}: {}", figure.name));
            }
        }
        assert_page_sound(&skin::page(&answer), "foreign");
        assert!(!skin::terminal(&show(&run)).is_empty());
        assert_eq!(crate::verbs::mistakes("foreign", &skin::json(&answer)), [""; 0]);
    }
}

#[test]
fn a_run_beside_itself_is_the_same_and_beside_another_one_says_where_they_part() {
    let (_root, run) = recorded(whole);
    let (_other_root, other) = recorded(|writer| {
        for step in 0..50 {
            let shift = if step < 20 { 0.0 } else { 0.5 };
            writer.scalars(step, &[("train/loss", 2.0 / (1.0 + step as f64) + shift), ("test_acc", 0.5)])?;
        }
        writer.learn(&Known::from([("steps".to_owned(), "50".to_owned())]))
    });
    let dir = run.dir.clone();
    let [run, again] = [run.dir.clone(), dir].map(|dir| RecordedRun::open(dir).unwrap());
    let other = RecordedRun::open(other.dir).unwrap();
    let same = compare([&run, &again]).unwrap();
    assert!(same.headline.contains("the same val/loss at every step"), "{}", same.headline);
    let parted = compare([&run, &other]).unwrap();
    assert_eq!(crate::verbs::mistakes("compare-foreign", &skin::json(&parted)), [""; 0]);
    let loss =
        parted.data["shared"].as_array().unwrap().iter().find(|one| one["names"][0] == "train/loss").unwrap().clone();
    assert_eq!((&loss["same_until"], &loss["parts_at"]), (&19.into(), &20.into()));
    assert_eq!(loss["at_last_common"][0], 49);
    // 2 · (1 + 49)⁻¹ in the one, half a unit more in the other.
    assert!((loss["at_last_common"][2].as_f64().unwrap() - 0.54).abs() < 1e-12);
    let accuracy =
        parted.data["shared"].as_array().unwrap().iter().find(|one| one["names"][0] == "val/accuracy").unwrap();
    assert_eq!(accuracy["names"][1], "test_acc", "paired by what they are");
    assert_eq!(parted.data["differing"][0]["key"], "steps");
    for figure in same.figures().chain(parted.figures()) {
        assert_sound(&draw::svg(figure).unwrap(), &figure.name);
    }
}
