//! The verb `peaks`: the peaks of one landscape in sentences, a table, a section through the two highest, and what each looks like.

use super::peaks_chart::chart;
use super::{THEORY, sigma};
use crate::words::{count, number, percent};
use dunwu::answer::{Answer, Block, Fact, Figure, Section, Slides, Table, TableCell, object};
use dunwu::group::{Irrep, IrrepKind};
use dunwu::landscape::peaks::{Peak, Peaks};
use dunwu::landscape::{
    Agreement, EnergyKind, Landscape, LandscapeRequest, Maximum, PeakKind, PeakSurvey, PeaksRequest, Token, theory,
};
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::model::Activation;
use schemars::JsonSchema;
use serde::Serialize;

/// What programs read of the peaks of one landscape.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PeaksData {
    /// The task: `cyclic:23`.
    task: String,
    /// Training samples.
    n: usize,
    /// All samples that there are.
    population: usize,
    /// The energy that was climbed.
    energy: EnergyKind,
    /// The activation function σ, as people write it.
    #[schemars(extend("enum" = Activation::ALL.map(sigma)))]
    activation: &'static str,
    /// Seed of the sample and of the random starts.
    seed: u64,
    /// The peaks, those together that the problem's symmetries make one: feature peaks first, each kind from the highest down.
    peaks: Vec<PeakData>,
    /// Random starts.
    restarts: usize,
    /// Ascents a second on this machine; null where there is no clock, as in a page.
    restarts_per_second: Option<f64>,
    /// Share of the whole population's peaks from which an ascent on the sample ends on a feature peak.
    kept: f64,
    /// Random starts without anything to climb.
    flat: usize,
    /// Random starts that ended where no peak could be certified.
    uncertified: usize,
    /// What has to be said beside the table, in sentences.
    remarks: Vec<String>,
}

/// One peak, or all those that the problem's symmetries make one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PeakData {
    /// What a unit does that has climbed it.
    kind: PeakKind,
    /// What it stands for, in words: `frequency 3`.
    stands_for: String,
    /// Whether more than half of ‖w‖² lies on two input weights.
    focused: bool,
    /// E of the unit vector on the highest of them.
    height: f64,
    /// E on the lowest of them.
    height_lowest: f64,
    /// Raw energy of the highest on the whole population.
    height_population: f64,
    /// Share of random starts that end on one of them.
    basin: f64,
    /// Lower end of its 95 % interval.
    basin_low: f64,
    /// Upper end of its 95 % interval.
    basin_high: f64,
    /// Distinct maxima that are one up to translations, signs and phases.
    maxima: usize,
    /// The irrep with most of the power of the highest; `null` where the task is no group.
    irrep: Option<IrrepData>,
    /// The share of its non-trivial power in that irrep.
    purity: Option<f64>,
    /// 1 / Σ w⁴: how many input weights it spreads over.
    participation: f64,
    /// How far up a peak of the whole population it stands, from 0 to 1; `null` where the task is no group.
    population_share: Option<f64>,
    /// Class signal on held-out samples over that on training samples; `null` where the sample shows none.
    carry_over: Option<f64>,
    /// Tokens with more than a tenth of ‖w‖² each, largest first.
    tokens: Vec<Token>,
    /// Norm of the gradient along the sphere.
    gradient_norm: f64,
    /// Largest eigenvalue of the Hessian along the sphere, flat directions apart; a peak has none above zero.
    hessian_max: f64,
    /// Smallest eigenvalue of the Hessian along the sphere.
    hessian_min: f64,
    /// Directions along which its height stays the same.
    flat_directions: usize,
}

/// An irrep of the task.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IrrepData {
    /// Its name: `frequency 3`.
    name: String,
    /// Its dimension over the complex numbers.
    degree: usize,
    /// Its Frobenius–Schur type.
    r#type: IrrepKind,
}

/// Peaks that the table or the drawing lists before it only counts them.
pub(super) const SHOWN: usize = 24;

