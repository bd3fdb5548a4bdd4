//! A long text under several cache policies: sentences, a text for a terminal, a page.

use super::landscape::Page;
use super::landscape::table::Table;
use super::page::{self, Head, document};
use super::stream_chart;
use super::svg::escape;
use super::words::{count, counted, list, number};
use dunwu::stats::median;
use dunwu_streams::{Course, ENOUGH, Part, Reading, WINDOW};

/// Fewer segments than this give no interval.
const ENOUGH_SEGMENTS: usize = 8;
/// A policy whose last segments are worse than its first by this factor is said to break; texts differ by less from part to part.
const BROKEN: f64 = 3.0;
/// A policy whose tokens take this much longer at the end than at first is told of.
const SLOWED: f64 = 1.1;
/// Characters of a sparkline.
const SPARKS: usize = 24;

/// What was read, in one line.
pub fn setup(reading: &Reading) -> String {
    let read = reading.courses.first().map_or(0, |course| course.tokens);
    format!(
        "{} · {} of {} · segments of {}, {} at a time, {}, cache in {}",
        reading.model,
        counted(read as usize, "token"),
        list(&reading.texts, 4),
        count(reading.setting.segment.get()),
        count(reading.chunk as u64),
        counted(reading.threads, "thread"),
        reading.setting.cache
    )
}

/// The results as a table for a terminal, each with the way of its perplexity as a line of blocks on one scale.
pub fn text(reading: &Reading) -> String {
    let mut table = table(reading);
    table.head.push("by segment");
    for (row, sparks) in table.rows.iter_mut().zip(sparklines(reading)) {
        row.push(sparks);
    }
    format!("{}\n\n{}", setup(reading), table.text())
}

fn table(reading: &Reading) -> Table {
    let cell = |value: Option<f64>| value.map_or("–".to_owned(), number);
    let row = |course: &Course| {
        // A single segment is the first; nothing is said of a last one beside it.
        let later = course.parts.get(1..).unwrap_or_default();
        let [first, last] = [course.parts.first(), later.last()].map(|part| cell(part.map(|part| part.perplexity)));
        vec![
            course.policy.clone(),
            cell(course.perplexity),
            first,
            last,
            megabytes(course.peak_cache_bytes),
            course.evicts_from.map_or("never".to_owned(), count),
            cell(course.ms_per_token_first),
            cell(course.ms_per_token_last),
        ]
    };
    Table {
        head: vec!["policy", "perplexity", "first", "last", "MB", "forgets from", "ms first", "ms last"],
        n_text: 1,
        rows: reading.courses.iter().map(row).collect(),
    }
}

fn megabytes(bytes: u64) -> String {
    number(bytes as f64 / 1e6)
}

/// Medians of as many stretches as there are characters, as heights by logarithm between the lowest and the highest of all policies.
fn sparklines(reading: &Reading) -> Vec<String> {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let stretches = |course: &Course| -> Vec<f64> {
        let n = course.parts.len().clamp(1, SPARKS);
        let of = |i: usize| &course.parts[i * course.parts.len() / n..(i + 1) * course.parts.len() / n];
        (0..n).filter_map(|i| median(of(i).iter().map(|part| part.perplexity))).collect()
    };
    let all: Vec<Vec<f64>> = reading.courses.iter().map(stretches).collect();
    let (low, high) = dunwu::answer::range(all.iter().flatten().map(|p| p.ln())).unwrap_or((0.0, 1.0));
    let block = |perplexity: &f64| {
        let share = if high > low { (perplexity.ln() - low) / (high - low) } else { 0.0 };
        BLOCKS[(share * 7.0).round().clamp(0.0, 7.0) as usize]
    };
    all.iter().map(|stretches| stretches.iter().map(block).collect()).collect()
}

/// What came out, in sentences, the most important first.
pub fn sentences(reading: &Reading) -> Vec<String> {
    let mut sentences = Vec::new();
    let best = best(reading);
    sentences.extend(best.and_then(verdict));
    sentences.extend(best.into_iter().flat_map(|best| {
        let others = reading.courses.iter().filter(move |course| course.policy != best.policy);
        others.filter_map(move |other| against(best, other))
    }));
    sentences.extend(reading.courses.iter().filter_map(|course| broken(course, reading.trained_context)));
    sentences.extend(best.and_then(|best| over_time(best, reading)));
    let slower = |course: &&Course| {
        best.is_some_and(|best| best.policy == course.policy) || slowed(course).is_some_and(|times| times > SLOWED)
    };
    sentences.extend(reading.courses.iter().filter(slower).filter_map(pace));
    if reading.ended {
        sentences.push("The text was read to its end.".to_owned());
    }
    if reading.rounds > 0 {
        sentences.push(format!(
            "The text was begun over {}: from there on the model reads what it has read before.",
            counted(reading.rounds as usize, "time")
        ));
    }
    sentences.push(
        "Perplexity is local: it tells how well each word follows from those shortly before it, and nothing of what is remembered from \
         further back; `dunwu passkey` tells that."
            .to_owned(),
    );
    sentences
}

