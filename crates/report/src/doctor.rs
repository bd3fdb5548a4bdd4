//! The verb `doctor`: what a run suffers from, and the fork that proves it.

use crate::timeline::{self, Content, Series as Curve, Track};
use crate::words::{count, counted, number};
use dunwu::answer::{Answer, Block, Color, Figure, Scale, Section, Shown, TEST, TRAIN, Table, TableCell, object};
use dunwu::run::RunRequest;
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::RunSpec;
use dunwu_verdict::doctor::bench::{DetectorRates, Kind, Rate, Summary};
use dunwu_verdict::doctor::linter::{Lint, lint};
use dunwu_verdict::doctor::{
    Alarm, Diagnosis, Forked, Live, Reason, Verdict, diagnose, diagnose_replayed, diagnose_series,
};
use dunwu_verdict::series::Series;
use schemars::JsonSchema;
use serde::Serialize;

/// What a doctor found, as programs read it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DoctorData {
    /// The run's directory, or the words of its spec.
    pub subject: String,
    /// What was found in the run.
    #[serde(flatten)]
    pub diagnosis: Diagnosis,
}

/// What a spec alone gives away, as programs read it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LintData {
    /// The words of the spec.
    pub subject: String,
    /// Settings out of the customary range.
    pub lints: Vec<Lint>,
}

/// The run with this spec is replayed, looked at and forked.
pub fn answer(subject: &str, request: &RunRequest, watcher: &mut Watcher<'_>) -> Result<(Answer, Verdict), VerbError> {
    request.refuse_imported("a diagnosis")?;
    request.notes.iter().for_each(|note| watcher.note(note));
    let diagnosis = diagnose((&request.spec, &request.problem, &request.split), watcher)?;
    let verdict = diagnosis.verdict;
    Ok((of_diagnosis(subject, request, diagnosis), verdict))
}

/// The run with this spec, which was looked at while it trained, is forked; one that was not seen from its first step on is replayed first.
pub fn answer_live(
    subject: &str,
    request: &RunRequest,
    live: Live,
    watcher: &mut Watcher<'_>,
) -> Result<(Answer, Verdict), VerbError> {
    let of = (&request.spec, &request.problem, &request.split);
    let diagnosis = match live.into_run() {
        Some(run) => diagnose_replayed(of, &run, watcher)?,
        None => diagnose(of, watcher)?,
    };
    let verdict = diagnosis.verdict;
    Ok((of_diagnosis(subject, request, diagnosis), verdict))
}

/// What the spec alone gives away, before a step is made.
pub fn answer_spec(subject: &str, spec: &RunSpec) -> Answer {
    let lints = lint(spec);
    let headline = match lints.len() {
        0 => "Nothing in this spec is out of the customary range.".to_owned(),
        n => format!(
            "{} of this spec {} out of the customary range.",
            counted(n, "setting"),
            if n == 1 { "is" } else { "are" }
        ),
    };
    let sentences = vec![
        "This is read from the spec alone; no step was made, so nothing is proved. `dunwu doctor RUN` looks at a run and forks it."
            .to_owned(),
    ];
    Answer {
        verb: "doctor-spec",
        title: spec.task.to_string(),
        setup: subject.to_owned(),
        headline,
        sentences,
        sections: vec![Section {
            title: None,
            shown: Shown::Everywhere,
            blocks: lints_block(&lints).into_iter().collect(),
        }],
        sources: Vec::new(),
        data: object(&LintData { subject: subject.to_owned(), lints }),
    }
}

/// What recorded series of somebody else's run say.
pub fn answer_series(subject: &str, series: &[Series]) -> (Answer, Verdict) {
    let found = diagnose_series(series);
    let headline = match (found.verdict, found.first_step, &found.loss) {
        (Verdict::Sick, Some(step), Some(loss)) => {
            format!("It is sick: {loss} is far above its own best from step {} on, for a reason unknown.", count(step))
        }
        (Verdict::Well, _, Some(loss)) => format!("It is well, as far as {loss} tells."),
        _ => "It cannot be told: no series is called train_loss or loss.".to_owned(),
    };
    let missing = format!("Not judged, for want of what it needs: {}.", found.missing.join("; "));
    let figure = loss_figure(
        ["Loss of the run", "Loss as it was recorded"],
        [&found.losses, &[]],
        found.losses.last().map_or(0, |point| point.0),
        "The recorded loss.".to_owned(),
    );
    let mut blocks = vec![Block::Figure(figure)];
    blocks.extend(alarms_block(&found.alarms));
    let verdict = found.verdict;
    let answer = Answer {
        verb: "doctor-series",
        title: "A run recorded elsewhere".to_owned(),
        setup: subject.to_owned(),
        headline,
        sentences: vec![missing],
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources: vec!["CUSUM: Page 1954.".to_owned()],
        data: object(&found),
    };
    (answer, verdict)
}

