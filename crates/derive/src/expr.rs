//! What an expression is once it is read.

/// An expression and where it begins in its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expr {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

/// The forms of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Number(f64),
    Name(String),
    Negative(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// The conjugate transpose.
    Transpose(Box<Expr>),
    Call(String, Vec<Expr>),
    /// `A[rows, columns]`; a vector has one selection.
    Index(Box<Expr>, Vec<Selection>),
    /// `[a, b; c, d]`: rows of blocks.
    Blocks(Vec<Vec<Expr>>),
    /// `sum(i in 1..n: body)`.
    Over {
        fold: Fold,
        name: String,
        set: Box<Set>,
        body: Box<Expr>,
    },
}

/// An operator between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Plus,
    Minus,
    /// `*`, the matrix product.
    Times,
    /// `.*`
    Entrywise,
    /// `/`, by a number.
    Over,
    /// `./`
    EntrywiseOver,
    /// `^`, of a number.
    Power,
    /// `.^`
    EntrywisePower,
}

impl Operator {
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Entrywise => ".*",
            Self::Over => "/",
            Self::EntrywiseOver => "./",
            Self::Power => "^",
            Self::EntrywisePower => ".^",
        }
    }
}

/// Rows or columns that an index selects, counted from 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Selection {
    All,
    One(Expr),
    Range(Expr, Expr),
}

/// What is done with the values over a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fold {
    Sum,
    Product,
    Mean,
    Max,
    Min,
    /// The values, rows or numbers, below each other.
    Stack,
}

impl Fold {
    pub(crate) const ALL: [(&'static str, Self); 6] = [
        ("sum", Self::Sum),
        ("prod", Self::Product),
        ("mean", Self::Mean),
        ("max", Self::Max),
        ("min", Self::Min),
        ("stack", Self::Stack),
    ];
}

/// What a name runs through.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Set {
    Range(Expr, Expr),
    /// The elements of a group.
    Elements(String),
    /// The irreducible representations of a group, one of each class; without the trivial one on request.
    Irreps {
        group: String,
        nontrivial: bool,
    },
    /// Vectors of length 1 with so many entries; only for a maximum.
    Sphere(Expr),
}

impl Expr {
    pub(crate) fn name(name: &str) -> Self {
        Self { at: 0, kind: Kind::Name(name.to_owned()) }
    }

    pub(crate) fn call(function: &str, arguments: Vec<Self>) -> Self {
        Self { at: 0, kind: Kind::Call(function.to_owned(), arguments) }
    }

    /// Whether this is the number 0 or a matrix of zeros, as a claim that something vanishes has it.
    pub(crate) fn is_zero(&self) -> bool {
        match &self.kind {
            Kind::Number(x) => *x == 0.0,
            Kind::Call(name, _) => name == "zeros",
            Kind::Negative(a) | Kind::Transpose(a) | Kind::Binary(Operator::Over, a, _) => a.is_zero(),
            Kind::Binary(Operator::Times, a, b) => a.is_zero() || b.is_zero(),
            Kind::Binary(Operator::Plus | Operator::Minus, a, b) => a.is_zero() && b.is_zero(),
            _ => false,
        }
    }

    /// Calls `see` with every name that this expression does not bind itself, functions included.
    pub(crate) fn free_names(&self, see: &mut dyn FnMut(&str)) {
        match &self.kind {
            Kind::Number(_) => {}
            Kind::Name(name) => see(name),
            Kind::Negative(a) | Kind::Transpose(a) => a.free_names(see),
            Kind::Binary(_, a, b) => {
                a.free_names(see);
                b.free_names(see);
            }
            Kind::Call(name, arguments) => {
                see(name);
                arguments.iter().for_each(|argument| argument.free_names(see));
            }
            Kind::Index(a, selections) => {
                a.free_names(see);
                for selection in selections {
                    match selection {
                        Selection::All => {}
                        Selection::One(a) => a.free_names(see),
                        Selection::Range(a, b) => {
                            a.free_names(see);
                            b.free_names(see);
                        }
                    }
                }
            }
            Kind::Blocks(rows) => rows.iter().flatten().for_each(|block| block.free_names(see)),
            Kind::Over { name, set, body, .. } => {
                match set.as_ref() {
                    Set::Range(a, b) => {
                        a.free_names(see);
                        b.free_names(see);
                    }
                    Set::Elements(group) | Set::Irreps { group, .. } => see(group),
                    Set::Sphere(n) => n.free_names(see),
                }
                body.free_names(&mut |free| {
                    if free != name {
                        see(free);
                    }
                });
            }
        }
    }
}
