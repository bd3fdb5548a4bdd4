//! The values of one axis as they are written: a list, ranges, or a formula.
//!
//! ```text
//! 23,31,41            these
//! 0..9                every whole number, both ends included
//! 1.5..4.5/13         so many values, evenly spaced, both ends included
//! 0..2000:250         from the first, step by step, not beyond the last
//! log:1e-4..1e-1/7    so many values, evenly spaced on a logarithmic axis
//! = 2.75 * ln(M) / M  computed for each run (see [`super::formula`])
//! [a,b],c   "a,b",c   two values, of which the first holds a comma
//! ```
//!
//! Evenly spaced numbers are rounded to 12 digits, so that the third of `0.1..0.9/9` is 0.3 and not 0.30000000000000004.

use super::grouping;
use dunwu_engine::spec::{Allowed, Value, parse_value, settings};

/// What was written for one axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written {
    /// Its values.
    Values(Vec<Value>),
    /// How to compute its one value.
    Formula(String),
}

/// Why a list or range is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum ValuesError {
    #[error("the range {range:?} has step 0, so it never ends")]
    ZeroStep { range: String },
    #[error("the range {range:?} goes the other way than its step")]
    WrongWay { range: String },
    #[error("the range {range:?} ends before it begins")]
    Backwards { range: String },
    #[error("{text:?} in the range {range:?} is no number")]
    NoNumber { text: String, range: String },
    #[error("the range {range:?} goes from one number that is not whole to another, and does not say how many values")]
    NoCount { range: String },
    #[error("the range {range:?} asks for {count} values; it has two ends, so two or more")]
    TooFew { range: String, count: String },
    #[error("a logarithmic range goes from a number above 0 up and says how many values, unlike {range:?}")]
    NotLogarithmic { range: String },
    #[error("the range {range:?} has {count} values, and a sweep holds at most {} runs", super::LIMIT)]
    TooMany { range: String, count: u128 },
    #[error("an empty value in the list {list:?}")]
    Empty { list: String },
    #[error("{text:?} can be read as {}", readings.join(", or as "))]
    Ambiguous { text: String, readings: Vec<String> },
}

impl ValuesError {
    /// What to write instead.
    pub(super) fn help(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "write values with one comma between each two, such as 1,2,4",
            Self::Ambiguous { .. } => {
                "put values that hold commas in brackets, as it is written here, and the whole word in quotes of the shell"
            }
            Self::TooMany { .. } => "write fewer values: LOW..HIGH/COUNT spaces so many evenly",
            _ => "write LOW..HIGH for whole numbers, LOW..HIGH/COUNT, LOW..HIGH:STEP or log:LOW..HIGH/COUNT",
        }
    }
}

/// Reads what is written for `key`. Commas divide values; where a value of a text setting holds commas itself, brackets or quotes say so,
/// or there is one way to read it.
pub(super) fn parse(key: &str, text: &str) -> Result<Written, ValuesError> {
    if let Some(formula) = text.strip_prefix('=') {
        return Ok(Written::Formula(formula.trim().to_owned()));
    }
    let is_text = settings::find(key).is_some_and(|setting| matches!(setting.allowed(), Allowed::Text(_)));
    let items = grouping::divide(text, ',');
    if items.iter().any(|item| item.trim().is_empty()) {
        return Err(ValuesError::Empty { list: text.to_owned() });
    }
    if is_text && items.len() > 1 && !items.iter().any(|item| grouping::unwrap(item).is_some()) {
        let values = if key == "task" { grouping::tasks(&items) } else { grouping::one_text_or_many(&items) };
        let values = values.map_err(|readings| ValuesError::Ambiguous { text: text.to_owned(), readings })?;
        return Ok(Written::Values(values.into_iter().map(Value::Text).collect()));
    }
    let mut values = Vec::new();
    for item in items {
        let wrapped = grouping::unwrap(item);
        let item = wrapped.unwrap_or(item.trim());
        match item.split_once("..") {
            _ if is_text => values.push(Value::from(item)),
            Some(ends) if wrapped.is_none() => values.extend(range(item, ends)?),
            _ => values.push(parse_value(item)),
        }
    }
    Ok(Written::Values(values))
}

