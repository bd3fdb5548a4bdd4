//! The verb `compare`: two runs side by side. Their learning curves and the settings in which they differ come first, then what they
//! have in common.

use super::fork::parting_sentence;
use super::timeline::{self, Content, Series, Track};
use super::two_curves::learning_curves;
use super::words::{count, counted, list, number, percent};
use dunwu::Opened;
use dunwu::answer::{
    Answer, Block, Color, FAINT, Figure, RESTORED, Scale, Section, Shown, TEST, TRAIN, Table, TableCell, object,
};
use dunwu::compare::{
    Asked, CompareError, Comparison, Likeness, MATCHED, Matching, Method, Moment, Pairing, SampleSet, Side, compare,
};
use dunwu::group::Irrep;
use dunwu::run::{Parting, RunRequest, open};
use dunwu::store::{Record, RunDir};
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::RunSpec;
use dunwu_engine::spec::{Value, canonical};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// From here on two sets of features count as the same up to a rotation; the level that units are matched at.
const ALIKE: f64 = MATCHED;
/// Share of the way from the reference to 1 below which a likeness is not told from it; a convention of this report.
const BARELY: f64 = 0.1;

/// Two runs as programs read them; in every pair the first run comes first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CompareData {
    /// What their features and gradients have in common.
    pub comparison: Comparison,
    /// The settings in which they differ, in the order of `dunwu settings`.
    pub differing_settings: Vec<DifferingSetting>,
    /// Last step until which all evaluations that both made are the same bits; `null` where the first is not.
    pub same_until: Option<u64>,
    /// First step at which both were evaluated with different numbers; `null` where none differs.
    pub parts_at: Option<u64>,
}

/// A setting in which two runs differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DifferingSetting {
    /// Its key: `optimizer.learning_rate`.
    pub key: String,
    /// Its value in each run; `null` where the run does not have the setting.
    pub values: [Option<String>; 2],
}

/// Compares two recorded runs of one task.
pub fn answer(dirs: [&RunDir; 2], watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    let requests = [RunRequest::from_run(dirs[0])?, RunRequest::from_run(dirs[1])?];
    let records = [Record::read(dirs[0])?, Record::read(dirs[1])?];
    let names = dirs.map(RunDir::dir_name);
    watcher.phase("comparing gradients and features", None);
    let comparison = compare([0, 1].map(|i| Side {
        name: &names[i],
        spec: &requests[i].spec,
        problem: &requests[i].problem,
        split: &requests[i].split,
        record: &records[i],
    }))
    .map_err(|error| match error {
        CompareError::OtherTask { .. } => VerbError::usage(error),
        error => error.into(),
    })?;
    let opened = [open(dirs[0], watcher)?, open(dirs[1], watcher)?];
    Ok(of_runs(comparison, opened.each_ref()))
}

/// The answer from what was computed.
fn of_runs(comparison: Comparison, runs: [&Opened; 2]) -> Answer {
    let mut sentences = sentences(&comparison).into_iter();
    let headline = sentences.next().expect("the verdict comes first");
    let settings = differing_settings(runs.map(|run| &run.spec));
    let Parting { same_until, parts_at } = Parting::of(&runs[0].scalars, &runs[1].scalars);
    // Of runs that never were the same there is nothing to say.
    let parting = same_until.map(|_| parting_sentence(same_until, parts_at));
    let chief = Section {
        title: None,
        shown: Shown::Everywhere,
        blocks: vec![
            Block::Figure(learning_curves(comparison.names.each_ref().map(String::as_str), runs)),
            settings_block(&settings),
        ],
    };
    Answer {
        verb: "compare",
        title: comparison.task.clone(),
        setup: comparison.names.join(" · "),
        headline,
        sentences: sentences.chain(parting).chain(irreps(&comparison, runs)).collect(),
        sections: vec![
            chief,
            Section::of_page("Gradients and features, over time", vec![Block::Figure(figure(&comparison))]),
        ],
        sources: vec!["CKA: Kornblith et al. 2019, arXiv:1905.00414.".to_owned()],
        data: object(&CompareData { comparison, differing_settings: settings, same_until, parts_at }),
    }
}

