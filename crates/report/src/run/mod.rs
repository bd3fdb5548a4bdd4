//! The verbs `run`, `resume`, `show`, `report` and `export`: one answer for all of them, so that a run that trains and a run that is
//! opened years later say the same.
//!
//! ```text
//! RunRequest, run directory ─▶ dunwu::run ─▶ Opened ─▶ Answer ─▶ report.html, tables and figures in files
//! ```

mod data;
mod expected;
mod export;
mod landscape;
mod parts;
#[cfg(test)]
mod tests;
mod watched;

pub use data::{RunArray, RunData, RunIrreps, RunOrigin, RunStage, RunUnits};
pub use export::{TableFormat, export};
pub use watched::answer_under;

use crate::site::report_of_own;
use crate::view::View;
use crate::{figures, words};
use dunwu::Opened;
use dunwu::answer::{Answer, Block, Fact, Figure, Section, Shown, object};
use dunwu::run::{self, RunEnd, RunRequest, Training};
use dunwu::store::file::replace;
use dunwu::store::{Finished, RunDir, RunState, StoreError, WritingProcess};
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::spec::values;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Where a run is kept, and what its record says of its end.
#[derive(Clone, Debug)]
pub struct KeptRun {
    /// Its directory.
    pub dir: PathBuf,
    /// Its end; `None` while it is not finished.
    pub end: Option<Finished>,
    /// Whether it was there already.
    pub reused: bool,
    /// The process that is writing it; `None` where none is.
    pub writer: Option<WritingProcess>,
}

impl KeptRun {
    /// The run in `dir`, its end and its writer as they are now.
    pub fn of(dir: &RunDir, reused: bool) -> Result<Self, StoreError> {
        let (end, writer) = match dir.state()? {
            RunState::Finished(end) => (Some(end), None),
            RunState::Unfinished { writer, .. } => (None, writer),
        };
        // However it was called, `runs/a/` is `runs/a`.
        Ok(Self { dir: dir.path().components().collect(), end, reused, writer })
    }
}

/// Makes the run that is asked for, goes on with it where it was interrupted, or shows it where it is finished; beside its record it
/// then has its tables and its report.
pub fn answer(request: &RunRequest, training: &Training<'_>, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    answer_under(request, training, None, watcher)
}

/// Goes on with an interrupted run, or shows it where it is finished.
pub fn resume(dir: RunDir, training: &Training<'_>, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    let end = run::resume(dir, training, watcher)?;
    ended(end, watcher)
}

/// Opens a recorded run, finished or not.
pub fn show(dir: &RunDir, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    let opened = run::open(dir, watcher)?;
    Ok(of_opened(&opened, &KeptRun::of(dir, true)?, None))
}

/// Opens a recorded run for its report, which is one file of HTML; `climbs` says whether its landscape is drawn, too, which takes about as
/// long as training.
pub fn report(dir: &RunDir, climbs: bool, watcher: &mut Watcher<'_>) -> Result<(Answer, String), VerbError> {
    let opened = run::open(dir, watcher)?;
    let kept = KeptRun::of(dir, true)?;
    let landscape = if climbs { Some(landscape::figures(dir, &opened, watcher)?) } else { None };
    let answer = of_opened(&opened, &kept, landscape);
    let page = report_of_own(&opened, &kept, &answer);
    Ok((answer, page))
}

/// Where the report of the run in `dir` is kept.
pub fn report_path(dir: &Path) -> PathBuf {
    dir.join("report.html")
}

/// The answer about a run that has ended; what was just made gets its tables and its report.
pub fn ended(end: RunEnd, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    let (dir, opened, reused) = match end {
        RunEnd::Made(dir, opened) => (dir, *opened, false),
        RunEnd::Found(dir) => {
            let opened = run::open(&dir, watcher)?;
            (dir, opened, true)
        }
    };
    // The report is written last: without it, a process was ended between the run's last line and here.
    let is_reported = reused && report_path(dir.path()).is_file();
    if !is_reported {
        watcher.phase("writing tables", None);
        run::keep_derived(&opened, &dir)?;
        watcher.phase("writing the report", None);
    }
    let kept = KeptRun::of(&dir, reused)?;
    let answer = of_opened(&opened, &kept, None);
    if !is_reported {
        let page = report_of_own(&opened, &kept, &answer);
        replace(&report_path(dir.path()), page.as_bytes(), "writing the report")?;
    }
    Ok(answer)
}

/// The answer about an opened run; `landscape` are the figures that are drawn on request, without which a page says how to get them.
pub fn of_opened(opened: &Opened, kept: &KeptRun, landscape: Option<[Figure; 2]>) -> Answer {
    let settings = values(&opened.spec).map(|(setting, value)| Fact::new(setting.key, value.to_string()));
    of_view(&View::of(opened), kept, settings.collect(), landscape)
}

/// The answer; `settings` are the spec's rows, `landscape` the figures that are drawn on request.
fn of_view(view: &View<'_>, kept: &KeptRun, settings: Vec<Fact>, landscape: Option<[Figure; 2]>) -> Answer {
    let opened = view.opened;
    let mut figures = figures::all(view).into_iter();
    let curves = figures.next().expect("the learning curves come first");
    let chief = Section {
        title: None,
        shown: Shown::Everywhere,
        blocks: vec![Block::Facts(parts::glance(view)), Block::Figure(curves)],
    };
    let landscape = landscape.unwrap_or_else(|| landscape::not_asked_for(opened));
    let figures = figures.chain(landscape).map(Block::Figure).collect();
    let sections = [
        Some(chief),
        parts::stages_for_terminal(opened),
        parts::labels(view),
        parts::irreps(view),
        parts::origin(opened),
        parts::speed(kept),
        parts::way_on(opened, kept),
        parts::stages(opened),
        Some(Section::of_page("What the figures show", figures)),
        (!settings.is_empty()).then(|| Section::of_page("How this run was set up", vec![Block::Facts(settings)])),
        Some(Section::of_page("Words used here", vec![Block::Words(parts::words())])),
    ];
    let Told { headline, sentences, data } = told(opened, kept);
    Answer {
        verb: "run",
        title: opened.task.clone(),
        setup: parts::setup(view),
        headline,
        sentences,
        sections: sections.into_iter().flatten().collect(),
        sources: vec![
            "Theory: Y. Tian, Provable Scaling Laws of Feature Emergence from Learning Dynamics of Grokking, \
             arXiv:2509.21519."
                .to_owned(),
        ],
        data,
    }
}

/// What is said of a run, without tables and figures: those take longer than the rest together, and who follows a run asks again and again.
pub(crate) struct Told {
    /// The run's outcome in one sentence; of a run that is not finished, how far it is.
    pub(crate) headline: String,
    /// What else came out, one claim a sentence.
    pub(crate) sentences: Vec<String>,
    /// The object that `dunwu show --json` prints.
    pub(crate) data: Map<String, Value>,
}

pub(crate) fn told(opened: &Opened, kept: &KeptRun) -> Told {
    let outcome = words::outcome(opened);
    let (headline, outcome) = match kept.end {
        Some(_) => (outcome, None),
        None => (parts::unfinished(opened, kept), Some(outcome)),
    };
    let sentences = outcome.into_iter().chain(opened.story.iter().cloned()).collect();
    Told { headline, sentences, data: object(&RunData::of(opened, kept)) }
}
