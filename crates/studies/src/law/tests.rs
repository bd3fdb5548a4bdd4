use super::evidence::Tables;
use super::likelihood::{LARGEST_SLOPE, LEAST_SLOPE, SCATTERS, direct};
use super::predictive::Predictive;
use super::synthetic::{Chance, Recipe};
use super::*;
use crate::sweep::Results;
use dunwu::store::Column;
use dunwu_design::expected_bits;
use dunwu_engine::spec::Value;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// A threshold, or how it grows, by M.
type Growth = fn(f64) -> f64;

const SIZES: [usize; 7] = [23, 31, 41, 53, 71, 97, 127];

fn log_linear(m: f64) -> f64 {
    2.6 * m * m.ln()
}

fn recipe(critical: &dyn Fn(f64) -> f64) -> Recipe<'_> {
    Recipe { sizes: &SIZES, critical, slope: 25.0, scatter: 0.0, seeds: 5, amounts: 13, by_seed: false, seed: 1 }
}

/// Simpson's weights for an even number of intervals.
fn simpson(n: usize, i: usize) -> f64 {
    let weight = if i == 0 || i == n {
        1.0
    } else if !i.is_multiple_of(2) {
        4.0
    } else {
        2.0
    };
    weight / 3.0
}

#[test]
fn evidence_is_the_integral_that_its_definition_says() {
    // Every integral by Simpson's rule on grids of its own, straight from the definition, for three sizes of few runs.
    let critical = |m: f64| 2.0 * m * m.ln();
    let runs = Recipe { sizes: &[11, 23, 47], amounts: 4, seeds: 2, slope: 8.0, ..recipe(&critical) }.runs();
    let amounts: Vec<Vec<[f64; 3]>> = runs
        .sizes
        .iter()
        .map(|size| {
            size.runs.iter().map(|run| [(run.n as f64).ln(), f64::from(u8::from(run.generalized)), 1.0]).collect()
        })
        .collect();
    let middle = (11.0_f64 * 23.0 * 47.0).cbrt().ln();
    let (n_nu, n_b, n_eps) = (1000, 60, 40);
    let growth: [Growth; 2] = [|m| m.ln() + m.ln().ln(), |m| 2.0 * m.ln()];
    for (growth, form) in growth.into_iter().zip([Form::LogLinear, Form::Square]) {
        let mut sum = 0.0;
        for tau in SCATTERS {
            for j in 0..=n_b {
                let share = j as f64 / n_b as f64;
                let b = LEAST_SLOPE * (LARGEST_SLOPE / LEAST_SLOPE).powf(share);
                for i in 0..=n_nu {
                    let nu = middle * (1.0 + i as f64 / n_nu as f64);
                    let product: f64 = amounts
                        .iter()
                        .zip([11.0, 23.0, 47.0])
                        .map(|(amounts, m)| {
                            let theta = nu + growth(m) - growth(middle.exp());
                            if tau == 0.0 {
                                return direct(amounts, theta, b).exp();
                            }
                            let of_eps = |e: usize| {
                                let z = 12.0 * e as f64 / n_eps as f64 - 6.0;
                                let gauss = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
                                simpson(n_eps, e) * 12.0 / n_eps as f64
                                    * gauss
                                    * direct(amounts, theta + tau * z, b).exp()
                            };
                            (0..=n_eps).map(of_eps).sum()
                        })
                        .product();
                    sum +=
                        simpson(n_b, j) / n_b as f64 * simpson(n_nu, i) / n_nu as f64 * product / SCATTERS.len() as f64;
                }
            }
        }
        let fit = Tables::of(&runs).fit(form);
        // With so few runs b is hardly known and reaches the ends of its prior, where 28 slopes are the coarsest part of the grid:
        // 4·10⁻³ nats here, and below 3·10⁻³ with 112 slopes (measured).
        assert!((fit.ln_evidence - sum.ln()).abs() < 6e-3, "{form:?}: {} {}", fit.ln_evidence, sum.ln());
    }
}

#[test]
fn no_law_is_the_product_of_what_each_size_says_alone() {
    // With one run a size and the limits symmetric about it, half of every prior lies on either side: Z = 2⁻³ whatever b is.
    let critical = |m: f64| m.powf(1.5);
    let mut runs = Recipe { sizes: &[16, 25, 49], amounts: 1, seeds: 1, ..recipe(&critical) }.runs();
    for (size, n) in runs.sizes.iter_mut().zip([64, 125, 343]) {
        size.runs = vec![Run { n, seed: 0, generalized: true }];
    }
    let fit = Tables::of(&runs).fit(Form::NoLaw);
    assert!((fit.ln_evidence - 3.0 * 0.5_f64.ln()).abs() < 1e-6, "{}", fit.ln_evidence);
}