/// Settings that identify a run and differ between the two.
fn differing_settings(specs: [&RunSpec; 2]) -> Vec<DifferingSetting> {
    let [first, second] =
        specs.map(|spec| canonical(spec).into_iter().map(|(key, value)| (key, written(&value))).collect::<Vec<_>>());
    let of_second: BTreeMap<&str, &String> = second.iter().map(|(key, value)| (*key, value)).collect();
    let only_second = second.iter().filter(|(key, _)| first.iter().all(|(other, _)| other != key));
    let differing = first
        .iter()
        .map(|(key, value)| (*key, [Some(value.clone()), of_second.get(key).map(|&value| value.clone())]))
        .chain(only_second.map(|(key, value)| (*key, [None, Some(value.clone())])));
    differing
        .filter(|(_, values)| values[0] != values[1])
        .map(|(key, values)| DifferingSetting { key: key.to_owned(), values })
        .collect()
}

/// A value without the quotes that files have around words.
fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        value => value.to_string(),
    }
}

fn settings_block(settings: &[DifferingSetting]) -> Block {
    if settings.is_empty() {
        return Block::Paragraphs(vec!["The two runs do not differ in any setting.".to_owned()]);
    }
    let cell = |value: &Option<String>| TableCell::of(value.clone(), TableCell::Text);
    let row = |DifferingSetting { key, values: [first, second] }: &DifferingSetting| {
        vec![TableCell::Text(key.clone()), cell(first), cell(second)]
    };
    let heads = ["differing setting", "first run", "second run"];
    Block::Table(Table::new("differing_settings", 3, &heads, settings.iter().map(row).collect()))
}

/// Whether the two built the same features, in one sentence; then what it rests on.
fn sentences(comparison: &Comparison) -> Vec<String> {
    let all = [Some(verdict(comparison)), setting(comparison), Some(asked(comparison)), over_time(comparison)];
    let ends = comparison.ends.iter().map(|end| likeness(comparison, end));
    all.into_iter().flatten().chain(ends).chain(units(comparison)).collect()
}

/// The two runs by their losses, where these differ.
fn sides(comparison: &Comparison) -> [String; 2] {
    let [a, b] = &comparison.losses;
    if a == b { ["the first run".to_owned(), "the second run".to_owned()] } else { [a.clone(), b.clone()] }
}

/// Judged on held-out samples where there are any, because on its own sample a network may look like its labels.
fn verdict(comparison: &Comparison) -> String {
    let [a, b] = sides(comparison);
    let judged = comparison.ends.iter().rev().find_map(|end| Some((end, end.cka?, end.reference()?)));
    let Some((end, cka, reference)) = judged else {
        return format!("Whether {a} and {b} built the same features is not defined here: no samples can be compared.");
    };
    let above = (cka - reference) / (1.0 - reference).max(f64::MIN_POSITIVE);
    let matched = comparison.units.map(|units| units.matching).filter(|m| 2 * m.n_matched >= m.n_pairs);
    let what = match (cka >= ALIKE && above >= BARELY, matched) {
        (true, Some(_)) => "built the same features",
        (true, None) => "built features that span the same space, but not unit by unit",
        (false, _) if above >= BARELY => "built features that are partly alike",
        (false, _) => "show no likeness of features beyond the reference",
    };
    let told = format!(
        "{a} and {b} {what}: linear CKA {} on the {} that {}, where the network at its first step or shuffled samples reach {}.",
        number(cka),
        counted(end.n, "sample"),
        set_words(end.samples),
        number(reference),
    );
    told.strip_prefix("the ").map(|rest| format!("The {rest}")).unwrap_or(told)
}

fn set_words(samples: SampleSet) -> &'static str {
    match samples {
        SampleSet::Trained => "both were trained on",
        SampleSet::HeldOut => "neither was trained on",
    }
}

/// What of the setting limits the comparison; `None` where nothing does.
fn setting(comparison: &Comparison) -> Option<String> {
    let mut limits = Vec::new();
    if !comparison.same_sample {
        limits.push("they were not trained on the same samples, so that their own gradients have no samples in common");
    }
    if !comparison.same_start {
        limits.push("they did not begin with the same weights, so that unit j of one is not unit j of the other");
    }
    if comparison.pairing == Pairing::Progress {
        limits
            .push("they recorded too few steps in common, so that moments are paired by the share of each run's steps");
    }
    (!limits.is_empty()).then(|| format!("What limits the comparison: {}.", limits.join("; ")))
}

/// Lowest, mean and highest of one cosine over the moments at which it is defined.
fn course(comparison: &Comparison, value: impl Fn(&Moment) -> Option<f64>) -> Option<String> {
    let values: Vec<f64> = comparison.moments.iter().filter_map(value).collect();
    let (first, last) = (values.first()?, values.last()?);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Some(format!("{} at first, {} at last, {} on average", number(*first), number(*last), number(mean)))
}