/// How often the doctor is right: the answer of `dunwu doctor --bench`.
pub fn answer_bench(summary: &Summary, n_cases: usize) -> Answer {
    let rate = |rate: &Rate| {
        vec![
            TableCell::Text(rate.what.clone()),
            TableCell::Count(rate.count),
            TableCell::Count(rate.of),
            TableCell::of((rate.of > 0).then(|| rate.count as f64 / rate.of as f64), TableCell::Share),
            TableCell::of(rate.low, TableCell::Share),
            TableCell::of(rate.high, TableCell::Share),
        ]
    };
    let kind = |kind: &Kind| {
        let counts = [kind.cases, kind.harmful, kind.certified, kind.right, kind.linted];
        let mut row = vec![TableCell::Text(kind.planted.clone())];
        row.extend(counts.map(TableCell::Count));
        row
    };
    let detector = |one: &DetectorRates| {
        let share =
            |rate: &Rate| TableCell::of((rate.of > 0).then(|| rate.count as f64 / rate.of as f64), TableCell::Share);
        let mut row = vec![TableCell::Text(one.name.clone())];
        row.extend(one.clean.iter().chain(&one.found).map(share));
        row
    };
    let rates = ["what", "cases", "of", "share", "95 % from", "to"];
    let kinds = ["planted", "plants", "harmful", "healed by a switch", "reason right", "linter right"];
    let detectors =
        ["detector", "clean, customary", "clean, calibrated", "harmful found, customary", "found, calibrated"];
    let blocks = vec![
        Block::Table(Table::new("rates", 1, &rates, summary.rates.iter().map(rate).collect())),
        Block::Table(Table::new("kinds", 1, &kinds, summary.kinds.iter().map(kind).collect())),
        Block::Table(Table::new("detectors", 1, &detectors, summary.detectors.iter().map(detector).collect())),
    ];
    let lead = summary.lead_share.map(|share| {
        format!(
            "Where harm takes 170 steps or more to come, the first alarm leaves {} of that time (median).",
            number(share)
        )
    });
    Answer {
        verb: "doctor-bench",
        title: "The doctor on cases whose truth is known".to_owned(),
        setup: counted(n_cases, "case"),
        headline: format!("The doctor was asked about {}.", counted(n_cases, "case")),
        sentences: lead.into_iter().collect(),
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources: vec!["Intervals: Wilson 1927. CUSUM: Page 1954.".to_owned()],
        data: object(summary),
    }
}

fn of_diagnosis(subject: &str, request: &RunRequest, diagnosis: Diagnosis) -> Answer {
    let mut blocks = vec![Block::Figure(figure(&diagnosis, request.spec.steps))];
    blocks.extend(alarms_block(&diagnosis.alarms));
    blocks.extend(forks_block(&diagnosis.forks));
    blocks.extend(lints_block(&diagnosis.lints));
    Answer {
        verb: "doctor",
        title: request.spec.task.to_string(),
        setup: subject.to_owned(),
        headline: headline(&diagnosis),
        sentences: sentences(&diagnosis),
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources: vec![
            "Harm and forks are defined in docs/guide/doctor.md, with their measured error rates.".to_owned(),
        ],
        data: object(&DoctorData { subject: subject.to_owned(), diagnosis }),
    }
}

/// A switch as a person would type it after `dunwu fork RUN`.
fn switch_words(fork: &Forked) -> String {
    let until = fork.until.map_or(String::new(), |until| format!(" --until {until}"));
    let words: Vec<String> =
        fork.words.iter().map(|word| if word.contains(' ') { format!("{word:?}") } else { word.clone() }).collect();
    format!("--at {}{until} {}", fork.at, words.join(" "))
}

fn headline(diagnosis: &Diagnosis) -> String {
    match (diagnosis.verdict, diagnosis.reason, &diagnosis.switch) {
        (Verdict::Well, ..) if diagnosis.alarms.is_empty() => "It is well: nothing is out of the ordinary.".to_owned(),
        (Verdict::Well, ..) => {
            format!(
                "It is well: {} was raised, and no switch makes it better.",
                counted(diagnosis.alarms.len(), "alarm")
            )
        }
        (Verdict::CannotTell, ..) => {
            "It cannot be told: moving one weight by a thousandth or two heals it too, so that no switch proves anything.".to_owned()
        }
        (Verdict::Sick, Some(reason), Some(switch)) => {
            let place = diagnosis.place.words();
            let place = if place.is_empty() { String::new() } else { format!(" ({place})") };
            let step = diagnosis.first_step.map_or(String::new(), |step| format!(" from step {} on", count(step)));
            format!(
                "It is sick{step}, because {}{place}: `dunwu fork RUN {}` heals it.",
                reason.words(),
                switch_words(switch)
            )
        }
        (Verdict::Sick, ..) => {
            let step = diagnosis.first_step.map_or(String::new(), |step| format!(" from step {} on", count(step)));
            format!("It is sick{step}, for a reason unknown: no switch here heals it.")
        }
    }
}

