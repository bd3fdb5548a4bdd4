//! The rows of the bench, and what follows from them: figures over seeds beside their bars.

use dunwu::store::{Column, Table};
use schemars::JsonSchema;
use serde::Serialize;

/// A part of the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BenchPart {
    /// Networks built by hand, and two trained banks side by side.
    A,
    /// Cheap scores of samples against retraining thousands of networks.
    D,
    /// Shuffled labels.
    E,
    /// Networks of our own engine.
    F,
}

impl BenchPart {
    /// Every part that needs no other program.
    pub const ALL: [Self; 4] = [Self::A, Self::D, Self::E, Self::F];

    /// Its letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::D => "d",
            Self::E => "e",
            Self::F => "f",
        }
    }
}

/// One measured figure.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BenchRow {
    /// Which part.
    pub part: BenchPart,
    /// What was judged: `hand-built`, `mlp`.
    pub network: String,
    /// Its seed.
    pub seed: u64,
    /// What was measured: `right of told`, `TracIn, probability`.
    pub figure: String,
    /// The value.
    pub value: f64,
}

/// A figure over all seeds, with the bar that it has to reach where it has one.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BenchFigure {
    /// Which part.
    pub part: BenchPart,
    /// What was judged.
    pub network: String,
    /// What was measured.
    pub figure: String,
    /// The mean over seeds; of shares over all units of all seeds.
    pub value: f64,
    /// The standard deviation over seeds; `null` with one.
    pub spread: Option<f64>,
    /// Seeds.
    pub seeds: usize,
    /// The least value that is well, or the largest; `null` where nothing is asked.
    pub bar: Option<f64>,
    /// Whether the bar is reached; `null` without one.
    pub holds: Option<bool>,
}

/// The bench's rows and what follows.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct UnitsBench {
    /// One a figure and seed.
    pub rows: Vec<BenchRow>,
    /// One a figure.
    pub figures: Vec<BenchFigure>,
}

/// What has to be reached: part, network, figure, bar, and whether more is better.
const BARS: [(BenchPart, &str, &str, f64, bool); 9] = [
    (BenchPart::A, "hand-built", "right of told", 0.99, true),
    (BenchPart::A, "hand-built", "cannot tell", 0.05, false),
    (BenchPart::A, "two banks", "right of told, neither left out", 0.95, true),
    (BenchPart::A, "hand-built sequences", "right of told", 0.99, true),
    (BenchPart::A, "hand-built sequences", "cannot tell", 0.05, false),
    (BenchPart::D, "mlp", "left-out ridge, kernel of the inputs, probability", 0.93, true),
    (BenchPart::D, "logistic", "self-influence, probability", 0.88, true),
    (BenchPart::E, "shuffled labels", "generalizing", 0.01, false),
    (BenchPart::E, "shuffled labels", "generalizing, were chance not asked", 0.01, false),
];

impl UnitsBench {
    /// From rows, which may have been read from a file.
    pub fn of(rows: Vec<BenchRow>) -> Self {
        let mut keys: Vec<(BenchPart, &str, &str)> = Vec::new();
        for row in &rows {
            let key = (row.part, row.network.as_str(), row.figure.as_str());
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let figure = |&(part, network, figure): &(BenchPart, &str, &str)| {
            let of_key = |row: &&BenchRow| row.part == part && row.network == network && row.figure == figure;
            let values: Vec<f64> = rows.iter().filter(of_key).map(|row| row.value).collect();
            let (n, value) = (values.len(), values.iter().sum::<f64>() / values.len() as f64);
            let squares: f64 = values.iter().map(|x| (x - value).powi(2)).sum();
            let bar = BARS.iter().find(|bar| (bar.0, bar.1, bar.2) == (part, network, figure));
            BenchFigure {
                part,
                network: network.to_owned(),
                figure: figure.to_owned(),
                value,
                spread: (n > 1).then(|| (squares / (n - 1) as f64).sqrt()),
                seeds: n,
                bar: bar.map(|bar| bar.3),
                holds: bar.map(|bar| if bar.4 { value >= bar.3 } else { value <= bar.3 }),
            }
        };
        let figures = keys.iter().map(figure).collect();
        Self { rows, figures }
    }

    /// The rows as a table, in their order.
    pub fn table(&self) -> Table {
        let text = |read: fn(&BenchRow) -> String| Column::Utf8(self.rows.iter().map(read).collect());
        Table::default()
            .with("part", text(|row| row.part.letter().to_owned()))
            .with("network", text(|row| row.network.clone()))
            .with("seed", Column::Int64(self.rows.iter().map(|row| row.seed as i64).collect()))
            .with("figure", text(|row| row.figure.clone()))
            .with("value", Column::Float64(self.rows.iter().map(|row| row.value).collect()))
    }

    /// Whether every bar is reached.
    pub fn holds(&self) -> bool {
        self.figures.iter().all(|figure| figure.holds != Some(false))
    }
}