fn asked(comparison: &Comparison) -> String {
    let names = sides(comparison);
    let of_side = |i: usize| {
        let gradient = course(comparison, |m| m.asked[i].cosine);
        let weights = course(comparison, |m| m.asked[i].weight_cosine)
            .map_or(String::new(), |w| format!("; for what that does to the weights {w}"));
        match gradient {
            Some(gradient) => format!("At the features of {}: {gradient}{weights}.", names[i]),
            None => format!("At the features of {}: not defined.", names[i]),
        }
    };
    let chance = comparison.moments.iter().flat_map(|m| m.asked).filter_map(|asked| asked.chance).map(f64::abs);
    let chance = chance.reduce(f64::max).map_or(String::new(), |c| format!(" (by chance at most {})", number(c)));
    format!(
        "Cosine of the gradients that the two losses send to the same features{chance}. {} {}",
        of_side(0),
        of_side(1)
    )
}

fn over_time(comparison: &Comparison) -> Option<String> {
    let by_unit = course(comparison, |m| m.gradient_by_unit)
        .map(|c| format!("cosine unit by unit of the gradients that each sends to its own features {c}"));
    let gradient = course(comparison, |m| m.gradient_cka).map(|c| format!("their linear CKA {c}"));
    let features = course(comparison, |m| m.feature_cka)
        .map(|c| format!("linear CKA of the features on the samples that both are trained on {c}"));
    let parts: Vec<String> = [by_unit, gradient, features].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Over {}: {}.", counted(comparison.moments.len(), "moment"), parts.join("; ")))
}

fn likeness(comparison: &Comparison, end: &Likeness) -> String {
    let (names, value) = (sides(comparison), |v: Option<f64>| v.map_or("not defined".to_owned(), number));
    format!(
        "In the end, on the {} that {}: CKA {}; {} with its own first step {}, {} {}; shuffled {}; with the labels alone {} \
         and {}.",
        counted(end.n, "sample"),
        set_words(end.samples),
        value(end.cka),
        names[0],
        value(end.to_start[0]),
        names[1],
        value(end.to_start[1]),
        value(end.shuffled),
        value(end.to_labels[0]),
        value(end.to_labels[1]),
    )
}

fn units(comparison: &Comparison) -> Option<String> {
    let units = comparison.units?;
    let names = sides(comparison);
    let share = |m: Matching| format!("{} (mean {})", percent(m.n_matched as f64 / m.n_pairs as f64), number(m.mean));
    let optional = |m: Option<Matching>| m.map_or("not defined".to_owned(), share);
    let method = match units.matching.method {
        Method::Optimal => "the best assignment",
        Method::Greedy => "greedily, the most alike first",
    };
    Some(format!(
        "Units paired by |correlation| over all samples, {method}, {} of {} and {} of {}: of {} {} reach {}; {} with its own \
         first step {}, {} {}; shuffled {}.",
        count(units.matching.n_units[0] as u64),
        names[0],
        count(units.matching.n_units[1] as u64),
        names[1],
        counted(units.matching.n_pairs, "pair"),
        share(units.matching),
        number(MATCHED),
        names[0],
        optional(units.to_start[0]),
        names[1],
        optional(units.to_start[1]),
        optional(units.shuffled),
    ))
}

/// Which irreps pure units carry in the two runs; `None` where the task has none.
fn irreps(comparison: &Comparison, runs: [&Opened; 2]) -> Option<String> {
    let names = sides(comparison);
    let (covered, _) = runs[0].coverage()?;
    let (other, missing) = runs[1].coverage()?;
    let n_irreps = other.len() + missing.len();
    let covers = |side: &[&Irrep], irrep: &Irrep| side.iter().any(|covered| covered.name == irrep.name);
    let only = |of: &[&Irrep], not: &[&Irrep]| {
        of.iter().filter(|irrep| !covers(not, irrep)).map(|irrep| irrep.name.clone()).collect::<Vec<_>>()
    };
    let n_both = covered.iter().filter(|irrep| covers(&other, irrep)).count();
    Some(format!(
        "Of {} besides the trivial one, pure units carry {n_both} in both; only with {}: {}; only with {}: {}.",
        counted(n_irreps, "irrep"),
        names[0],
        list(&only(&covered, &other), 12),
        names[1],
        list(&only(&other, &covered), 12),
    ))
}

