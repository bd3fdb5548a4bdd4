//! What programs read of sweeps.

use dunwu::verb::Tally;
use dunwu_studies::launch::slurm::Script;
use dunwu_studies::launch::{Launched, RayLaunched};
use dunwu_studies::sweep::{SweepAhead, SweepEnd, SweepRequest};
use dunwu_verdict::stats::ExactShare;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// A sweep that was worked on, or one that is only looked ahead to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SweepData {
    /// Where runs were made or collected.
    Collected(CollectedData),
    /// Where it was asked what there would be to do (`--dry-run`).
    Ahead(AheadData),
}

/// A sweep and its table.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CollectedData {
    /// Runs of the sweep.
    pub runs: usize,
    /// Runs that are there.
    pub done: usize,
    /// Finished runs that were there before this call.
    pub reused: usize,
    /// Runs that this call made, failed ones counted in.
    pub made: usize,
    /// Runs that are there and failed; the table's column `error` says why.
    pub failed: usize,
    /// Runs that are not there.
    pub missing: usize,
    /// The file of the table.
    pub table: PathBuf,
    /// The file of losses and accuracies over time; `null` where none were kept.
    pub curves: Option<PathBuf>,
    /// Seconds that making runs took.
    pub seconds: f64,
    /// Runs made an hour; `null` where none were made.
    pub runs_per_hour: Option<f64>,
    /// Runs that a judge parked; `null` where none judged, as all of what follows.
    pub parked: Option<usize>,
    /// Runs that would have been parked and trained on as an audit.
    pub audited: Option<usize>,
    /// What the audit says.
    pub audit: Option<AuditedParks>,
    /// Steps that parked runs did not make.
    pub steps_saved: Option<u64>,
    /// Steps that all runs made.
    pub steps_made: Option<u64>,
    /// What became of a budget; `null` where steps were not limited.
    pub budget: Option<SpentBudget>,
}

/// How the steps of a budget were used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SpentBudget {
    /// Steps that all runs were allowed together.
    pub steps: u64,
    /// Parked runs that went on because steps were left.
    pub resumed: usize,
    /// Parked runs that went on and generalized.
    pub resumed_generalized: usize,
    /// Runs that were not made because the steps were spent before their turn.
    pub unmade: usize,
}

/// How often parking was wrong, as its audit says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AuditedParks {
    /// Audited runs that generalized after all.
    pub false_parks: usize,
    /// Their share of the audited runs; `null` where none was audited.
    pub share: Option<f64>,
    /// Lower end of its exact 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What is left of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AheadData {
    /// Runs of the sweep.
    pub runs: usize,
    /// Runs that are there.
    pub done: usize,
    /// Runs that are left.
    pub left: usize,
    /// Seconds that these take if they stop early as often as finished ones; `null` where none of them can begin.
    pub seconds: Option<f64>,
    /// Seconds that these take if none of them stops early.
    pub seconds_at_most: Option<f64>,
    /// The runs that are left.
    pub list: Vec<RunAhead>,
}

/// A run that is left.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunAhead {
    /// Its identity.
    pub run: String,
    /// Its settings as words, as far as the sweep varies them.
    pub words: String,
}

/// What one worker of many did.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WorkData {
    /// Runs of the sweep.
    pub runs: usize,
    /// Runs that this worker made, failed ones counted in.
    pub made: usize,
    /// Runs that this worker made and that ended with an error.
    pub failed: usize,
    /// Runs that were there before.
    pub reused: usize,
}

/// A sweep on a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LaunchData {
    /// The number of the array of tasks; `null` where nothing was submitted.
    pub array_job: Option<String>,
    /// The number of the job that collects; `null` where nothing was submitted.
    pub collect_job: Option<String>,
    /// Tasks of the array.
    pub tasks: usize,
    /// Runs of the sweep.
    pub runs: usize,
    /// Runs that have not ended.
    pub remaining: usize,
    /// Estimated training time of these, in seconds on one core.
    pub estimated_seconds: f64,
    /// How long a task lasts if all run at once, in minutes.
    pub minutes_per_task: f64,
    /// When a task is ended and requeued, in minutes; `null` where no run remains.
    pub time_limit_minutes: Option<u64>,
    /// Both scripts; `null` where no run remains.
    pub scripts: Option<LaunchScripts>,
    /// Log files of tasks; `%A` stands for the array's number and `%a` for the task's.
    pub logs: Option<String>,
}

/// A sweep on a cluster of Ray.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RayLaunchData {
    /// The job's name; `null` where nothing was submitted.
    pub job: Option<String>,
    /// Tasks of the job.
    pub tasks: usize,
    /// Runs of the sweep.
    pub runs: usize,
    /// Runs that have not ended.
    pub remaining: usize,
    /// Estimated training time of these, in seconds on one core.
    pub estimated_seconds: f64,
    /// How long a task lasts if all run at once, in minutes.
    pub minutes_per_task: f64,
    /// The driver; `null` where no run remains.
    pub driver: Option<LaunchScript>,
}

