//! Planted leaks in two files of samples, with their clean twins.

use super::rates::Planted;
use crate::draw::Draw;
use dunwu::store::{Column, Table};

/// A row of numbers, its label among them.
type Row = Vec<f64>;

/// Samples that are drawn alike: a form, and where the label stands.
struct Drawn {
    names: Vec<String>,
    rows: Vec<Row>,
    n_train: usize,
}

impl Drawn {
    /// Clusters, measurements with a noisy linear label, or a few discrete inputs that repeat by nature. The label is the last column.
    fn any(draw: &mut Draw) -> (Self, &'static str) {
        let (n_train, n_test) = (draw.whole(60, 400), draw.whole(30, 200));
        let d = draw.whole(3, 9);
        let form = draw.whole(0, 2);
        let n_labels = draw.whole(2, 5);
        let centres: Vec<Row> = (0..n_labels).map(|_| (0..d).map(|_| 1.5 * draw.normal()).collect()).collect();
        let weights: Row = (0..d).map(|_| draw.normal()).collect();
        let mut row = || {
            let label = draw.whole(0, n_labels - 1);
            match form {
                0 => centres[label].iter().map(|centre| centre + draw.normal()).chain([label as f64]).collect::<Row>(),
                1 => {
                    let inputs: Row = (0..d).map(|_| 3.0 + 2.0 * draw.normal()).collect();
                    let sum: f64 = inputs.iter().zip(&weights).map(|(x, w)| x * w).sum();
                    let label = sum + draw.normal();
                    inputs.into_iter().chain([label]).collect()
                }
                _ => {
                    let inputs: Row = (0..d).map(|_| draw.whole(0, 3) as f64).collect();
                    let sum: f64 = inputs.iter().zip(1..).map(|(x, weight)| x * f64::from(weight)).sum();
                    let label = if draw.is(0.15) { label as f64 } else { sum % n_labels as f64 };
                    inputs.into_iter().chain([label]).collect()
                }
            }
        };
        let rows = (0..n_train + n_test).map(|_| row()).collect();
        let names = (0..d).map(|i| format!("x{i}")).chain(["label".to_owned()]).collect();
        (Self { names, rows, n_train }, ["clusters", "measurements", "discrete inputs"][form])
    }

    /// Both files, the columns in an order of their own.
    fn tables(&self, order: &[usize], decimals: Option<i32>) -> [Table; 2] {
        let rounded =
            |x: f64| decimals.map_or(x, |decimals| (x * 10.0_f64.powi(decimals)).round() / 10.0_f64.powi(decimals));
        let table = |rows: &[Row]| {
            let column = |&at: &usize| {
                (self.names[at].clone(), Column::Float64(rows.iter().map(|row| rounded(row[at])).collect()))
            };
            Table { columns: order.iter().map(column).collect() }
        };
        [table(&self.rows[..self.n_train]), table(&self.rows[self.n_train..])]
    }

    fn n_test(&self) -> usize {
        self.rows.len() - self.n_train
    }
}

/// Held-out samples that are training samples, exactly or up to a little noise, from one in thirty to a half.
pub(super) fn duplicates(draw: &mut Draw) -> Planted {
    let (clean, form) = Drawn::any(draw);
    let mut planted = Drawn { names: clean.names.clone(), rows: clean.rows.clone(), n_train: clean.n_train };
    let share = draw.between(1.0 / 30.0, 0.5);
    let n = ((share * clean.n_test() as f64).round() as usize).max(3);
    let is_near = form != "discrete inputs" && draw.is(0.5);
    for place in draw.order(clean.n_test()).into_iter().take(n) {
        let source = draw.whole(0, clean.n_train - 1);
        let d = clean.names.len() - 1;
        planted.rows[clean.n_train + place].clone_from(&clean.rows[source]);
        if is_near {
            planted.rows[clean.n_train + place][..d].iter_mut().for_each(|x| *x += 1e-3 * draw.normal());
        }
    }
    let order = draw.order(clean.names.len());
    let recipe = format!("{form}{}", if is_near { ", nearly" } else { "" });
    Planted::files(recipe, n as f64 / clean.n_test() as f64, planted.tables(&order, None), clean.tables(&order, None))
}

