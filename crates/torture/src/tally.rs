//! What was done and found, as tables and as JSON.

use crate::fuzz::FuzzTally;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What came of one room.
#[derive(Debug, Default)]
pub(crate) struct RoomTally {
    pub(crate) room: &'static str,
    pub(crate) seconds: f64,
    /// Cases of random disturbance.
    pub(crate) cases: u64,
    /// Cases of one trouble at one call to the disk.
    pub(crate) systematic: u64,
    /// How many of those there are.
    pub(crate) systematic_of: u64,
    /// Calls of the program.
    pub(crate) calls: u64,
    /// Processes that were ended without a word: by SIGKILL, or at a call to the disk.
    pub(crate) kills: u64,
    /// SIGTERM and SIGINT.
    pub(crate) signals: u64,
    /// SIGSTOP.
    pub(crate) stops: u64,
    pub(crate) second_writers: u64,
    pub(crate) clock_jumps: u64,
    /// Troubles of the disk by kind.
    pub(crate) faults: BTreeMap<String, u64>,
    pub(crate) checks: u64,
    /// What did not hold, with how to repeat it.
    pub(crate) failures: Vec<String>,
}

impl RoomTally {
    pub(crate) fn new(room: &'static str) -> Self {
        Self { room, ..Self::default() }
    }

    pub(crate) fn fault(&mut self, kind: &str) {
        *self.faults.entry(kind.to_owned()).or_default() += 1;
    }

    fn json(&self) -> Value {
        json!({
            "room": self.room, "seconds": self.seconds, "cases": self.cases, "systematic": self.systematic,
            "systematic_of": self.systematic_of, "calls": self.calls, "kills": self.kills, "signals": self.signals,
            "stops": self.stops, "second_writers": self.second_writers, "clock_jumps": self.clock_jumps,
            "faults": self.faults, "checks": self.checks, "failures": self.failures,
        })
    }
}

impl FuzzTally {
    /// As its own process hands it over.
    pub(crate) fn json(&self) -> Value {
        json!({
            "reader": self.reader, "seconds": self.seconds, "inputs": self.inputs, "accepted": self.accepted,
            "refused": self.refused, "outcomes": self.outcomes, "slowest_ms": self.slowest_ms, "panics": self.panics,
            "slow": self.slow, "greedy": self.greedy, "findings": self.findings,
        })
    }
}

/// All of it as one object.
pub(crate) fn object(seed: u64, rooms: &[RoomTally], readers: &[Value]) -> Value {
    json!({ "seed": seed, "rooms": rooms.iter().map(RoomTally::json).collect::<Vec<_>>(), "readers": readers })
}

/// All of it for people.
pub(crate) fn tables(rooms: &[RoomTally], readers: &[Value]) -> String {
    let mut text = String::new();
    if !rooms.is_empty() {
        let head = [
            "room",
            "seconds",
            "cases",
            "systematic",
            "calls",
            "kills",
            "signals",
            "stops",
            "second",
            "clock",
            "checks",
            "failures",
        ];
        let mut rows: Vec<Vec<String>> = rooms
            .iter()
            .map(|room| {
                let systematic = format!("{} of {}", room.systematic, room.systematic_of);
                let counts = [
                    room.calls,
                    room.kills,
                    room.signals,
                    room.stops,
                    room.second_writers,
                    room.clock_jumps,
                    room.checks,
                ];
                let mut row =
                    vec![room.room.to_owned(), format!("{:.0}", room.seconds), room.cases.to_string(), systematic];
                row.extend(counts.iter().map(u64::to_string));
                row.push(room.failures.len().to_string());
                row
            })
            .collect();
        let sum = |of: fn(&RoomTally) -> u64| rooms.iter().map(of).sum::<u64>().to_string();
        rows.push(vec![
            "all".to_owned(),
            format!("{:.0}", rooms.iter().map(|room| room.seconds).sum::<f64>()),
            sum(|room| room.cases),
            format!("{} of {}", sum(|room| room.systematic), sum(|room| room.systematic_of)),
            sum(|room| room.calls),
            sum(|room| room.kills),
            sum(|room| room.signals),
            sum(|room| room.stops),
            sum(|room| room.second_writers),
            sum(|room| room.clock_jumps),
            sum(|room| room.checks),
            sum(|room| room.failures.len() as u64),
        ]);
        text += &table(&head, &rows);
        let mut faults: BTreeMap<&str, u64> = BTreeMap::new();
        rooms.iter().flat_map(|room| &room.faults).for_each(|(kind, n)| *faults.entry(kind).or_default() += n);
        let faults: Vec<String> = faults.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
        let faults = if faults.is_empty() { "none".to_owned() } else { faults.join(", ") };
        text.extend([
            "faults of the disk: ",
            &faults,
            "
",
        ]);
    }
    if !readers.is_empty() {
        let keys = [
            "reader",
            "seconds",
            "inputs",
            "accepted",
            "refused",
            "outcomes",
            "slowest_ms",
            "panics",
            "slow",
            "greedy",
        ];
        let cell = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if number.is_f64() => format!("{:.0}", number.as_f64().unwrap_or(0.0)),
            other => other.to_string(),
        };
        let rows: Vec<Vec<String>> =
            readers.iter().map(|reader| keys.iter().map(|key| cell(&reader[*key])).collect()).collect();
        text.push('\n');
        text += &table(&keys, &rows);
    }
    text
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|&word| word.to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let line = |row: &&Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ") + "\n"
    };
    all.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_their_heads_and_sums_are_sums() {
        let mut a = RoomTally { kills: 7, ..RoomTally::new("a") };
        a.fault("io");
        let b = RoomTally { kills: 5, ..RoomTally::new("b") };
        let text = tables(&[a, b], &[]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[..4].iter().all(|line| line.len() == lines[0].len()), "{text}");
        let end = lines[0].find("kills").unwrap() + "kills".len();
        assert_eq!(lines[3][..end].split_whitespace().next_back(), Some("12"), "{text}");
        assert_eq!(lines[4], "faults of the disk: io 1");
    }
}
