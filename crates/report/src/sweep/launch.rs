//! A sweep on a cluster.

use super::data::{LaunchData, RayLaunchData};
use dunwu::answer::wording::{count, counted};
use dunwu::answer::{Answer, Block, Fact, Section, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_studies::launch::{LaunchRequest, Launched, RayLaunchRequest, RayLaunched};

/// Sizes an array of tasks for what remains of a sweep, writes its scripts and submits them; a dry request only says what would be done.
pub fn launch(request: &LaunchRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(of_launched(&request.sweep.name, &request.launch(watcher)?))
}

fn of_launched(name: &str, launched: &Launched) -> Answer {
    let runs = counted(launched.runs, "run");
    let (mut sentences, mut sections) = (Vec::new(), Vec::new());
    let headline = match &launched.plan {
        None => format!("Nothing remains to be done: all {runs} are there; nothing is submitted."),
        Some((size, plan)) => {
            let submitted = match &launched.jobs {
                None => {
                    // As a script for a shell: no skin may change a letter of it.
                    let script = plan.by_hand().trim_end().lines().map(str::to_owned).collect();
                    sections.push(Section::everywhere("As a script", vec![Block::Verbatim(script)]));
                    "; nothing is submitted"
                }
                Some(jobs) => {
                    let facts = vec![
                        Fact::new("array", format!("{}  {}", jobs.array, plan.array.path)),
                        Fact::new("collecting", format!("{}  {}", jobs.collect, plan.collect.path)),
                        Fact::new("logs", plan.logs.clone()),
                    ];
                    sections.push(Section::everywhere("Submitted", vec![Block::Facts(facts)]));
                    sentences.push(format!(
                        "`squeue --me` shows the jobs; `scancel {}` stops the array, and launching again goes on from there.",
                        jobs.array
                    ));
                    ""
                }
            };
            format!(
                "{} of {runs} remain ({} done): {} of about {} each, to be ended after {} min{submitted}.",
                count(launched.remaining as u64),
                count((launched.runs - launched.remaining) as u64),
                counted(size.tasks, "task"),
                duration(size.minutes_per_task),
                size.time_limit_minutes
            )
        }
    };
    Answer {
        verb: "launch",
        title: name.to_owned(),
        setup: String::new(),
        headline,
        sentences,
        sections,
        sources: Vec::new(),
        data: object(&LaunchData::of(launched)),
    }
}

/// Sizes a job of Ray for what remains of a sweep, writes its driver and submits it; a dry request only says what would be done.
pub fn launch_ray(request: &RayLaunchRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(of_ray(&request.sweep.name, &request.launch(watcher)?))
}

fn of_ray(name: &str, launched: &RayLaunched) -> Answer {
    let runs = counted(launched.runs, "run");
    let (mut sentences, mut sections) = (Vec::new(), Vec::new());
    let headline = match &launched.plan {
        None => format!("Nothing remains to be done: all {runs} are there; nothing is submitted."),
        Some((size, plan)) => {
            let submitted = match &launched.job {
                None => {
                    let script = plan.by_hand().trim_end().lines().map(str::to_owned).collect();
                    sections.push(Section::everywhere("As a script", vec![Block::Verbatim(script)]));
                    "; nothing is submitted"
                }
                Some(job) => {
                    let facts = vec![Fact::new("job", job.clone()), Fact::new("driver", plan.driver.path.clone())];
                    sections.push(Section::everywhere("Submitted", vec![Block::Facts(facts)]));
                    sentences.push(format!(
                        "`ray job status {job}` says how it stands, `ray job logs {job}` ends with the table; `ray job stop {job}` stops \
                         it, and launching again goes on from there."
                    ));
                    ""
                }
            };
            format!(
                "{} of {runs} remain ({} done): {} of about {} each{submitted}.",
                count(launched.remaining as u64),
                count((launched.runs - launched.remaining) as u64),
                counted(size.tasks, "task"),
                duration(size.minutes_per_task),
            )
        }
    };
    Answer {
        verb: "launch-ray",
        title: name.to_owned(),
        setup: String::new(),
        headline,
        sentences,
        sections,
        sources: Vec::new(),
        data: object(&RayLaunchData::of(launched)),
    }
}

fn duration(minutes: f64) -> String {
    if minutes < 1.0 { format!("{:.0} s", (60.0 * minutes).ceil()) } else { format!("{minutes:.0} min") }
}
