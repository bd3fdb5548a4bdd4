//! The words for what is done to a run while it trains: when, and what.
//!
//! ```text
//! at 300 set optimizer.learning_rate 0.001
//! from 300 to 320 corrupt rows 4,17
//! on memorized freeze hidden
//! when test_accuracy >= 0.5 ablate units 3-7
//! ```
//!
//! One a line, or separated by `;`. What they do to weights and samples is in [`crate::train`].

use super::error::SpecError;
use super::settings::find;
use super::value::{Value, parse_value};
use std::fmt;
use std::str::SplitWhitespace;

/// When it is done, and what.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervention {
    /// When.
    pub when: When,
    /// What.
    pub action: Action,
}

/// When something is done to a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// Before the forward pass of this step, and from then on where it lasts.
    At(u64),
    /// From the first step to before the second, and then taken back.
    During(u64, u64),
    /// Before the step after the evaluation at which this is decided.
    On(Event),
    /// Before the step after the first evaluation at which the quantity is at least, or at most, the level.
    Crossing {
        /// What is watched.
        quantity: Quantity,
        /// Whether it has to be at least the level, or at most.
        rises: bool,
        /// The level.
        level: f64,
    },
}

/// What a run reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Train accuracy has stayed at its level for `events.sustained` steps.
    Memorized,
    /// Test accuracy has stayed at its level for `events.sustained` steps.
    Generalized,
}

/// What an evaluation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Mean loss over the training samples.
    TrainLoss,
    /// Share of training samples answered right.
    TrainAccuracy,
    /// Mean loss over the held-out samples.
    TestLoss,
    /// Share of held-out samples answered right.
    TestAccuracy,
}

/// What is done to a run. A part is an array of the network by its name, or every array whose name begins so: `hidden`, `top`,
/// `block.0.attention`; `all` is every one.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A setting gets another value.
    Set {
        /// Which.
        key: &'static str,
        /// The value.
        value: Value,
    },
    /// The part keeps its weights and moments.
    Freeze(String),
    /// What froze exactly this part does so no more.
    Thaw(String),
    /// The part's weights are drawn again, other than at the beginning, and its moments are zero.
    Reinitialize(String),
    /// The part's weights are what they were before the first step, and its moments are zero.
    Rewind(String),
    /// The part's weights are multiplied by the factor.
    Scale(String, f64),
    /// A number is added to each of the part's weights.
    Shift(String, f64),
    /// A number is added to one of the part's weights.
    Nudge {
        /// The part.
        part: String,
        /// Which weight of it, counted from 0.
        index: u64,
        /// What is added.
        by: f64,
    },
    /// After every update the part is scaled down to a norm that it exceeds: a given one, or its own when this begins.
    Clamp(String, Option<f64>),
    /// What hidden units of the last layer send on is multiplied by the factor.
    ScaleUnits(Numbers, f64),
    /// What hidden units of the last layer send on is zero, and stays so.
    Ablate(Numbers),
    /// Training samples get a wrong label.
    Corrupt(Rows),
    /// The inputs of training samples are multiplied by the factor.
    Magnify(Rows, f64),
    /// Training samples are trained on no more.
    Drop(Rows),
    /// Training samples are held out instead.
    HoldOut(Rows),
    /// Held-out samples, counted by their place among them, are trained on instead.
    Train(Rows),
    /// A batch holds its first so many samples again and again, as from a data loader that is stuck.
    Repeat(u64),
}

/// Samples, by their place in the training sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// These.
    List(Numbers),
    /// A share of them, drawn.
    Share(f64),
}

/// Numbers from 0, ascending, spelled `3,5,7-9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers(pub Vec<u32>);

