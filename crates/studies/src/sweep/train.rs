//! One run of a sweep: trained on one thread, checkpointed now and then, and given back where it is asked to stop.

use super::SweepError;
use super::expand::Planned;
use super::folder::Folder;
use super::judge::{Judge, Parked, is_audited};
use super::plan::Keep;
use super::row::{Curve, End, Row};
use dunwu::memory;
use dunwu::opened::unit_labels;
use dunwu::operation::Operation;
use dunwu::run::Past;
use dunwu::run::drive::{self as driver, Before, Driven, Pace};
use dunwu::scalars::{self, SCALARS, ScalarQuantity};
use dunwu::store::disk;
use dunwu::store::file::{self, While as _};
use dunwu::store::{NewRun, Record, RecordedSpec, RunDir, RunState, RunWriter, StoreError, checkpoint};
use dunwu_engine::kernel::kernel_name;
use dunwu_engine::{Checkpoint, Scalars, Snapshot, Split, Training};
use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// What came of a run.
pub(super) enum Ended {
    /// It is over.
    Row(Box<Row>, Option<Curve>),
    /// It was told to stop, and its checkpoint is written.
    Interrupted,
}

/// How runs are driven; nothing of it changes a bit of them.
#[derive(Clone, Copy)]
pub(super) struct Drive<'a> {
    pub(super) folder: &'a Folder,
    pub(super) keep: Keep,
    pub(super) checkpoint_every: Duration,
    pub(super) must_stop: &'a (dyn Fn() -> bool + Sync),
    /// Who parks runs, if anybody does.
    pub(super) judge: Option<&'a dyn Judge>,
    /// Whether what a parked run needs to go on is kept.
    pub(super) keep_parked: bool,
}

/// Trains a run to its end. What is wrong with the run itself is a row; what is wrong with the disk is an error.
pub(super) fn train(planned: &Planned, drive: &Drive<'_>) -> Result<Ended, SweepError> {
    match train_kept(planned, drive) {
        // A directory that another build or another process has in hand, or that is damaged, is this run's misfortune alone.
        Err(SweepError::Store(error)) if !matches!(error, StoreError::File(_)) => {
            Ok(Ended::Row(Box::new(Row::failed(planned, error.to_string())), None))
        }
        ended => ended,
    }
}

fn train_kept(planned: &Planned, drive: &Drive<'_>) -> Result<Ended, SweepError> {
    let failed = |why: String| Ok(Ended::Row(Box::new(Row::failed(planned, why)), None));
    let Planned { spec, problem, .. } = planned;
    let split = match Split::draw(problem, &spec.data, spec.seed, planned.split_text()) {
        Ok(split) => split,
        Err(error) => return failed(error.to_string()),
    };
    if let Err(error) = memory::fits_at_all(spec, problem, &split) {
        return failed(error.to_string());
    }
    let mut keeper = Keeper::open(planned, drive)?;
    let fresh = match Training::new(spec, problem, &split, 1) {
        Ok(training) => training,
        Err(error) => return failed(error.to_string()),
    };
    let initial = fresh.snapshot();
    let (training, before) = match keeper.checkpoint() {
        None => (fresh, Before::default()),
        Some(checkpoint) => match Training::resume(spec, problem, &split, 1, &checkpoint) {
            Ok(training) => (training, before_checkpoint(&checkpoint)),
            Err(error) => return failed(error.to_string()),
        },
    };
    let watch = drive.judge.map(|judge| Watch::new(judge, planned, &split, &before.scalars));
    // Where a run was parked before a kill, its row is all that is missing.
    let is_parked = || watch.as_ref().is_some_and(Watch::is_parked);
    let must_stop = || is_parked() || (drive.must_stop)();
    let pace = Pace { checkpoint_every: drive.checkpoint_every, must_stop: &must_stop };
    let mut watched = Watched { keeper: &mut keeper, watch: watch.as_ref() };
    let ended = match driver::drive(training, before, &pace, &mut watched)? {
        Driven::Ended(ended) => ended,
        Driven::Stopped { .. } => {
            let Some(watch) = watch.filter(Watch::is_parked) else { return Ok(Ended::Interrupted) };
            if drive.keep_parked {
                keep_parked(planned, drive.folder)?;
            }
            let (row, scalars) = watch.parked_row();
            let curve = (drive.keep == Keep::Scalars).then(|| Curve::of(&planned.id, &scalars));
            return Ok(Ended::Row(Box::new(row), curve));
        }
    };
    let snapshot = ended.snapshot.as_ref().expect("the last step of a run takes a snapshot");
    let labels = match unit_labels(spec, problem, &split, &initial, snapshot) {
        Ok(labels) => labels,
        Err(error) => return failed(error.to_string()),
    };
    let mut row = Row::ended(
        planned,
        &End {
            outcome: ended.outcome,
            step: ended.step,
            n_train: split.train.labels.len(),
            scalars: &ended.scalars,
            labels: &labels,
            seconds: ended.seconds,
        },
    );
    row.parked = watch.and_then(|watch| watch.verdict());
    keeper.finish(ended.outcome, ended.step, ended.seconds)?;
    let curve = (drive.keep == Keep::Scalars).then(|| Curve::of(&planned.id, &ended.scalars));
    Ok(Ended::Row(Box::new(row), curve))
}

