//! Where the commas of a list divide values, and where they belong to one.
//!
//! A product of groups and a file may hold commas. Brackets or quotes around a value keep its commas; without them a list is read where
//! there is one way to, and else refused with the ways that there are.

use dunwu_engine::task::Task;

/// Ways to read a list that an error shows.
const SHOWN: usize = 4;
/// Values of a list whose ways are looked for; a longer one is shown as it is divided.
const LONGEST: usize = 16;

/// The parts of `text` between `separator`s; one that stands in brackets or quotes around a whole part divides nothing.
pub(super) fn divide(text: &str, separator: char) -> Vec<&str> {
    divide_at(text, &[separator]).into_iter().map(|(part, _)| part).collect()
}

/// The points of `a/b,c/d`: divided at commas, and each at slashes.
pub(super) fn divide_points(text: &str) -> Vec<Vec<&str>> {
    let mut points = vec![Vec::new()];
    for (part, separator) in divide_at(text, &[',', '/']) {
        points.last_mut().expect("there is a first point").push(part);
        if separator == Some(',') {
            points.push(Vec::new());
        }
    }
    points
}

/// The parts between any of `separators`, each with the one behind it.
fn divide_at<'a>(text: &'a str, separators: &[char]) -> Vec<(&'a str, Option<char>)> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let from = wrapped_length(rest, separators).unwrap_or(0);
        let Some(end) = rest[from..].find(separators).map(|end| from + end) else {
            parts.push((rest, None));
            return parts;
        };
        let separator = rest[end..].chars().next().expect("a separator was found here");
        parts.push((&rest[..end], Some(separator)));
        rest = &rest[end + separator.len_utf8()..];
    }
}

/// Bytes of the brackets or quotes that `text` begins with, where nothing but blanks stands between them and a separator.
fn wrapped_length(text: &str, separators: &[char]) -> Option<usize> {
    let begin = text.len() - text.trim_start().len();
    let close = match text[begin..].chars().next()? {
        '[' => ']',
        quote @ ('"' | '\'') => quote,
        _ => return None,
    };
    let is_last = |end: usize| {
        let behind = text[end + 1..].trim_start();
        behind.is_empty() || behind.starts_with(separators)
    };
    text.match_indices(close).map(|(end, _)| end).find(|&end| end > begin && is_last(end)).map(|end| end + 1)
}

/// What stands in the brackets or quotes around a whole part.
pub(super) fn unwrap(part: &str) -> Option<&str> {
    let part = part.trim();
    [('[', ']'), ('"', '"'), ('\'', '\'')]
        .iter()
        .find_map(|&(open, close)| part.strip_prefix(open)?.strip_suffix(close))
        .map(str::trim)
}

/// The tasks of a list without brackets; or the ways in which it can be read, spelled with brackets.
pub(super) fn tasks(parts: &[&str]) -> Result<Vec<String>, Vec<String>> {
    let is_task = |text: &str| Task::parse(text).is_ok();
    let n_products = parts.iter().filter(|part| part.contains("product:")).count();
    // Every part is a task by itself. A product would take those behind it for its factors.
    if n_products == 0 && parts.iter().all(|part| is_task(part)) {
        return Ok(parts.iter().map(|part| part.trim().to_owned()).collect());
    }
    let whole = parts.join(",");
    if is_task(&whole) && n_products <= 1 {
        return Ok(vec![whole.trim().to_owned()]);
    }
    // None of them a task: they are refused one by one where the setting is read, with what is wrong.
    let mut readings = groupings(parts, &is_task);
    match readings.len() {
        0 => Ok(parts.iter().map(|part| part.trim().to_owned()).collect()),
        1 => Ok(readings.remove(0)),
        _ => Err(readings.iter().take(SHOWN).map(|reading| spelled(reading)).collect()),
    }
}

/// A path with commas, or several: nothing tells which, so neither is read.
pub(super) fn one_text_or_many(parts: &[&str]) -> Result<Vec<String>, Vec<String>> {
    let many: Vec<String> = parts.iter().map(|part| format!("[{}]", part.trim())).collect();
    Err(vec![format!("[{}]", parts.join(",").trim()), many.join(",")])
}

/// The ways to put neighbours together so that each value is a task, those with the fewest values first.
fn groupings(parts: &[&str], is_task: &dyn Fn(&str) -> bool) -> Vec<Vec<String>> {
    if parts.len() > LONGEST {
        return Vec::new();
    }
    let mut found: Vec<Vec<String>> = Vec::new();
    for cuts in 0..1u32 << (parts.len() - 1) {
        let mut groups: Vec<String> = vec![parts[0].to_owned()];
        for (index, part) in parts[1..].iter().enumerate() {
            match groups.last_mut() {
                Some(last) if cuts >> index & 1 == 0 => last.extend([",", part]),
                _ => groups.push((*part).to_owned()),
            }
        }
        if groups.iter().all(|group| is_task(group)) {
            found.push(groups.iter().map(|group| group.trim().to_owned()).collect());
        }
    }
    found.sort_by_key(Vec::len);
    found
}

fn spelled(values: &[String]) -> String {
    let needs_brackets = |value: &String| value.contains(',') || value.contains("product:");
    let values = values.iter().map(|value| if needs_brackets(value) { format!("[{value}]") } else { value.clone() });
    values.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_quotes_around_a_whole_part_keep_its_separators() {
        assert_eq!(divide("a,b", ','), ["a", "b"]);
        assert_eq!(divide("[a,b],c", ','), ["[a,b]", "c"]);
        assert_eq!(divide("c, [a,b] ,\"d,e\"", ','), ["c", " [a,b] ", "\"d,e\""]);
        assert_eq!(divide("a[1,2],b", ','), ["a[1", "2]", "b"]);
        assert_eq!(divide("[a,b", ','), ["[a", "b"]);
        assert_eq!(divide("[table:a/b.csv]/3", '/'), ["[table:a/b.csv]", "3"]);
        assert_eq!(divide("", ','), [""]);
        assert_eq!(divide_points("a/1,b/2"), [["a", "1"], ["b", "2"]]);
        assert_eq!(divide_points("[a,b]/1,2/\"c/d\""), [["[a,b]", "1"], ["2", "\"c/d\""]]);
        assert_eq!(unwrap(" [a,b] "), Some("a,b"));
        assert_eq!(unwrap("'a'"), Some("a"));
        assert_eq!(unwrap("a[1]"), None);
    }
}
