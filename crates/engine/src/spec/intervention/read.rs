//! From words to an intervention.

use super::{ACTIONS, Action, Event, Intervention, Numbers, Quantity, Rows, When};
use crate::spec::error::SpecError;
use crate::spec::settings::find;
use crate::spec::value::parse_value;
use std::str::SplitWhitespace;

pub(super) fn refused(text: &str, why: &str) -> SpecError {
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
                let mut forms: Vec<_> = ACTIONS.iter().filter_map(|(form, _)| form.split(' ').next()).collect();
                let mut known = std::collections::BTreeSet::new();
                forms.retain(|form| known.insert(*form));
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
        Self::of_list(word(words, "a list of numbers, such as 3,5,7-9,")?)
    }

    /// Reads a list as it is written, `3,5,7-9`.
    pub fn of_list(list: &str) -> Result<Self, String> {
        const MOST: usize = 1 << 20;
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