#[test]
fn the_law_that_made_the_runs_wins_or_is_not_told_from_the_winner() {
    let laws: [(Form, Growth); 4] = [
        (Form::LogLinear, log_linear),
        (Form::FiveThirds, |m| 0.7 * m.powf(5.0 / 3.0)),
        (Form::Square, |m| 0.2 * m * m),
        (Form::Power, |m| 8.0 * m.powf(0.9)),
    ];
    for (form, critical) in laws {
        let study = Study::of_runs(recipe(&critical).runs());
        let behind = study.law(form).bits - study.law(study.verdict.best).bits;
        assert!(behind < ENOUGH_BITS, "{form:?} is {behind} bits behind {:?}", study.verdict.best);
        assert!(study.verdict.no_law_ahead < -10.0, "{form:?}: {}", study.verdict.no_law_ahead);
        let wrong = Form::RIVALS.iter().filter(|&&other| other != form && other != Form::Power);
        for &other in wrong {
            assert!(study.law(other).bits > ENOUGH_BITS, "{form:?}: {other:?} {}", study.law(other).bits);
        }
    }
    let study = Study::of_runs(recipe(&log_linear).runs());
    let scale = study.law(Form::LogLinear).scale.unwrap();
    assert!(scale.low <= 2.6 && 2.6 <= scale.high && scale.high / scale.low < 1.1, "{scale:?}");
    let exponent = study.law(Form::Power).exponent.unwrap();
    // d ln(M ln M) / d ln M = 1 + 1 / ln M at M̄ = 55.
    assert!((exponent.value - 1.25).abs() < 0.05 && exponent.low < exponent.value, "{exponent:?}");
}

#[test]
fn where_no_law_holds_none_is_said_to_fit() {
    let wild = |m: f64| m * m.ln() * if (m as usize) % 4 == 1 { 1.3 } else { 4.5 };
    let study = Study::of_runs(recipe(&wild).runs());
    assert!(study.verdict.no_law_ahead > ENOUGH_BITS, "{}", study.verdict.no_law_ahead);
}

#[test]
fn bits_are_not_overconfident() {
    // Sixty sweeps, each by a law drawn as the prior draws: half with one threshold a seed, which the likelihood does not know.
    // Where the odds are honest, the true law is k bits or more behind the best at most once in 2ᵏ sweeps.
    let mut chance = Chance(ChaCha8Rng::seed_from_u64(9));
    let (mut surprise, mut expected, mut variance, mut excluded) = (0.0, 0.0, 0.0, 0);
    for trial in 0..60 {
        let form = Form::RIVALS[trial % 4];
        let exponent = 0.9 + 0.9 * chance.uniform();
        let growth = |m: f64| form.ln_growth(m, exponent).unwrap() - form.ln_growth(53.0, exponent).unwrap();
        let nu = 53f64.ln() * (1.3 + 0.3 * chance.uniform());
        let critical = |m: f64| (nu + growth(m)).exp().min(m * m);
        let slope = 10.0 * 5f64.powf(chance.uniform());
        let scatter = SCATTERS[(5.0 * chance.uniform()) as usize];
        let runs = Recipe {
            sizes: &[31, 53, 97],
            critical: &critical,
            slope,
            scatter,
            seeds: 3,
            amounts: 7,
            by_seed: trial % 8 >= 4,
            seed: trial as u64,
        }
        .runs();
        let tables = Tables::of(&runs);
        let logs = Form::RIVALS.map(|form| tables.fit(form).ln_evidence);
        let best = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|log| (log - best).exp()).sum();
        let shares = logs.map(|log| (log - best).exp() / sum);
        let own = shares[trial % 4];
        let entropy: f64 = shares.iter().filter(|&&p| p > 0.0).map(|p| -p * p.ln()).sum();
        surprise -= own.ln();
        expected += entropy;
        variance += shares.iter().filter(|&&p| p > 0.0).map(|p| p * p.ln() * p.ln()).sum::<f64>() - entropy * entropy;
        excluded += usize::from((best - logs[trial % 4]) / std::f64::consts::LN_2 >= ENOUGH_BITS);
    }
    let excess = (surprise - expected) / f64::sqrt(variance);
    assert!(excess < 2.5, "{surprise} nats of surprise where {expected} are announced");
    // 60 / 16 = 3.75 on average at most; 9 has a probability below 1 %.
    assert!(excluded < 9, "{excluded} of 60 true laws excluded");
}