/// Finds the peaks and says what they are.
pub fn answer(request: &PeaksRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(answer_of(request, &request.survey(watcher)?))
}

fn answer_of(request: &PeaksRequest, survey: &PeakSurvey<'_>) -> Answer {
    let LandscapeRequest { spec, problem, energy, restarts, .. } = &request.landscape;
    let PeakSurvey { landscape, peaks, .. } = survey;
    let remarks = remarks(request, survey);
    let setup = format!(
        "{} of {} samples · σ = {} · {} energy · {} random starts",
        count(request.split.train.len() as u64),
        count(problem.n_population() as u64),
        sigma(spec.model.activation),
        energy.name(),
        count(*restarts as u64)
    );
    let table = Block::Table(table(landscape, peaks));
    Answer {
        verb: "peaks",
        title: spec.task.to_string(),
        setup,
        headline: headline(landscape, peaks),
        sentences: basins(peaks).into_iter().chain(remarks.clone()).collect(),
        sections: vec![
            Section::untitled(vec![mountains(survey), Block::Figure(figure(landscape, peaks))]),
            Section::everywhere("The peaks in numbers", vec![table]),
            Section::of_page("Words used here", vec![Block::Words(words())]),
        ],
        sources: vec![THEORY.to_owned()],
        data: object(&data(request, survey, remarks)),
    }
}

/// The section through the two highest peaks; where there are not both, why not.
fn mountains(survey: &PeakSurvey<'_>) -> Block {
    match &survey.mountains {
        Ok(terrain) => {
            let through = match terrain.marks.as_slice() {
                [left, right, ..] if left.kind == right.kind => {
                    format!("the two highest {} peaks, because there is none of the other kind", left.kind.name())
                }
                _ => "the highest memory and the highest feature peak".to_owned(),
            };
            let caption = format!("A section through {through}; every height is the energy of a unit there.");
            Block::Slides(Slides {
                name: "mountains".to_owned(),
                title: format!("The mountains, {} energy", survey.landscape.kind.name()),
                start: 0,
                labels: vec![format!("n = {}", terrain.n_train)],
                captions: vec![caption],
                terrains: vec![terrain.clone()],
            })
        }
        Err(why) => Block::Figure(Figure::undefined("mountains", "The mountains", &why.to_string())),
    }
}

fn figure(landscape: &Landscape<'_>, peaks: &Peaks) -> Figure {
    const TITLE: &str = "What stands on each peak";
    if peaks.classes.is_empty() {
        return Figure::undefined("peaks", TITLE, "no peak was found");
    }
    let listed = match peaks.classes.len() {
        all if all > SHOWN => format!(" The first {SHOWN} of {all} peaks are shown."),
        _ => String::new(),
    };
    let caption = format!(
        "Weights of the unit on the highest of each peak, one bar an input weight, operands one after another; its height; the share of \
         {} random starts that end there, with its 95 % interval.{listed}",
        count(peaks.restarts as u64)
    );
    Figure::of_plots("peaks", TITLE, caption, chart(landscape, peaks))
}

/// Which kind of peak is the higher one.
fn headline(landscape: &Landscape<'_>, peaks: &Peaks) -> String {
    let described = |maximum: &Maximum| format!("{}, height {}", name(landscape, maximum), number(maximum.height));
    let best = |kind| peaks.best(kind);
    match (best(PeakKind::Feature), best(PeakKind::Memory), best(PeakKind::Mixed)) {
        (Some(feature), Some(memory), _) => format!(
            "The highest feature peak ({}) is {} than the highest memory peak ({}).",
            described(feature),
            if feature.height >= memory.height { "higher" } else { "lower" },
            described(memory)
        ),
        (Some(peak), None, _) => format!("There is no memory peak; the highest feature peak is {}.", described(peak)),
        (None, Some(peak), _) => format!("There is no feature peak; the highest memory peak is {}.", described(peak)),
        (None, None, Some(peak)) => {
            format!("There is neither a feature nor a memory peak; the highest mixed peak is {}.", described(peak))
        }
        (None, None, None) => "There is nothing to climb: every height is 0, or no peak could be certified.".to_owned(),
    }
}