/// A run that is judged while it trains.
struct Watch<'a> {
    judge: &'a dyn Judge,
    planned: &'a Planned,
    n_train: usize,
    operation: Operation,
    looks: Vec<u64>,
    seen: RefCell<Seen>,
}

/// What a judge has seen and said so far.
#[derive(Default)]
struct Seen {
    scalars: Vec<Scalars>,
    n_looks: usize,
    parked: Option<Parked>,
}

impl<'a> Watch<'a> {
    /// Judges what is known already, too: the run may have been killed between a look and its row.
    fn new(judge: &'a dyn Judge, planned: &'a Planned, split: &Split, known: &[Scalars]) -> Self {
        let watch = Self {
            judge,
            planned,
            n_train: split.train.labels.len(),
            operation: Operation::of(&planned.problem),
            looks: judge.looks(&planned.spec),
            seen: RefCell::default(),
        };
        known.iter().for_each(|row| watch.hear(row));
        watch
    }

    /// An evaluation; a look is judged once the run is known beyond it.
    fn hear(&self, row: &Scalars) {
        let mut seen = self.seen.borrow_mut();
        let Planned { spec, problem, .. } = self.planned;
        while let Some(&look) = self.looks.get(seen.n_looks).filter(|&&look| look < row.step && seen.parked.is_none()) {
            let known = (spec, &**problem, self.n_train);
            let past = Past::so_far(known, self.operation, None, &seen.scalars, &[]).at(look);
            let parked = self.judge.parks(&past).map(|probability| Parked {
                step: look,
                probability,
                audited: is_audited(&self.planned.id),
                resumed: false,
            });
            seen.n_looks += 1;
            seen.parked = parked;
        }
        if seen.parked.is_none() {
            seen.scalars.push(*row);
        }
    }

    fn verdict(&self) -> Option<Parked> {
        self.seen.borrow().parked
    }

    fn is_parked(&self) -> bool {
        self.verdict().is_some_and(|parked| !parked.audited)
    }

    /// The row of a run that is parked, and its evaluations until then.
    fn parked_row(self) -> (Row, Vec<Scalars>) {
        let Seen { scalars, parked, .. } = self.seen.into_inner();
        let parked = parked.expect("whoever asks has looked");
        (Row::parked(self.planned, parked, self.n_train, &scalars, 0.0), scalars)
    }
}

/// A keeper, and who judges beside it.
struct Watched<'a, 'k> {
    keeper: &'a mut Keeper<'k>,
    watch: Option<&'a Watch<'a>>,
}

impl driver::Keeper for Watched<'_, '_> {
    type Error = SweepError;

    fn keep_scalars(&mut self, row: &Scalars) -> Result<(), SweepError> {
        if let Some(watch) = self.watch {
            watch.hear(row);
        }
        self.keeper.keep_scalars(row)
    }

    fn keep_snapshot(&mut self, snapshot: &Snapshot, last: Option<&Scalars>) -> Result<(), SweepError> {
        self.keeper.keep_snapshot(snapshot, last)
    }