/// The lowest perplexity among policies whose memory is bounded, else among all.
fn best(reading: &Reading) -> Option<&Course> {
    let lowest = |bounded: bool| {
        let courses = reading.courses.iter().filter(|course| course.full_at.is_some() || !bounded);
        let finite = courses.filter(|course| course.perplexity.is_some_and(f64::is_finite));
        finite.min_by(|a, b| a.perplexity.unwrap_or(f64::NAN).total_cmp(&b.perplexity.unwrap_or(f64::NAN)))
    };
    lowest(true).or_else(|| lowest(false))
}

fn verdict(best: &Course) -> Option<String> {
    let held = megabytes(best.peak_cache_bytes);
    let memory = match (best.evicts_from, best.full_at) {
        (Some(from), _) if best.tokens <= from => {
            format!("before anything had to be forgotten, which begins at token {}", count(from))
        }
        (_, Some(full_at)) if best.tokens > full_at => {
            format!("in a cache of {held} MB that has not grown since token {}", count(full_at))
        }
        (_, Some(full_at)) => {
            format!("in a cache that has grown to {held} MB and grows until token {}", count(full_at))
        }
        (_, None) => format!("in a cache that has grown to {held} MB and goes on growing"),
    };
    let (policy, perplexity) = (&best.policy, number(best.perplexity?));
    Some(format!(
        "{policy} predicts {} with perplexity {perplexity}, {memory}.",
        counted(best.tokens as usize, "token")
    ))
}

/// Another policy against the best, with what segments say of its spread.
fn against(best: &Course, other: &Course) -> Option<String> {
    let ratio = other.perplexity? / best.perplexity?;
    let interval = interval(best, other).map_or(String::new(), |(low, high, n)| {
        format!(" (95 % {} to {}, over {n} segments taken as independent)", precisely(low), precisely(high))
    });
    let (name, perplexity) = (&other.policy, number(other.perplexity?));
    let times = format!("{} times that of {}", precisely(ratio), best.policy);
    Some(format!("{name} is at {perplexity}, {times}{interval}."))
}

/// Close to one, three digits would hide what there is.
fn precisely(ratio: f64) -> String {
    if (0.9..1.1).contains(&ratio) { format!("{ratio:.3}") } else { number(ratio) }
}

/// A 95 % interval of the ratio, from the spread of whole segments' logarithms, in pairs.
fn interval(best: &Course, other: &Course) -> Option<(f64, f64, usize)> {
    let pairs = best.parts.iter().zip(&other.parts);
    let logs: Vec<f64> = pairs.map(|(a, b)| (b.perplexity / a.perplexity).ln()).filter(|log| log.is_finite()).collect();
    let n = logs.len();
    if n < ENOUGH_SEGMENTS {
        return None;
    }
    let mean = logs.iter().sum::<f64>() / n as f64;
    let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    let half = 1.96 * (variance / n as f64).sqrt();
    Some(((mean - half).exp(), (mean + half).exp(), n))
}

/// The first and the last quarter of the segments by their medians; `None` where there are too few.
fn quarters(course: &Course) -> Option<(f64, f64)> {
    let n = course.parts.len();
    if n < 4 {
        return None;
    }
    let middle = |parts: &[Part]| median(parts.iter().map(|part| part.perplexity));
    Some((middle(&course.parts[..n / 4])?, middle(&course.parts[n - n / 4..])?))
}

fn broken(course: &Course, trained_context: u64) -> Option<String> {
    let (first, last) = quarters(course)?;
    let worst = course.parts.iter().map(|part| part.perplexity).fold(0.0, f64::max);
    (last > BROKEN * first).then(|| {
        let past = if course.tokens > trained_context {
            format!("; the model was trained on texts of {}", counted(trained_context as usize, "token"))
        } else {
            String::new()
        };
        format!(
            "{} breaks: its median segment goes from {} in the first quarter to {} in the last, the worst is {}{past}.",
            course.policy,
            number(first),
            number(last),
            number(worst)
        )
    })
}

