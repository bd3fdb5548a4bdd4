//! A run that is looked at while it trains: alarms as they come, and all that a diagnosis needs of it afterwards.

use super::alarm::Alarm;
use super::reason::Reason;
use super::replay::{Recorder, Replayed};
use super::rules::{alarms_since, median_row};
use dunwu::run::Onlooker;
use dunwu::verb::Watcher;
use dunwu_engine::{Problem, Progress, RunSpec, Split, Training};

/// Updates after which the rules are asked about those that are new.
const ASK_EVERY: usize = 8;

/// Looks at every update of a run. Rules count updates, so that none may be left out.
#[derive(Default)]
pub struct Live {
    recorder: Option<Recorder>,
    /// The median row's loss at each update.
    rows: Vec<f64>,
    /// Updates about which the rules were asked.
    asked: usize,
    alarms: Vec<Alarm>,
    has_ended: bool,
}

impl Live {
    /// The run, where it was seen from its first step to its end.
    pub fn into_run(self) -> Option<Replayed> {
        Some(self.recorder.filter(|_| self.has_ended)?.run)
    }

    /// Alarms so far, at most one a reason.
    pub fn alarms(&self) -> &[Alarm] {
        &self.alarms
    }

    /// Asks the rules about the updates that are new.
    fn ask(&mut self) -> usize {
        let Some(Recorder { run, .. }) = &self.recorder else { return 0 };
        self.rows.extend(run.vitals[self.rows.len()..].iter().map(median_row));
        let known = |reason: Reason| self.alarms.iter().any(|alarm| alarm.reason == reason);
        let mut new = alarms_since(run, &self.rows, self.asked);
        new.retain(|alarm| !known(alarm.reason));
        self.asked = run.vitals.len();
        let n = new.len();
        self.alarms.extend(new);
        n
    }
}

impl Onlooker for Live {
    fn begin(&mut self, run: (&RunSpec, &Problem, &Split), training: &mut Training) {
        *self = Self { recorder: Some(Recorder::begin(run, true, training)), ..Self::default() };
    }

    fn before(&mut self, training: &mut Training) {
        if let Some(recorder) = &mut self.recorder {
            recorder.before(training);
        }
    }

    fn after(&mut self, training: &mut Training, progress: &Progress, watcher: &mut Watcher<'_>) {
        let Some(recorder) = &mut self.recorder else { return };
        recorder.after(training, progress);
        self.has_ended = progress.outcome.is_some();
        if self.has_ended || recorder.run.vitals.len() - self.asked >= ASK_EVERY {
            let n = self.ask();
            for alarm in &self.alarms[self.alarms.len() - n..] {
                watcher.note(&alarm.sentence());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::alarms;
    use super::*;
    use dunwu::run::{RunEnd, RunRequest, Training as Drive, run, run_under};
    use dunwu::verb::Progress as Said;
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    const SICK: [&str; 4] = [
        "interventions=at 60 set optimizer.weight_decay 60",
        "interventions=at 60 set optimizer.learning_rate 3",
        "interventions=from 60 to 90 corrupt 0.9 of rows",
        "optimizer.epsilon=1",
    ];

    fn request(plant: &str) -> RunRequest {
        let words = "small task=cyclic:11 data.fraction=0.8 model.width=32 loss=cross_entropy optimizer=adamw \
                     optimizer.learning_rate=0.005 optimizer.weight_decay=0.01 data.batch_size=32 steps=160 events.stop_after=never";
        let words: Vec<String> = words.split_whitespace().chain([plant]).map(str::to_owned).collect();
        RunRequest::from_words(&words).unwrap_or_else(|error| panic!("{plant}: {}", error.sentence()))
    }

    /// What is seen piece by piece is what a look at the whole run sees, the record is that of a run that nobody looked at, and each alarm
    /// is told before the run ends.
    #[test]
    fn alarms_come_as_the_run_goes_and_change_nothing_of_it() {
        let mut n_alarms = 0;
        for plant in SICK.into_iter().chain(["seed=1"]) {
            let request = request(plant);
            let folder = tempfile::tempdir().unwrap();
            let (watched, plain) = (folder.path().join("watched"), folder.path().join("plain"));
            let drive = |runs| Drive { runs, checkpoint_every: Duration::from_secs(100) };
            let (stop, mut live, mut notes, mut at_step) = (AtomicBool::new(false), Live::default(), Vec::new(), 0);
            let mut hear = |said: &Said<'_>| match said {
                Said::Evaluated(row) => at_step = row.step,
                Said::Note(note) => notes.push((at_step, (*note).to_owned())),
                _ => {}
            };
            let end =
                run_under(&request, &drive(&watched), Some(&mut live), &mut Watcher::new(&mut hear, &stop)).unwrap();
            let RunEnd::Made(_, seen) = end else { panic!("{plant}: it is made") };
            let RunEnd::Made(_, unseen) = run(&request, &drive(&plain), &mut Watcher::new(&mut |_| {}, &stop)).unwrap()
            else {
                panic!("{plant}: it is made")
            };
            assert_eq!((&seen.scalars, seen.outcome), (&unseen.scalars, unseen.outcome), "{plant}");
            let told: Vec<(u64, Reason)> = live.alarms().iter().map(|alarm| (alarm.step, alarm.reason)).collect();
            let run = live.into_run().unwrap();
            let whole = alarms(&run);
            assert_eq!(told, whole.iter().map(|alarm| (alarm.step, alarm.reason)).collect::<Vec<_>>(), "{plant}");
            assert_eq!(notes.len(), whole.len(), "{plant}: {notes:?}");
            for ((heard, note), alarm) in notes.iter().zip(&whole) {
                assert!(note.contains(alarm.reason.words()), "{plant}: {note}");
                assert!(*heard < 160 && *heard <= alarm.step + 8, "{plant}: heard after step {heard}: {note}");
            }
            n_alarms += whole.len();
        }
        assert!(n_alarms >= 3, "{n_alarms}");
    }
}
