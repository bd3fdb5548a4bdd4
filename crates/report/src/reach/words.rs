//! What a design can exchange, in sentences.

use super::answer::focus;
use crate::words::{count, counted, list, number, percent};
use dunwu::reach::{BlindSpot, Exchange, Reach};

/// Hops that have a share of their own in the sentence.
const HOPS: usize = 3;

/// What was asked, in half a line.
pub(super) fn setup(reach: &Reach) -> String {
    let of = if reach.subject == reach.pattern { String::new() } else { format!("{} · ", reach.pattern) };
    format!("{of}{} · {}", counted(reach.n_layers, "layer"), counted(reach.length, "position"))
}

/// A share of pairs, with whether it is an estimate.
fn share(exchange: &Exchange, of: u64) -> String {
    let share = if exchange.pairs == 0 { 0.0 } else { of as f64 / exchange.pairs as f64 };
    format!("{}{}", if exchange.is_exact || of == 0 || of == exchange.pairs { "" } else { "about " }, percent(share))
}

/// What came out, in sentences, the most important first.
pub(super) fn sentences(reach: &Reach) -> Vec<String> {
    let exchange = focus(reach);
    let mut sentences = vec![headline(reach)];
    sentences.extend(exchange.worst.map(|worst| blind_spot(reach, exchange, worst)));
    sentences.extend(exchange.horizon(reach.length).map(|horizon| {
        format!("From a distance of {} on no pair exchanges anything{}.", count(horizon as u64), through(reach))
    }));
    sentences.extend(hops(reach, exchange));
    if exchange.blind() > 0 {
        sentences.push(
            "Where a pair is blind no training helps: what is said at the later position cannot depend on the earlier one.".to_owned(),
        );
    }
    if exchange.by_hops.len() > 1 {
        sentences.push(
            "One hop is a single lookup. What takes two or more has to be passed on by positions in between, and how well a network \
             learns that is not said here."
                .to_owned(),
        );
    }
    sentences.push(costs(reach));
    sentences.extend(positions(reach));
    sentences.extend(reach.published.map(|(_, remark)| remark.to_owned()).filter(|remark| !remark.is_empty()));
    if !exchange.is_exact {
        sentences.push(format!(
            "Shares are estimated from {} spread evenly over {}; borders of chunks are looked at one by one.",
            counted(exchange.n_queries, "position"),
            count(reach.length as u64)
        ));
    }
    sentences
}

fn headline(reach: &Reach) -> String {
    let (all, layers) = (&reach.all, counted(reach.n_layers, "layer"));
    if all.blind() > 0 {
        return format!(
            "{} exchanges nothing between {} of its pairs of positions, in {layers}.",
            reach.subject,
            share(all, all.blind())
        );
    }
    match &reach.local {
        Some(local) if local.blind() > 0 => format!(
            "{} joins every pair of positions, but only through {} of its {layers}: in the other {} {} of the pairs exchange nothing.",
            reach.subject,
            reach.n_layers - local.n_layers,
            local.n_layers,
            share(local, local.blind())
        ),
        _ => format!(
            "{} joins every pair of positions, in at most {}.",
            reach.subject,
            counted(all.by_hops.len(), "hop")
        ),
    }
}

/// Where something passes through all layers, what is said of the others needs to say so.
fn through(reach: &Reach) -> String {
    match &reach.local {
        Some(local) => format!(" through the {} that do not see all", counted(local.n_layers, "layer")),
        None => String::new(),
    }
}

fn blind_spot(reach: &Reach, exchange: &Exchange, worst: BlindSpot) -> String {
    let hears = |sight: usize| match sight {
        0 => "nothing of the one before it".to_owned(),
        1 => "of the one before it alone".to_owned(),
        sight => format!("of the {} before it and of none just beyond", count(sight as u64)),
    };
    let falls = match exchange.n_falls {
        0 | 1 => String::new(),
        falls if exchange.is_exact => {
            format!(" There are {} such falls in {}.", count(falls as u64), counted(reach.length, "position"))
        }
        falls => format!(" There are {} such falls at the borders that were looked at.", count(falls as u64)),
    };
    format!(
        "The position {} hears {}{}, while position {} hears of {}.{falls}",
        count(worst.query as u64),
        hears(worst.sight),
        through(reach),
        count(worst.query as u64 - 1),
        count(worst.before as u64),
    )
}

fn hops(reach: &Reach, exchange: &Exchange) -> Option<String> {
    let by_hops = &exchange.by_hops;
    if by_hops.is_empty() {
        return None;
    }
    let part = |(index, pairs): (usize, &u64)| format!("{} for {}", counted(index + 1, "hop"), share(exchange, *pairs));
    let mut parts: Vec<String> = by_hops.iter().enumerate().take(HOPS).map(part).collect();
    if by_hops.len() > HOPS {
        let rest = by_hops[HOPS..].iter().sum();
        parts.push(format!("{} to {} hops for {}", HOPS + 1, by_hops.len(), share(exchange, rest)));
    }
    Some(format!("The fewest hops that join a pair{}: {} of all pairs.", through(reach), list(&parts, 4)))
}

fn costs(reach: &Reach) -> String {
    let cache = match (reach.cache_share, reach.cache_bytes) {
        (None, _) => "; it looks ahead and keeps no cache".to_owned(),
        (Some(share), None) => format!(" and keeps {} of its keys", percent(share)),
        (Some(share), Some(bytes)) => {
            format!(
                " and keeps {} of its keys, {} MB in 16 bits at the end of the text",
                percent(share),
                number(bytes / 1e6)
            )
        }
    };
    format!("It computes {} of the scores of full attention{cache}.", percent(reach.score_share))
}

fn positions(reach: &Reach) -> Option<String> {
    let without: usize = reach.kinds.iter().filter(|kind| !kind.has_positions).map(|kind| kind.n_layers).sum();
    if without == 0 {
        return None;
    }
    let others = match reach.longest_with_positions {
        None => "no layer knows positions, so that only what each position sees tells one order of tokens from another"
            .to_owned(),
        Some(longest) => {
            format!("the others compare positions at most {} apart, however long the text", count(longest as u64))
        }
    };
    Some(format!(
        "{} without positions; {others}.",
        capitalized(&format!("{} are", counted(without, "layer")).replace("1 layer are", "1 layer is"))
    ))
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Where what is said comes from.
pub(super) fn sources(reach: &Reach) -> Vec<String> {
    let design = reach.published.map(|(source, _)| format!("The design: {source}."));
    let windows = "Stacked windows: I. Beltagy et al., Longformer, arXiv:2004.05150.".to_owned();
    design.into_iter().chain([windows]).collect()
}
