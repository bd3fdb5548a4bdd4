//! A derivation once its file is read: what is declared, what is defined, and the steps.

use crate::assumption::{Assumption, GroupAssumption, IrrepAssumption};
use crate::expr::Expr;
use crate::infer::{Definition, Scope};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A chain of statements with what is assumed of the names in them; [`Derivation::parse`] reads one.
#[derive(Debug, Clone)]
pub struct Derivation {
    pub(crate) title: String,
    pub(crate) sizes: Vec<SizeRange>,
    pub(crate) groups: Vec<GroupChoice>,
    pub(crate) irreps: Vec<IrrepChoice>,
    pub(crate) activations: Vec<(String, Vec<&'static str>)>,
    /// In an order in which each can be drawn after those that it depends on.
    pub(crate) tensors: Vec<Declared>,
    pub(crate) definitions: Rc<BTreeMap<String, Definition>>,
    pub(crate) steps: Vec<Step>,
    pub(crate) scope: Scope,
}

impl Derivation {
    /// Names of the tensors that are declared.
    pub fn declared(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().map(|declared| declared.name.as_str())
    }

    /// Whether groups are declared, of which a state has to be of one.
    pub fn has_groups(&self) -> bool {
        !self.groups.is_empty()
    }
}

/// A size that is drawn, or that follows from others.
#[derive(Debug, Clone)]
pub(crate) struct SizeRange {
    pub(crate) name: String,
    pub(crate) first: Expr,
    /// None where the size is what `first` says.
    pub(crate) last: Option<Expr>,
}

/// The groups out of which one is taken.
#[derive(Debug, Clone)]
pub(crate) struct GroupChoice {
    pub(crate) name: String,
    pub(crate) families: Vec<String>,
    pub(crate) assumptions: Vec<GroupAssumption>,
}

/// An irreducible representation of a declared group.
#[derive(Debug, Clone)]
pub(crate) struct IrrepChoice {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) assumptions: Vec<IrrepAssumption>,
    /// Another representation that this one is neither equivalent nor conjugate to.
    pub(crate) apart_from: Vec<String>,
}

/// A tensor that is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) rows: Expr,
    pub(crate) cols: Expr,
    pub(crate) complex: bool,
    pub(crate) assumptions: Vec<Assumption>,
    /// The function of this unit vector of which it is a local maximum.
    pub(crate) maximises: Option<Expr>,
    /// A projector in whose image it lies.
    pub(crate) within: Option<Expr>,
    pub(crate) scalar: bool,
}

/// One step of the chain.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) says: String,
    pub(crate) from: Expr,
    pub(crate) relation: Relation,
    pub(crate) to: Expr,
}

/// What a step claims of its two sides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Relation {
    Equal,
    AtMost,
    AtLeast,
    /// Equal up to a power of a small number.
    UpTo {
        name: String,
        order: f64,
    },
    /// The relative difference vanishes as a size or a number goes to infinity or to 0.
    Limit {
        name: String,
        to_zero: bool,
    },
    Proportional,
    /// The left side is a local maximum, on the unit sphere, of the function that the right side names.
    LocalMaximum,
}

/// The relations as they are written.
pub const RELATIONS: [(&str, &str); 7] = [
    ("=", "equal"),
    ("<=", "no entry is larger"),
    (">=", "no entry is smaller"),
    ("= up to O(eps^2)", "the difference shrinks at least like this power of the small number `eps`"),
    ("~ as n -> inf", "the relative difference goes to 0 as the size or number `n` grows; `-> 0` as it shrinks"),
    ("proportional to", "one is a multiple of the other; the factor may differ between draws"),
    ("is a local maximum of", "the left side is one, on the unit sphere, of the function named on the right"),
];

impl Relation {
    /// The relation of its words.
    pub(crate) fn named(words: &str) -> Option<Self> {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = |text: &str| {
            let whole = text.chars().all(|c| c.is_alphanumeric() || c == '_') && !text.is_empty();
            whole.then(|| text.to_owned())
        };
        match words.as_str() {
            "=" | "==" => return Some(Self::Equal),
            "<=" | "≤" => return Some(Self::AtMost),
            ">=" | "≥" => return Some(Self::AtLeast),
            "proportional to" | "∝" => return Some(Self::Proportional),
            "is a local maximum of" => return Some(Self::LocalMaximum),
            _ => {}
        }
        if let Some(rest) = words.strip_prefix("= up to O(") {
            let inner = rest.strip_suffix(')')?;
            let (base, order) = inner.split_once('^').unwrap_or((inner, "1"));
            return Some(Self::UpTo { name: name(base.trim())?, order: order.trim().parse().ok()? });
        }
        let (base, goal) = words.strip_prefix("~ as ")?.split_once("->")?;
        let to_zero = match goal.trim() {
            "inf" | "infinity" | "∞" => false,
            "0" => true,
            _ => return None,
        };
        Some(Self::Limit { name: name(base.trim())?, to_zero })
    }
}

impl std::fmt::Display for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Equal => write!(f, "="),
            Self::AtMost => write!(f, "<="),
            Self::AtLeast => write!(f, ">="),
            Self::UpTo { name, order } => write!(f, "= up to O({name}^{order})"),
            Self::Limit { name, to_zero } => write!(f, "~ as {name} -> {}", if *to_zero { "0" } else { "inf" }),
            Self::Proportional => write!(f, "proportional to"),
            Self::LocalMaximum => write!(f, "is a local maximum of"),
        }
    }
}

impl Derivation {
    /// The title of the file.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The number of steps.
    pub fn n_steps(&self) -> usize {
        self.steps.len()
    }
}
