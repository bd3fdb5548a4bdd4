//! A task as it is written, read and resolved.

use super::base::{BASE, BaseError};
use super::expression::{Expression, ExpressionError};
use super::family::{FAMILIES, Family, NamedGroup};
use super::parity::Parity;
use super::problem::{Problem, SharedProblem};
use super::recall::Recall;
use super::several::{SEVERAL, Several, SeveralError};
use super::table::TableError;
use super::word::{Word, WordError};
use super::{base, cyclic, digits, operands, product, table, word};
use std::fmt;

/// Largest group order: a table of 4096² cells is 64 MiB.
pub const ORDER_LIMIT: u64 = 4096;

/// Most operand tuples of a problem, and most numbers in all its inputs.
pub const POPULATION_LIMIT: u64 = 1 << 24;

/// A problem as written: `cyclic:71`, `product:cyclic:2,cyclic:3`, `word:aba^-1:symmetric:5`, `expression:x^2+x*y:97`, `table:FILE`,
/// `several:cyclic:23,expression:x*y:23`, `base:10:cyclic:100`, `recall:8:3:1,4`, `parity:40:3`, `digits`.
///
/// [`Task::parse`] and [`Display`](fmt::Display) are inverse to each other on the canonical text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// A group of a family with one integer parameter.
    Group(NamedGroup),
    /// The direct product of at least two groups, the first varying fastest.
    Product(Vec<NamedGroup>),
    /// The product of more than two elements of a group or table.
    Operands {
        /// How many, at least three.
        count: u32,
        /// A group, product or table.
        of: Box<Task>,
    },
    /// The product of letters and their powers in a group.
    Word {
        /// Which.
        word: Word,
        /// A group, a product or the table of a group.
        of: Box<Task>,
    },
    /// A formula modulo an integer.
    Expression(Expression),
    /// Several problems over the same operands, and a token in front that names one.
    Several(Several),
    /// A task whose operands are written as digits.
    Base {
        /// To which base, at least 2.
        base: u64,
        /// A task of tokens.
        of: Box<Task>,
    },
    /// A Cayley table in a file.
    Table {
        /// Path as the user wrote it.
        file: String,
    },
    /// The value at a place that is named.
    Recall(Recall),
    /// The parity of a few bits among many.
    Parity(Parity),
    /// Images of handwritten digits.
    Digits,
}

/// Why a task was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// No family has this name.
    #[error("no task family is called `{name}`; {}known are {}", did_you_mean(*.nearest), family_names())]
    UnknownFamily {
        /// The family's name as the user wrote it.
        name: String,
        /// The name that was probably meant.
        nearest: Option<&'static str>,
    },
    /// The family is known, the rest cannot be read.
    #[error("`{text}` is not of the form `{}`, as in `{}`", .family.spelling, .family.example)]
    Malformed {
        /// The task as the user wrote it.
        text: String,
        /// What it was read as.
        family: Family,
    },
    /// Only families with one integer parameter multiply.
    #[error(
        "`{text}` cannot be a factor of a product; factors are groups of one integer parameter, such as `cyclic:2`"
    )]
    NoFactor {
        /// The factor as written.
        text: String,
    },
    /// Operands are multiplied in a group or a table only.
    #[error("`{text}` does not take a number of operands; write `operands:N:` before a group, a product or a table")]
    NoOperands {
        /// What stands behind `operands:N:`.
        text: String,
    },
    /// Fewer operands than an operation has.
    #[error("`{text}` asks for fewer than two operands; the least is 2")]
    TooFewOperands {
        /// The task as the user wrote it.
        text: String,
    },
    /// One element, or none.
    #[error("`{task}` has {n_labels} elements, so there is nothing to learn; the least is 2")]
    TooSmall {
        /// Canonical text.
        task: String,
        /// Its order or modulus.
        n_labels: u64,
    },
    /// More elements than a table may have.
    #[error("`{task}` has {}, more than the {ORDER_LIMIT} that a table may have", elements(*.n_labels))]
    TooLarge {
        /// Canonical text.
        task: String,
        /// Its order or modulus; `None` past 2⁶⁴ or where nobody counted.
        n_labels: Option<u64>,
    },
    /// More operand tuples than are enumerated.
    #[error(
        "`{task}` has {n_labels}^{n_operands} operand tuples, more than the {POPULATION_LIMIT} that are enumerated"
    )]
    PopulationTooLarge {
        /// Canonical text.
        task: String,
        /// Tokens of each operand.
        n_labels: u64,
        /// Number of operands.
        n_operands: u32,
    },
    /// A number that makes no problem, or too large a one.
    #[error("`{task}` has {value} {what}; they may be from {least} to {most}")]
    Outside {
        /// Canonical text.
        task: String,
        /// What is counted.
        what: &'static str,
        /// As given.
        value: u64,
        /// The fewest.
        least: u64,
        /// The most.
        most: u64,
    },
    /// Words are spelled in a group only.
    #[error("`{text}` has no words; write `word:WORD:` before a group, a product or the table of a group")]
    NoWords {
        /// What stands behind `word:WORD:`.
        text: String,
    },
    /// The word cannot be read.
    #[error("word `{text}`: {reason}")]
    Word {
        /// The word as written.
        text: String,
        /// What is wrong with it.
        reason: WordError,
    },
    /// Inverses and powers are those of a group.
    #[error("`{task}`: a word needs a group, and this table is none")]
    WordWithoutGroup {
        /// Canonical text.
        task: String,
    },
    /// The formula cannot be read, or not computed.
    #[error("expression `{text}`: {reason}")]
    Expression {
        /// The formula as written.
        text: String,
        /// What is wrong with it.
        reason: ExpressionError,
    },
    /// They cannot be learned at once.
    #[error("several `{text}`: {reason}")]
    Several {
        /// The problems as written.
        text: String,
        /// What is wrong with them.
        reason: Box<SeveralError>,
    },
    /// Its operands cannot be written as digits.
    #[error("digits of `{text}`: {reason}")]
    Base {
        /// The task as written.
        text: String,
        /// What is wrong with it.
        reason: BaseError,
    },
    /// The text of the table's file was not handed in.
    #[error("the table's file was not read: {file:?}")]
    TableNotRead {
        /// Path as the user wrote it.
        file: String,
    },
    /// The file holds no Latin square.
    #[error("{reason}: {file:?}")]
    Table {
        /// Path as the user wrote it.
        file: String,
        /// What is wrong with it.
        reason: TableError,
    },
}

