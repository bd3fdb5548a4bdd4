//! How much each training sample is memorized, as an answer.

use super::data::SamplesData;
use crate::words::{count, counted, list, number};
use dunwu::answer::{Answer, Block, Section, Table, TableCell, object};
use dunwu_verdict::units::samples::{SampleScore, SamplesVerdict};

/// Rows of the table in a terminal.
const ROWS: usize = 20;
/// Rows of the table on a page.
const PAGE_ROWS: usize = 1_000;

/// What is said of the samples.
pub fn answer(subject: &str, verdict: &SamplesVerdict) -> Answer {
    let mut order: Vec<usize> = (0..verdict.samples.len()).collect();
    let score = |i: &usize| verdict.samples[*i].score;
    order.sort_by(|a, b| score(b).total_cmp(&score(a)).then(a.cmp(b)));
    let table = |rows: usize| Block::Table(table(verdict, &order[..order.len().min(rows)]));
    Answer {
        verb: "samples",
        title: format!("How much the samples of {subject} are memorized"),
        setup: format!("{} training samples", count(verdict.samples.len() as u64)),
        headline: headline(verdict, &order),
        sentences: sentences(verdict),
        sections: vec![
            Section::of_terminal(Some("The most memorized; `--json` has all"), vec![table(ROWS)]),
            Section::of_page("The most memorized", vec![table(PAGE_ROWS)]),
        ],
        sources: vec![
            "Memorization as what leaving a sample out changes: Feldman and Zhang 2020, arXiv:2008.03703.".to_owned(),
            match verdict.score {
                SampleScore::SelfInfluence => "Self-influence: Koh and Liang 2017, arXiv:1703.04730.".to_owned(),
                _ => "Exact leave-one-out: Allen 1974, Technometrics 16, 125.".to_owned(),
            },
            "Tangent kernels: Jacot et al. 2018, arXiv:1806.07572.".to_owned(),
        ],
        data: object(&SamplesData::of(subject, verdict)),
    }
}

fn headline(verdict: &SamplesVerdict, order: &[usize]) -> String {
    let n = verdict.samples.len();
    let first: Vec<String> = order.iter().take(3).map(ToString::to_string).collect();
    match verdict.contradicted() {
        Some(contradicted) => format!(
            "Of {} the others give another label, so that only memory explains theirs; the most memorized are {}.",
            format_args!("{} of {}", count(contradicted as u64), counted(n, "training sample")),
            list(&first, 3)
        ),
        None => format!(
            "The most memorized of {} are {}: their own loss falls most for their being there.",
            counted(n, "training sample"),
            list(&first, 3)
        ),
    }
}

fn sentences(verdict: &SamplesVerdict) -> Vec<String> {
    let how = match verdict.score {
        SampleScore::GivenKernel => {
            "Scored by ridge regression without each sample, with the kernel that was given (`train.kernel`)."
        }
        SampleScore::InputKernel => {
            "Scored by ridge regression without each sample, with the tangent kernel of a wide network of rectified units on the inputs."
        }
        SampleScore::SelfInfluence => "Scored by self-influence, since the outputs are linear in the inputs.",
        SampleScore::Readout => {
            "Scored by ridge regression without each sample on activations of the last hidden layer (`train.readout`); inputs \
             (`train.input`) follow retraining more closely."
        }
    };
    let mut sentences = vec![how.to_owned()];
    sentences.extend(verdict.penalty.map(|penalty| {
        format!("The penalty with the least error left out is {} of the kernel's mean diagonal.", number(penalty))
    }));
    if verdict.has_units {
        let leaning = verdict.samples.iter().filter(|sample| !sample.units.is_empty()).count();
        sentences.push(format!("{} lean on units of their own.", counted(leaning, "sample")));
    }
    sentences
}

fn table(verdict: &SamplesVerdict, places: &[usize]) -> Table {
    let row = |&place: &usize| {
        let sample = &verdict.samples[place];
        let units: Vec<String> = sample.units.iter().map(ToString::to_string).collect();
        vec![
            TableCell::Text(place.to_string()),
            if units.is_empty() { TableCell::Missing } else { TableCell::Text(list(&units, 6)) },
            TableCell::Count(sample.label as u64),
            TableCell::of(sample.left_out, |label| TableCell::Count(label as u64)),
            TableCell::Number(sample.score),
        ]
    };
    let heads = ["sample", "units it leans on", "label", "label left out", "memorization"];
    Table::new("samples", 2, &heads, places.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::assert_page_sound;
    use crate::skin;
    use dunwu_verdict::units::Matrix;
    use dunwu_verdict::units::samples::{by_kernel, inner_products};

    /// Two clouds on a line, and one sample of either with the label of the other.
    #[test]
    fn an_answer_names_the_samples_that_the_others_contradict() {
        let x = Matrix::from_fn(20, 1, |i, _| if i < 10 { -1.0 } else { 1.0 } + (i * 7 % 10) as f32 * 0.01);
        let labels: Vec<usize> = (0..20).map(|i| usize::from(i >= 10) ^ usize::from(i == 3 || i == 12)).collect();
        let verdict = by_kernel(SampleScore::Readout, &inner_products(&x), &labels, 2).unwrap();
        let answer = answer("a <file>", &verdict);
        assert!(answer.headline.starts_with("Of 2 of 20 training samples"), "{}", answer.headline);
        assert!(answer.headline.contains('3') && answer.headline.contains("12"), "{}", answer.headline);
        assert_page_sound(&skin::page(&answer), "samples");
        assert_eq!(crate::verbs::mistakes("samples", &skin::json(&answer)), [""; 0]);
    }
}