/// Alignment of the gradients and likeness of the features over time.
fn figure(comparison: &Comparison) -> Figure {
    const NAME: &str = "compare";
    const TITLE: &str = "Gradients and features, over time";
    let names = sides(comparison);
    let points = |value: &dyn Fn(&Moment) -> Option<f64>| -> Vec<(f64, f64)> {
        comparison.moments.iter().filter_map(|m| Some((m.steps[0] as f64, value(m)?))).collect()
    };
    let curve = |name: &str, color: Color, value: &dyn Fn(&Moment) -> Option<f64>| {
        Series::of_frames(name, color, points(value))
    };
    let at = |i: usize, read: fn(&Asked) -> Option<f64>| move |m: &Moment| read(&m.asked[i]);
    let gradient = vec![
        curve(&format!("at {}", short(&names[0])), TEST, &at(0, |asked| asked.cosine)),
        curve(&format!("at {}", short(&names[1])), TRAIN, &at(1, |asked| asked.cosine)),
        curve("own, by unit", RESTORED, &|m| m.gradient_by_unit),
        curve("chance", FAINT, &at(0, |asked| asked.chance)),
    ];
    let weights = vec![
        curve(&format!("at {}", short(&names[0])), TEST, &at(0, |asked| asked.weight_cosine)),
        curve(&format!("at {}", short(&names[1])), TRAIN, &at(1, |asked| asked.weight_cosine)),
    ];
    let stage_one = vec![
        curve(short(&names[0]), TEST, &|m| m.asked[0].stage_one[0]),
        curve(short(&names[1]), TRAIN, &|m| m.asked[1].stage_one[0]),
    ];
    let likeness =
        vec![curve("features", TEST, &|m| m.feature_cka), curve("own gradients", TRAIN, &|m| m.gradient_cka)];
    let tracks: Vec<Track> = [
        ("Gradients of the two losses at the same features (cosine)", gradient, 150.0),
        ("What they do to the weights (cosine)", weights, 120.0),
        ("Own gradient and the Stage I form (cosine)", stage_one, 104.0),
        ("Likeness of the two networks (linear CKA)", likeness, 150.0),
    ]
    .into_iter()
    .map(|(title, series, height)| track(title, series, height))
    .filter(|track| matches!(&track.content, Content::Curves(series) if !series.is_empty()))
    .collect();
    if tracks.is_empty() {
        return Figure::undefined(NAME, TITLE, "no gradient or feature of the two runs can be compared");
    }
    let last = comparison.moments.last().map_or(1, |moment| moment.steps[0].max(1));
    Figure::of_plots(NAME, TITLE, caption(comparison), timeline::stack_over(last, &[], &[], &tracks))
}

/// A cosine axis from 0, or from −1 where a curve goes below.
fn track(title: &str, mut series: Vec<Series>, height: f64) -> Track {
    series.retain(|series| !series.points.is_empty());
    let low = if series.iter().flat_map(|s| &s.points).any(|&(_, v)| v < -0.02) { -1.0 } else { 0.0 };
    Track { title: title.to_owned(), scale: Scale::Linear { low, high: 1.0 }, height, content: Content::Curves(series) }
}

/// What fits beside a curve.
fn short(name: &str) -> &str {
    name.strip_prefix("the ").unwrap_or(name)
}