fn over_time(best: &Course, reading: &Reading) -> Option<String> {
    let (first, last) = quarters(best)?;
    if last > BROKEN * first {
        return None;
    }
    let context = reading.trained_context.max(1) as f64;
    let beyond = best.tokens as f64 / context;
    let ends = || format!(", which ends {} times the trained context in", number(beyond));
    let far = if beyond > 1.0 { ends() } else { String::new() };
    Some(format!(
        "From the first quarter of the segments to the last{far}, the median segment of {} goes from {} to {}; how hard the text itself is \
         changes too.",
        best.policy,
        number(first),
        number(last)
    ))
}

/// How many times as long a token takes at the end as at first; `None` where the tokens of the beginning and of the end are in part the
/// same, so that the ratio would be of a stretch to itself.
fn slowed(course: &Course) -> Option<f64> {
    let begin = course.full_at.filter(|full_at| course.tokens >= full_at + ENOUGH).unwrap_or(0);
    let are_apart = course.tokens >= (begin + 2 * WINDOW).max(3 * WINDOW);
    Some(course.ms_per_token_last? / course.ms_per_token_first?).filter(|_| are_apart)
}

fn pace(course: &Course) -> Option<String> {
    let times = slowed(course)?;
    Some(format!(
        "{}: a token took {} ms at first and {} ms at the end, {} times as long.",
        course.policy,
        number(course.ms_per_token_first?),
        number(course.ms_per_token_last?),
        precisely(times)
    ))
}

/// How numbers were made.
fn notes(reading: &Reading) -> Vec<String> {
    let begin = match &reading.begin {
        Some(token) => format!("The sequence begins with the token {token:?}, which is not predicted itself."),
        None => "Nothing was put before the text; its first token is not predicted.".to_owned(),
    };
    vec![
        "Perplexity is exp of the mean −ln p of each token given what the cache holds of those before it. All policies saw the same \
         tokens, chunk by chunk in turn."
            .to_owned(),
        begin,
        format!(
            "Milliseconds are wall time of the decoder alone: each chunk's mean over its tokens, and the median of the chunks of {} \
             tokens. First means once the cache was full, or from the start where fewer than {} tokens were read after that.",
            count(WINDOW),
            count(ENOUGH)
        ),
        "The cache counts keys, values and what policies remember of them; its largest size is given.".to_owned(),
        "A segment that is not whole is shown from half its length on, or where there is no whole one.".to_owned(),
    ]
}

/// The whole page.
pub fn page(reading: &Reading) -> Page {
    let told = sentences(reading);
    let figure = stream_chart::figure(reading);
    let body = format!(
        "<section>\n<ul class=\"story\">\n{}</ul>\n</section>\n<h2>What the figure shows</h2>\n{}\
         <h2>The numbers</h2>\n{}<p>Perplexity in all, of the first and of the last segment; the largest cache; the token from which on \
         something is forgotten; milliseconds a token.</p>\n<h2>The command</h2>\n\
         <p><code>{}</code></p>\n<h2>How it was measured</h2>\n<ul>\n{}</ul>\n",
        page::items(&told[1..]),
        page::shown(&figure),
        table(reading).html(),
        escape(&reading.command),
        page::items(&notes(reading))
    );
    let drawings = figure.svg.into_iter().map(|svg| (figure.name.to_owned(), svg)).collect();
    let html = document(&Head {
        kicker: "Dunwu · streaming",
        title: "A long text in a small cache",
        setup: &escape(&setup(reading)),
        lede: &told[0],
        body: &body,
        footer: ". Sinks: G. Xiao et al., Efficient Streaming Language Models with Attention Sinks, arXiv:2309.17453. Colours: Okabe \
                 &amp; Ito.",
    });
    Page { html, drawings }
}

#[cfg(test)]
mod tests {
    use super::super::stream_chart::tests::{course, reading, text as hardness, three};
    use super::*;

    fn told(reading: &Reading) -> String {
        sentences(reading).join("\n")
    }

