//! Expressions as text again.

use crate::expr::{Expr, Fold, Kind, Operator, Selection, Set};
use std::fmt::{Display, Formatter, Result};

impl Expr {
    /// How tightly the outermost operator binds.
    fn tightness(&self) -> u8 {
        match &self.kind {
            Kind::Binary(Operator::Plus | Operator::Minus, ..) => 1,
            Kind::Binary(Operator::Power | Operator::EntrywisePower, ..) => 4,
            Kind::Binary(..) => 2,
            Kind::Negative(_) => 3,
            _ => 5,
        }
    }

    fn within(&self, tightness: u8, f: &mut Formatter<'_>) -> Result {
        if self.tightness() < tightness { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            Kind::Number(x) => write!(f, "{x}"),
            Kind::Name(name) => write!(f, "{name}"),
            Kind::Negative(a) => {
                write!(f, "-")?;
                a.within(4, f)
            }
            Kind::Binary(operator, a, b) => {
                let own = self.tightness();
                a.within(own, f)?;
                let sign = operator.sign();
                let space = if own == 1 { " " } else { "" };
                write!(f, "{space}{sign}{space}")?;
                b.within(own + 1, f)
            }
            Kind::Transpose(a) => {
                a.within(5, f)?;
                write!(f, "'")
            }
            Kind::Call(name, arguments) => {
                write!(f, "{name}(")?;
                separated(arguments, ", ", f)?;
                write!(f, ")")
            }
            Kind::Index(a, selections) => {
                a.within(5, f)?;
                write!(f, "[")?;
                separated(selections, ", ", f)?;
                write!(f, "]")
            }
            Kind::Blocks(rows) => {
                write!(f, "[")?;
                for (at, row) in rows.iter().enumerate() {
                    write!(f, "{}", if at > 0 { "; " } else { "" })?;
                    separated(row, ", ", f)?;
                }
                write!(f, "]")
            }
            Kind::Over { fold, name, set, body } => {
                let word = Fold::ALL.iter().find(|(_, known)| known == fold).map_or("", |(word, _)| word);
                write!(f, "{word}({name} {set}: {body})")
            }
        }
    }
}

impl Display for Selection {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::All => write!(f, ":"),
            Self::One(a) => write!(f, "{a}"),
            Self::Range(a, b) => write!(f, "{a}..{b}"),
        }
    }
}

impl Display for Set {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Range(a, b) => write!(f, "in {a}..{b}"),
            Self::Elements(group) => write!(f, "in {group}"),
            Self::Irreps { group, nontrivial: false } => write!(f, "in irreps({group})"),
            Self::Irreps { group, nontrivial: true } => write!(f, "in nontrivial({group})"),
            Self::Sphere(n) => write!(f, "on sphere({n})"),
        }
    }
}

fn separated<T: Display>(items: &[T], by: &str, f: &mut Formatter<'_>) -> Result {
    for (at, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if at > 0 { by } else { "" })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::parse::expression;

    #[test]
    fn an_expression_that_is_shown_reads_as_itself() {
        for text in [
            "a + b*c - (d - e)",
            "-(a + b)*c^2",
            "(-a)^2",
            "(A*B)'*C[1..n, :]",
            "[u; v, w]",
            "sum(g in G: chi(k, g)*u[g])",
            "max(w on sphere(2*M): E(w))",
            "a/(b*c)",
            "A.*(B./C).^2",
            "sum(k in nontrivial(G): dim(k)^-1)",
        ] {
            let shown = expression(text).unwrap().to_string();
            assert_eq!(expression(&shown).unwrap().to_string(), shown, "{text}");
            let bare = |text: &str| text.replace([' ', '(', ')'], "");
            assert_eq!(bare(&shown), bare(text));
        }
    }
}