fn caption(comparison: &Comparison) -> String {
    let steps = match comparison.pairing {
        Pairing::Step => "at the same steps",
        Pairing::Progress => "at the same shares of their steps, on the axis of the first",
    };
    let references: Vec<String> = comparison
        .ends
        .iter()
        .filter_map(|end| Some(format!("{} on what {}", number(end.reference()?), set_words(end.samples))))
        .collect();
    let references = if references.is_empty() {
        String::new()
    } else {
        format!(
            " In the end the network at its first step or shuffled samples reach a CKA of {}.",
            references.join(" and ")
        )
    };
    format!("Both runs {steps}; arrays are centred over samples.{references}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::{assert_page_sound, assert_sound};
    use crate::{draw, sample as sample_run, skin};
    use dunwu::compare::UnitMatching;

    fn sample() -> Comparison {
        let asked =
            |cosine| Asked { cosine, weight_cosine: cosine, chance: Some(-0.03), stage_one: [Some(0.9), Some(0.4)] };
        let moment = |step| Moment {
            steps: [step; 2],
            feature_cka: Some(0.7),
            gradient_cka: Some(0.6),
            gradient_by_unit: Some(-0.5),
            asked: [asked(Some(0.25)), asked(None)],
        };
        let end = |samples, cka| Likeness {
            samples,
            n: 100,
            cka: Some(cka),
            to_start: [Some(0.3), Some(0.5)],
            shuffled: Some(0.1),
            to_labels: [None, Some(0.2)],
        };
        let matching = Matching { n_units: [9, 8], n_pairs: 8, n_matched: 6, mean: 0.93, method: Method::Optimal };
        Comparison {
            names: ["a<b".into(), "c&d".into()],
            losses: ["mse".into(), "contrastive".into()],
            task: "cyclic:5".into(),
            same_sample: true,
            same_start: true,
            pairing: Pairing::Step,
            moments: [0, 10, 100].map(moment).into(),
            ends: vec![end(SampleSet::Trained, 0.2), end(SampleSet::HeldOut, 0.95)],
            last_steps: [100; 2],
            units: Some(UnitMatching { matching, to_start: [Some(matching), None], shuffled: None }),
        }
    }

    fn with(edit: impl FnOnce(&mut Comparison)) -> Comparison {
        let mut comparison = sample();
        edit(&mut comparison);
        comparison
    }

    #[test]
    fn the_verdict_is_by_held_out_likeness_and_by_units() {
        let check = |comparison: &Comparison, expected: &str| {
            let told = sentences(comparison);
            assert!(told[0].starts_with(expected), "{}", told[0]);
        };
        check(
            &sample(),
            "mse and contrastive built the same features: linear CKA 0.95 on the 100 samples that neither",
        );
        let apart = with(|c| c.units.as_mut().unwrap().matching.n_matched = 3);
        check(&apart, "mse and contrastive built features that span the same space, but not unit by unit");
        check(&with(|c| c.ends[1].cka = Some(0.7)), "mse and contrastive built features that are partly alike");
        check(
            &with(|c| c.ends[1].cka = Some(0.52)),
            "mse and contrastive show no likeness of features beyond the reference",
        );
        // A network that was at its end from the start proves nothing.
        check(
            &with(|c| c.ends[1].to_start[0] = Some(0.949)),
            "mse and contrastive show no likeness of features beyond the reference",
        );
        check(&with(|c| c.ends.clear()), "Whether mse and contrastive built the same features is not defined here");
        let twice = with(|c| c.losses[1] = "mse".into());
        check(&twice, "The first run and the second run built the same features");
    }

    #[test]
    fn what_is_shown_is_whole_and_says_what_is_not_defined() {
        let bare = with(|c| {
            (c.same_sample, c.same_start, c.pairing) = (false, false, Pairing::Progress);
            (c.units, c.moments, c.ends) = (None, vec![], vec![]);
        });
        let (first, mut second) = (sample_run::run(16, 8), sample_run::run(16, 8));
        (second.spec.seed, second.knowledge) = (3, crate::sample::known(second.memorized(), None));
        second.scalars.truncate(100);
        for comparison in [sample(), bare.clone()] {
            let answer = of_runs(comparison, [&first, &second]);
            let page = skin::page(&answer);
            assert_page_sound(&page, "a comparison");
            let text = skin::terminal(&answer);
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
            assert!(text.contains("Accuracy (share of samples): test, second"), "{text}");
            for figure in answer.figures() {
                if let Some(svg) = draw::svg(figure) {
                    assert_sound(&svg, &figure.name);
                }
            }
            let schema = serde_json::to_value(schemars::schema_for!(CompareData)).unwrap();
            let data = serde_json::Value::Object(answer.data.clone());
            let errors: Vec<String> =
                jsonschema::validator_for(&schema).unwrap().iter_errors(&data).map(|e| e.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
        assert!(figure(&bare).drawing.is_none());
        let told = sentences(&bare).join(" ");
        for limit in ["not trained on the same samples", "same weights", "too few steps"] {
            assert!(told.contains(limit), "{told}");
        }
    }

    /// By hand: the seeds differ, and a setting that only one run has is missing in the other.
    #[test]
    fn the_settings_that_differ_are_those_and_no_others() {
        let (first, mut second) = (RunSpec::default(), RunSpec::default());
        assert_eq!(differing_settings([&first, &second]), []);
        (second.seed, second.threads) = (7, 3);
        let differing = differing_settings([&first, &second]);
        assert_eq!(differing.len(), 1, "threads change no bit: {differing:?}");
        assert_eq!((differing[0].key.as_str(), &differing[0].values), ("seed", &[Some("0".into()), Some("7".into())]));
        let sgd = dunwu::run::RunRequest::from_words(&["small".to_owned(), "optimizer=sgd".to_owned()]).unwrap().spec;
        let adam = dunwu::run::RunRequest::from_words(&["small".to_owned()]).unwrap().spec;
        let differing = differing_settings([&sgd, &adam]);
        let name = differing.iter().find(|d| d.key == "optimizer.name").unwrap();
        assert_eq!(name.values, [Some("sgd".into()), Some("adam".into())]);
        assert!(differing.iter().any(|d| d.values[0].is_none()), "{differing:?}");
    }
}
