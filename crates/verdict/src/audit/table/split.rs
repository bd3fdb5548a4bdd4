//! Whether a number is of another split than is claimed.

use super::arms::{Arms, mean};
use super::roles::words;
use crate::audit::data::Data;
use crate::audit::judgement::Judgement;
use crate::audit::kind::Kind;
use dunwu::answer::wording::number;

/// Words that name the split that is trained on, and splits that are not.
const TRAIN: [&str; 3] = ["train", "training", "fit"];
const HELD_OUT: [&str; 9] = ["test", "val", "valid", "validation", "eval", "dev", "heldout", "held", "holdout"];
/// Rows that say enough.
const ENOUGH: usize = 3;

/// Judges it.
pub(super) fn judge(arms: &Arms<'_>) -> Judgement {
    let kind = Kind::WrongSplit;
    let Arms { data, claim, roles, .. } = arms;
    let has = |name: &str, list: &[&str]| words(name).any(|word| list.contains(&word.as_str()));
    let is_accuracy = has(&claim.measure, &["acc", "accuracy"]);
    let kin = |list: &[&str]| {
        let stem = |name: &str| {
            let is_split =
                |word: &String| TRAIN.contains(&word.as_str()) || HELD_OUT.contains(&word.as_str()) || word == "out";
            words(name).filter(|word| !is_split(word)).collect::<Vec<_>>()
        };
        (0..data.names.len()).find(|&column| {
            column != roles.measure
                && has(&data.names[column], list)
                && stem(&data.names[column]) == stem(&claim.measure)
                && data.is_numeric(column)
        })
    };
    if has(&claim.measure, &TRAIN) {
        let instead =
            kin(&HELD_OUT).map_or(String::new(), |column| format!("; {} is of held-out samples", data.names[column]));
        return Judgement::misleads(
            kind,
            format!("{} is of the samples that were trained on{instead}.", claim.measure),
        );
    }
    let train = kin(&TRAIN);
    let mut checked = Vec::new();
    if let (Some(reported), Some(train)) = (claim.reported, train) {
        let winner = arms.winner();
        let of_train = mean(arms.rows[winner].iter().filter_map(|&row| data.number(row, train)));
        if let (Some(own), Some(of_train)) = (arms.mean(winner), of_train)
            && !reported.fits(own)
            && reported.fits(of_train)
        {
            return Judgement::misleads(
                kind,
                format!(
                    "The reported {} is {}; {} is {}.",
                    reported.value,
                    data.names[train],
                    claim.measure,
                    number(own)
                ),
            )
            .with("reported", reported.value)
            .with(data.names[train].clone(), of_train)
            .with(claim.measure.clone(), own);
        }
        checked.push("the reported number is not that of the training samples".to_owned());
    }
    let rows: Vec<usize> = arms.rows.concat();
    if let Some(train) = train {
        let both = |&row: &usize| Some((row, arms.value(row)?, data.number(row, train)?));
        // What is all right or all wrong on both says nothing.
        let telling: Vec<_> = rows.iter().filter_map(both).filter(|(_, x, _)| *x != 0.0 && *x != 1.0).collect();
        let equal: Vec<_> = telling.iter().filter(|(_, own, of_train)| own == of_train).collect();
        if equal.len() >= ENOUGH && 10 * equal.len() >= 9 * telling.len() {
            let n = equal.len();
            return Judgement::misleads(
                kind,
                format!(
                    "{} equals {} to the last digit in {n} of {} rows.",
                    claim.measure,
                    data.names[train],
                    telling.len()
                ),
            )
            .with("rows in which both are equal", n as f64)
            .with_rows(equal.iter().map(|(row, ..)| format!("row {}", row + 1)));
        }
        if telling.len() >= ENOUGH {
            checked.push(format!("it differs from {}", data.names[train]));
        }
    }
    if is_accuracy && let Some(sizes) = Sizes::of(data) {
        match granularity(arms, &rows, &sizes) {
            Some(Err(judgement)) => return *judgement,
            Some(Ok(n)) => checked.push(format!("in {n} rows it is a count of the held-out samples")),
            None => {}
        }
    }
    if checked.is_empty() {
        return Judgement::cannot_tell(
            kind,
            "The table has neither the same measure on the training samples nor the sizes of both splits (n_train, n_test).",
        );
    }
    Judgement::nothing(kind, format!("{}: {}.", claim.measure, checked.join("; ")))
}

/// Columns that say how many samples the splits have.
struct Sizes {
    train: usize,
    test: Option<usize>,
    population: Option<usize>,
}

impl Sizes {
    fn of(data: &Data) -> Option<Self> {
        let train = data.column_of(&["n_train", "train_size", "train_samples", "n_training"])?;
        let test = data.column_of(&["n_test", "test_size", "test_samples", "n_held_out"]);
        let population = data.column_of(&["n_population", "n_samples"]);
        (test.is_some() || population.is_some()).then_some(Self { train, test, population })
    }

    /// Training and held-out samples of a row.
    fn at(&self, data: &Data, row: usize) -> Option<[f64; 2]> {
        let train = data.number(row, self.train)?;
        let held_out = match self.test {
            Some(test) => data.number(row, test)?,
            None => data.number(row, self.population?)? - train,
        };
        (train >= 1.0 && held_out >= 1.0).then_some([train, held_out])
    }
}

/// The GRIM test (Brown and Heathers 2017): an accuracy over n samples is a whole number over n, to its decimals. Rows that no count of
/// the held-out samples gives, and a count of the training samples does, were measured on those. `Ok` with the number of rows that the
/// held-out samples alone explain; `None` where no row tells.
fn granularity(arms: &Arms<'_>, rows: &[usize], sizes: &Sizes) -> Option<Result<usize, Box<Judgement>>> {
    let (mut own, mut others) = (0, Vec::new());
    for &row in rows {
        let Some((value, [train, held_out])) = arms.value(row).zip(sizes.at(&arms.data, row)) else { continue };
        let decimals = format!("{value}").split_once('.').map_or(0, |(_, decimals)| decimals.len());
        // A number in single precision is right to seven digits.
        let tolerance = if decimals >= 12 { 1e-7 } else { 0.5 * 10.0_f64.powi(-(decimals as i32)) * (1.0 + 1e-9) };
        let fits = |n: f64| ((value * n).round() / n - value).abs() <= tolerance;
        // The share of all numbers that fit by chance.
        let luck = |n: f64| 2.0 * tolerance * n;
        match (fits(held_out), fits(train)) {
            (true, false) if luck(held_out) < 0.2 => own += 1,
            (false, true) if luck(train) < 0.2 => others.push((row, value, train, held_out)),
            _ => {}
        }
    }
    if others.len() >= ENOUGH && others.len() > own {
        let (_, value, train, held_out) = others[0];
        let sentence = format!(
            "{} is no count of the held-out samples in {} of {} rows that tell, and one of the training samples: {value} is {} of {train}, and nothing of {held_out}.",
            arms.claim.measure,
            others.len(),
            others.len() + own,
            (value * train).round()
        );
        let judgement = Judgement::misleads(Kind::WrongSplit, sentence)
            .with("rows that are counts of the training samples alone", others.len() as f64)
            .with("rows that are counts of the held-out samples alone", own as f64)
            .with_rows(others.iter().map(|(row, value, ..)| format!("row {}: {value}", row + 1)));
        return Some(Err(Box::new(judgement)));
    }
    (own > 0).then_some(Ok(own))
}