/// The form of every action, and what it does.
pub const ACTIONS: &[(&str, &str)] = &[
    ("set KEY VALUE", "gives a setting that may change during a run another value"),
    ("freeze PART", "keeps the part's weights and moments as they are"),
    ("thaw PART", "ends what froze exactly this part"),
    ("reinitialize PART", "draws the part's weights again and sets its moments to zero"),
    ("rewind PART", "gives the part its initial weights again and sets its moments to zero"),
    ("scale PART by X", "multiplies the part's weights; with FROM and TO, before every step"),
    ("shift PART by X", "adds a number to each of the part's weights; with FROM and TO, before every step"),
    ("nudge PART INDEX by X", "adds a number to one weight of the part"),
    ("clamp PART [to X]", "holds the part's norm at or below X, or below its own norm at that step"),
    ("scale units N,N-N by X", "multiplies what hidden units of the last layer send on"),
    ("ablate units N,N-N", "sets what hidden units of the last layer send on to zero and keeps it there"),
    ("corrupt rows N,N-N", "gives training samples a wrong label; `corrupt SHARE of rows` draws them"),
    ("magnify rows N,N-N by X", "multiplies the inputs of training samples, where inputs are numbers"),
    ("drop rows N,N-N", "trains on these samples no more"),
    ("hold-out rows N,N-N", "moves training samples to the held-out ones"),
    ("train rows N,N-N", "moves held-out samples, counted among themselves, to the training samples"),
    ("repeat N rows", "a batch holds its first N samples again and again"),
];

/// The form of every time.
pub const TIMES: &[(&str, &str)] = &[
    ("at STEP", "before that step, and from then on where it lasts"),
    ("from STEP to STEP", "from the first to before the second, and then taken back"),
    ("on memorized", "once train accuracy has stayed at its level; `on generalized` likewise"),
    ("when train_loss <= X", "after the first evaluation where it holds; also train_accuracy, test_loss, test_accuracy, and >="),
];

/// What all of a text says, in the order in which it is done: times first, then events as they were written.
pub fn parse_interventions(text: &str) -> Result<Vec<Intervention>, SpecError> {
    let lines = text.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let mut all = lines.map(Intervention::parse).collect::<Result<Vec<_>, _>>()?;
    sort(&mut all);
    for (place, one) in all.iter().enumerate() {
        let is_same = |other: &&Intervention| match (&one.action, &other.action) {
            (Action::Set { key: a, .. }, Action::Set { key: b, .. }) => a == b && one.when == other.when,
            _ => false,
        };
        if all[..place].iter().any(|other| is_same(&other)) {
            return Err(refused(&one.to_string(), "the same setting is set twice at one time; keep one"));
        }
    }
    Ok(all)
}

/// As [`parse_interventions`] reads them.
pub fn spell_interventions(interventions: &[Intervention]) -> String {
    interventions.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Sorts by step; at one step samples before weights before what is held before settings, else as written.
fn sort(interventions: &mut [Intervention]) {
    interventions.sort_by_key(|one| {
        let key = match one.action {
            Action::Set { key, .. } => key,
            _ => "",
        };
        (one.when.first_step().unwrap_or(u64::MAX), one.action.rank(), key)
    });
}

impl When {
    /// The step, where it is known before the run.
    pub fn first_step(self) -> Option<u64> {
        match self {
            Self::At(step) | Self::During(step, _) => Some(step),
            Self::On(_) | Self::Crossing { .. } => None,
        }
    }
}

impl Action {
    fn rank(&self) -> u8 {
        match self {
            Self::Corrupt(_) | Self::Magnify(..) | Self::Drop(_) | Self::HoldOut(_) | Self::Train(_) => 0,
            Self::Reinitialize(_) | Self::Rewind(_) => 1,
            Self::Scale(..) | Self::Shift(..) | Self::Nudge { .. } | Self::ScaleUnits(..) => 2,
            Self::Freeze(_) | Self::Thaw(_) | Self::Clamp(..) | Self::Ablate(_) | Self::Repeat(_) => 3,
            Self::Set { .. } => 4,
        }
    }

    /// Whether it is done at one moment and leaves nothing that could be taken back.
    fn is_momentary(&self) -> bool {
        matches!(self, Self::Reinitialize(_) | Self::Rewind(_) | Self::Nudge { .. })
    }
}

fn refused(text: &str, why: &str) -> SpecError {
    SpecError::Intervention { text: text.to_owned(), why: why.to_owned() }
}

impl Intervention {
    /// Reads one; the error names it and what is wrong.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let mut words = text.split_whitespace();
        let parsed = When::parse(&mut words).and_then(|when| {
            let action = Action::parse(&mut words)?;
            match words.next() {
                Some(word) => Err(format!("{word:?} is left over")),
                None => Ok(Self { when, action }),
            }
        });
        let one = parsed.map_err(|why| refused(text, &why))?;
        match one.when {
            When::During(from, to) if to <= from => Err(refused(text, "it ends before it begins")),
            When::During(..) if one.action.is_momentary() => {
                Err(refused(text, "it is done once and cannot be taken back; write `at STEP`"))
            }
            _ => Ok(one),
        }
    }
}