fn range(range: &str, (low, rest): (&str, &str)) -> Result<Vec<Value>, ValuesError> {
    let text = || range.to_owned();
    let number = |text: &str| match parse_value(text.trim()) {
        number @ (Value::Int(_) | Value::Float(_)) => Ok(number),
        Value::Bool(_) | Value::Text(_) => {
            Err(ValuesError::NoNumber { text: text.to_owned(), range: range.to_owned() })
        }
    };
    let logarithmic = low.strip_prefix("log:");
    let low = number(logarithmic.unwrap_or(low))?;
    match (rest.split_once('/'), rest.split_once(':')) {
        (Some((high, count)), _) => {
            let (high, count) = (number(high)?, number(count)?);
            let count = match count {
                Value::Int(count @ 2..) => count as u128,
                count => return Err(ValuesError::TooFew { range: text(), count: count.to_string() }),
            };
            at_most(range, count)?;
            spaced(range, &low, &high, count as usize, logarithmic.is_some())
        }
        _ if logarithmic.is_some() => Err(ValuesError::NotLogarithmic { range: text() }),
        (None, Some((high, step))) => stepped(range, &low, &number(high)?, &number(step)?),
        (None, None) => match (whole(&low), whole(&number(rest)?)) {
            (Some(low), Some(high)) if low <= high => {
                at_most(range, (i128::from(high) - i128::from(low) + 1) as u128)?;
                Ok((low..=high).map(Value::Int).collect())
            }
            (Some(_), Some(_)) => Err(ValuesError::Backwards { range: text() }),
            _ => Err(ValuesError::NoCount { range: text() }),
        },
    }
}

fn spaced(range: &str, low: &Value, high: &Value, count: usize, logarithmic: bool) -> Result<Vec<Value>, ValuesError> {
    let (from, to) = (real(low), real(high));
    if logarithmic && !(from > 0.0 && to > from) {
        return Err(ValuesError::NotLogarithmic { range: range.to_owned() });
    }
    if to <= from {
        return Err(ValuesError::Backwards { range: range.to_owned() });
    }
    let at = |index: usize| {
        let share = index as f64 / (count - 1) as f64;
        rounded(if logarithmic { from * (to / from).powf(share) } else { from + (to - from) * share })
    };
    let numbers: Vec<f64> = (0..count).map(at).collect();
    let all_whole = whole(low).and(whole(high)).is_some() && numbers.iter().all(|x| x.fract() == 0.0);
    Ok(numbers.into_iter().map(|x| if all_whole { Value::Int(x as i64) } else { Value::Float(x) }).collect())
}

fn stepped(range: &str, low: &Value, high: &Value, step: &Value) -> Result<Vec<Value>, ValuesError> {
    let (from, to, by) = (real(low), real(high), real(step));
    if by == 0.0 {
        return Err(ValuesError::ZeroStep { range: range.to_owned() });
    }
    if (to - from) * by < 0.0 {
        return Err(ValuesError::WrongWay { range: range.to_owned() });
    }
    let last = ((to - from) / by * (1.0 + 4.0 * f64::EPSILON)).floor(); // 0.3 is the third step of 0.1
    at_most(range, (last as u128).saturating_add(1))?;
    Ok(match (whole(low), whole(step)) {
        (Some(low), Some(step)) => (0..=last as i64).map(|index| Value::Int(low + step * index)).collect(),
        _ => (0..=last as u64).map(|index| Value::Float(rounded(from + by * index as f64))).collect(),
    })
}

fn at_most(range: &str, count: u128) -> Result<(), ValuesError> {
    let fits = count <= super::LIMIT;
    fits.then_some(()).ok_or_else(|| ValuesError::TooMany { range: range.to_owned(), count })
}

/// Of a whole number, however it is written: `1e2` is one.
fn whole(value: &Value) -> Option<i64> {
    match *value {
        Value::Int(number) => Some(number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => Some(number as i64),
        _ => None,
    }
}

/// Of a number; NaN of anything else.
pub(super) fn real(value: &Value) -> f64 {
    match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        Value::Bool(_) | Value::Text(_) => f64::NAN,
    }
}