/// A commutative table whose pairs are divided one by one, beside the same in which both orders are on one side, or an operation that
/// is not commutative; or images of which some held-out ones are training images from right to left.
pub(super) fn mirror_images(draw: &mut Draw) -> Planted {
    if draw.is(0.4) { images(draw) } else { pairs(draw) }
}

fn pairs(draw: &mut Draw) -> Planted {
    let m = draw.whole(7, 29);
    let share = draw.between(0.2, 0.8);
    let kind = draw.whole(0, 2);
    let label = |a: usize, b: usize| match kind {
        0 => (a + b) % m,
        1 => (a * b) % m,
        _ => (a * a + a * b + b * b) % m,
    };
    let row = |a: usize, b: usize, label: usize| vec![a as f64, b as f64, label as f64];
    let names = ["a", "b", "label"].map(str::to_owned).to_vec();
    // A split by single pairs, and one by unordered pairs.
    let divided = |is_train: &dyn Fn(usize, usize) -> bool, label: &dyn Fn(usize, usize) -> usize| {
        let all = || (0..m * m).map(|i| (i / m, i % m));
        let side = |wanted: bool| {
            all()
                .filter(move |&(a, b)| is_train(a, b) == wanted)
                .map(|(a, b)| row(a, b, label(a, b)))
                .collect::<Vec<_>>()
        };
        let (train, test) = (side(true), side(false));
        let n_train = train.len();
        Drawn { names: names.clone(), rows: [train, test].concat(), n_train }
    };
    let single: Vec<bool> = (0..m * m).map(|_| draw.is(share)).collect();
    let unordered: Vec<bool> = (0..m * m).map(|_| draw.is(share)).collect();
    let planted = divided(&|a, b| single[a * m + b], &label);
    let is_whole = draw.is(0.5);
    let clean = if is_whole {
        divided(&|a, b| unordered[a.min(b) * m + a.max(b)], &label)
    } else {
        divided(&|a, b| single[a * m + b], &|a, b| (a + m * m - 2 * b) % m)
    };
    let order = draw.order(3);
    let recipe =
        format!("{}, twin {}", ["a+b", "ab", "a²+ab+b²"][kind], if is_whole { "by whole pairs" } else { "a−2b" });
    Planted::files(recipe, 1.0 - share, planted.tables(&order, None), clean.tables(&order, None))
}

fn images(draw: &mut Draw) -> Planted {
    let side = draw.whole(4, 8);
    let (n_train, n_test, n_labels) = (draw.whole(80, 300), draw.whole(40, 150), draw.whole(3, 8));
    let prototypes: Vec<Row> = (0..n_labels).map(|_| (0..side * side).map(|_| draw.unit()).collect()).collect();
    let mut image = || {
        let label = draw.whole(0, n_labels - 1);
        prototypes[label].iter().map(|x| x + 0.3 * draw.normal()).chain([label as f64]).collect::<Row>()
    };
    let rows: Vec<Row> = (0..n_train + n_test).map(|_| image()).collect();
    let names: Vec<String> = (0..side * side).map(|i| format!("pixel{i}")).chain(["label".to_owned()]).collect();
    let clean = Drawn { names: names.clone(), rows: rows.clone(), n_train };
    let mut planted = Drawn { names, rows, n_train };
    let n = draw.whole(8, n_test / 2);
    for place in draw.order(n_test).into_iter().take(n) {
        let source = planted.rows[draw.whole(0, n_train - 1)].clone();
        let at = |place: usize| source[place / side * side + side - 1 - place % side];
        let flipped = (0..side * side).map(at).chain([source[side * side]]).collect();
        planted.rows[n_train + place] = flipped;
    }
    let order: Vec<usize> = (0..=side * side).collect();
    let tables = |drawn: &Drawn| drawn.tables(&order, None);
    Planted::files(format!("images of {side} by {side}"), n as f64 / n_test as f64, tables(&planted), tables(&clean))
}

