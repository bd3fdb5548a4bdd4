//! A long text under several cache policies, in sentences.

use crate::words::{count, counted, list, number};
use dunwu::stats::median;
use dunwu_streams::{Course, ENOUGH, Part, Reading, WINDOW};

/// Fewer segments than this give no interval.
const ENOUGH_SEGMENTS: usize = 8;
/// A policy whose last segments are worse than its first by this factor is said to break; texts differ by less from part to part.
const BROKEN: f64 = 3.0;
/// A policy whose tokens take this much longer at the end than at first has a sentence of its own.
const SLOWED: f64 = 1.1;

/// What was read, in one line.
pub(super) fn setup(reading: &Reading) -> String {
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

/// Bytes in megabytes.
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// What came out, in sentences, the most important first.
pub(super) fn sentences(reading: &Reading) -> Vec<String> {
    let best = best(reading);
    let nothing = || "No token was predicted yet.".to_owned();
    let mut sentences = vec![best.and_then(verdict).unwrap_or_else(nothing)];
    sentences.extend(best.into_iter().flat_map(|best| {
        let others = reading.courses.iter().filter(move |course| course.policy != best.policy);
        others.filter_map(move |other| against(best, other))
    }));
    sentences.extend(super::places::sentence(reading));
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
        "Perplexity is local: it says how well each word follows from those shortly before it, and nothing about what is remembered \
         from further back; `dunwu passkey` measures that."
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
    let held = number(megabytes(best.peak_cache_bytes));
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
pub(super) fn interval(best: &Course, other: &Course) -> Option<(f64, f64, usize)> {
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

pub(super) fn pace(course: &Course) -> Option<String> {
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
pub(super) fn notes(reading: &Reading) -> Vec<String> {
    let begin = match &reading.begin {
        Some(token) => format!("The sequence begins with the token {token:?}, which is not predicted itself."),
        None => "Nothing was put before the text; its first token is not predicted.".to_owned(),
    };
    let mut notes = vec![
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
    ];
    if reading.courses.iter().any(|course| !course.places.is_empty()) {
        notes.push(
            "A place is the position of the token that predicts, in the cache's count, within the largest chunk of any policy; places are \
             put together by doubling."
                .to_owned(),
        );
    }
    notes
}