/// To 12 significant digits.
fn rounded(number: f64) -> f64 {
    format!("{number:.11e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(key: &str, text: &str) -> Vec<Value> {
        match parse(key, text).unwrap() {
            Written::Values(values) => values,
            Written::Formula(formula) => panic!("{formula}"),
        }
    }

    fn numbers(text: &str) -> Vec<f64> {
        values("steps", text).iter().map(real).collect()
    }

    #[test]
    fn lists_and_ranges_are_what_they_say() {
        assert_eq!(values("seed", "0..3"), [0, 1, 2, 3].map(Value::Int));
        assert_eq!(values("seed", "7..7,1,20..21"), [7, 1, 20, 21].map(Value::Int));
        assert_eq!(numbers("1.5..4.5/13"), (6..=18).map(|quarter| f64::from(quarter) / 4.0).collect::<Vec<_>>());
        assert_eq!(numbers("0.1..0.9/9"), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
        assert_eq!(numbers("0..2000:500"), [0.0, 500.0, 1000.0, 1500.0, 2000.0]);
        assert_eq!(numbers("0..0.3:0.1"), [0.0, 0.1, 0.2, 0.3]);
        assert_eq!(numbers("5..0:-2"), [5.0, 3.0, 1.0]);
        assert_eq!(numbers("log:1e-4..1e-1/4"), [1e-4, 1e-3, 1e-2, 1e-1]);
        assert_eq!(values("model.width", "100..300/3"), [100, 200, 300].map(Value::Int));
        assert_eq!(values("seed", "1e2..102"), [100, 101, 102].map(Value::Int));
        assert_eq!(
            values("seed", "1234567890123..1234567890125:2"),
            [1_234_567_890_123, 1_234_567_890_125].map(Value::Int)
        );
        assert_eq!(values("optimizer", "adam, muon"), ["adam", "muon"].map(Value::from));
        assert_eq!(parse("data.fraction", "= ln(M) / M"), Ok(Written::Formula("ln(M) / M".into())));
    }

    #[test]
    fn a_value_with_commas_is_one_where_that_is_the_one_way_to_read_it() {
        let texts = |key: &str, text: &str| -> Vec<String> {
            let text_of = |value: Value| match value {
                Value::Text(text) => text,
                other => panic!("{other}"),
            };
            values(key, text).into_iter().map(text_of).collect()
        };
        for (text, wanted) in [
            ("cyclic:23,symmetric:4", &["cyclic:23", "symmetric:4"][..]),
            ("product:cyclic:2,cyclic:3", &["product:cyclic:2,cyclic:3"]),
            ("operands:3:product:cyclic:2,cyclic:3", &["operands:3:product:cyclic:2,cyclic:3"]),
            ("cyclic:7,[product:cyclic:2,cyclic:3]", &["cyclic:7", "product:cyclic:2,cyclic:3"]),
            ("[product:cyclic:2,cyclic:3],cyclic:7", &["product:cyclic:2,cyclic:3", "cyclic:7"]),
            (
                "[product:cyclic:2,cyclic:3], [product:cyclic:2,cyclic:2]",
                &["product:cyclic:2,cyclic:3", "product:cyclic:2,cyclic:2"],
            ),
            ("\"product:cyclic:2,cyclic:3\",cyclic:7", &["product:cyclic:2,cyclic:3", "cyclic:7"]),
            ("'product:cyclic:2,cyclic:3',cyclic:7", &["product:cyclic:2,cyclic:3", "cyclic:7"]),
            ("table:klein.csv,table:z4.csv", &["table:klein.csv", "table:z4.csv"]),
            ("table:klein.csv,cyclic:4", &["table:klein.csv", "cyclic:4"]),
            ("table:a,b.csv", &["table:a,b.csv"]),
            ("[table:a,b.csv],table:z4.csv", &["table:a,b.csv", "table:z4.csv"]),
            ("cyclic:7", &["cyclic:7"]),
            ("[cyclic:7]", &["cyclic:7"]),
        ] {
            assert_eq!(texts("task", text), wanted, "{text}");
        }
        assert_eq!(texts("data.split", "[a,b..c.csv],d.csv"), ["a,b..c.csv", "d.csv"]);
        assert_eq!(texts("data.split", "a[1].csv"), ["a[1].csv"]);
        assert_eq!(values("seed", "[1],[2]"), [1, 2].map(Value::Int));
    }

    #[test]
    fn a_list_that_can_be_read_in_two_ways_is_refused_with_both() {
        let refused = |key: &str, text: &str| parse(key, text).unwrap_err().to_string();
        for (key, text, one, other) in [
            (
                "task",
                "cyclic:7,product:cyclic:2,cyclic:3",
                "cyclic:7,[product:cyclic:2,cyclic:3]",
                "cyclic:7,[product:cyclic:2],cyclic:3",
            ),
            (
                "task",
                "product:cyclic:2,cyclic:3,product:cyclic:2,cyclic:2",
                "[product:cyclic:2,cyclic:3],[product:cyclic:2,cyclic:2]",
                "[product:cyclic:2,cyclic:3,product:cyclic:2,cyclic:2]",
            ),
            (
                "task",
                "product:cyclic:2,cyclic:3,table:t.csv",
                "[product:cyclic:2,cyclic:3],table:t.csv",
                "cyclic:3,table:t.csv",
            ),
            ("data.split", "a,b..c.csv", "[a,b..c.csv]", "[a],[b..c.csv]"),
        ] {
            let error = refused(key, text);
            assert!(error.contains(one) && error.contains(other), "{text}: {error}");
        }
        assert!(refused("task", "cyclic:7,,cyclic:5").contains("empty"));
    }

    #[test]
    fn ranges_that_are_none_say_why() {
        let refused = |text: &str| parse("steps", text).unwrap_err().to_string();
        for (text, why) in [
            ("0..9:0", "step 0"),
            ("0..9:-1", "the other way"),
            ("9..0", "ends before"),
            ("3..1/4", "ends before"),
            ("0.5..2", "how many"),
            ("0..9/1", "two or more"),
            ("0..9/x", "\"x\""),
            ("x..9", "\"x\""),
            ("log:0..1/4", "above 0"),
            ("log:1..9", "how many"),
            ("0..999999999", "1000000000 values"),
            ("0..1:1e-9", "1000000001 values"),
            ("0..1e400:1", "values"),
            ("1,,2", "empty"),
        ] {
            assert!(refused(text).contains(why), "{text}: {}", refused(text));
        }
    }
}
