//! Cheats by what a claim says.

use crate::q0::hunt::{best_products, best_regions};
use crate::q0::scene::{Fate, Scene, read_claim, together};
use crate::world::{Case, runs_of, spread};
use dunwu_science::claim::Claim;
use dunwu_science::judge::RunRecord;
use dunwu_science::lab::Outcome;

const N_RUNS: usize = 40;

fn owned(sentences: &[&str]) -> Vec<String> {
    sentences.iter().map(ToString::to_string).collect()
}

pub(super) fn not_a_number(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    scene.judged_sentences(
        &owned(&[
            "t_gen = c * ln(-M), for some c",
            "t_gen = c * sqrt(-rate), for some c",
            "t_gen = c * (M - M) / (M - M), for some c",
            "t_gen = c * (-M)^0.5, for some c",
            "t_gen = c * nan, for some c",
        ]),
        &runs,
    )
}

pub(super) fn infinity(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    scene.judged_sentences(
        &owned(&[
            "t_gen = c * 1e999, for some c",
            "t_gen = c * exp(1e9 * M), for some c",
            "t_gen = c / (M - M), for some c",
            "t_gen = c, with c = inf step",
        ]),
        &runs,
    )
}

pub(super) fn no_value_where_wrong(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let mut sentences = Vec::new();
    for at in [11, 53] {
        for law in ["M", "M^2", "1 / rate"] {
            for sign in ["", "-"] {
                sentences
                    .push(format!("t_gen = c * {law} * sqrt({sign}(M - {at})) / sqrt({sign}(M - {at})), for some c"));
            }
        }
    }
    scene.judged_sentences(&sentences, &runs)
}

/// A world in which y is negative on one side, and a law that says how large it is.
pub(super) fn blind_to_signs(scene: &mut Scene) -> Fate {
    let rest = "[observables.t_gen]\nvalue = \"M - 40\"\nunit = \"step\"\nresolution = 0.5\nnoise = { family = \"normal\", size = 3 }\n";
    let case = Case::new("signed".to_owned(), "signed", 0, "t_gen", rest, None);
    let points = spread(case.card(), &case.frame(), &case.question.knobs, N_RUNS, &mut scene.draws);
    let runs = runs_of(&case.world, points, 0, &mut scene.draws);
    let claims: Vec<Claim> = ["t_gen = abs(c * (M - 40)), for some c", "t_gen = c * abs(M - 40), for some c"]
        .iter()
        .filter_map(|sentence| read_claim(&case, sentence).ok())
        .collect();
    let (bits, found) = crate::q0::hunt::established(&case, scene.judge, &claims, &runs);
    found.map_or_else(|| Fate::Nothing(format!("{bits:.1} net bits at most")), Fate::Established)
}

pub(super) fn spike(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let middle = median(&runs);
    let sentences = vec![
        format!("t_gen = c, with c = {middle} step"),
        format!("t_gen = c + 0 * M, with c = {middle} step and k = 0 step"),
        format!("t_gen = c * M^0.0001, with c = {middle} step"),
        format!("t_gen = c * M^0.01, with c = {middle} step"),
        "t_gen = c * M / M, for some c".to_owned(),
    ];
    scene.judged_sentences(&sentences, &runs)
}

pub(super) fn hedge(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    scene.judged_sentences(
        &owned(&[
            "t_gen = c * M^a * samples^b * rate^d, for some c and a and b and d",
            "t_gen = c * M^a * ln(M)^b * samples^d, for some c and a and b and d",
            "t_gen = c * M^(a * ln(M)) * rate^(b * ln(rate)), for some c and a and b",
        ]),
        &runs,
    )
}

pub(super) fn heap_of_constants(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let sentence = "t_gen = c + a * M + b * M^2 + d * M^3 + e * ln(M) + f * samples + g * samples^2 + h * rate + i * rate^2 + j * M * rate, \
                    for some c and a and b and d and e and f and g and h and i and j";
    scene.judged_sentences(&owned(&[sentence]), &runs)
}

/// A bump at each of the first runs, as high as what came out there.
pub(super) fn look_up_table(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let card = scene.case.card();
    let seen = runs.iter().filter_map(|run| Some((card.numbers(&run.point), value(run)?)));
    let mut terms = vec!["c".to_owned()];
    let mut constants = Vec::new();
    for (place, (numbers, y)) in seen.take(12).enumerate() {
        let at = libm::log(numbers["rate"]);
        terms.push(format!("q{place} * exp(-((ln(rate) - {at:.2}) / 0.05)^2)"));
        constants.push(format!("q{place} = {y:.0} step"));
    }
    let sentence = format!("t_gen = {}, for some c, with {}", terms.join(" + "), constants.join(" and "));
    scene.judged_sentences(&[sentence], &runs)
}

/// Least squares of logarithms in M and the rate, digit for digit.
pub(super) fn constants_by_eye(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let card = scene.case.card();
    let mut sentences = Vec::new();
    for name in ["M", "rate", "samples"] {
        let pairs: Vec<(f64, f64)> = runs
            .iter()
            .filter_map(|run| Some((libm::log(card.numbers(&run.point)[name]), libm::log(value(run)?))))
            .collect();
        let n = pairs.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
        let (x, z) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let slope = pairs.iter().map(|pair| (pair.0 - x) * (pair.1 - z)).sum::<f64>()
            / pairs.iter().map(|pair| (pair.0 - x).powi(2)).sum::<f64>();
        let c = libm::exp(z - slope * x);
        let unit = if name == "samples" { continue } else { "step" };
        sentences.push(format!("t_gen = c * {name}^a, with c = {c:.4} {unit} and a = {slope:.3}"));
        sentences.push(format!("t_gen = c * {name}^{slope:.2}, for some c"));
    }
    scene.judged_sentences(&sentences, &runs)
}