#[test]
fn the_order_of_runs_and_the_names_of_seeds_do_not_matter() {
    let table = recipe(&log_linear).table();
    let results = Results::of(table).unwrap();
    let backwards: Vec<usize> = (0..results.len()).rev().collect();
    let (a, b) = (Study::of(&results).unwrap(), Study::of(&results.picked(&backwards)).unwrap());
    assert_eq!((&a.thresholds, &a.laws, &a.decision), (&b.thresholds, &b.laws, &b.decision));
}

#[test]
fn what_two_laws_cannot_be_told_by_is_asked_of_further_runs() {
    // Three sizes close to each other and few runs: M ln M and M^a are the same there.
    let critical = |m: f64| 2.6 * m * m.ln();
    let recipe = Recipe { sizes: &[23, 31, 41], seeds: 3, amounts: 9, ..recipe(&critical) };
    let study = Study::of_runs(recipe.runs());
    assert!(!study.verdict.tells(), "{:?}", study.verdict);
    let further = match &study.decision {
        Decision::By(further) | Decision::OutOfReach(further) => further,
        other => panic!("{other:?}"),
    };
    assert!(further.m <= 123 && further.cost <= 10.0 && further.seeds >= 3, "{further:?}");
    assert!(further.command.starts_with(&format!("dunwu sweep task.order={} data.count=", further.m)), "{further:?}");
    assert_eq!(matches!(study.decision, Decision::By(_)), further.expected_bits >= ENOUGH_BITS);
}