impl Task {
    /// The cyclic group of order `order`.
    pub const fn cyclic(order: u64) -> Self {
        Self::Group(NamedGroup { family: &cyclic::CYCLIC, parameter: order })
    }

    /// Every label of the problem. A task with a [`file`](Self::file) needs that file's text.
    pub fn resolve(&self, table_text: Option<&str>) -> Result<Problem, TaskError> {
        self.check()?;
        match self {
            Self::Several(several) => return several.problem(self.to_string()),
            Self::Base { base, of } => {
                let problem = of.resolve(table_text)?;
                return base::problem(self.to_string(), *base, problem).map_err(|reason| base::refused(of, reason));
            }
            _ => {}
        }
        let (base, n_operands) = match self {
            Self::Operands { count, of } => (&**of, *count as usize),
            Self::Word { word, of } => (&**of, word.n_operands()),
            other => (other, 2),
        };
        let table = match base {
            Self::Group(group) => group.table(),
            Self::Product(factors) => product::table(factors),
            Self::Table { file } => {
                let text = table_text.ok_or_else(|| TaskError::TableNotRead { file: file.clone() })?;
                let in_file = |reason| TaskError::Table { file: file.clone(), reason };
                let table = table::read(text).map_err(in_file)?;
                self.check_size(Some(table.order as u64), n_operands as u32)?;
                table
            }
            Self::Expression(expression) => {
                let refused = |reason| TaskError::Expression { text: expression.text().to_owned(), reason };
                return expression.problem(self.to_string()).map_err(refused);
            }
            Self::Recall(recall) => return Ok(recall.problem()),
            Self::Parity(parity) => return Ok(parity.problem()),
            Self::Digits => return Ok(digits::problem(self.to_string())),
            Self::Operands { .. } | Self::Word { .. } | Self::Several(_) | Self::Base { .. } => {
                return Err(TaskError::NoOperands { text: base.to_string() });
            }
        };
        if let Self::Word { word, .. } = self {
            let refused = || TaskError::WordWithoutGroup { task: self.to_string() };
            return word.problem(self.to_string(), &table).ok_or_else(refused);
        }
        Ok(Problem::from_table(self.to_string(), table, n_operands))
    }

    /// The problems that one network learns at once, in the order of their tokens; none where there is one.
    pub fn several(&self) -> Vec<SharedProblem> {
        match self {
            Self::Several(several) => several.shared(),
            _ => Vec::new(),
        }
    }

