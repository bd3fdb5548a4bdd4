use super::*;
use dunwu_science::lab::{Lab, Outcome, Point, Setting};

const DELAY: &str = include_str!("../../worlds/delay.toml");

fn world(text: &str) -> World {
    World::read(text, "a.toml").unwrap()
}

fn at(settings: &[(&str, f64)]) -> Point {
    Point(settings.iter().map(|(name, value)| ((*name).to_owned(), Setting::Number(*value))).collect())
}

fn level(mut point: Point, knob: &str, level: &str) -> Point {
    point.0.insert(knob.to_owned(), Setting::Level(level.to_owned()));
    point
}

/// One observable over many seeds.
fn outcomes(world: &World, point: &Point, name: &str, n_seeds: u32) -> Vec<Outcome> {
    (0..n_seeds).map(|seed| world.run(point, seed).outcomes.remove(name).unwrap()).collect()
}

fn values(outcomes: &[Outcome]) -> Vec<f64> {
    let value = |outcome: &Outcome| if let Outcome::Value(value) = outcome { Some(*value) } else { None };
    outcomes.iter().filter_map(value).collect()
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// A world of one number, whose noise has this family.
fn noisy(family: &str, logarithmic: bool) -> World {
    world(&format!(
        "name = \"noisy\"\n[knobs.x]\nleast = 0\nmost = 10\ndefault = 2\n[observables.y]\nvalue = \"3 * x\"\nresolution = 0.01\n\
         logarithmic = {logarithmic}\nnoise = {{ family = \"{family}\", size = \"0.1 * x\" }}\n"
    ))
}

/// Mean and variance of 20,000 errors of size 0.1 x at x = 2 against the families' closed forms. A mean is off by √(v/n), a variance of a
/// family with fourth moment κ v² by v √(κ/n); five of them. Student's t with 3 degrees has no fourth moment and is looked at by its quartiles.
#[test]
fn errors_have_the_moments_of_their_family() {
    let e = std::f64::consts::E;
    let n = 20_000;
    for (family, mean, variance, kurtosis) in [
        ("normal", 0.0, 1.0, 3.0),
        ("student:10", 0.0, 1.25, 4.0),
        ("laplace", 0.0, 2.0, 6.0),
        ("lognormal", e.sqrt() - 1.0, (e - 1.0) * e, 114.0),
        ("skewed", 1.0 - std::f64::consts::LN_2, 1.0, 9.0),
    ] {
        let drawn = values(&outcomes(&noisy(family, false), &at(&[]), "y", n));
        assert_eq!(drawn.len(), n as usize);
        let errors: Vec<f64> = drawn.iter().map(|value| (value - 6.0) / 0.2).collect();
        let (m, v) = mean_and_variance(&errors);
        assert!((m - mean).abs() < 5.0 * (variance / f64::from(n)).sqrt(), "{family}: mean {m}");
        assert!((v - variance).abs() < 5.0 * variance * (kurtosis / f64::from(n)).sqrt(), "{family}: variance {v}");
        // The median is the law's value: half of the errors are below 0, to five standard errors of a share.
        let below = errors.iter().filter(|error| **error < 0.0).count() as f64 / f64::from(n);
        assert!((below - 0.5).abs() < 5.0 * 0.5 / f64::from(n).sqrt(), "{family}: {below} below");
    }
    let mut drawn = values(&outcomes(&noisy("student:3", false), &at(&[]), "y", n));
    drawn.sort_by(f64::total_cmp);
    let below = drawn.iter().filter(|value| (**value - 6.0) / 0.2 < -0.764_892).count() as f64 / f64::from(n);
    assert!(
        (below - 0.25).abs() < 5.0 * (0.1875 / f64::from(n)).sqrt(),
        "the lower quartile of t with 3 degrees: {below}"
    );
}

#[test]
fn errors_of_logarithmic_numbers_are_ratios_and_grow_as_the_file_says() {
    for x in [1.0, 4.0] {
        let drawn = values(&outcomes(&noisy("normal", true), &at(&[("x", x)]), "y", 4_000));
        let errors: Vec<f64> = drawn.iter().map(|value| (value / (3.0 * x)).ln() / (0.1 * x)).collect();
        let (mean, variance) = mean_and_variance(&errors);
        assert!(mean.abs() < 5.0 / 4_000_f64.sqrt() && (variance - 1.0).abs() < 5.0 * (2.0 / 4_000_f64).sqrt(), "{x}");
    }
    let nothing = world(
        "name = \"a\"\n[knobs.x]\nleast = 0\nmost = 1\ndefault = 0\n[observables.y]\nvalue = \"ln(x)\"\nresolution = 1\n\
         [observables.z]\nvalue = \"y + 1\"\nresolution = 1\n[observables.w]\nvalue = \"-1\"\nresolution = 1\nlogarithmic = true\n",
    );
    for (name, outcome) in nothing.run(&at(&[]), 0).outcomes {
        assert!(matches!(outcome, Outcome::Undefined(_)), "{name}: {outcome:?}");
    }
}

#[test]
fn a_reading_depends_on_file_point_and_seed_alone() {
    let (one, two) = (world(DELAY), world(DELAY));
    let point = at(&[("samples", 290.0)]);
    assert_eq!(one.run(&point, 3), two.run(&point, 3));
    // A point that spells its defaults out is the same point.
    assert_eq!(one.run(&level(at(&[("samples", 290.0)]), "task", "middle"), 3), one.run(&point, 3));
    let first = one.run(&point, 3);
    for other in
        [one.run(&point, 4), one.run(&at(&[("samples", 291.0)]), 3), world(&format!("{DELAY}# other\n")).run(&point, 3)]
    {
        assert_ne!(other.specification, first.specification);
        assert_ne!(other.outcomes["norm"], first.outcomes["norm"]);
    }
}

#[test]
fn events_happen_as_often_as_their_log_odds_say() {
    let world = world(DELAY);
    let critical: f64 = 2.75 * 23.0 * 23_f64.ln();
    for samples in [195.0, 198.0, 200.0] {
        let seen = outcomes(&world, &at(&[("samples", samples)]), "generalized", 3_000);
        let events: Vec<bool> = seen
            .iter()
            .filter_map(|one| if let Outcome::Event(happens) = one { Some(*happens) } else { None })
            .collect();
        let lost = seen.iter().filter(|one| matches!(one, Outcome::Missing(_))).count();
        // 2 % of 3,000 are lost, to five standard errors.
        assert!((lost as f64 - 60.0).abs() < 5.0 * (60_f64 * 0.98).sqrt(), "{lost} lost");
        let expected = 1.0 / (1.0 + (-60.0 * (samples / critical).ln()).exp());
        let share = events.iter().filter(|happens| **happens).count() as f64 / events.len() as f64;
        let error = (expected * (1.0 - expected) / events.len() as f64).sqrt();
        assert!((share - expected).abs() < 5.0 * error, "{samples}: {share}, planted {expected}");
    }
}

#[test]
fn what_is_late_is_censored_and_what_needs_an_event_waits_for_it() {
    let world = world(DELAY);
    let with = |samples: f64, horizon: f64| at(&[("samples", samples), ("horizon", horizon)]);
    // 4 · 23 / (0.01 · e^0.25) = 7165 steps.
    let truth = world.truth(&with(5_000.0, 1e6))["t_gen"].unwrap();
    assert!((truth - 9_200.0 / 0.25_f64.exp()).abs() < 1e-6);
    let seen = outcomes(&world, &with(5_000.0, 1e6), "t_gen", 1_000);
    let mut values = values(&seen);
    values.sort_by(f64::total_cmp);
    // Half of them are below the median, to five standard errors.
    let below = values.iter().filter(|value| **value < truth).count() as f64 / values.len() as f64;
    assert!((below - 0.5).abs() < 5.0 * 0.5 / (values.len() as f64).sqrt(), "{below}");
    for point in [with(5_000.0, 1_000.0), with(20.0, 1e6)] {
        for outcome in outcomes(&world, &point, "t_gen", 50) {
            assert!(matches!(outcome, Outcome::Censored(_) | Outcome::Missing(_)), "{outcome:?}");
        }
    }
    assert_eq!(world.most_steps(&with(300.0, 5_000.0)), 5_000);
    assert_eq!(world.run(&with(300.0, 5_000.0), 0).steps, 5_000);
}

/// With the mediator held, the decay does nothing to `t_gen`, and the mood, which nobody sees, is cut off from both.
#[test]
fn a_mediator_that_is_held_passes_nothing_on() {
    let world = world(DELAY);
    let truth = |decay: f64, hold: &str| {
        world.truth(&level(at(&[("decay", decay), ("samples", 5_000.0)]), "hold", hold))["t_gen"].unwrap()
    };
    assert!(truth(1.0, "nothing") < 0.5 * truth(0.0, "nothing"));
    assert_eq!(truth(1.0, "norm"), truth(0.0, "norm"));
    let held = level(at(&[("samples", 5_000.0)]), "hold", "norm");
    let norms = outcomes(&world, &held, "norm", 40);
    assert!(norms.iter().all(|norm| matches!(norm, Outcome::Value(1.0) | Outcome::Missing(_))), "{norms:?}");
    assert_eq!(world.card().observable("norm").unwrap().held_by, Some(("hold".to_owned(), "norm".to_owned())));
    // The hidden mood is in the runs and not on the card, and its spread is the planted one: 0.1.
    let free: Vec<f64> =
        values(&outcomes(&world, &at(&[]), "norm", 2_000)).iter().map(|norm| norm.ln() - 0.25).collect();
    let (_, variance) = mean_and_variance(&free);
    assert!((variance.sqrt() - 0.1).abs() < 5.0 * 0.1 / 4_000_f64.sqrt(), "{}", variance.sqrt());
    assert!(world.card().observable("mood").is_none() && !world.run(&at(&[]), 0).outcomes.contains_key("mood"));
}

#[test]
fn what_is_drawn_for_a_seed_is_shared_by_its_runs() {
    let text = "name = \"a\"\n[knobs.x]\nleast = 0\nmost = 1\ndefault = 0\n[hidden.h]\nvalue = 0\nnoise = { family = \"normal\", size = 1 }\n\
                drawn_for = \"seed\"\n[observables.y]\nvalue = \"h + x\"\nresolution = 1\n";
    let world = world(text);
    let y = |x: f64, seed: u32| values(&[world.run(&at(&[("x", x)]), seed).outcomes["y"].clone()])[0];
    assert!((y(1.0, 5) - y(0.0, 5) - 1.0).abs() < 1e-12);
    assert!(y(0.0, 5) != y(0.0, 6));
}

#[test]
fn a_point_that_is_none_gives_missing_results_with_the_reason() {
    let world = world(DELAY);
    for (point, said) in [
        (at(&[("sample", 3.0)]), "\"sample\" is no knob"),
        (at(&[("samples", 3.0)]), "samples = 3 is not allowed"),
        (level(at(&[]), "task", "tiny"), "is one of small, middle, large, huge"),
    ] {
        assert_eq!(world.most_steps(&point), 0);
        for (name, outcome) in world.run(&point, 0).outcomes {
            assert!(matches!(&outcome, Outcome::Missing(why) if why.contains(said)), "{name}: {outcome:?}");
        }
    }
}

#[test]
fn mistakes_name_the_offender_its_line_and_the_remedy() {
    let of = |from: &str, to: &str| {
        assert!(DELAY.contains(from), "{from}");
        let text = DELAY.replacen(from, to, 1);
        let error = World::read(&text, "a.toml").err().unwrap_or_else(|| panic!("{to} is taken"));
        let line = text[..text.find(to).unwrap()].matches('\n').count() + 1;
        (error.line.abs_diff(line), error.to_string())
    };
    for (from, to, said) in [
        ("value = \"a * M / (learning_rate", "value = \"a * M / (learning_rte", "perhaps learning_rate"),
        ("c = 2.75", "c = \"two\"", "invalid type"),
        ("steps = \"horizon\"", "steps = \"norm\"", "norm is drawn in the run"),
        ("needs = \"generalized\"", "needs = \"norm\"", "is no event of this world"),
        ("family = \"student:3\"", "family = \"cauchy\"", "families are normal, student:3"),
        ("level = \"norm\", at", "level = \"norms\", at", "no knob hold has a level"),
        ("large = [41]", "large = [41, 2]", "has 2 numbers for 1 attributes"),
        ("default = \"middle\"", "default = \"midle\"", "is one of small, middle"),
        ("exp(decay + 0.1 * mood)", "exp(decay + 0.1 * t_gen)", "depends on itself"),
        ("unit = \"step^-1\"", "unit = \"step^\"", "is no unit"),
        ("event = \"b *", "event = \"b **", "is no expression"),
        ("a = 4.0", "M = 4.0", "M is named twice"),
        ("least = 20", "least = 6000", "is no range"),
        ("[knobs.shade]", "[knobs.\"sh ade\"]", "is no name"),
        ("resolution = 0.001", "resolution = 0", "has no resolution above 0"),
        ("name = \"delay\"", "nam = \"delay\"", "unknown field `nam`"),
        ("most = 5000", "# no most", "neither a number nor a choice"),
    ] {
        let (lines, sentence) = of(from, to);
        assert!(sentence.contains(said) && sentence.ends_with("of \"a.toml\""), "{to}: {sentence}");
        assert!(lines <= 8, "{to}: {lines} lines away: {sentence}");
    }
    assert!(World::read("", "a.toml").is_err());
}