#[test]
fn expected_bits_are_what_further_runs_say_on_average() {
    // Draw the further runs from one law's posterior and weigh both laws on them: the mean of the bits is the divergence.
    let critical = |m: f64| 2.6 * m * m.ln();
    let runs = Recipe { sizes: &[23, 31, 41], seeds: 3, amounts: 9, ..recipe(&critical) }.runs();
    let tables = Tables::of(&runs);
    let [a, b] = [Form::LogLinear, Form::Square].map(|form| tables.fit(form));
    let (m, n, seeds) = (97, 1000, 5);
    let [p, q] = [&a, &b].map(|law| {
        let law = Predictive::of(law, m as f64);
        law.outcomes(&law.masses(n, seeds))
    });
    assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9 && (q.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    let mut mean = 0.0;
    for (successes, chance) in p.iter().enumerate() {
        // The evidence of both laws with the further runs in, over that without, is what the further runs had for a chance.
        let mut more = runs.clone();
        let further = (0..seeds).map(|seed| Run { n, seed: seed as u64, generalized: seed < successes }).collect();
        more.sizes.push(Size { task: "cyclic:97".into(), m, population: m * m, runs: further });
        // M̄ moves with the new size and with it the prior of ν, by the same factor for both laws.
        let more = Tables::of(&more);
        let gained = [&a, &b].map(|law| more.fit(law.form).ln_evidence - law.ln_evidence);
        mean += chance * (gained[0] - gained[1]) / std::f64::consts::LN_2;
    }
    let expected = expected_bits(&p, &q);
    // The predictive puts θ into percents and ε into quarters of τ.
    assert!((mean - expected).abs() < 0.1 * expected, "{mean} bits on average where {expected} are expected");
}

fn refused(results: &Results) -> String {
    Study::of(results).err().map(|error| error.to_string()).unwrap_or_default()
}

/// The sample's table with one column replaced.
fn with(column: &str, of: impl Fn(usize) -> Column) -> Results {
    let mut table = recipe(&log_linear).table();
    let n = table.n_rows();
    match table.columns.iter_mut().find(|(name, _)| name == column) {
        Some((_, found)) => *found = of(n),
        None => table.columns.push((column.to_owned(), of(n))),
    }
    Results::of(table).unwrap()
}

#[test]
fn a_table_is_read_as_the_runs_that_it_was_made_of() {
    let recipe = recipe(&log_linear);
    let runs = Runs::of(&Results::of(recipe.table()).unwrap()).unwrap();
    assert_eq!(runs.sizes, recipe.runs().sizes);
    assert_eq!((runs.family.as_str(), runs.steps, runs.failed), ("cyclic", 1000, 0));
    assert!(runs.common.contains(&("model.width".to_owned(), Value::Int(256))));
}

#[test]
fn what_varies_within_a_size_is_named_with_its_remedy() {
    let widths =
        with("model.width", |n| Column::Int64((0..n).map(|i| if i.is_multiple_of(2) { 256 } else { 512 }).collect()));
    let message = refused(&widths);
    for wanted in ["cyclic:127", "`model.width` is 256 and 512", "add `model.width=512`"] {
        assert!(message.contains(wanted), "{message}");
    }
    let chosen = widths.only("model.width", &Value::Int(512)).unwrap();
    assert_eq!(refused(&chosen), "");
    let free = with("let.kappa", |n| Column::Float64((0..n).map(|i| i as f64).collect()));
    assert_eq!(refused(&free), "");
}

#[test]
fn what_follows_the_size_is_allowed_and_told() {
    let m: Vec<i64> = recipe(&log_linear).runs().sizes.iter().flat_map(|s| vec![s.m as i64; s.runs.len()]).collect();
    let results = with("model.width", |_| Column::Int64(m.iter().map(|m| 8 * m).collect()));
    assert_eq!(Runs::of(&results).unwrap().following, ["model.width"]);
}

#[test]
fn failed_runs_are_left_out_and_those_that_ended_badly_count_as_not_generalized() {
    let outcome = |i: usize| ["grokked", "failed", "diverged", "collapsed", "lost"][i % 5].to_owned();
    let results = with("outcome", |n| Column::Utf8((0..n).map(outcome).collect()));
    let runs = Runs::of(&results).unwrap();
    let n = results.len();
    let n_ended = |wanted: usize| (0..n).filter(|i| i % 5 == wanted).count();
    assert_eq!((runs.failed, runs.len()), (n_ended(1), n - n_ended(1)));
    assert_eq!((runs.diverged, runs.collapsed, runs.lost), (n_ended(2), n_ended(3), n_ended(4)));
    assert_eq!(runs.sizes.iter().map(Size::n_generalized).sum::<usize>(), n_ended(0));
}

#[test]
fn one_family_at_a_time() {
    let task = |i: usize| if i.is_multiple_of(2) { "cyclic:23" } else { "dihedral:5" }.to_owned();
    let mixed = with("task", |n| Column::Utf8((0..n).map(task).collect()));
    assert!(refused(&mixed).contains("cyclic, dihedral; add `task=cyclic` or `task=dihedral`"), "{}", refused(&mixed));
    assert_eq!(mixed.of_family("dihedral").unwrap().len(), mixed.len() / 2);
    assert!(mixed.of_family("dihedrl").unwrap_err().to_string().contains("dihedral:5"));
    // A family without a size parameter is one all the same, and two of its tasks with one M are two sizes.
    let m: Vec<usize> = recipe(&log_linear).runs().sizes.iter().flat_map(|s| vec![s.m; s.runs.len()]).collect();
    let product =
        |(i, m): (usize, &usize)| format!("product:cyclic:{},cyclic:{}", m, if i.is_multiple_of(2) { 1 } else { 2 });
    let products = with("task", |_| Column::Utf8(m.iter().enumerate().map(product).collect()));
    let runs = Runs::of(&products).unwrap();
    assert_eq!((runs.family.as_str(), runs.sizes.len()), ("product", 14));
    assert_eq!(runs.task_of(97), None);
}

#[test]
fn what_says_nothing_about_a_law_is_refused_in_words() {
    let all = Results::of(recipe(&log_linear).table()).unwrap();
    let two: Vec<usize> = (0..all.len()).filter(|&run| all.count(run, "n_labels").unwrap() < 32).collect();
    assert!(refused(&all.picked(&two)).contains("at least three sizes M and the runs have 23 and 31"));
    let none = with("outcome", |n| Column::Utf8(vec!["censored".to_owned(); n]));
    assert!(refused(&none).contains("none of the 455 runs generalized"), "{}", refused(&none));
    let every = with("outcome", |n| Column::Utf8(vec!["grokked".to_owned(); n]));
    assert!(refused(&every).contains("all 455 runs generalized"));
    let failed = with("outcome", |n| Column::Utf8(vec!["failed".to_owned(); n]));
    assert!(refused(&failed).contains("455 failed"));
    let torn = with("n_train", |n| Column::OptInt64(vec![None; n]));
    assert!(refused(&torn).contains("without n_train"));
}