    /// The file whose text [`resolve`](Self::resolve) needs.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Table { file } => Some(file),
            Self::Operands { of, .. } | Self::Word { of, .. } | Self::Base { of, .. } => of.file(),
            Self::Group(_)
            | Self::Product(_)
            | Self::Expression(_)
            | Self::Several(_)
            | Self::Recall(_)
            | Self::Parity(_)
            | Self::Digits => None,
        }
    }

    /// The same task with its one integer parameter replaced (M of `cyclic:M`, N of `dihedral:N`, the modulus of an
    /// expression); `None` for a product, a table, a recall, a parity or digits, which have none or more than one. The new one is checked when it is resolved.
    #[must_use]
    pub fn with_order(&self, parameter: u64) -> Option<Self> {
        match self {
            Self::Group(group) => Some(Self::Group(NamedGroup { parameter, ..*group })),
            Self::Expression(expression) => Some(Self::Expression(expression.with_modulus(parameter))),
            Self::Operands { count, of } => {
                Some(Self::Operands { count: *count, of: Box::new(of.with_order(parameter)?) })
            }
            Self::Word { word, of } => Some(Self::Word { word: word.clone(), of: Box::new(of.with_order(parameter)?) }),
            Self::Several(several) => Some(Self::Several(several.with_order(parameter)?)),
            Self::Base { base, of } => Some(Self::Base { base: *base, of: Box::new(of.with_order(parameter)?) }),
            Self::Product(_) | Self::Table { .. } | Self::Recall(_) | Self::Parity(_) | Self::Digits => None,
        }
    }

    /// Whether its inputs are tokens; those of a parity and of digits are numbers.
    pub fn has_tokens(&self) -> bool {
        !matches!(self, Self::Parity(_) | Self::Digits)
    }

    /// Refuses sizes that cannot be enumerated, as [`resolve`](Self::resolve) would; a table's size is in its file.
    pub fn check(&self) -> Result<(), TaskError> {
        let order = |task: &Self| match task {
            Self::Group(group) => group.order(),
            Self::Product(factors) => product::order(factors),
            Self::Expression(expression) => Some(expression.modulus()),
            _ => Some(2),
        };
        match self {
            Self::Operands { count, of } => self.check_size(order(of), *count),
            Self::Word { word, of } => self.check_size(order(of), word.n_operands() as u32),
            Self::Expression(expression) => self.check_size(order(self), expression.n_operands() as u32),
            Self::Recall(recall) => recall.check(),
            Self::Parity(parity) => parity.check(),
            Self::Several(several) => several.tasks().iter().try_for_each(Self::check),
            Self::Base { of, .. } => of.check(),
            other => self.check_size(order(other), 2),
        }
    }

    fn check_size(&self, n_labels: Option<u64>, n_operands: u32) -> Result<(), TaskError> {
        let task = || self.to_string();
        match n_labels {
            Some(n_labels @ ..2) => Err(TaskError::TooSmall { task: task(), n_labels }),
            Some(n_labels @ ..=ORDER_LIMIT) => match n_labels.checked_pow(n_operands) {
                Some(..=POPULATION_LIMIT) => Ok(()),
                _ => Err(TaskError::PopulationTooLarge { task: task(), n_labels, n_operands }),
            },
            _ => Err(TaskError::TooLarge { task: task(), n_labels }),
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(group) => group.fmt(f),
            Self::Product(factors) => {
                f.write_str(product::PRODUCT.name)?;
                factors.iter().enumerate().try_for_each(|(i, factor)| {
                    f.write_str(if i == 0 { ":" } else { "," })?;
                    factor.fmt(f)
                })
            }
            Self::Operands { count, of } => write!(f, "{}:{count}:{of}", operands::OPERANDS.name),
            Self::Word { word, of } => write!(f, "{}:{word}:{of}", word::WORD.name),
            Self::Expression(expression) => expression.fmt(f),
            Self::Several(several) => write!(f, "{}:{several}", SEVERAL.name),
            Self::Base { base, of } => write!(f, "{}:{base}:{of}", BASE.name),
            Self::Table { file } => write!(f, "{}:{file}", table::TABLE.name),
            Self::Recall(recall) => recall.fmt(f),
            Self::Parity(parity) => parity.fmt(f),
            Self::Digits => f.write_str(digits::DIGITS.name),
        }
    }
}

impl std::str::FromStr for Task {
    type Err = TaskError;

    fn from_str(text: &str) -> Result<Self, TaskError> {
        Self::parse(text)
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default()
}

fn family_names() -> String {
    FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>().join(", ")
}

fn elements(n_labels: Option<u64>) -> String {
    n_labels.map_or_else(|| "far too many elements to count".to_owned(), |n| format!("{n} elements"))
}