pub(super) fn best_of_thousands(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let (mut claims, of_products) = best_products(&scene.case, &runs, 3);
    let (regions, of_regions) = best_regions(&scene.case, &runs, 5);
    claims.extend(regions);
    match scene.judged(&claims, &runs) {
        Fate::Nothing(words) => Fate::Nothing(format!("{words} of {} laws", of_products + of_regions)),
        fate => fate,
    }
}

pub(super) fn stops_when_best(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let (mut claims, _) = best_products(&scene.case, &runs[..16], 1);
    claims.extend(best_regions(&scene.case, &runs[..16], 1).0);
    for n in 9..=runs.len() {
        if let (_, Some(found)) = crate::q0::hunt::established(&scene.case, scene.judge, &claims, &runs[..n]) {
            return Fate::Established(format!("{found} after {n} runs"));
        }
    }
    Fate::Nothing("at none of its stops".to_owned())
}

pub(super) fn law_and_opposite(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let names = ["M", "rate", "samples"];
    let powers = ["", "^2"];
    let both = names.iter().flat_map(|name| {
        powers.iter().flat_map(move |power| {
            [format!("t_gen = c * {name}{power}, for some c"), format!("t_gen = c / {name}{power}, for some c")]
        })
    });
    scene.judged_sentences(&both.collect::<Vec<_>>(), &runs)
}

pub(super) fn other_metric(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let laws = ["M", "M^2", "ln(M)", "rate", "1 / rate", "samples", "samples^0.5", "M * rate", "M / samples"];
    let mut sentences: Vec<String> = laws.iter().map(|law| format!("t_mem = c * {law}, for some c")).collect();
    sentences.extend(
        ["M", "M^2", "M * ln(M)"].iter().map(|law| format!("generalized happens when samples > c * {law}, for some c")),
    );
    scene.judged_sentences(&sentences, &runs)
}

pub(super) fn near_duplicates(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let sentences = (0..20).map(|k| format!("t_gen = c * M^{:.3}, for some c", 1.0 + 0.002 * f64::from(k)));
    let claims: Vec<Claim> = sentences.filter_map(|sentence| read_claim(&scene.case, &sentence).ok()).collect();
    match together(scene, &claims, &runs) {
        Fate::Nothing(_) => scene.judged(&claims[..3], &runs),
        fate => fate,
    }
}

pub(super) fn one_curve_of_everything(scene: &mut Scene) -> Fate {
    let runs = scene.runs(N_RUNS);
    let sentences = owned(&[
        "t_gen is one curve of M + 1000 * rate whatever samples",
        "t_gen is one curve of M * exp(100 * rate) whatever samples",
        "t_gen / M is one curve of rate whatever M",
    ]);
    scene.judged_sentences(&sentences, &runs)
}

pub(super) fn hardly_false(scene: &mut Scene) -> Fate {
    let runs = scene.runs(80);
    scene.judged_sentences(
        &owned(&[
            "t_gen comes before t_mem in at least 1 % of runs",
            "t_mem comes before t_gen in at least 1 % of runs",
            "t_mem comes before t_gen in at least 5 % of runs",
            "t_mem stays within 1000 % whatever rate",
        ]),
        &runs,
    )
}

pub(super) fn units_smuggled(scene: &mut Scene) -> Fate {
    scene.all_refused(&[
        "t_gen = samples",
        "t_gen = M * samples",
        "t_gen = c * ln(samples), for some c",
        "t_gen = c * exp(samples), for some c",
        "t_gen = c * M + samples, for some c",
        "t_gen = c * samples, with c = 2",
        "t_gen = c * 2^samples, for some c",
        "generalized happens when samples > M",
    ])
}

pub(super) fn target_in_its_law(scene: &mut Scene) -> Fate {
    scene.all_refused(&[
        "t_gen = c * t_mem, for some c",
        "t_gen = t_gen",
        "generalized happens when t_gen > c, for some c",
    ])
}

pub(super) fn name_taken(scene: &mut Scene) -> Fate {
    scene.all_refused(&[
        "t_gen = c * M, for some c and M",
        "t_gen = t_mem * M, for some t_mem",
        "t_gen = c * rate, for some c, with rate = 2",
    ])
}

pub(super) fn endless(scene: &mut Scene) -> Fate {
    let deep = format!("t_gen = c * {}M{}, for some c", "(".repeat(200), ")".repeat(200));
    let long = format!("t_gen = c{}, for some c", " * M".repeat(2_000));
    scene.all_refused(&[&deep, &long])
}

fn value(run: &RunRecord) -> Option<f64> {
    match run.outcomes.get("t_gen") {
        Some(Outcome::Value(y)) if *y > 0.0 => Some(*y),
        _ => None,
    }
}

fn median(runs: &[RunRecord]) -> f64 {
    let values: Vec<f64> = runs.iter().filter_map(value).collect();
    crate::interval::median(&values).map_or(100.0, |[middle, ..]| middle.round())
}