type Words<'a, 'w> = &'a mut SplitWhitespace<'w>;

fn word<'w>(words: Words<'_, 'w>, what: &str) -> Result<&'w str, String> {
    words.next().ok_or_else(|| format!("{what} is missing"))
}

fn number(words: Words<'_, '_>, what: &str) -> Result<f64, String> {
    let word = word(words, what)?;
    let number: Option<f64> = word.parse().ok().filter(|number: &f64| number.is_finite());
    number.map(|number| number + 0.0).ok_or_else(|| format!("{what} cannot be {word:?}; it is a finite number"))
}

fn whole(words: Words<'_, '_>, what: &str) -> Result<u64, String> {
    let word = word(words, what)?;
    word.replace('_', "").parse().map_err(|_error| format!("{what} cannot be {word:?}; it is a whole number from 0"))
}

fn literal(words: Words<'_, '_>, expected: &str) -> Result<(), String> {
    match words.next() {
        Some(word) if word == expected => Ok(()),
        Some(word) => Err(format!("{word:?} stands where {expected:?} belongs")),
        None => Err(format!("{expected:?} is missing")),
    }
}

fn by(words: Words<'_, '_>) -> Result<f64, String> {
    literal(words, "by")?;
    number(words, "the number after `by`")
}

impl When {
    fn parse(words: Words<'_, '_>) -> Result<Self, String> {
        match word(words, "when it is done")? {
            "at" => Ok(Self::At(whole(words, "the step")?)),
            "from" => {
                let from = whole(words, "the first step")?;
                literal(words, "to")?;
                Ok(Self::During(from, whole(words, "the step at which it ends")?))
            }
            "on" => match word(words, "the event")? {
                "memorized" => Ok(Self::On(Event::Memorized)),
                "generalized" => Ok(Self::On(Event::Generalized)),
                other => Err(format!("there is no event {other:?}; there are memorized and generalized")),
            },
            "when" => {
                let name = word(words, "the quantity")?;
                let quantity = Quantity::named(name).ok_or_else(|| {
                    format!("{name:?} is not watched; there are {}", Quantity::ALL.map(Quantity::name).join(", "))
                })?;
                let rises = match word(words, "`>=` or `<=`")? {
                    ">=" | ">" => true,
                    "<=" | "<" => false,
                    other => return Err(format!("{other:?} stands where `>=` or `<=` belongs")),
                };
                Ok(Self::Crossing { quantity, rises, level: number(words, "the level")? })
            }
            other => Err(format!("it begins with {other:?}; begin with at, from, on or when")),
        }
    }
}

impl Quantity {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::TrainLoss, Self::TrainAccuracy, Self::TestLoss, Self::TestAccuracy];

    /// Its name, as tables have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrainLoss => "train_loss",
            Self::TrainAccuracy => "train_accuracy",
            Self::TestLoss => "test_loss",
            Self::TestAccuracy => "test_accuracy",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quantity| quantity.name() == name)
    }
}

