//! A scaling law as an answer.

use super::data::LawData;
use super::{assumptions, chart, tables, words};
use dunwu::answer::{Answer, Block, Section, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_studies::law::{LawRequest, Study};

/// How the critical sample size of a table's tasks grows with their size, and which further runs would tell two laws apart.
pub fn answer(request: &LawRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(of_study(&request.study(watcher)?))
}

pub(super) fn of_study(study: &Study) -> Answer {
    let mut story = words::sentences(study);
    let headline = story.remove(0);
    let mut sections = vec![Section::untitled(vec![Block::Figure(chart::ratios(study))])];
    if let Some(command) = words::command(study) {
        let title = "The further runs as a command";
        sections.push(Section::everywhere(title, vec![Block::Command(command.to_owned())]));
    }
    sections.extend([
        Section::everywhere("Laws", vec![Block::Table(tables::laws(study))]),
        Section::of_page("Critical sample sizes", vec![Block::Figure(chart::thresholds(study))]),
        Section::everywhere("Thresholds", vec![Block::Table(tables::thresholds(study))]),
        Section::of_page("What was assumed", vec![Block::Paragraphs(assumptions::all(study))]),
    ]);
    Answer {
        verb: "law",
        title: format!("How much data {} tasks need", study.runs.family),
        setup: words::setup(study),
        headline,
        sentences: story,
        sections,
        sources: vec![
            "Theory: Y. Tian, Provable Scaling Laws of Feature Emergence from Learning Dynamics of Grokking, arXiv:2509.21519."
                .to_owned(),
        ],
        data: object(&LawData::of(study)),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::drawing_checks::{assert_page_sound, assert_sound, assert_texts_apart};
    use crate::{draw, skin};
    use dunwu_studies::law::synthetic::Recipe;
    use dunwu_studies::law::{Decision, Runs};

    /// Three sizes at 2.6 M ln M, edited.
    pub(in crate::law) fn study(edit: impl Fn(&mut Runs)) -> Study {
        let critical = |m: f64| 2.6 * m * m.ln();
        let recipe = Recipe {
            sizes: &[23, 41, 71],
            critical: &critical,
            slope: 25.0,
            scatter: 0.0,
            seeds: 3,
            amounts: 7,
            by_seed: false,
            seed: 1,
        };
        let mut runs = recipe.runs();
        edit(&mut runs);
        Study::of_runs(runs)
    }

    fn samples() -> Vec<(&'static str, Study)> {
        vec![
            ("sample", study(|_| {})),
            (
                "bounds",
                study(|runs| {
                    runs.sizes[0].runs.iter_mut().for_each(|run| run.generalized = true);
                    runs.sizes[2].runs.iter_mut().for_each(|run| run.generalized = false);
                }),
            ),
            ("falling", study(|runs| runs.sizes[1].runs.iter_mut().for_each(|run| run.generalized = run.n < 300))),
            ("one-amount", study(|runs| runs.sizes[1].runs.truncate(1))),
        ]
    }

    #[test]
    fn every_answer_is_sound_in_every_skin() {
        for (name, study) in samples() {
            let answer = of_study(&study);
            for (figure, svg) in draw::documents(&answer) {
                assert_sound(&svg, &format!("{name}, {figure}"));
                if name == "sample" {
                    assert_texts_apart(&svg, &format!("{name}, {figure}"));
                }
            }
            assert_page_sound(&skin::page(&answer), name);
            // A command is copied as it is, however long.
            let text = skin::terminal(&answer);
            let is_short = |line: &&str| line.chars().count() <= 80 || line.contains("dunwu sweep");
            assert!(text.lines().all(|line| is_short(&line)), "{text}");
            assert_eq!(crate::verbs::mistakes("law", &skin::json(&answer)), [""; 0], "{name}");
        }
    }

    #[test]
    fn the_command_is_shown_where_further_runs_would_decide() {
        for (name, study) in samples() {
            let shows = of_study(&study).sections.iter().any(|section| matches!(section.blocks[0], Block::Command(_)));
            assert_eq!(shows, matches!(study.decision, Decision::By(_)), "{name}");
        }
    }

    /// Writes the samples to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
    #[test]
    #[ignore = "writes files for the eye, checks nothing that others do not"]
    fn write_the_laws() {
        let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
        for (name, study) in samples() {
            std::fs::write(folder.join(format!("law-{name}.html")), skin::page(&of_study(&study))).unwrap();
        }
    }
}
