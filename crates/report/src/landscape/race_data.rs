//! What programs read of a race.

use super::race::axis_name;
use dunwu::landscape::race::{Crossing, Estimate, RacePoint, Standing};
use dunwu::landscape::{EnergyKind, PeakKind, Race, RaceCourse};
use dunwu::stats::median;
use schemars::JsonSchema;
use serde::Serialize;

/// What programs read of a race.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RaceData {
    /// The task: `cyclic:23`.
    task: String,
    /// What is varied: `training samples n`, or the key of a setting.
    axis: String,
    /// The energy that was asked for, that of `points`.
    energy: EnergyKind,
    /// Random starts a landscape.
    restarts: usize,
    /// Sample seeds.
    seeds: Vec<u64>,
    /// M ln M with M labels; `null` where n is not what is varied, or the task is no group.
    m_log_m: Option<f64>,
    /// One point a value of the axis.
    points: Vec<PointData>,
    /// From where on the highest feature peak is above the highest memory peak.
    crossing: Option<CrossingData>,
    /// From where on more random starts end on feature than on memory peaks.
    basin_crossing: Option<CrossingData>,
    /// The same on the other energy.
    other: OtherCourseData,
    /// Theorem 4's sample size with its author's constant; `null` where the theorem says nothing.
    theory: Option<f64>,
    /// From where on short real runs generalize; `null` where none were made.
    training: Option<CrossingData>,
    /// The short real runs.
    runs: Vec<TrialData>,
}

/// The race on the energy that was not asked for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OtherCourseData {
    /// Which energy.
    energy: EnergyKind,
    /// One point a value of the axis.
    points: Vec<PointData>,
    /// From where on the highest feature peak is above the highest memory peak.
    crossing: Option<CrossingData>,
    /// From where on more random starts end on feature than on memory peaks.
    basin_crossing: Option<CrossingData>,
}

/// A value of the axis.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum AxisValue {
    /// A number.
    Number(f64),
    /// A name, such as that of an activation function.
    Name(String),
}

/// The landscapes at one value of the axis.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PointData {
    /// The value.
    value: AxisValue,
    /// Training samples of the first sample seed.
    n: Option<usize>,
    /// Memory peaks, medians over the samples.
    memory: KindData,
    /// Mixed peaks, medians over the samples.
    mixed: KindData,
    /// Feature peaks, medians over the samples.
    feature: KindData,
    /// Short real runs that generalize, and how many there were; `null` where none were made.
    trained: Option<(usize, usize)>,
    /// One landscape a sample seed.
    samples: Vec<SampleData>,
}

/// Peaks of one kind, medians over samples.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct KindData {
    /// Height of the highest; `null` where no sample has one.
    height: Option<f64>,
    /// Share of random starts that end on one.
    basin: Option<f64>,
}

/// The landscape of one sample.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SampleData {
    /// The sample's seed.
    seed: u64,
    /// Training samples.
    n: usize,
    /// Memory peaks.
    memory: BestData,
    /// Mixed peaks.
    mixed: BestData,
    /// Feature peaks.
    feature: BestData,
    /// Share of the whole population's peaks from which an ascent on the sample ends on a feature peak.
    kept: f64,
}

/// The peaks of one kind on one landscape.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BestData {
    /// Height of the highest; `null` where there is none.
    height: Option<f64>,
    /// What it stands for, in words.
    stands_for: Option<String>,
    /// Share of random starts that end on a peak of this kind.
    basin: f64,
    /// Lower end of its 95 % interval.
    basin_low: f64,
    /// Upper end of its 95 % interval.
    basin_high: f64,
}

/// Where something overtakes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CrossingData {
    /// The value of the axis; `null` where most samples do not cross within it.
    n: Option<f64>,
    /// Lower end of the 95 % interval; `null` where it is not known.
    low: Option<f64>,
    /// Upper end of the 95 % interval; `null` where it is not known.
    high: Option<f64>,
    /// Whether feature peaks lead before the crossing and not after it, as when labels are corrupted.
    falls: bool,
    /// `n` in units of M ln M; `null` without that unit.
    n_mlogm: Option<f64>,
    /// `low` in units of M ln M.
    low_mlogm: Option<f64>,
    /// `high` in units of M ln M.
    high_mlogm: Option<f64>,
    /// Where each sample crosses.
    samples: Vec<SampleCrossing>,
}

