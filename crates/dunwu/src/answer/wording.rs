//! Numbers and lists as people write them, the same in every sentence, table and axis.

/// `12345` as `12,345`.
pub fn count(n: impl TryInto<u64>) -> String {
    let Ok(n) = n.try_into() else { return "more than can be counted".into() };
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 unit`, `2 units`, `no units`.
pub fn counted(n: usize, noun: &str) -> String {
    match n {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", count(n as u64)),
    }
}

/// A share as a percentage that never rounds to all or nothing unless it is.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "an undefined share".into();
    }
    let percent = share * 100.0;
    match percent {
        p if p == 0.0 || p == 100.0 => format!("{p} %"),
        p if p > 0.0 && p < 0.05 => "< 0.1 %".into(),
        p if (99.95..100.0).contains(&p) => "> 99.9 %".into(),
        p => {
            let text = format!("{p:.1}");
            format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
        }
    }
}

/// Three significant digits; powers of ten where zeros would have to be counted.
pub fn number(x: f64) -> String {
    if !x.is_finite() {
        return "not finite".into();
    }
    if x == 0.0 {
        return "0".into();
    }
    let rounded: f64 = format!("{x:.2e}").parse().expect("a printed float parses");
    let exponent = rounded.abs().log10().floor() as i32;
    if !(-3..6).contains(&exponent) {
        let text = format!("{x:.2e}");
        let (mantissa, power) = text.split_once('e').expect("scientific notation holds an e");
        return format!("{}×10{}", trimmed(mantissa).replace('-', "−"), superscript(power));
    }
    if exponent >= 3 {
        let sign = if rounded < 0.0 { "−" } else { "" };
        return format!("{sign}{}", count(x.abs().round() as u64));
    }
    trimmed(&format!("{rounded:.*}", (2 - exponent).max(0) as usize)).replace('-', "−")
}

/// Without the zeros after the point that say nothing.
fn trimmed(decimal: &str) -> &str {
    if decimal.contains('.') { decimal.trim_end_matches('0').trim_end_matches('.') } else { decimal }
}

/// An exponent in raised digits.
pub fn superscript(exponent: &str) -> String {
    exponent
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '0' | '4'..='9' => char::from_u32(0x2070 + u32::from(c) - u32::from('0')).expect("U+2070 block"),
            other => other,
        })
        .collect()
}

/// `a, b and c`, or `a, b, c and 4 more` beyond `most` items.
pub fn list(items: &[String], most: usize) -> String {
    let shown = if items.len() > most + 1 { &items[..most] } else { items };
    let rest = items.len() - shown.len();
    match (shown, rest) {
        ([], _) => "none".into(),
        (_, 1..) => format!("{} and {rest} more", shown.join(", ")),
        ([only], 0) => only.clone(),
        ([head @ .., tail], 0) => format!("{} and {tail}", head.join(", ")),
    }
}
