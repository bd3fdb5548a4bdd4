//! Thresholds and laws in sentences, tables and a page. No fit is told without its rivals.

use super::landscape::Page;
use super::landscape::table::Table;
use super::law_chart;
use super::page::{self, Head, document};
use super::svg::escape;
use super::words::{count, counted, list, number, percent};
use dunwu::law::{
    Decision, ENOUGH_BITS, Form, Further, LARGEST_SLOPE, LEAST_SLOPE, LawFit, REPLICATES, SCATTERS, Standing, Study,
    Threshold,
};

/// What it rests on, in one line.
pub fn setup(study: &Study) -> String {
    let runs = &study.runs;
    let (first, last) = (&runs.sizes[0], &runs.sizes[runs.sizes.len() - 1]);
    let generalized: usize = study.thresholds.iter().map(|threshold| threshold.generalized).sum();
    format!(
        "{}: {}, of which {} generalized, at {} from M = {} to {}",
        runs.family,
        counted(runs.len(), "run"),
        count(generalized as u64),
        counted(runs.sizes.len(), "size"),
        first.m,
        last.m
    )
}

/// Thresholds and laws as two tables for a terminal.
pub fn tables(study: &Study) -> String {
    format!("{}\n\n{}", thresholds(study).text(), laws(study).text())
}

fn thresholds(study: &Study) -> Table {
    let row = |threshold: &Threshold| {
        let unit = threshold.m as f64 * (threshold.m as f64).ln();
        let cell = |value: Option<f64>| value.map_or("–".to_owned(), number);
        let critical = match (threshold.n_critical, threshold.low, threshold.high) {
            (Some(n), ..) => number(n),
            (None, Some(low), _) => format!("> {}", number(low)),
            (None, None, Some(high)) => format!("< {}", number(high)),
            (None, None, None) => "–".to_owned(),
        };
        vec![
            threshold.task.clone(),
            count(threshold.m as u64),
            critical,
            cell(threshold.low),
            cell(threshold.high),
            threshold.n_critical.map_or("–".to_owned(), |n| format!("{:.2}", n / unit)),
            cell(threshold.slope),
            format!("{}/{}", threshold.generalized, threshold.runs),
            format!("{} × {}", threshold.seeds, threshold.amounts),
        ]
    };
    Table {
        head: vec!["task", "M", "n critical", "95 % from", "to", "/ M ln M", "slope b", "grokked", "seeds × n"],
        n_text: 1,
        rows: study.thresholds.iter().map(row).collect(),
    }
}

fn laws(study: &Study) -> Table {
    let mut laws: Vec<&LawFit> = study.laws.iter().collect();
    laws.sort_by(|a, b| a.bits.total_cmp(&b.bits));
    let none = || "–".to_owned();
    let row = |law: &LawFit| {
        let is_fitted = law.form != Form::Author;
        vec![
            law.form.formula().to_owned(),
            law.scale.map_or_else(none, |c| number(c.value)),
            law.scale.filter(|_| is_fitted).map_or_else(none, |c| format!("{}–{}", number(c.low), number(c.high))),
            law.exponent.map_or_else(none, |a| format!("{:.2}", a.value)),
            law.exponent.map_or_else(none, |a| format!("{:.2}–{:.2}", a.low, a.high)),
            law.scatter.map_or_else(none, |scatter| format!("{:.1}", 100.0 * scatter)),
            format!("{:.1}", law.bits),
        ]
    };
    Table {
        head: vec!["law", "c", "95 %", "a", "95 %", "scatter %", "bits behind"],
        n_text: 1,
        rows: laws.into_iter().map(row).collect(),
    }
}

/// The one sentence that was asked for: which law, or that the runs cannot tell.
pub fn verdict(study: &Study) -> String {
    let verdict = study.verdict;
    let (best, next) = (fitted(study, verdict.best), fitted(study, verdict.next));
    let apart = bits(verdict.bits);
    let preference = if verdict.tells() {
        format!("These runs prefer {best} to {next} by {apart} (odds of {} to 1)", odds(verdict.bits))
    } else {
        format!("These runs cannot tell {best} from {next}: {apart} apart, where {ENOUGH_BITS} would decide")
    };
    if verdict.no_law_ahead > 0.0 {
        let by = bits(verdict.no_law_ahead);
        return format!(
            "None of these laws fits: that every size has a threshold of its own is ahead of the best of them by {by}. \
             As far as laws go: {}{}.",
            preference[..1].to_lowercase(),
            &preference[1..]
        );
    }
    format!("{preference}.")
}

