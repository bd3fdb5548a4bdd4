//! What a sweep is asked for, and what is done about it: make its runs, collect them in a table, or say how long they would take.

use super::budget::{Budget, Rows};
use super::estimate::Estimator;
use super::expand::{ExpandError, FROZEN_INPUTS, Planned};
use super::folder::Folder;
use super::judge::Judge;
use super::plan::{Keep, Plan, PlanError, Request, SourceText};
use super::rows;
use super::table::{Collected, collect_within};
use super::work::{Options, work};
use dunwu::run::Base;
use dunwu::store::disk;
use dunwu::store::file::While as _;
use dunwu::store::{OutputFile, Table};
use dunwu::verb::{Progress, Tally, TimeLeft, VerbError, Watcher};
use dunwu_engine::RunSpec;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time to learn how fast runs of one kind are.
const TRY_OUT: Duration = Duration::from_millis(200);

/// A sweep whose runs are known.
#[derive(Clone, Debug)]
pub struct SweepRequest {
    /// What its table is called.
    pub name: String,
    /// Its runs.
    pub runs: Vec<Planned>,
    /// What is kept of each run.
    pub keep: Keep,
    /// Where runs and rows are kept.
    pub folder: Folder,
    /// The same as words of a command line.
    pub words: Vec<String>,
    /// The text of the file that the words name, if they name one.
    pub file: Option<String>,
    /// Who parks runs that look hopeless, if anybody does.
    pub judge: Option<Arc<dyn Judge>>,
    /// How many steps its runs may make together; `None` for as many as they take. Only where somebody parks runs.
    pub budget: Option<u64>,
}

/// What a sweep came to: its tally, and the table that was written.
#[derive(Clone, Debug)]
pub struct SweepEnd {
    /// How many runs were made and found.
    pub tally: Tally,
    /// How long this process worked on it.
    pub seconds: f64,
    /// What the table holds.
    pub collected: Collected,
    /// The file of the table.
    pub table: PathBuf,
    /// The file of losses and accuracies over time, where some were kept.
    pub curves: Option<PathBuf>,
    /// Whether the work ended because it was asked to; the same request goes on from there.
    pub is_stopped: bool,
}

/// What is left of a sweep.
#[derive(Clone, Debug)]
pub struct SweepAhead<'a> {
    /// Runs that have not ended.
    pub left: Vec<&'a Planned>,
    /// How long they take on these cores; `None` where none of them can begin.
    pub estimate: Option<TimeLeft>,
    /// Cores that the estimate is for.
    pub cores: usize,
}

impl SweepRequest {
    /// From words: a preset or a file first, if at all, then settings as `KEY=VALUES`; cells where a condition of `exclude` holds are left
    /// out. Runs are kept in the folder `runs`.
    pub fn from_words(
        words: &[String],
        exclude: &[String],
        keep: Option<Keep>,
        runs: &Path,
    ) -> Result<Self, VerbError> {
        let (first, settings) = match words.split_first() {
            Some((first, rest)) if !first.contains('=') => (Some(first.as_str()), rest),
            _ => (None, words),
        };
        let (base, file) = match first.map(Base::of).transpose()? {
            None => (RunSpec::default(), None),
            Some(Base::Preset(spec)) => (*spec, None),
            Some(Base::File(text)) => (RunSpec::default(), Some(text)),
        };
        let file_name = first.unwrap_or("");
        let refuse = |refused: PlanError| match refused.source_text {
            SourceText::File => VerbError::in_text(refused.error, file_name, file.as_deref().unwrap_or("")),
            SourceText::Word(index) => VerbError::in_text(refused.error, "the command line", &settings[index]),
            SourceText::Exclude(index) => VerbError::in_text(refused.error, "--exclude", &exclude[index]),
        };
        let request = Request { file: file.as_deref(), base: &base, words: settings, exclude, keep };
        let mut plan = Plan::new(&request).map_err(refuse)?;
        plan.frozen = Some(Path::new(file_name).with_file_name(FROZEN_INPUTS)).filter(|folder| folder.is_dir());
        let planned = plan.expand(Path::new("")).map_err(|error| match error {
            ExpandError::Plan(refused) => refuse(*refused),
            error => VerbError::usage(error),
        })?;
        let name = match (&file, Path::new(file_name).file_stem()) {
            (Some(_), Some(stem)) if settings.is_empty() && exclude.is_empty() => stem.to_string_lossy().into(),
            (_, stem) => {
                let stem = stem.map_or("sweep".into(), |stem| stem.to_string_lossy());
                format!("{stem}-{}", Planned::digest(&planned))
            }
        };
        let mut all_words = words.to_vec();
        all_words.extend(exclude.iter().map(|condition| format!("--exclude={condition}"))); // which may begin with a dash
        all_words.extend(keep.iter().map(|keep| format!("--keep={}", keep.name())));
        Ok(Self {
            name,
            runs: planned,
            keep: plan.keep,
            folder: Folder::new(runs),
            words: all_words,
            file,
            judge: None,
            budget: None,
        })
    }