/// Where one sample crosses.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SampleCrossing {
    /// Before this value, the first that was looked at.
    Below(f64),
    /// At this value.
    At(f64),
    /// Not by this value, the last that was looked at.
    Beyond(f64),
}

/// A short real run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TrialData {
    /// Seed of its sample and of its weights.
    seed: u64,
    /// Training samples.
    n: u64,
    /// Highest test accuracy at any evaluation.
    test_accuracy: f64,
    /// Whether that is at least half-way from chance to 1.
    generalized: bool,
}

/// The data of a race.
pub(super) fn data(race: &Race<'_>) -> RaceData {
    let [asked, other] = &race.courses;
    let crossing = |estimate: &Option<Estimate>| estimate.as_ref().map(|estimate| crossing_data(race, estimate));
    RaceData {
        task: race.request.landscape.problem.name.clone(),
        axis: axis_name(race).to_owned(),
        energy: asked.energy,
        restarts: race.request.landscape.restarts,
        seeds: race.request.seeds.clone(),
        m_log_m: race.m_log_m,
        points: points(race, asked),
        crossing: crossing(&asked.crossing),
        basin_crossing: crossing(&asked.basin_crossing),
        other: OtherCourseData {
            energy: other.energy,
            points: points(race, other),
            crossing: crossing(&other.crossing),
            basin_crossing: crossing(&other.basin_crossing),
        },
        theory: race.critical,
        training: crossing(&race.training.estimate),
        runs: race
            .training
            .trials
            .iter()
            .map(|trial| TrialData {
                seed: trial.seed,
                n: trial.n_train,
                test_accuracy: trial.test_accuracy,
                generalized: trial.generalized,
            })
            .collect(),
    }
}

fn points(race: &Race<'_>, course: &RaceCourse) -> Vec<PointData> {
    let axis = &race.request.axis;
    let value = |i: usize, x: f64| {
        if axis.has_numbers { AxisValue::Number(x) } else { AxisValue::Name(axis.labels[i].clone()) }
    };
    let point = |(i, point): (usize, &RacePoint)| PointData {
        value: value(i, point.x),
        n: point.standings.first().map(|standing| standing.n_train),
        memory: kind_data(point, PeakKind::Memory),
        mixed: kind_data(point, PeakKind::Mixed),
        feature: kind_data(point, PeakKind::Feature),
        trained: race.training.of_value.get(i).copied().flatten(),
        samples: point.standings.iter().map(sample_data).collect(),
    };
    course.points.iter().enumerate().map(point).collect()
}

fn kind_data(point: &RacePoint, kind: PeakKind) -> KindData {
    let heights = point.standings.iter().filter_map(|standing| Some(standing.best(kind)?.height));
    let basins = point.standings.iter().map(|standing| standing.basin(kind).share);
    KindData { height: median(heights), basin: median(basins) }
}

fn sample_data(standing: &Standing) -> SampleData {
    let best = |kind: PeakKind| {
        let basin = standing.basin(kind);
        BestData {
            height: standing.best(kind).map(|best| best.height),
            stands_for: standing.best(kind).map(|best| best.name.clone()),
            basin: basin.share,
            basin_low: basin.low,
            basin_high: basin.high,
        }
    };
    SampleData {
        seed: standing.seed,
        n: standing.n_train,
        memory: best(PeakKind::Memory),
        mixed: best(PeakKind::Mixed),
        feature: best(PeakKind::Feature),
        kept: standing.kept,
    }
}

fn crossing_data(race: &Race<'_>, estimate: &Estimate) -> CrossingData {
    let in_units = |x: Option<f64>| x.zip(race.m_log_m).map(|(x, unit)| x / unit);
    let of_sample = |crossing: &Crossing| match *crossing {
        Crossing::Below(x) => SampleCrossing::Below(x),
        Crossing::At(x) => SampleCrossing::At(x),
        Crossing::Beyond(x) => SampleCrossing::Beyond(x),
    };
    CrossingData {
        n: estimate.at,
        low: estimate.low,
        high: estimate.high,
        falls: estimate.falls,
        n_mlogm: in_units(estimate.at),
        low_mlogm: in_units(estimate.low),
        high_mlogm: in_units(estimate.high),
        samples: estimate.of_seed.iter().map(of_sample).collect(),
    }
}
