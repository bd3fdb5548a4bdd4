//! A task read from its text.

use super::expression::Expression;
use super::family::{FAMILIES, integer, named_group, nearest_family};
use super::parity::Parity;
use super::recall::Recall;
use super::several::{SEVERAL, Several};
use super::spelling::{Task, TaskError};
use super::word::Word;
use super::{base, digits, operands, word};

impl Task {
    /// Reads a task as a user writes it.
    ///
    /// ```
    /// # use dunwu_engine::task::Task;
    /// let task = Task::parse("product:cyclic:2, product:cyclic:3,dihedral:4")?;
    /// assert_eq!(task.to_string(), "product:cyclic:2,cyclic:3,dihedral:4");
    /// # Ok::<(), dunwu_engine::task::TaskError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, TaskError> {
        let text = text.trim();
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let (name, rest) = (name.trim(), rest.trim());
        let Some(&family) = FAMILIES.iter().find(|family| family.name == name) else {
            return Err(TaskError::UnknownFamily { name: name.to_owned(), nearest: nearest_family(name) });
        };
        let malformed = || TaskError::Malformed { text: text.to_owned(), family };
        // The one family without a parameter.
        if rest.is_empty() && text != digits::DIGITS.name {
            return Err(malformed());
        }
        let task = match name {
            "product" => Self::parse_product(rest)?,
            "operands" => {
                let (count, of) = rest.split_once(':').ok_or_else(malformed)?;
                Self::parse_operands(integer(count).ok_or_else(malformed)?, of, text)?
            }
            "word" => {
                let (word, of) = rest.split_once(':').ok_or_else(malformed)?;
                Self::parse_word(word, of)?
            }
            "expression" => {
                let (polynomial, modulus) = rest.rsplit_once(':').ok_or_else(malformed)?;
                let modulus = integer(modulus).ok_or_else(malformed)?;
                let expression = Expression::parse(polynomial, modulus)
                    .map_err(|reason| TaskError::Expression { text: polynomial.to_owned(), reason })?;
                Self::Expression(expression)
            }
            "several" => Self::Several(Several::read(rest, Self::parse)?),
            "base" => {
                let (base, of) = rest.split_once(':').ok_or_else(malformed)?;
                let base = integer(base).ok_or_else(malformed)?;
                base::check(base, of)?;
                Self::Base { base, of: Box::new(Self::parse(of)?) }
            }
            "table" => Self::Table { file: rest.to_owned() },
            "recall" => Self::Recall(Recall::read(rest).ok_or_else(malformed)?),
            "parity" => Self::Parity(Parity::read(rest).ok_or_else(malformed)?),
            "digits" if rest.is_empty() => Self::Digits,
            "digits" => return Err(malformed()),
            _ => Self::Group(named_group(name, rest).ok_or_else(malformed)?),
        };
        task.check()?;
        Ok(task)
    }

    fn parse_product(text: &str) -> Result<Self, TaskError> {
        let mut factors = Vec::new();
        for written in text.split(',') {
            // A factor that is itself a product is flattened.
            let mut factor = written.trim();
            while let Some(inner) = factor.strip_prefix("product:") {
                factor = inner.trim();
            }
            if factor.is_empty() {
                return Err(TaskError::NoFactor { text: written.to_owned() });
            }
            if is_composed(factor) {
                return Err(TaskError::NoFactor { text: factor.to_owned() });
            }
            match Self::parse(factor)? {
                Self::Group(group) => factors.push(group),
                _ => return Err(TaskError::NoFactor { text: factor.to_owned() }),
            }
        }
        Ok(if let [only] = factors[..] { Self::Group(only) } else { Self::Product(factors) })
    }

    fn parse_operands(count: u64, of: &str, text: &str) -> Result<Self, TaskError> {
        // Refused before it is read: there is no depth of nesting that would be read by recursion.
        if is_composed(of) {
            return Err(TaskError::NoOperands { text: of.to_owned() });
        }
        let of = Self::parse(of)?;
        if matches!(of, Self::Expression(_) | Self::Recall(_) | Self::Parity(_) | Self::Digits) {
            return Err(TaskError::NoOperands { text: of.to_string() });
        }
        match u32::try_from(count).unwrap_or(u32::MAX) {
            0 | 1 => Err(TaskError::TooFewOperands { text: text.to_owned() }),
            2 => Ok(of),
            count => Ok(Self::Operands { count, of: Box::new(of) }),
        }
    }

    fn parse_word(text: &str, of: &str) -> Result<Self, TaskError> {
        let word = Word::parse(text).map_err(|reason| TaskError::Word { text: text.to_owned(), reason })?;
        if is_composed(of) {
            return Err(TaskError::NoWords { text: of.trim().to_owned() });
        }
        let of = Self::parse(of)?;
        if matches!(of, Self::Expression(_) | Self::Recall(_) | Self::Parity(_) | Self::Digits) {
            return Err(TaskError::NoWords { text: of.to_string() });
        }
        Ok(match word.n_operands() as u32 {
            2 if word.is_product() => of,
            count if word.is_product() => Self::Operands { count, of: Box::new(of) },
            _ => Self::Word { word, of: Box::new(of) },
        })
    }
}

/// Whether a task is made of another one, which is asked before it is read.
fn is_composed(text: &str) -> bool {
    let name = text.split(':').next().map(str::trim);
    name.is_some_and(|name| [operands::OPERANDS.name, word::WORD.name, SEVERAL.name, base::BASE.name].contains(&name))
}
