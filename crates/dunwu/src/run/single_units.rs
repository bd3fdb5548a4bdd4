//! Hidden units of a recorded run, one by one: their weights, the peak above, and what the network answers without them.

use super::{RunRequest, open};
use crate::landscape::climbing::{PeakAbove, peaks_above};
use crate::measure::label::reference_norm;
use crate::measure::{self, Handle, shape};
use crate::opened::{Opened, measured_frame};
use crate::store::{Record, RunDir};
use crate::verb::{VerbError, Watcher};
use dunwu_engine::Snapshot;
use dunwu_engine::kernel::Workers;
use dunwu_engine::model::Weights;
use schemars::JsonSchema;
use serde::Serialize;

/// Some units of a run at one snapshot.
#[derive(Clone, Debug)]
pub struct SingleUnits {
    /// Which frame of the run the snapshot is.
    pub frame_idx: usize,
    /// The units, in the order in which they were asked for.
    pub units: Vec<SingleUnit>,
    /// Why no unit has a peak above, where that is so for the whole run.
    pub no_peaks: Option<String>,
    /// What the network answers as it is.
    pub with: Answers,
    /// What it answers with all of these units switched off.
    pub without: Answers,
}

/// One unit.
#[derive(Clone, Debug, PartialEq)]
pub struct SingleUnit {
    /// Its number, from 0.
    pub unit: usize,
    /// Its weight for each token of each operand, `[operand][token]`; empty where units do not read tokens.
    pub inputs: Vec<Vec<f32>>,
    /// Its weight for each label.
    pub outputs: Vec<f32>,
    /// The peak above it; `None` where it is dead or the run has no landscape.
    pub peak: Option<PeakAbove>,
}

/// Losses and accuracies of a network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Answers {
    /// Loss on the training sample.
    pub train_loss: Option<f64>,
    /// Share of the training sample that is answered as it is labelled.
    pub train_accuracy: Option<f64>,
    /// Loss on the samples held out.
    pub test_loss: Option<f64>,
    /// Share of the samples held out that is answered right.
    pub test_accuracy: Option<f64>,
}

/// Looks at the hidden units of these numbers in the run in `dir`, at its snapshot at `step`, the last one where that is `None`; hands out the
/// opened run as well.
pub fn single_units(
    dir: &RunDir,
    units: &[usize],
    step: Option<u64>,
    watcher: &mut Watcher<'_>,
) -> Result<(Opened, SingleUnits), VerbError> {
    let opened = open(dir, watcher)?;
    let (request, record) = (RunRequest::from_run(dir)?, Record::read(dir)?);
    let frame_idx = frame_at(&opened, step)?;
    let first = record.snapshots.first().expect("a frame is that of a snapshot").step;
    let (initial, snapshot) = (record.load_snapshot(first)?, record.load_snapshot(opened.frames[frame_idx].step)?);
    let looked = of_snapshot(&opened, &request, frame_idx, (&initial, &snapshot), units)?;
    Ok((opened, looked))
}

/// The same of a run that is in memory; `initial` is its first snapshot and `snapshot` that of the frame.
pub fn of_snapshot(
    opened: &Opened,
    request: &RunRequest,
    frame_idx: usize,
    (initial, snapshot): (&Snapshot, &Snapshot),
    units: &[usize],
) -> Result<SingleUnits, VerbError> {
    let RunRequest { spec, problem, split, decomposition, .. } = request;
    let n_units = snapshot.weights.n_units;
    if let Some(unknown) = units.iter().find(|&&unit| unit >= n_units) {
        let last = n_units.saturating_sub(1);
        return Err(VerbError::usage(format!("there is no unit {unknown}: units of this run go from 0 to {last}")));
    }
    let answers = |snapshot: &Snapshot| -> Result<Answers, VerbError> {
        let wanted = [measure::TRAIN_LOSS, measure::TRAIN_ACCURACY, measure::TEST_LOSS, measure::TEST_ACCURACY];
        let places = wanted.map(Handle::<shape::Scalar>::index);
        let frame = measured_frame((spec, problem, split), None, initial, snapshot, &places)?;
        let [train_loss, train_accuracy, test_loss, test_accuracy] = wanted.map(|handle| frame.scalar(handle));
        Ok(Answers { train_loss, train_accuracy, test_loss, test_accuracy })
    };
    let chosen = rows_of(&snapshot.weights, units);
    let largest_norm = reference_norm(&snapshot.weights, &initial.weights);
    let peaks = match opened.why_no_token_weights() {
        Some(why) => Err(why),
        None => {
            let workers = Workers::new(1).expect("one thread is always there");
            peaks_above((spec, problem, split), decomposition.as_ref(), &chosen, largest_norm, &workers)
                .map_err(|error| error.to_string())
        }
    };
    let (peaks, no_peaks) = match peaks {
        Ok(peaks) => (peaks, None),
        Err(why) => (vec![None; units.len()], Some(why)),
    };
    let single = |(place, (&unit, peak)): (usize, (&usize, Option<PeakAbove>))| {
        let mut weights = chosen.unit_inputs(place);
        let operands = problem.operand_sizes.iter().filter(|_| chosen.n_inputs > 0);
        let inputs = operands.map(|&size| weights.by_ref().take(size).collect()).collect();
        SingleUnit { unit, inputs, outputs: chosen.unit_outputs(place).to_vec(), peak }
    };
    Ok(SingleUnits {
        units: units.iter().zip(peaks).enumerate().map(single).collect(),
        no_peaks,
        with: answers(snapshot)?,
        without: answers(&snapshot.without_units(spec, units))?,
        frame_idx,
    })
}