    #[test]
    fn the_best_bounded_policy_comes_first_and_the_others_are_held_against_it() {
        let reading = three(100);
        let told = told(&reading);
        assert!(told.starts_with("sinks:4+1020 predicts 204,800 tokens with perplexity 2"), "{told}");
        assert!(told.contains("has not grown since token 1,024"), "{told}");
        assert!(told.contains("window:1024 is at 43") && told.contains("1.55 times that of sinks:4+1020"), "{told}");
        assert!(told.contains("(95 % 1.55 to 1.55, over 100 segments"), "{told}");
        assert!(told.contains("25 times the trained context"), "{told}");
    }

    #[test]
    fn only_a_policy_that_explodes_is_said_to_break() {
        let told = told(&three(100));
        assert!(told.contains("sinks-absolute:4+1020 breaks") && told.contains("texts of 8,192 tokens"), "{told}");
        assert!(!told.contains("window:1024 breaks") && !told.contains("\nsinks:4+1020 breaks"), "{told}");
    }

    #[test]
    fn a_policy_under_which_some_heads_keep_all_is_not_taken_for_bounded() {
        let mixed =
            || Course { full_at: None, ..course("0..28=full/28..=window:32", 9, Some(32), |i| 0.9 * hardness(i)) };
        let alone = told(&reading(vec![mixed()]));
        assert!(alone.contains("and goes on growing") && !alone.contains("has not grown"), "{alone}");
        let beside = told(&reading(vec![mixed(), course("window:1024", 9, Some(1024), hardness)]));
        assert!(beside.starts_with("window:1024 predicts"), "the better one is not bounded: {beside}");
        let uneven = |full_at| Course { full_at: Some(full_at), ..course("heads:a", 9, Some(32), hardness) };
        let full = told(&reading(vec![uneven(1024)]));
        assert!(full.contains("has not grown since token 1,024"), "{full}");
        let filling = told(&reading(vec![uneven(100_000)]));
        assert!(filling.contains("grows until token 100,000") && !filling.contains("has not grown"), "{filling}");
    }

    #[test]
    fn few_segments_give_no_interval_and_nothing_read_gives_a_page_still() {
        assert!(!told(&three(7)).contains("95 %") && told(&three(8)).contains("95 %"));
        for reading in [three(0), reading(Vec::new()), reading(vec![course("full", 3, None, |_| f64::NAN)])] {
            let page = page(&reading).html;
            assert!(page.contains("Perplexity is local"), "{page}");
            assert!(text(&reading).contains("perplexity"));
        }
    }

    #[test]
    fn the_interval_is_that_of_a_paired_mean() {
        // Logarithms of ratios are 0 and 0.2 in turn: mean 0.1, standard deviation 0.1 √(16/15), so ± 1.96 · 0.1 √(16/15) / 4.
        let best = course("a", 16, Some(9), hardness);
        let other = course("b", 16, Some(9), |i| hardness(i) * (0.2 * (i % 2) as f64).exp());
        let (low, high, n) = interval(&best, &other).unwrap();
        let half = 1.96 * 0.1 * (16.0f64 / 15.0).sqrt() / 4.0;
        assert!((low.ln() - (0.1 - half)).abs() < 1e-12 && (high.ln() - (0.1 + half)).abs() < 1e-12 && n == 16);
    }

    /// Of 3,000 tokens with a cache that is full from 2,000 on, the first thousand of a full cache is the last thousand too.
    #[test]
    fn no_stretch_is_compared_with_itself() {
        let says = |tokens, full_at| pace(&Course { tokens, full_at, ..course("a", 2, None, hardness) }).is_some();
        assert!(!says(3000, Some(2000)) && !says(3999, Some(2000)) && says(4000, Some(2000)));
        assert!(!says(2999, None) && says(3000, None));
        // Too little was read since the cache was full: the beginning of the text stands in.
        assert!(says(3100, Some(3000)) && !says(3500, Some(3000)));
        let one = text(&reading(vec![course("a", 1, None, hardness)]));
        let row = one.lines().find(|line| line.starts_with("a ")).unwrap();
        assert!(row.contains(" – "), "a single segment is not its own last one: {row}");
    }

    #[test]
    fn sparklines_share_one_scale() {
        let rising = course("a", 48, Some(9), |i| 10.0 * (0.1 * i as f64).exp());
        let level = course("b", 48, Some(9), |_| 10.0);
        let [rising, level] = sparklines(&reading(vec![rising, level])).try_into().unwrap();
        assert_eq!((rising.chars().count(), level), (SPARKS, "▁".repeat(SPARKS)));
        assert!(rising.starts_with('▁') && rising.ends_with('█') && rising.chars().is_sorted());
    }
}
