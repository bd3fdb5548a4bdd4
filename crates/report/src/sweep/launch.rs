//! A sweep on a cluster.

use super::data::LaunchData;
use dunwu::answer::wording::{count, counted};
use dunwu::answer::{Answer, Block, Fact, Section, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_studies::launch::{LaunchRequest, Launched};

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

fn duration(minutes: f64) -> String {
    if minutes < 1.0 { format!("{:.0} s", (60.0 * minutes).ceil()) } else { format!("{minutes:.0} min") }
}