/// Which frame is that of `step`; the last one where that is `None`.
pub fn frame_at(opened: &Opened, step: Option<u64>) -> Result<usize, VerbError> {
    let Some(step) = step else {
        let nothing = || VerbError::usage("the run has no snapshot yet: wait until its first step is made");
        return opened.frames.len().checked_sub(1).ok_or_else(nothing);
    };
    opened.frames.iter().position(|frame| frame.step == step).ok_or_else(|| {
        let nearest = opened.frames.iter().map(|frame| frame.step).min_by_key(|other| other.abs_diff(step));
        let remedy = nearest.map_or_else(String::new, |nearest| format!(": the nearest one is that of step {nearest}"));
        VerbError::usage(format!("there is no snapshot of step {step}{remedy}"))
    })
}

/// The weights of some units alone, in this order.
fn rows_of(weights: &Weights, units: &[usize]) -> Weights {
    let mut chosen = Weights::zeros(weights.n_inputs, units.len(), weights.n_labels);
    for (place, &unit) in units.iter().enumerate() {
        for (token, weight) in weights.unit_inputs(unit).enumerate() {
            chosen.hidden[token * units.len() + place] = weight;
        }
        chosen.top[place * weights.n_labels..][..weights.n_labels].copy_from_slice(weights.unit_outputs(unit));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opened::Opening;
    use dunwu_engine::{Scalars, Training};

    fn request(words: &[&str]) -> RunRequest {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        RunRequest::from_words(&words).unwrap()
    }

    /// Every evaluation and snapshot of a run.
    fn trained(request: &RunRequest) -> (Vec<Scalars>, Vec<Snapshot>, Opened) {
        let RunRequest { spec, problem, split, decomposition, .. } = request;
        let mut opening = Opening::new(spec, problem, split, decomposition.as_ref());
        let mut training = Training::new(spec, problem, split, 1).unwrap();
        let (mut scalars, mut snapshots) = (Vec::new(), Vec::new());
        loop {
            let advanced = training.advance();
            scalars.extend(advanced.scalars);
            if let Some(snapshot) = advanced.snapshot {
                opening.add(&snapshot).unwrap();
                snapshots.push(snapshot);
            }
            if let Some(outcome) = advanced.outcome {
                return (scalars.clone(), snapshots, opening.finish(scalars, outcome));
            }
        }
    }

    /// The oracle is the engine: it ablates the units while it trains, and evaluates before its next update.
    #[test]
    fn what_a_network_answers_without_units_is_what_the_engine_evaluates() {
        let transformer = ["nanda-2023", "task=cyclic:5", "data.fraction=0.6", "model.width=16", "model.heads=2"];
        let networks: [&[&str]; 4] = [
            &["small", "task=cyclic:7", "model.width=16"],
            &["small", "task=cyclic:7", "model.width=16", "model.architecture=mlp", "model.depth=2"],
            &["merrill-2023", "model.width=16"],
            &transformer,
        ];
        for words in networks {
            let all = |more: &[&str]| {
                request(
                    &[
                        words,
                        &["steps=21", "events.stop_after=0", "record.snapshot_every=20", "record.evaluate_every=1"],
                        more,
                    ]
                    .concat(),
                )
            };
            let (plain, ablated) = (all(&[]), all(&["interventions=at 20 ablate units 1,3"]));
            let (_, snapshots, opened) = trained(&plain);
            let (scalars, _, _) = trained(&ablated);
            let frame_idx = opened.frames.iter().position(|frame| frame.step == 20).unwrap();
            let evaluated = scalars.iter().find(|row| row.step == 20).unwrap();
            let looked =
                of_snapshot(&opened, &plain, frame_idx, (&snapshots[0], &snapshots[frame_idx]), &[1, 3]).unwrap();
            let near = |a: Option<f64>, b: f64| (a.unwrap() - b).abs() <= 1e-5 * b.abs().max(1.0);
            assert!(near(looked.without.train_loss, evaluated.train_loss), "{words:?}: {looked:?} {evaluated:?}");
            assert_eq!(looked.without.train_accuracy, Some(evaluated.train_accuracy), "{words:?}");
            assert_eq!(looked.without.test_accuracy, evaluated.test_accuracy, "{words:?}");
            assert_ne!(looked.with.train_loss, looked.without.train_loss, "{words:?}");
        }
    }

    #[test]
    fn a_unit_or_a_snapshot_that_there_is_not_is_named() {
        let plain = request(&["small", "task=cyclic:5", "model.width=8", "steps=3"]);
        let (_, snapshots, opened) = trained(&plain);
        let why = |units: &[usize]| {
            of_snapshot(&opened, &plain, 0, (&snapshots[0], &snapshots[0]), units).unwrap_err().sentence()
        };
        assert_eq!(why(&[8]), "there is no unit 8: units of this run go from 0 to 7");
        assert!(frame_at(&opened, Some(999)).unwrap_err().sentence().contains("the nearest one is that of step"));
        assert_eq!(frame_at(&opened, None).unwrap(), opened.frames.len() - 1);
    }

    #[test]
    fn weights_are_those_of_the_units_that_were_asked_for() {
        let plain = request(&["small", "task=cyclic:5", "model.width=8", "steps=3"]);
        let (_, snapshots, opened) = trained(&plain);
        let weights = &snapshots[0].weights;
        let looked = of_snapshot(&opened, &plain, 0, (&snapshots[0], &snapshots[0]), &[6, 2]).unwrap();
        for single in &looked.units {
            let flat: Vec<f32> = single.inputs.concat();
            assert_eq!(flat, weights.unit_inputs(single.unit).collect::<Vec<_>>());
            assert_eq!(single.inputs.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5]);
            assert_eq!(single.outputs, weights.unit_outputs(single.unit));
        }
    }
}