/// What would decide; `None` where it is decided.
pub fn decide(study: &Study) -> Option<String> {
    let pair = format!("{} from {}", study.verdict.best.name(), study.verdict.next.name());
    match &study.decision {
        Decision::Made | Decision::NoneFits => None,
        Decision::By(further) => Some(format!(
            "These further runs would tell {pair}: {}, expected to say {} whichever of the two is true, for {} of what \
             the runs so far took (about {}).{}",
            design(further),
            bits(further.expected_bits),
            times(further.cost),
            hours(further.seconds),
            followed(study)
        )),
        Decision::OutOfReach(best) => Some(format!(
            "No further runs at one size up to three times the largest, for at most ten times what these took, are \
             expected to tell {pair}; the most telling are {}, with {} expected.",
            design(best),
            bits(best.expected_bits)
        )),
        Decision::NoFurtherSize => Some(format!(
            "Which further runs would tell {pair} cannot be said: tasks of {} have no size that could be chosen.",
            study.runs.family
        )),
    }
}

/// The command of the further runs.
pub fn command(study: &Study) -> Option<&str> {
    match &study.decision {
        Decision::By(further) => Some(&further.command),
        _ => None,
    }
}

fn design(further: &Further) -> String {
    let amounts: Vec<String> = further.amounts.iter().map(|&n| count(n as u64)).collect();
    format!("M = {} with n = {}, {} seeds each", further.m, amounts.join(" and "), further.seeds)
}

/// What the command leaves open.
fn followed(study: &Study) -> String {
    if study.runs.following.is_empty() {
        return String::new();
    }
    format!(" Here {} went with the size; add what that size asks for.", list(&quoted(&study.runs.following), 4))
}

fn quoted(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

/// All that there is to say, the verdict first.
pub fn sentences(study: &Study) -> Vec<String> {
    let mut sentences = vec![verdict(study)];
    sentences.extend(decide(study));
    sentences.extend(others(study));
    sentences.extend(exponent(study));
    sentences.extend(author(study));
    sentences.extend(limits(study));
    sentences
}

/// The laws that are neither the best nor the one after it.
fn others(study: &Study) -> Option<String> {
    let best = study.law(study.verdict.best).bits;
    let rest = Form::RIVALS.into_iter().filter(|&form| form != study.verdict.best && form != study.verdict.next);
    let told: Vec<String> =
        rest.map(|form| format!("n ∝ {} by {}", form.name(), bits(study.law(form).bits - best))).collect();
    let law = study.verdict.best.name();
    let no_law = study.verdict.no_law_ahead;
    let no_law = if no_law <= 0.0 { format!("; no law at all by {}", bits(-no_law)) } else { String::new() };
    (!told.is_empty()).then(|| format!("Behind n ∝ {law} are {}{no_law}.", told.join(" and ")))
}

fn exponent(study: &Study) -> Option<String> {
    let a = study.law(Form::Power).exponent?;
    let mean = study.runs.sizes.iter().map(|size| (size.m as f64).ln()).sum::<f64>() / study.runs.sizes.len() as f64;
    Some(format!(
        "With a free, n grows as M^{:.2} (95 %: {:.2} to {:.2}); at these sizes M ln M looks like M^{:.2}.",
        a.value,
        a.low,
        a.high,
        1.0 + 1.0 / mean
    ))
}

fn author(study: &Study) -> Option<String> {
    let (author, same) = (study.law(Form::Author), study.law(Form::LogLinear));
    let c = same.scale?;
    let ahead = same.bits - author.bits;
    let standing = if ahead >= 0.0 {
        format!("{} ahead of M ln M with a constant of its own", bits(ahead))
    } else {
        format!("{} behind M ln M with a constant of its own", bits(-ahead))
    };
    Some(format!(
        "The author's line n = 2.7482 M ln M, with nothing fitted, is {standing}, which is {} ({} to {}).",
        number(c.value),
        number(c.low),
        number(c.high)
    ))
}

/// What the comparison cannot rest on.
fn limits(study: &Study) -> Vec<String> {
    let runs = &study.runs;
    let mut limits = Vec::new();
    let mut say = |n: usize, what: &str| {
        if n > 0 {
            limits.push(format!("{}{}", counted(n, "run"), what));
        }
    };
    say(runs.failed, " failed and count nowhere.");
    say(runs.diverged, " diverged and count as not generalized.");
    say(runs.collapsed, " collapsed and count as not generalized.");
    if !runs.following.is_empty() {
        let names = list(&quoted(&runs.following), 4);
        let differ = if runs.following.len() == 1 { "differs" } else { "differ" };
        limits.push(format!("Beside the size, {names} {differ} between tasks: the law is of both together."));
    }
    let scatter = study.law(study.verdict.best).scatter.unwrap_or(0.0);
    if scatter > SCATTERS[3] {
        let law = study.verdict.best.name();
        limits.push(format!(
            "Even about {law} thresholds scatter by {}, about the most that was thought possible.",
            percent(scatter)
        ));
    }
    for threshold in &study.thresholds {
        if let Some(note) = threshold.note() {
            limits.push(format!("{}: {note}.", threshold.task));
        }
    }
    limits
}

/// A law with its constants: `n = 2.63 M ln M`.
fn fitted(study: &Study, form: Form) -> String {
    let law = study.law(form);
    match (form, law.exponent) {
        (Form::Power, Some(a)) => format!("n ∝ M^a (a = {:.2})", a.value),
        _ => format!("n ∝ {}", form.name()),
    }
}

fn bits(bits: f64) -> String {
    let text = format!("{bits:.1}");
    if text == "1.0" { "1 bit".to_owned() } else { format!("{} bits", text.strip_suffix(".0").unwrap_or(&text)) }
}

fn odds(bits: f64) -> String {
    if bits > 20.0 { "more than a million".to_owned() } else { number(bits.exp2()) }
}

fn times(share: f64) -> String {
    if share < 1.0 { percent(share) } else { format!("{} times", number(share)) }
}

fn hours(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{} s on one core", number(s)),
        s if s < 7200.0 => format!("{} min on one core", number(s / 60.0)),
        s => format!("{} h on one core", number(s / 3600.0)),
    }
}