pub(super) fn name(landscape: &Landscape<'_>, maximum: &Maximum) -> String {
    maximum.name(&landscape.form(maximum, 0), landscape.decomposition())
}

/// Where random starts end.
fn basins(peaks: &Peaks) -> Option<String> {
    let share = |kind| percent(peaks.basin(kind).share);
    (!peaks.classes.is_empty()).then(|| {
        format!(
            "Of {} random starts {} end on feature peaks, {} on mixed and {} on memory peaks.",
            count(peaks.restarts as u64),
            share(PeakKind::Feature),
            share(PeakKind::Mixed),
            share(PeakKind::Memory),
        )
    })
}

/// What has to be said beside the table.
fn remarks(request: &PeaksRequest, survey: &PeakSurvey<'_>) -> Vec<String> {
    let PeakSurvey { landscape, peaks, agreement, .. } = survey;
    let mut remarks = Vec::new();
    let share = |count: usize| percent(count as f64 / peaks.restarts as f64);
    if peaks.n_flat > 0 {
        remarks.push(format!("{} of the random starts had nothing to climb.", share(peaks.n_flat)));
    }
    if peaks.n_uncertified > 0 {
        remarks.push(format!(
            "{} of the random starts ended where no peak could be certified; they are in no basin.",
            share(peaks.n_uncertified)
        ));
    }
    if landscape.is_complete() && landscape.decomposition().is_none() {
        remarks.push(
            "Nothing is held out, so nothing says what carries over: every peak counts as a feature peak.".to_owned(),
        );
    }
    remarks.extend(agreement.as_ref().map(agreement_sentence));
    let LandscapeRequest { spec, problem, energy, .. } = &request.landscape;
    remarks.extend(theory::silent(problem, spec, *energy));
    remarks
}

/// How the heights on a complete table compare with the closed forms.
fn agreement_sentence(agreement: &Agreement) -> String {
    match agreement {
        Agreement::OtherDirections { irrep, found, expected } => {
            format!("A peak of {irrep} is flat in {found} directions where the theory has {expected}.")
        }
        Agreement::Off { deviation } => format!(
            "A height or a purity is off by {deviation:.0e} from Theorem 2, corrected (real irreps M/2d, others M/4d)."
        ),
        Agreement::Agrees { n_reached, n_irreps, deviation } => format!(
            "The peaks agree with Theorem 2, corrected (real irreps M/2d, others M/4d; the paper prints a quarter of that): {n_reached} of \
             {n_irreps} non-trivial irreps were reached, every peak is pure and has its height and its flat directions, and the largest \
             deviation is {deviation:.0e}."
        ),
    }
}

fn table(landscape: &Landscape<'_>, peaks: &Peaks) -> Table {
    let row = |class: &Peak| {
        let (best, certificate) = (&peaks.maxima[class.members[0]], &peaks.certificates[class.members[0]]);
        vec![
            format!("{}: {}", class.kind.name(), class.form.words(landscape.decomposition())).into(),
            TableCell::Number(best.height),
            TableCell::Share(class.basin.share),
            TableCell::Share(class.basin.low),
            TableCell::Share(class.basin.high),
            TableCell::Count(class.members.len() as u64),
            TableCell::of(best.irrep, |(_, purity)| TableCell::Number(purity)),
            TableCell::Number(best.participation),
            TableCell::of(best.population_share(), TableCell::Number),
            TableCell::of(best.carry_over, TableCell::Number),
            TableCell::Number(certificate.hessian_max),
            TableCell::Count(certificate.flat_directions as u64),
        ]
    };
    let heads = [
        "peak",
        "height",
        "basin",
        "from",
        "to",
        "maxima",
        "purity",
        "weights",
        "on all",
        "carries",
        "curvature",
        "flat",
    ];
    let mut rows: Vec<Vec<TableCell>> = peaks.classes.iter().take(SHOWN).map(row).collect();
    if let Some(left_out) = peaks.classes.len().checked_sub(SHOWN).filter(|&left_out| left_out > 0) {
        let mut last = vec![TableCell::Missing; heads.len()];
        last[0] = format!("and {} more", count(left_out as u64)).into();
        rows.push(last);
    }
    Table::new("peaks-table", 1, &heads, rows)
}