/// The scripts of both jobs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LaunchScripts {
    /// Of the array, whose tasks make the runs.
    pub array: LaunchScript,
    /// Of the job that collects when the array has ended.
    pub collect: LaunchScript,
}

/// A script with the command that submits it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LaunchScript {
    /// Where it is kept.
    pub path: String,
    /// What is in it.
    pub text: String,
    /// The command, a word each.
    pub command: Vec<String>,
}

impl CollectedData {
    pub(super) fn of(request: &SweepRequest, end: &SweepEnd) -> Self {
        let SweepEnd { tally, seconds, collected, table, curves, .. } = end;
        let judged = collected.judged;
        let budget = judged.zip(request.budget).map(|(judged, steps)| SpentBudget {
            steps,
            resumed: judged.resumed,
            resumed_generalized: judged.resumed_generalized,
            unmade: judged.unmade,
        });
        let audit = judged.map(|judged| {
            let ExactShare { share, low, high } = ExactShare::of(judged.false_parks, judged.audited);
            AuditedParks { false_parks: judged.false_parks, share, low, high }
        });
        Self {
            parked: judged.map(|judged| judged.parked),
            audited: judged.map(|judged| judged.audited),
            audit,
            steps_saved: judged.map(|judged| judged.steps_saved),
            steps_made: judged.map(|judged| judged.steps_made),
            budget,
            runs: tally.runs,
            done: collected.done,
            reused: collected.done - tally.made.min(collected.done),
            made: tally.made,
            failed: collected.failed,
            missing: tally.runs - collected.done,
            table: table.clone(),
            curves: curves.clone(),
            seconds: *seconds,
            runs_per_hour: (tally.made > 0).then(|| tally.made as f64 / seconds * 3600.0),
        }
    }
}

impl AheadData {
    pub(super) fn of(request: &SweepRequest, ahead: &SweepAhead<'_>) -> Self {
        let list = ahead.left.iter().map(|run| RunAhead { run: run.id.to_string(), words: run.words.clone() });
        Self {
            runs: request.runs.len(),
            done: request.runs.len() - ahead.left.len(),
            left: ahead.left.len(),
            seconds: ahead.estimate.map(|estimate| estimate.likely),
            seconds_at_most: ahead.estimate.map(|estimate| estimate.at_most),
            list: list.collect(),
        }
    }
}

impl WorkData {
    pub(super) fn of(tally: Tally) -> Self {
        Self { runs: tally.runs, made: tally.made, failed: tally.failed, reused: tally.reused }
    }
}

impl RayLaunchData {
    pub(super) fn of(launched: &RayLaunched) -> Self {
        let (size, plan) = launched.plan.as_ref().map(|(size, plan)| (*size, plan)).unzip();
        Self {
            job: launched.job.clone(),
            tasks: size.map_or(0, |size| size.tasks),
            runs: launched.runs,
            remaining: launched.remaining,
            estimated_seconds: size.map_or(0.0, |size| size.estimated_seconds),
            minutes_per_task: size.map_or(0.0, |size| size.minutes_per_task),
            driver: plan.map(|plan| LaunchScript {
                path: plan.driver.path.clone(),
                text: plan.driver.text.clone(),
                command: plan.command(launched.job.as_deref()),
            }),
        }
    }
}

impl LaunchData {
    pub(super) fn of(launched: &Launched) -> Self {
        let (size, plan) = launched.plan.as_ref().map(|(size, plan)| (*size, plan)).unzip();
        let array_job = launched.jobs.as_ref().map(|jobs| jobs.array.clone());
        let script =
            |script: &Script, command| LaunchScript { path: script.path.clone(), text: script.text.clone(), command };
        let scripts = plan.map(|plan| LaunchScripts {
            array: script(&plan.array, plan.array_command()),
            collect: script(&plan.collect, plan.collect_command(array_job.as_deref().unwrap_or("ARRAY_JOB"))),
        });
        Self {
            array_job,
            collect_job: launched.jobs.as_ref().map(|jobs| jobs.collect.clone()),
            tasks: size.map_or(0, |size| size.tasks),
            runs: launched.runs,
            remaining: launched.remaining,
            estimated_seconds: size.map_or(0.0, |size| size.estimated_seconds),
            minutes_per_task: size.map_or(0.0, |size| size.minutes_per_task),
            time_limit_minutes: size.map(|size| size.time_limit_minutes),
            scripts,
            logs: plan.map(|plan| plan.logs.clone()),
        }
    }
}