/// What was assumed, in plain words.
fn assumptions(study: &Study) -> Vec<String> {
    let [_, least, .., largest] = SCATTERS;
    let separated = study.thresholds.iter().any(|threshold| threshold.standing == Standing::Separated);
    let mut all = vec![
        format!(
            "A run generalized if it did so within its steps, at most {} here. A threshold is one of runs that long.",
            count(study.runs.steps)
        ),
        format!(
            "At each size the chance to generalize is a logistic curve in ln n, 1 / (1 + (n_c / n)^b), with one slope b for all sizes, \
             anything from {LEAST_SLOPE} to {LARGEST_SLOPE}, evenly by its logarithm."
        ),
        format!(
            "No law holds exactly at sizes that can be trained, so ln n_c may scatter about it with a standard deviation of 0, or {} \
             to {}, all equally likely beforehand. Without that, systematic deviations of a percent would decide everything; with more \
             of it, every law would fit.",
            percent(least),
            percent(largest)
        ),
        "Beforehand all laws expect the same at the geometric mean of the sizes: any threshold between M and the whole population, \
         evenly by its logarithm. So units of the constant favour no law. a lies anywhere from 0.5 to 3. No law means such a \
         prior for every size by itself."
            .to_owned(),
        "Evidence is the chance of exactly these runs under a law, averaged over all that it leaves open; a bit is a factor of 2. It is \
         summed on grids, from the single runs and not from the thresholds. A law with more freedom pays for what it does not need."
            .to_owned(),
        "Runs are independent given the threshold. Runs of one seed share more than that; sweeps made up so that a seed has one \
         threshold for all amounts show that the bits are not overconfident for it (test of the code)."
            .to_owned(),
        format!(
            "Thresholds are fitted one size at a time by Firth's penalised likelihood, with {} resamplings of the seeds and \
             percentiles widened for few seeds; five seeds give intervals that cover about nine times out of ten.",
            count(REPLICATES as u64)
        ),
        format!(
            "Further runs are judged by what they are expected to say (Kullback–Leibler divergence of how many generalize, the smaller of \
             both directions), at one further size with one or two amounts; {ENOUGH_BITS} bits are odds of 16 to 1. Cost goes with steps × n × M."
        ),
    ];
    if separated {
        all.push(
            "Where nothing lies between the largest amount at which none and the smallest at which all generalize, the interval is \
             at least that gap."
                .to_owned(),
        );
    }
    all
}

/// The page and its drawings.
pub fn law_page(study: &Study) -> Page {
    let figures = [law_chart::thresholds(study), law_chart::ratios(study)];
    let told = sentences(study);
    let mut body = format!("<ul class=\"story\">\n{}</ul>\n", page::items(&told[1..]));
    if let Some(command) = command(study) {
        body += "<p>As a command: <code>";
        body += &escape(command);
        body += "</code></p>\n";
    }
    figures.iter().for_each(|figure| body += &page::shown(figure));
    body += "<h2>Laws</h2>\n";
    body += &laws(study).html();
    body += "<h2>Thresholds</h2>\n";
    body += &thresholds(study).html();
    body += "<h2>What was assumed</h2>\n<ul>\n";
    body += &page::items(&assumptions(study));
    body += "</ul>\n";
    let drawings = figures.into_iter().filter_map(|figure| Some((figure.name.to_owned(), figure.svg?))).collect();
    let html = document(&Head {
        kicker: "Dunwu · scaling law",
        title: &format!("How much data {} tasks need", study.runs.family),
        setup: &escape(&setup(study)),
        lede: &told[0],
        body: &body,
        footer: ". Theory: Y. Tian, Provable Scaling Laws of Feature Emergence from Learning Dynamics of Grokking, \
                 arXiv:2509.21519. Colours: Okabe &amp; Ito.",
    });
    Page { html, drawings }
}