    fn keep_checkpoint(&mut self, checkpoint: Checkpoint, scalars: &[Scalars]) -> Result<(), SweepError> {
        self.keeper.keep_checkpoint(checkpoint, scalars)
    }
}

/// The row of a run that was made alone, from its directory; `None` where it is not finished, or another kernel computed it.
pub(super) fn recorded(planned: &Planned, dir: &RunDir) -> Result<Option<Row>, SweepError> {
    let record = Record::read(dir)?;
    if RecordedSpec::read(dir)?.id != planned.id {
        return Ok(None);
    }
    let Some(finished) = record.finished.filter(|_| record.header.kernel == kernel_name(planned.spec.numerics)) else {
        return Ok(None);
    };
    let Planned { spec, problem, .. } = planned;
    let (Some(first), Some(last)) = (record.snapshots.first(), record.snapshots.last()) else { return Ok(None) };
    let Ok(split) = Split::draw(problem, &spec.data, spec.seed, planned.split_text()) else { return Ok(None) };
    let initial = record.load_snapshot(first.step)?;
    let Ok(labels) = unit_labels(spec, problem, &split, &initial, &record.load_snapshot(last.step)?) else {
        return Ok(None);
    };
    let end = End {
        outcome: finished.outcome,
        step: finished.step,
        n_train: split.train.labels.len(),
        scalars: &record.scalars,
        labels: &labels,
        seconds: finished.seconds,
    };
    Ok(Some(Row { dunwu: record.header.dunwu.clone(), ..Row::ended(planned, &end) }))
}

/// Name of the column of steps that a checkpoint holds the scalars so far in; the others are named after [`SCALARS`].
const STEPS: &str = "scalars.step";

fn column_name(scalar: &ScalarQuantity) -> String {
    format!("scalars.{}", scalar.name)
}

/// The scalars so far as the columns of a checkpoint. Which of them there are is the same for all steps of a run, so an empty column
/// says that there is none.
fn columns(scalars: &[Scalars]) -> impl Iterator<Item = (String, Vec<f64>)> {
    let steps = (STEPS.to_owned(), scalars.iter().map(|row| row.step as f64).collect());
    let column = |scalar: &ScalarQuantity| (column_name(scalar), scalars.iter().filter_map(scalar.get).collect());
    std::iter::once(steps).chain(SCALARS.iter().map(column))
}

/// What a checkpoint remembers beside the training.
fn before_checkpoint(checkpoint: &Checkpoint) -> Before {
    let column = |name: &str| {
        let found = checkpoint.numbers.iter().find(|(other, _)| other == name);
        found.map_or(&[][..], |(_, values)| values)
    };
    let columns: Vec<&[f64]> = SCALARS.iter().map(|scalar| column(&column_name(scalar))).collect();
    let scalars = column(STEPS).iter().enumerate().map(|(row, &step)| {
        let mut scalars = scalars::empty(step as u64);
        for (scalar, column) in SCALARS.iter().zip(&columns) {
            if let Some(&value) = column.get(row) {
                (scalar.set)(&mut scalars, value);
            }
        }
        scalars
    });
    Before { scalars: scalars.collect(), seconds: driver::seconds_of(checkpoint) }
}

/// Where a run is written while it trains.
enum Keeper<'a> {
    /// Nowhere but for a checkpoint now and then.
    Row { planned: &'a Planned, path: PathBuf, checkpoint: Option<Checkpoint> },
    /// A run directory.
    Dir { writer: Option<Box<RunWriter>>, checkpoint: Option<Checkpoint> },
}

impl<'a> Keeper<'a> {
    fn open(planned: &'a Planned, drive: &Drive<'_>) -> Result<Self, SweepError> {
        if drive.keep == Keep::Snapshots {
            return Self::open_dir(planned, drive);
        }
        let path = drive.folder.checkpoint(planned);
        // What cannot be read is not gone on with: the run begins again, with the same bits.
        let read = fs::read(&path).ok().and_then(|bytes| checkpoint::decode(&bytes).ok());
        let checkpoint = read.filter(|(metadata, _)| metadata.run == planned.id).map(|(_, checkpoint)| checkpoint);
        Ok(Self::Row { planned, path, checkpoint })
    }