/// A column that is the label under another name, a line of it, or it with noise that mixes no two; the twin's is wrong now and then.
pub(super) fn label_in_input(draw: &mut Draw) -> Planted {
    let (mut planted, form) = Drawn::any(draw);
    let label = planted.names.len() - 1;
    let is_measured = form == "measurements";
    let (slope, shift, noise) = (draw.between(0.5, 3.0), draw.between(-5.0, 5.0), draw.between(0.02, 0.12));
    let renamed: Vec<usize> = draw.order(8);
    let how = if is_measured { 0 } else { draw.whole(1, 2) };
    let wrong = draw.between(0.03, 0.4);
    let names: Vec<String> = planted.names.iter().cloned().chain(["leak".to_owned()]).collect();
    let mut clean = Drawn { names: names.clone(), rows: planted.rows.clone(), n_train: planted.n_train };
    planted.names = names;
    let n_labels = 1 + planted.rows.iter().map(|row| row[label] as usize).max().unwrap_or(0);
    for (row, twin) in planted.rows.iter_mut().zip(&mut clean.rows) {
        let value = row[label];
        let (mut given, mut other) = match how {
            0 => (shift + slope * value, shift + slope * (value + wrong * draw.normal())),
            1 => (renamed[value as usize] as f64, renamed[value as usize] as f64),
            _ => {
                let leak = slope * (value + noise * draw.normal().clamp(-3.0, 3.0));
                (leak, leak)
            }
        };
        if how > 0 && draw.is(wrong) {
            let elsewhere = draw.whole(0, n_labels - 1) as f64;
            other =
                if how == 1 { renamed[elsewhere as usize] as f64 } else { slope * (elsewhere + noise * draw.normal()) };
        }
        std::mem::swap(&mut given, &mut other);
        twin.push(given);
        row.push(other);
    }
    let order = draw.order(planted.names.len());
    let recipe = format!("{form}, {}", ["a line", "another name", "with noise"][how]);
    Planted::files(
        recipe,
        if how == 2 { 1.0 - noise } else { 1.0 },
        planted.tables(&order, None),
        clean.tables(&order, None),
    )
}

/// Measurements standardised, or brought to [0, 1], by both files together; the twin's by the training samples alone.
pub(super) fn shared_normaliser(draw: &mut Draw) -> Planted {
    let (n_train, n_test, d) = (draw.whole(60, 400), draw.whole(20, 200), draw.whole(2, 9));
    let shift = draw.between(0.0, 1.0);
    let mut raw: Vec<Row> = (0..n_train + n_test)
        .map(|i| (0..d).map(|_| draw.normal() + if i >= n_train { shift } else { 0.0 }).collect())
        .collect();
    let labels: Vec<f64> = (0..raw.len()).map(|_| draw.whole(0, 2) as f64).collect();
    let is_standard = draw.is(0.6);
    let by_sample = draw.is(0.5);
    let n_scaled = draw.whole(1, d);
    if !is_standard {
        // Without a held-out value beyond the training samples both scalings are the same numbers.
        raw[n_train][0] = draw.between(4.5, 6.0);
    }
    let scaled = |n: usize| {
        let mut rows = raw.clone();
        for column in 0..n_scaled {
            let values: Vec<f64> = raw[..n].iter().map(|row| row[column]).collect();
            let mean = values.iter().sum::<f64>() / n as f64;
            let degrees = if by_sample { n as f64 - 1.0 } else { n as f64 };
            let deviation = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / degrees).sqrt();
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for row in &mut rows {
                row[column] =
                    if is_standard { (row[column] - mean) / deviation } else { (row[column] - least) / (most - least) };
            }
        }
        rows.iter_mut().zip(&labels).for_each(|(row, label)| row.push(*label));
        let names = (0..d).map(|i| format!("x{i}")).chain(["label".to_owned()]).collect();
        Drawn { names, rows, n_train }
    };
    let order = draw.order(d + 1);
    let decimals = draw.of_list(&[None, Some(6), Some(4)]);
    let [planted, clean] = [n_train + n_test, n_train].map(|n| scaled(n).tables(&order, decimals));
    let recipe = format!(
        "{}, {} decimals",
        if is_standard { "mean and deviation" } else { "least and largest" },
        decimals.map_or("all".to_owned(), |decimals| decimals.to_string())
    );
    Planted::files(recipe, n_test as f64 / (n_train + n_test) as f64, planted, clean)
}
