//! The scalars of a run, one JSON object a step: what programs that send runs to other trackers read.

use crate::run::Number;
use crate::series::Series;
use serde::Serialize;
use serde::ser::SerializeMap as _;
use std::collections::BTreeMap;

/// `{"step":7,"train_loss":0.5,"test_accuracy":"NaN"}`: a line a step, ascending, with the series that were recorded there in their own
/// order. NaN and infinite values, which JSON has no numbers for, are the strings `"NaN"`, `"inf"` and `"-inf"`; of two values of a step
/// the later one counts. Numbers read back to the same bits.
pub fn json_lines(series: &[Series]) -> String {
    let mut rows: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
    for (place, one) in series.iter().enumerate() {
        for (step, value) in one.steps.iter().zip(&one.values) {
            let row = rows.entry(*step).or_default();
            match row.last_mut().filter(|last| last.0 == place) {
                Some(last) => last.1 = *value,
                None => row.push((place, *value)),
            }
        }
    }
    let mut text = String::new();
    for (step, values) in rows {
        let row = Row { step, values, series };
        text += &serde_json::to_string(&row).expect("a row is plain text and numbers");
        text.push('\n');
    }
    text
}

struct Row<'a> {
    step: u64,
    values: Vec<(usize, f64)>,
    series: &'a [Series],
}

impl Serialize for Row<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.values.len()))?;
        map.serialize_entry("step", &self.step)?;
        for (place, value) in &self.values {
            map.serialize_entry(&self.series[*place].name, &Number(*value))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_documented_and_is_read_again() {
        let series = |name: &str, steps: &[u64], values: &[f64]| Series {
            name: name.to_owned(),
            steps: steps.to_vec(),
            values: values.to_vec(),
        };
        let all = [series("loss", &[0, 5, 7], &[0.1, 2.0, f64::INFINITY]), series("acc", &[5, 9], &[f64::NAN, 0.5])];
        let text = json_lines(&all);
        let wanted = "{\"step\":0,\"loss\":0.1}\n{\"step\":5,\"loss\":2.0,\"acc\":\"NaN\"}\n{\"step\":7,\"loss\":\"inf\"}\n{\"step\":9,\"acc\":0.5}\n";
        assert_eq!(text, wanted);
    }
}