impl Action {
    fn parse(words: Words<'_, '_>) -> Result<Self, String> {
        let part = |words: Words<'_, '_>| word(words, "the part of the network").map(str::to_owned);
        let verb = word(words, "what is done")?;
        Ok(match verb {
            "set" => {
                let assignment = word(words, "the setting")?;
                let (key, value) = match assignment.split_once('=') {
                    Some((key, "")) => (key, word(words, "the value")?),
                    Some(pair) => pair,
                    None => (assignment, word(words, "the value")?),
                };
                let value = if value == "=" { word(words, "the value")? } else { value };
                let setting = find(key).ok_or_else(|| SpecError::unknown_key(key).to_string())?;
                if !setting.may_change {
                    return Err(format!("`{}` cannot change during a run", setting.key));
                }
                Self::Set { key: setting.key, value: parse_value(value) }
            }
            "freeze" => Self::Freeze(part(words)?),
            "thaw" => Self::Thaw(part(words)?),
            "reinitialize" => Self::Reinitialize(part(words)?),
            "rewind" => Self::Rewind(part(words)?),
            "scale" => match part(words)?.as_str() {
                "units" => {
                    let units = Numbers::parse(words)?;
                    Self::ScaleUnits(units, by(words)?)
                }
                part => Self::Scale(part.to_owned(), by(words)?),
            },
            "shift" => Self::Shift(part(words)?, by(words)?),
            "nudge" => {
                Self::Nudge { part: part(words)?, index: whole(words, "which weight of the part")?, by: by(words)? }
            }
            "clamp" => {
                let part = part(words)?;
                let norm = match words.next() {
                    None => None,
                    Some("to") => Some(number(words, "the norm")?),
                    Some(other) => return Err(format!("{other:?} stands where \"to\" belongs")),
                };
                if norm.is_some_and(|norm| norm < 0.0) {
                    return Err("a norm is not negative".to_owned());
                }
                Self::Clamp(part, norm)
            }
            "ablate" => {
                literal(words, "units")?;
                Self::Ablate(Numbers::parse(words)?)
            }
            "corrupt" => Self::Corrupt(Rows::parse(words)?),
            "magnify" => Self::Magnify(Rows::parse(words)?, by(words)?),
            "drop" => Self::Drop(Rows::parse(words)?),
            "hold-out" => Self::HoldOut(Rows::parse(words)?),
            "train" => Self::Train(Rows::parse(words)?),
            "repeat" => {
                let n = whole(words, "the number of rows")?;
                literal(words, "rows")?;
                if n == 0 {
                    return Err("a batch of no rows is none".to_owned());
                }
                Self::Repeat(n)
            }
            other => {
                let forms: Vec<_> = ACTIONS.iter().filter_map(|(form, _)| form.split(' ').next()).collect();
                return Err(format!("there is no {other:?}; there are {}", forms.join(", ")));
            }
        })
    }
}

impl Rows {
    fn parse(words: Words<'_, '_>) -> Result<Self, String> {
        match word(words, "which rows")? {
            "rows" => Numbers::parse(words).map(Self::List),
            share => {
                let number: Option<f64> = share.parse().ok().filter(|share| (0.0..=1.0).contains(share));
                let share = number.ok_or_else(|| format!("{share:?} is neither \"rows\" nor a share from 0 to 1"))?;
                literal(words, "of")?;
                literal(words, "rows")?;
                Ok(Self::Share(share))
            }
        }
    }
}

