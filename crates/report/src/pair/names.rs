//! How the two compared values are called.

use dunwu::answer::wording::number;
use dunwu_engine::spec::Value;
use dunwu_studies::paired::Comparison;
use dunwu_studies::phase::shown;

/// A value for people: three digits of a number, where a random search leaves sixteen.
pub(super) fn short(value: &Value) -> String {
    match value {
        Value::Float(value) => number(*value),
        other => shown(other),
    }
}

/// The first and the second value; in full where three digits would not tell them apart.
pub(super) fn arms(comparison: &Comparison) -> [String; 2] {
    let both = [&comparison.a, &comparison.b];
    let [a, b] = both.map(short);
    if a == b { both.map(shown) } else { [a, b] }
}
