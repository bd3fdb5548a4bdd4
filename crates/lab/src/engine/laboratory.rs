//! The laboratory itself: points to runs to readings.

use super::arrays::arrays;
use super::groups::GroupTask;
use super::identity::holds;
use super::knobs::{self, SampleKnob, TASK};
use super::observables;
use super::trained::Trained;
use crate::LabError;
use crate::specification::specification;
use dunwu::measure::DERIVED_VERSION;
use dunwu::spec_file;
use dunwu::store::RunId;
use dunwu_engine::RunSpec;
use dunwu_engine::split::sample_size;
use dunwu_science::lab::{Lab, LabCard, Point, Reading, Setting};

/// The engine as a laboratory. Its readings have the same bits on every machine (`numerics=exact`).
pub struct EngineLab {
    card: LabCard,
    groups: Vec<GroupTask>,
    samples: SampleKnob,
}

/// A run that can be made: what is asked, of which group.
struct Planned<'a> {
    spec: RunSpec,
    group: &'a GroupTask,
}

impl EngineLab {
    /// With the number of training samples said in one of two ways.
    ///
    /// # Errors
    ///
    /// Where the irreps of a group cannot be told apart, which would be a bug.
    pub fn new(samples: SampleKnob) -> Result<Self, LabError> {
        let groups = GroupTask::all()?;
        let said = match samples {
            SampleKnob::Fraction => "",
            SampleKnob::Samples => " by samples",
        };
        let card = LabCard {
            name: format!("engine {DERIVED_VERSION}{said}"),
            knobs: knobs::knobs(samples, &groups),
            observables: observables::observables(),
        };
        Ok(Self { card, groups, samples })
    }

    /// The spec of the run at a point, as `dunwu run` takes it.
    ///
    /// # Errors
    ///
    /// A sentence with its remedy where no run can be made there.
    pub fn spec(&self, point: &Point, seed: u32) -> Result<RunSpec, String> {
        self.plan(point, seed).map(|planned| planned.spec)
    }

    fn plan(&self, point: &Point, seed: u32) -> Result<Planned<'_>, String> {
        if let Some(fault) = self.card.fault(point) {
            return Err(fault);
        }
        let spec = knobs::spec(&self.card, self.samples, point, seed)?;
        let task = match self.card.knob(TASK).map(|knob| self.card.setting(point, knob)) {
            Some(Setting::Level(task)) => task.as_str(),
            _ => "",
        };
        let group = self.groups.iter().find(|group| group.spelling == task);
        let group = group.ok_or_else(|| format!("{task:?} is no task of this laboratory"))?;
        let population = group.problem.n_population();
        // At least one sample has to be held out, or nothing can generalize.
        let too_many = |n: String| {
            format!(
                "{n} training samples leave none of the {population} of {task} to be held out; take fewer, or a larger group"
            )
        };
        match sample_size(&group.problem, &spec.data.sampling) {
            Ok(n) if n < population => Ok(Planned { spec, group }),
            Ok(n) => Err(too_many(n.to_string())),
            Err(error) => Err(format!("{error}; take fewer, or a larger group")),
        }
    }

    /// Which run it is: the hash of its spec, under the name of this laboratory, which has its versions.
    fn specification(&self, spec: &RunSpec) -> String {
        RunId::of(&format!("{}\n{}\n", self.card.name, spec_file::id(spec, &[]))).to_string()
    }

    /// Of a run that could not be made.
    fn refused(&self, point: &Point, seed: u32, why: &str) -> Reading {
        Reading { outcomes: observables::missing(why), steps: 0, specification: specification(&self.card, point, seed) }
    }
}

impl Lab for EngineLab {
    fn card(&self) -> &LabCard {
        &self.card
    }

    /// 0 where no run can be made, so that whoever plans runs knows before.
    fn most_steps(&self, point: &Point) -> u64 {
        self.plan(point, 0).map_or(0, |planned| planned.spec.steps)
    }

    fn run(&self, point: &Point, seed: u32) -> Reading {
        let planned = match self.plan(point, seed) {
            Ok(planned) => planned,
            Err(why) => return self.refused(point, seed, &why),
        };
        match Trained::train(&planned.spec, planned.group) {
            Ok(trained) => Reading {
                outcomes: observables::outcomes(&trained),
                steps: trained.steps,
                specification: self.specification(&planned.spec),
            },
            Err(why) => self.refused(point, seed, &why),
        }
    }

    fn states(&self, point: &Point, seed: u32) -> Vec<(String, usize, Vec<f64>)> {
        let Ok(planned) = self.plan(point, seed) else { return Vec::new() };
        Trained::train(&planned.spec, planned.group).map_or_else(|_| Vec::new(), |trained| arrays(&trained))
    }

    fn identities(&self, point: &Point, seed: u32, equalities: &[(String, String, String)]) -> Vec<(String, bool)> {
        let arrays = self.states(point, seed);
        let tried = equalities.iter().filter_map(|(id, left, right)| Some((id.clone(), holds(&arrays, left, right)?)));
        tried.collect()
    }
}
