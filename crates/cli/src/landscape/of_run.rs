//! `dunwu peaks --run RUN`: where the units of a trained network stand on the landscape of its training sample.

use crate::Place as Where;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::inspect::{self, Phase};
use crate::output::Drawn;
use crate::print;
use crate::watching::watch;
use dunwu::Opened;
use dunwu::landscape::climbing::ClimbingError;
use dunwu::landscape::of_run::energy_of_words;
use dunwu::landscape::{ClimbingRequest, EnergyKind, RunLandscape};
use dunwu::store::{Record, RunDir};
use dunwu::verb::Watcher;
use dunwu_report::{Figure, climbing};
use std::sync::atomic::AtomicBool;

pub(crate) fn peaks_of_run(
    run: &str,
    words: &[String],
    quiet: bool,
    drawn: &Drawn,
    place: &Where,
) -> Result<(), Failure> {
    let energy = energy_of_words(words).map_err(Failure::of_request)?;
    let dir = RunDir::resolve(&place.runs, run)?;
    let output = drawn.prepare("peaks", &[&dir.short_name()])?;
    let opened = inspect::open(&dir)?;
    if let Some(why) = opened.why_no_token_weights() {
        return Err(Failure::usage(ClimbingError::NoTokenWeights { why }));
    }
    let (asked, record) = (Asked::from_run(&dir)?, Record::read(&dir)?);
    let request = request(&asked, &record, energy);
    let answer = watch(quiet, |watcher| climbing::answer(&request, &opened, dir.path(), watcher))?;
    print::answer(&answer, output, place)
}

fn request<'a>(asked: &'a Asked, record: &'a Record, energy: EnergyKind) -> ClimbingRequest<'a> {
    let Asked { spec, problem, split, decomposition, .. } = asked;
    ClimbingRequest { spec, problem, split, decomposition: decomposition.as_ref(), record, energy }
}

/// In the place of the landscape's figures, how to get them.
pub(crate) fn figures_not_asked_for(opened: &Opened) -> [Figure; 2] {
    let why = match opened.why_no_token_weights() {
        Some(why) => ClimbingError::NoTokenWeights { why },
        None => ClimbingError::NotAskedFor,
    };
    climbing::drawn_run_figures(opened, &RunLandscape::refused(why))
}

/// The figures of the landscape that a run's report has where it is asked for.
pub(crate) fn figures_of_run(
    dir: &RunDir,
    opened: &Opened,
    progress: &mut dyn FnMut(Phase),
) -> Result<[Figure; 2], Failure> {
    progress(Phase::DrawingMountains);
    let landscape = match opened.why_no_token_weights() {
        Some(why) => RunLandscape::refused(ClimbingError::NoTokenWeights { why }),
        None => {
            let (asked, record) = (Asked::from_run(dir)?, Record::read(dir)?);
            let stop = AtomicBool::new(false);
            let landscape =
                request(&asked, &record, EnergyKind::Whitened).landscape(&mut Watcher::new(&mut |_| {}, &stop));
            landscape.map_err(Failure::of_request)?
        }
    };
    Ok(climbing::drawn_run_figures(opened, &landscape))
}