/// What the table's columns mean.
fn words() -> Vec<Fact> {
    [
        ("height", "E = ½‖A σ(Xw)‖² of the unit vector on the highest peak."),
        ("basin, from, to", "Share of random starts from which a unit that climbs this energy ends there, with its 95 % interval."),
        ("maxima", "Distinct maxima that are one up to translations, signs and phases."),
        ("purity", "Largest share of the unit's non-trivial power in one irrep."),
        ("weights", "Participation, 1 / Σ w⁴: how many input weights it spreads over."),
        (
            "on all",
            "How far up a peak of the whole population it stands: a feature peak from a half on, a memory peak below a quarter.",
        ),
        (
            "carries",
            "Share of the activation's variance that the label decides on held-out samples, over that on training samples. Where \
             the task is no group, it decides: a feature peak from a quarter on, a memory peak below a tenth.",
        ),
        ("curvature", "Largest eigenvalue of the Hessian along the sphere: a peak has none above zero."),
        ("flat", "Directions in which its height stays the same: phases and other continuous families."),
        (
            "1 token (2nd), 1 token each",
            "A memory peak on one token of the second operand, or on one token of every operand.",
        ),
    ]
    .map(|(name, value)| Fact::new(name, value))
    .into()
}

fn data(request: &PeaksRequest, survey: &PeakSurvey<'_>, remarks: Vec<String>) -> PeaksData {
    let PeakSurvey { landscape, peaks, ascents_per_second, .. } = survey;
    let LandscapeRequest { spec, problem, energy, .. } = &request.landscape;
    PeaksData {
        task: problem.name.clone(),
        n: request.split.train.len(),
        population: problem.n_population(),
        energy: *energy,
        activation: sigma(spec.model.activation),
        seed: spec.seed,
        peaks: peaks.classes.iter().map(|class| peak_data(landscape, peaks, class)).collect(),
        restarts: peaks.restarts,
        restarts_per_second: *ascents_per_second,
        kept: peaks.kept,
        flat: peaks.n_flat,
        uncertified: peaks.n_uncertified,
        remarks,
    }
}

fn peak_data(landscape: &Landscape<'_>, peaks: &Peaks, class: &Peak) -> PeakData {
    let decomposition = landscape.decomposition();
    let best = &peaks.maxima[class.members[0]];
    let certificate = &peaks.certificates[class.members[0]];
    let lowest = &peaks.maxima[*class.members.last().expect("a class has members")];
    let irrep = best.irrep.and_then(|(irrep, _)| Some(&decomposition?.irreps[irrep]));
    let irrep_data =
        |Irrep { name, degree, kind, .. }: &Irrep| IrrepData { name: name.clone(), degree: *degree, r#type: *kind };
    PeakData {
        kind: class.kind,
        stands_for: class.form.words(decomposition),
        focused: best.is_focused(),
        height: best.height,
        height_lowest: lowest.height,
        height_population: best.height_population,
        basin: class.basin.share,
        basin_low: class.basin.low,
        basin_high: class.basin.high,
        maxima: class.members.len(),
        irrep: irrep.map(irrep_data),
        purity: best.irrep.map(|(_, purity)| purity),
        participation: best.participation,
        population_share: best.population_share(),
        carry_over: best.carry_over,
        tokens: best.tokens.clone(),
        gradient_norm: best.gradient_norm,
        hessian_max: certificate.hessian_max,
        hessian_min: certificate.hessian_min,
        flat_directions: certificate.flat_directions,
    }
}