impl Numbers {
    fn parse(words: Words<'_, '_>) -> Result<Self, String> {
        const MOST: usize = 1 << 20;
        let list = word(words, "a list of numbers, such as 3,5,7-9,")?;
        let wrong = |item: &str| format!("{item:?} is no list of numbers such as 3,5,7-9");
        let mut numbers = Vec::new();
        for item in list.split(',') {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            let bound = |text: &str| text.parse::<u32>().map_err(|_error| wrong(item));
            let (first, last) = (bound(first)?, bound(last)?);
            if last < first || (last - first) as usize >= MOST || numbers.len() >= MOST {
                return Err(wrong(item));
            }
            numbers.extend(first..=last);
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(Self(numbers))
    }
}

impl fmt::Display for Intervention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.when, self.action)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(step) => write!(f, "at {step}"),
            Self::During(from, to) => write!(f, "from {from} to {to}"),
            Self::On(Event::Memorized) => write!(f, "on memorized"),
            Self::On(Event::Generalized) => write!(f, "on generalized"),
            Self::Crossing { quantity, rises, level } => {
                write!(f, "when {} {} {level:?}", quantity.name(), if *rises { ">=" } else { "<=" })
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { key, value: Value::Text(value) } => write!(f, "set {key} {value}"),
            Self::Set { key, value } => write!(f, "set {key} {value}"),
            Self::Freeze(part) => write!(f, "freeze {part}"),
            Self::Thaw(part) => write!(f, "thaw {part}"),
            Self::Reinitialize(part) => write!(f, "reinitialize {part}"),
            Self::Rewind(part) => write!(f, "rewind {part}"),
            Self::Scale(part, factor) => write!(f, "scale {part} by {factor:?}"),
            Self::Shift(part, by) => write!(f, "shift {part} by {by:?}"),
            Self::Nudge { part, index, by } => write!(f, "nudge {part} {index} by {by:?}"),
            Self::Clamp(part, None) => write!(f, "clamp {part}"),
            Self::Clamp(part, Some(norm)) => write!(f, "clamp {part} to {norm:?}"),
            Self::ScaleUnits(units, factor) => write!(f, "scale units {units} by {factor:?}"),
            Self::Ablate(units) => write!(f, "ablate units {units}"),
            Self::Corrupt(rows) => write!(f, "corrupt {rows}"),
            Self::Magnify(rows, factor) => write!(f, "magnify {rows} by {factor:?}"),
            Self::Drop(rows) => write!(f, "drop {rows}"),
            Self::HoldOut(rows) => write!(f, "hold-out {rows}"),
            Self::Train(rows) => write!(f, "train {rows}"),
            Self::Repeat(n) => write!(f, "repeat {n} rows"),
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(numbers) => write!(f, "rows {numbers}"),
            Self::Share(share) => write!(f, "{share:?} of rows"),
        }
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_slice();
        while let Some(&first) = rest.first() {
            let run = rest.iter().zip(first..).take_while(|(number, expected)| **number == *expected).count();
            let comma = if rest.len() == self.0.len() { "" } else { "," };
            match run {
                1 => write!(f, "{comma}{first}")?,
                _ => write!(f, "{comma}{first}-{}", rest[run - 1])?,
            }
            rest = &rest[run..];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_spelled_as_it_is_read() {
        for (written, spelled) in [
            ("at 300 set optimizer.learning_rate=0.001", "at 300 set optimizer.learning_rate 0.001"),
            ("at 3 set optimizer.learning_rate = 1e-3", "at 3 set optimizer.learning_rate 0.001"),
            ("from 1 to 9 set data.batch_size 7", "from 1 to 9 set data.batch_size 7"),
            ("on memorized freeze top", "on memorized freeze top"),
            ("when test_accuracy > .5 ablate units 9,3,4,5,5", "when test_accuracy >= 0.5 ablate units 3-5,9"),
            ("at 2 set loss cross_entropy", "at 2 set loss cross_entropy"),
            ("at 9 clamp all;at 1 corrupt 0.5 of rows\n at 9 scale top by -1", "at 1 corrupt 0.5 of rows; at 9 scale top by -1.0; at 9 clamp all"),
            ("at 5 nudge hidden 0 by 0.001", "at 5 nudge hidden 0 by 0.001"),
            ("at 5 repeat 2 rows; at 5 train rows 1; at 5 hold-out rows 2", "at 5 train rows 1; at 5 hold-out rows 2; at 5 repeat 2 rows"),
            (" ; \n", ""),
        ] {
            let read = parse_interventions(written).unwrap_or_else(|error| panic!("{written}: {error}"));
            assert_eq!(spell_interventions(&read), spelled);
            assert_eq!(parse_interventions(spelled).unwrap(), read);
        }
    }

    #[test]
    fn what_cannot_be_done_is_named_with_the_reason() {
        for (written, why) in [
            ("freeze top", "begin with at"),
            ("at x freeze top", "whole number"),
            ("at 3", "what is done"),
            ("at 3 melt top", "there is no \"melt\""),
            ("at 3 set model.width 9", "cannot change during a run"),
            ("at 3 set optimizer.learnig_rate 9", "learning_rate"),
            ("at 3 set optimizer.learning_rate", "value is missing"),
            ("from 9 to 9 freeze top", "ends before"),
            ("from 3 to 9 rewind top", "at STEP"),
            ("at 3 ablate units x", "no list"),
            ("at 3 ablate units 9-3", "no list"),
            ("at 3 clamp top to -1", "not negative"),
            ("at 3 clamp top at 1", "\"to\""),
            ("at 3 repeat 0 rows", "none"),
            ("at 3 scale top by nan", "finite"),
            ("at 3 freeze top now", "left over"),
            ("on learned freeze top", "no event"),
            ("when beauty >= 1 freeze top", "not watched"),
            ("at 3 corrupt 2 of rows", "share"),
            ("at 3 set optimizer.beta1 0.5; at 3 set optimizer.beta1 0.6", "twice"),
        ] {
            let error = parse_interventions(written).expect_err(written).to_string();
            assert!(error.contains(why) && error.contains("interventions"), "{written}: {error}");
        }
    }
}