    fn open_dir(planned: &'a Planned, drive: &Drive<'_>) -> Result<Self, SweepError> {
        let kernel = kernel_name(planned.spec.numerics);
        if let Some(dir) = RunDir::find(drive.folder.runs(), &planned.id)? {
            return match dir.state()? {
                // It was finished since this sweep began, by something else than a sweep. Repeating it costs only time.
                RunState::Finished(_) => {
                    RecordedSpec::read(&dir)?; // which says it if the directory holds another run
                    RunWriter::clear_finished(&dir);
                    Ok(Self::Dir { writer: None, checkpoint: None })
                }
                RunState::Unfinished { .. } => {
                    let resumed = RunWriter::resume(&dir, kernel)?;
                    Ok(Self::Dir { writer: Some(Box::new(resumed.writer)), checkpoint: resumed.checkpoint })
                }
            };
        }
        let inputs: Vec<(String, String)> =
            planned.inputs.iter().map(|(name, text)| (name.clone(), text.to_string())).collect();
        let new = NewRun { name: &planned.spec.task.to_string(), spec: &planned.spec, inputs: &inputs, kernel };
        Ok(Self::Dir { writer: Some(Box::new(RunWriter::create(drive.folder.runs(), &new)?)), checkpoint: None })
    }

    fn checkpoint(&mut self) -> Option<Checkpoint> {
        match self {
            Self::Row { checkpoint, .. } | Self::Dir { checkpoint, .. } => checkpoint.take(),
        }
    }

    fn finish(&mut self, outcome: dunwu_engine::Outcome, step: u64, seconds: f64) -> Result<(), SweepError> {
        if let Self::Dir { writer, .. } = self
            && let Some(writer) = writer.take()
        {
            writer.finish(outcome, step, seconds)?;
        }
        Ok(())
    }
}

impl driver::Keeper for Keeper<'_> {
    type Error = SweepError;

    fn keep_scalars(&mut self, row: &Scalars) -> Result<(), SweepError> {
        match self {
            Self::Dir { writer: Some(writer), .. } => Ok(writer.append_scalars(row)?),
            _ => Ok(()),
        }
    }

    fn keep_snapshot(&mut self, snapshot: &Snapshot, _: Option<&Scalars>) -> Result<(), SweepError> {
        match self {
            Self::Dir { writer: Some(writer), .. } => Ok(writer.append_snapshot(snapshot)?),
            _ => Ok(()),
        }
    }

    fn keep_checkpoint(&mut self, mut checkpoint: Checkpoint, scalars: &[Scalars]) -> Result<(), SweepError> {
        checkpoint.numbers.extend(columns(scalars));
        match self {
            Self::Row { planned, path, .. } => {
                let bytes = checkpoint::encode(&planned.id, 0, &checkpoint);
                Ok(file::replace(path, &bytes, "saving a checkpoint")?)
            }
            Self::Dir { writer: Some(writer), .. } => Ok(writer.save_checkpoint(&checkpoint)?),
            Self::Dir { writer: None, .. } => Ok(()),
        }
    }
}

/// Puts the checkpoint of a run that is parked where the run without its judge begins.
fn keep_parked(planned: &Planned, folder: &Folder) -> Result<(), SweepError> {
    let unjudged = folder.unjudged();
    unjudged.make()?;
    let (from, to) = (folder.checkpoint(planned), unjudged.checkpoint(planned));
    match fs::copy(&from, &to) {
        // Killed between this copy and its row: it is there already, or the run begins again with the same bits.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        copied => Ok(copied.map(drop).or_while("keeping the checkpoint of a parked run", &to)?),
    }
}

/// Removes the checkpoint of a run whose row is written.
pub(super) fn forget_checkpoint(folder: &Folder, planned: &Planned) -> Result<(), SweepError> {
    let path = folder.checkpoint(planned);
    match disk::remove_file(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => Ok(removed.or_while("removing a checkpoint", &path)?),
    }
}