    /// The same sweep with somebody who parks runs, called by `word` on a command line; its rows are kept apart from those of others.
    ///
    /// # Errors
    ///
    /// Where run directories are asked for: what is parked would be left unfinished there.
    pub fn judged(self, judge: Arc<dyn Judge>, word: String) -> Result<Self, VerbError> {
        if self.keep == Keep::Snapshots {
            return Err(VerbError::usage(
                "a judge parks runs, which would leave their directories unfinished; leave out `--keep snapshots`",
            ));
        }
        let name = format!("{}-{}", self.name, judge.name());
        let folder = self.folder.judged(judge.name());
        let words = self.words.into_iter().chain([word]).collect();
        Ok(Self { name, folder, words, judge: Some(judge), ..self })
    }

    /// The same sweep, whose runs may make so many steps together; a word on a command line says so. What is parked goes on where steps
    /// are left.
    #[must_use]
    pub fn within(self, steps: u64) -> Self {
        let name = format!("{}-within-{steps}", self.name);
        let words = self.words.into_iter().chain([format!("--budget={steps}")]).collect();
        Self { name, words, budget: Some(steps), ..self }
    }

    /// Its budget, where it has one.
    fn limit(&self) -> Option<Budget<'_>> {
        Some(Budget::new(&self.runs, self.budget?, self.judge.as_deref()?))
    }

    /// The preset that the words begin with, if they do.
    pub(crate) fn preset(&self) -> Option<&str> {
        let first = self.words.first().filter(|word| !word.contains('='))?;
        self.file.is_none().then_some(first)
    }

    /// Makes every run that is not there yet, then collects them all. A sweep that is asked to stop ends with what there is.
    pub fn sweep(
        &self,
        options: &Options,
        table: Option<&Path>,
        watcher: &mut Watcher<'_>,
    ) -> Result<SweepEnd, VerbError> {
        check_table(table)?;
        let began = Instant::now();
        let tally = self.work(options, watcher)?;
        let end = self.collected(tally, began.elapsed().as_secs_f64(), table, watcher)?;
        if !end.is_stopped && end.collected.done < self.runs.len() {
            let missing = self.runs.len() - end.collected.done;
            return Err(VerbError::Failed(
                format!("{missing} runs were not made, which is a bug; the same command tries again").into(),
            ));
        }
        Ok(end)
    }

    /// Puts the table together from the runs that are there.
    pub fn collect(&self, table: Option<&Path>, watcher: &mut Watcher<'_>) -> Result<SweepEnd, VerbError> {
        check_table(table)?;
        self.tell_damage(watcher)?;
        self.collected(Tally { runs: self.runs.len(), ..Tally::default() }, 0.0, table, watcher)
    }

    /// Makes runs as one worker of many, and writes no table.
    pub fn work(&self, options: &Options, watcher: &mut Watcher<'_>) -> Result<Tally, VerbError> {
        self.tell_damage(watcher)?;
        let options = Options { keep: self.keep, keep_parked: self.budget.is_some(), ..*options };
        let judge = self.judge.as_deref();
        let Some(budget) = self.limit() else { return make(&self.runs, &self.folder, &options, judge, watcher) };
        let picked = |places: &[usize]| places.iter().map(|&place| self.runs[place].clone()).collect::<Vec<_>>();
        let mut all = Tally { runs: self.runs.len(), ..Tally::default() };
        for is_resuming in [false, true] {
            // Each end may leave steps for further runs; a round that makes none is the last.
            for round in 0.. {
                let allowed = budget.allowed(&Rows::read(&self.runs, &self.folder)?);
                let options = Options { retry_failed: options.retry_failed && round == 0, ..options };
                let tally = if is_resuming {
                    make(&picked(&allowed.resumed), &self.folder.unjudged(), &options, None, watcher)?
                } else {
                    make(&picked(&allowed.made), &self.folder, &options, judge, watcher)?
                };
                if !is_resuming {
                    all.reused = if round == 0 { tally.reused } else { all.reused };
                    all.made += tally.made;
                }
                all.failed += tally.failed;
                all.elsewhere += tally.elsewhere;
                if tally.made == 0 || watcher.is_stopped() {
                    break;
                }
            }
        }
        Ok(all)
    }

    /// What is left, and how long it takes on so many cores: as finished runs say, else by trying out.
    pub fn ahead(&self, cores: usize, retry_failed: bool) -> Result<SweepAhead<'_>, VerbError> {
        let (left, estimator) = self.left(retry_failed)?;
        let estimate = estimator.of_all(left.iter().copied(), cores);
        Ok(SweepAhead { left, estimate, cores })
    }

    /// Runs that are left, and what knows how long each takes.
    pub fn left(&self, retry_failed: bool) -> Result<(Vec<&Planned>, Estimator), VerbError> {
        let mut estimator = Estimator::default();
        let left = estimator.learn(&self.runs, &self.folder, retry_failed)?;
        estimator.try_out(&left, TRY_OUT);
        Ok((left, estimator))
    }

    /// Says which lines of finished runs are damaged, and where they are kept.
    fn tell_damage(&self, watcher: &mut Watcher<'_>) -> Result<(), VerbError> {
        for damaged in rows::set_aside(&self.folder)? {
            watcher.note(&damaged.to_string());
        }
        Ok(())
    }

    fn collected(
        &self,
        tally: Tally,
        seconds: f64,
        table: Option<&Path>,
        watcher: &mut Watcher<'_>,
    ) -> Result<SweepEnd, VerbError> {
        let collected = collect_within(&self.runs, &self.folder, self.limit().as_ref())?;
        let table = table.map_or_else(|| self.folder.table(&self.name), Path::to_owned);
        if let Some(folder) = table.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            disk::make_folder(folder).or_while("making the folder of the table", folder)?;
        }
        write(&collected.table, &table)?;
        let curves = (collected.curves.n_rows() > 0).then(|| beside(&table));
        if let Some(curves) = &curves {
            write(&collected.curves, curves)?;
        }
        warn(&collected, self.keep, watcher);
        Ok(SweepEnd { tally, seconds, collected, table, curves, is_stopped: watcher.is_stopped() })
    }
}

