//! `dunwu peaks TASK`: finds, certifies and prints the peaks of one landscape.

use super::Drawn;
use super::request::{PEAKS_KEYS, Request};
use crate::Place;
use crate::failure::Failure;
use crate::say::say;
use dunwu::landscape::peaks::{Peak, Peaks, find};
use dunwu::landscape::race::population_peaks;
use dunwu::landscape::{Landscape, theory};
use dunwu::task_file;
use dunwu_engine::Split;
use dunwu_engine::model::Activation;
use dunwu_report::landscape::{PeaksView, peaks_page, peaks_table, sigma};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

pub(crate) fn peaks(words: &[String], drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let request = Request::read(words, &[PEAKS_KEYS], 1000)?;
    let Request { spec, problem, decomposition, energy, ridge, restarts, .. } = &request;
    let split_text = task_file::split_text(&spec.data, Path::new("")).map_err(Failure::usage)?;
    let split = Split::draw(problem, &spec.data, spec.seed, split_text.as_deref()).map_err(Failure::usage)?;
    let landscape = Landscape::new(problem, &split, decomposition.as_ref(), spec.model.activation, *energy, *ridge)
        .map_err(Failure::usage)?;
    let workers = request.workers()?;
    let hints = population_peaks(&landscape, spec.seed, &workers);
    let began = Instant::now();
    let peaks = find(&landscape, *restarts, spec.seed, &hints, &workers);
    let per_second = (*restarts + hints.len()) as f64 / began.elapsed().as_secs_f64();
    let remarks = remarks(&request, &landscape, &peaks);
    let page = peaks_page(&PeaksView {
        landscape: &landscape,
        peaks: &peaks,
        spec,
        n_train: split.train.len(),
        workers: &workers,
        remarks: &remarks,
    });
    let output = &drawn.keep("peaks.html", &page)?;
    if place.json {
        say!("{}", object(&request, &landscape, &peaks, per_second, split.train.len(), &remarks, output));
        return Ok(());
    }
    say!(
        "{}: {} of {} samples, σ = {}, {} energy; {} random starts ({per_second:.0} a second)",
        problem.name,
        split.train.len(),
        problem.n_population(),
        sigma(spec.model.activation),
        energy.name(),
        restarts
    );
    say!("{}", peaks_table(&landscape, &peaks));
    for remark in remarks {
        say!("  {remark}");
    }
    say!("Page, to open in a browser: {}", output.display());
    Ok(())
}

/// What can be said beside the table.
fn remarks(request: &Request, landscape: &Landscape<'_>, peaks: &Peaks) -> Vec<String> {
    let mut remarks = Vec::new();
    let percent = |count: usize| 100.0 * count as f64 / peaks.restarts as f64;
    if peaks.n_flat > 0 {
        remarks.push(format!("{:.1} % of the starts had nothing to climb.", percent(peaks.n_flat)));
    }
    if peaks.n_uncertified > 0 {
        remarks.push(format!(
            "{:.1} % of the starts ended where no peak could be certified; they are in no basin.",
            percent(peaks.n_uncertified)
        ));
    }
    if landscape.is_complete() && landscape.decomposition().is_none() {
        remarks.push(
            "Nothing is held out, so nothing says what carries over: every peak counts as generalizing.".to_owned(),
        );
    }
    remarks.extend(agreement(request, landscape, peaks));
    remarks.extend(theory::silent(&request.problem, &request.spec, request.energy));
    remarks
}

/// Deviation from the closed forms that rounding explains: slopes of 10⁻⁹, heights that are flat to second order.
const AGREES: f64 = 1e-9;

/// How the heights on a complete table compare with the closed forms.
fn agreement(request: &Request, landscape: &Landscape<'_>, peaks: &Peaks) -> Option<String> {
    let decomposition = landscape.decomposition()?;
    let applies = landscape.is_complete()
        && request.spec.model.activation == Activation::Square
        && request.problem.n_operands() == 2;
    if !applies || peaks.maxima.is_empty() {
        return None;
    }
    let mut worst: f64 = 0.0;
    let mut found = vec![false; decomposition.irreps.len()];
    for (maximum, certificate) in peaks.maxima.iter().zip(&peaks.certificates) {
        let (irrep, purity) = maximum.irrep?;
        let expected = theory::feature_height(&decomposition.irreps[irrep], decomposition.order);
        worst = worst.max((maximum.height / expected - 1.0).abs()).max(1.0 - purity);
        if certificate.flat_directions != theory::flat_directions(&decomposition.irreps[irrep]) {
            return Some(format!(
                "A peak of {} is flat in {} directions where the theory has {}.",
                decomposition.irreps[irrep].name,
                certificate.flat_directions,
                theory::flat_directions(&decomposition.irreps[irrep])
            ));
        }
        found[irrep] = true;
    }
    let n_found = found.iter().filter(|&&found| found).count();
    if worst > AGREES {
        return Some(format!(
            "A height or a purity is off by {worst:.0e} from Theorem 2, corrected (real irreps M/2d, others M/4d)."
        ));
    }
    Some(format!(
        "Theorem 2, corrected (real irreps M/2d, others M/4d; the paper prints a quarter of that): {n_found} of {} non-trivial \
         irreps were reached, every peak is pure and has its height and its flat directions, the largest deviation being {worst:.0e}.",
        decomposition.irreps.len() - 1
    ))
}

/// The object that programs rely on.
fn object(
    request: &Request,
    landscape: &Landscape<'_>,
    peaks: &Peaks,
    per_second: f64,
    n_train: usize,
    remarks: &[String],
    page: &Path,
) -> Value {
    let rows: Vec<Value> = peaks.classes.iter().map(|class| row(landscape, peaks, class)).collect();
    json!({
        "task": request.problem.name,
        "n": n_train,
        "population": request.problem.n_population(),
        "energy": request.energy,
        "activation": sigma(request.spec.model.activation),
        "seed": request.spec.seed,
        "peaks": rows,
        "restarts": peaks.restarts,
        "restarts_per_second": per_second,
        "kept": peaks.kept,
        "flat": peaks.n_flat,
        "uncertified": peaks.n_uncertified,
        "remarks": remarks,
        "page": page,
    })
}

fn row(landscape: &Landscape<'_>, peaks: &Peaks, class: &Peak) -> Value {
    let decomposition = landscape.decomposition();
    let best = &peaks.maxima[class.members[0]];
    let certificate = &peaks.certificates[class.members[0]];
    let lowest = &peaks.maxima[*class.members.last().expect("a class has members")];
    let irrep = best.irrep.and_then(|(irrep, _)| Some(&decomposition?.irreps[irrep]));
    json!({
        "kind": class.kind,
        "stands_for": class.form.words(decomposition),
        "focused": best.is_focused(),
        "height": best.height,
        "height_lowest": lowest.height,
        "height_population": best.height_population,
        "basin": class.basin.share,
        "basin_low": class.basin.low,
        "basin_high": class.basin.high,
        "maxima": class.members.len(),
        "irrep": irrep.map(|irrep| json!({ "name": irrep.name, "degree": irrep.degree, "type": irrep.kind })),
        "purity": best.irrep.map(|(_, purity)| purity),
        "participation": best.participation,
        "population_share": best.population_share(),
        "carry_over": best.carry_over,
        "tokens": best.tokens,
        "gradient_norm": best.gradient_norm,
        "hessian_max": certificate.hessian_max,
        "hessian_min": certificate.hessian_min,
        "flat_directions": certificate.flat_directions,
    })
}