fn sentences(diagnosis: &Diagnosis) -> Vec<String> {
    let loss = |loss: Option<f64>| loss.map_or("not finite".to_owned(), number);
    let proof = diagnosis.proof.as_ref().map(|proof| {
        format!(
            "The proof: the same run with that one switch ends at a loss of {} where this one ends at {}; with one weight moved by \
             a thousandth or two instead it ends at {}.",
            loss(proof.child.final_loss),
            loss(proof.parent_final_loss),
            loss(proof.null.final_loss)
        )
    });
    let others: Vec<&str> = diagnosis
        .healing_set
        .iter()
        .filter(|reason| Some(**reason) != diagnosis.reason)
        .map(|reason| reason.words())
        .collect();
    let others = (!others.is_empty() && diagnosis.verdict == Verdict::Sick)
        .then(|| format!("Forks cannot tell it from these, whose switches heal too: {}.", others.join("; ")));
    let first = diagnosis.alarms.first().map(|alarm| {
        format!(
            "The first sign was at step {}: {} of {}, beyond {}; taken alone it says that {}.",
            count(alarm.step),
            alarm.quantity,
            loss(alarm.value),
            number(alarm.limit),
            alarm.reason.words()
        )
    });
    [proof, others, first].into_iter().flatten().collect()
}

fn alarms_block(alarms: &[Alarm]) -> Option<Block> {
    let row = |alarm: &Alarm| {
        vec![
            TableCell::Count(alarm.step),
            TableCell::Text(alarm.reason.name().to_owned()),
            TableCell::Text(alarm.place.words()),
            TableCell::Text(alarm.quantity.to_owned()),
            TableCell::of(alarm.value, TableCell::Number),
            TableCell::Number(alarm.limit),
        ]
    };
    let heads = ["step", "alarm", "where", "quantity", "value", "beyond"];
    (!alarms.is_empty()).then(|| Block::Table(Table::new("alarms", 2, &heads, alarms.iter().map(row).collect())))
}

fn forks_block(forks: &[Forked]) -> Option<Block> {
    let row = |fork: &Forked| {
        let name = if fork.reason == Reason::Unknown { "null fork" } else { fork.reason.name() };
        vec![
            TableCell::Text(name.to_owned()),
            TableCell::Text(switch_words(fork)),
            TableCell::Text(if fork.heals { "heals" } else { "does not heal" }.to_owned()),
            TableCell::of(fork.final_loss, TableCell::Number),
        ]
    };
    let heads = ["reason", "switch", "what it does", "final loss"];
    (!forks.is_empty()).then(|| Block::Table(Table::new("forks", 3, &heads, forks.iter().map(row).collect())))
}

fn lints_block(lints: &[Lint]) -> Option<Block> {
    let row = |lint: &Lint| {
        vec![
            TableCell::Text(lint.key.to_owned()),
            TableCell::Number(lint.value),
            TableCell::Number(lint.limit),
            TableCell::Text(lint.reason.words().to_owned()),
        ]
    };
    let heads = ["setting, by the spec alone", "value", "customary end", "where it leads"];
    (!lints.is_empty()).then(|| Block::Table(Table::new("lints", 1, &heads, lints.iter().map(row).collect())))
}

fn figure(diagnosis: &Diagnosis, steps: u64) -> Figure {
    let alarm = diagnosis.alarms.first();
    let alarm = alarm.map_or(String::new(), |alarm| format!(" The first alarm was at step {}.", count(alarm.step)));
    let caption = match &diagnosis.switch {
        Some(switch) => format!("The run, and the same run with `{}`.{alarm}", switch_words(switch)),
        None => format!("The run; no fork heals it, or none was needed.{alarm}"),
    };
    let title = match diagnosis.switch {
        Some(_) => "Loss of the run, and of the fork that heals it",
        None => "Loss of the run",
    };
    let over = "Loss over fixed training samples";
    loss_figure([title, over], diagnosis.losses.each_ref().map(Vec::as_slice), steps, caption)
}

fn loss_figure([title, of]: [&str; 2], [run, healed]: [&[(u64, f64)]; 2], steps: u64, caption: String) -> Figure {
    const NAME: &str = "losses";
    let curve = |name: &str, color: Color, points: &[(u64, f64)]| {
        Curve::evaluated(name, color, points.iter().map(|(step, loss)| (*step as f64, *loss)).collect())
    };
    if run.is_empty() {
        return Figure::undefined(NAME, title, "no loss was finite");
    }
    let mut curves = vec![curve("this run", TEST, run)];
    if !healed.is_empty() {
        curves.push(curve("with the switch", TRAIN, healed));
    }
    let values: Vec<f64> = curves.iter().flat_map(|series| &series.points).map(|point| point.1).collect();
    let tracks =
        [Track { title: of.into(), scale: Scale::log(values, 12), height: 170.0, content: Content::Curves(curves) }];
    Figure::of_plots(NAME, title, caption, timeline::stack_over(steps.max(1), &[], &[], &tracks))
}