/// Makes runs that are not there yet.
fn make(
    runs: &[Planned],
    folder: &Folder,
    options: &Options,
    judge: Option<&dyn Judge>,
    watcher: &mut Watcher<'_>,
) -> Result<Tally, VerbError> {
    let stop = watcher.stop();
    Ok(work(runs, folder, options, judge, stop, &mut |event| watcher.tell(&Progress::Sweep(event)))?)
}

/// Refuses a place where no table can be written, before anything is computed.
fn check_table(table: Option<&Path>) -> Result<(), VerbError> {
    let Some(table) = table else { return Ok(()) };
    let extension = table.extension().and_then(|extension| extension.to_str());
    if !matches!(extension, Some("parquet" | "csv")) {
        return Err(VerbError::usage(format!("--table {}: a table ends in .parquet or .csv", table.display())));
    }
    OutputFile::at(table)?;
    Ok(())
}

/// `NAME.curves.parquet` beside `NAME.parquet`.
fn beside(path: &Path) -> PathBuf {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    path.with_extension(format!("curves.{extension}"))
}

fn write(table: &Table, path: &Path) -> Result<(), VerbError> {
    if path.extension().is_some_and(|extension| extension == "csv") {
        table.write_csv(path)?;
    } else {
        table.write_parquet(path)?;
    }
    Ok(())
}

/// What a reader of the table has to know and would not see.
fn warn(collected: &Collected, keep: Keep, watcher: &mut Watcher<'_>) {
    if !collected.versions.is_empty() {
        watcher.note(&format!(
            "versions {} made these rows, and this is {}; the column `version` says which",
            collected.versions.join(", "),
            env!("CARGO_PKG_VERSION")
        ));
    }
    if collected.kernels.len() > 1 {
        watcher.note(&format!(
            "rows come from several kernels ({}), which differ in rounding; the column `kernel` says which",
            collected.kernels.join(", ")
        ));
    }
    if keep == Keep::Scalars && collected.without_curves > 0 {
        watcher.note(&format!(
            "{} of {} runs have no losses over time: they were made without keeping them (`--keep outcome`, or alone)",
            collected.without_curves, collected.done
        ));
    }
    if collected.disagreeing > 0 {
        watcher
            .note(&format!("{} runs were made twice with different bits; the first one counts", collected.disagreeing));
    }
}
