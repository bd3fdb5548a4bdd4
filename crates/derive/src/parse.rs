//! From text to an expression. Precedence, loosest first: `+ -`, `* / .* ./`, unary `-`, `^ .^`, then `'` and `[…]`.

use crate::expr::{Expr, Fold, Kind, Operator, Selection, Set};

/// What is wrong with the text of an expression, and where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{what} at character {}", at + 1)]
pub struct SyntaxError {
    /// What is wrong, and what would be right.
    pub what: String,
    /// The byte at which it is, counted from 0.
    pub at: usize,
}

/// Expressions deeper than this are refused, so that no text can exhaust the stack.
const DEEPEST: usize = 60;
/// Expressions of more signs and names than this are refused for the same reason.
const LONGEST: usize = 600;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Sign(&'static str),
    End,
}

/// Longer signs first.
const SIGNS: [&str; 20] =
    ["..", ".*", "./", ".^", "+", "-", "*", "/", "^", "'", "(", ")", "[", "]", ",", ";", ":", "=", "<", ">"];

/// Reads one expression.
pub(crate) fn expression(text: &str) -> Result<Expr, SyntaxError> {
    let mut reader = Reader::new(text)?;
    let expr = reader.sum()?;
    reader.end()?;
    Ok(expr)
}

/// Reads `name` or `name(parameter, …)`, the left side of a definition.
pub(crate) fn signature(text: &str) -> Result<(String, Vec<String>), SyntaxError> {
    let mut reader = Reader::new(text)?;
    let name = reader.word("a name")?;
    let mut parameters = Vec::new();
    if reader.take("(") {
        loop {
            parameters.push(reader.word("a parameter")?);
            if !reader.take(",") {
                break;
            }
        }
        reader.expect(")")?;
    }
    reader.end()?;
    Ok((name, parameters))
}

/// Reads `a` or `a..b`.
pub(crate) fn range(text: &str) -> Result<(Expr, Option<Expr>), SyntaxError> {
    let mut reader = Reader::new(text)?;
    let first = reader.sum()?;
    let last = if reader.take("..") { Some(reader.sum()?) } else { None };
    reader.end()?;
    Ok((first, last))
}

struct Reader {
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn new(text: &str) -> Result<Self, SyntaxError> {
        let tokens = tokens(text)?;
        if let Some((_, at)) = tokens.get(LONGEST) {
            let what = format!("more than {LONGEST} signs and names; give parts of this expression names in [define]");
            return Err(SyntaxError { what, at: *at });
        }
        Ok(Self { tokens, at: 0, depth: 0 })
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn place(&self) -> usize {
        self.tokens[self.at].1
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        if found {
            self.next();
        }
        found
    }

    fn wrong<T>(&self, expected: &str) -> Result<T, SyntaxError> {
        let found = match self.peek() {
            Token::Number(x) => format!("`{x}`"),
            Token::Name(name) => format!("`{name}`"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".to_owned(),
        };
        Err(SyntaxError { what: format!("{found} where {expected} is expected"), at: self.place() })
    }

    fn expect(&mut self, sign: &str) -> Result<(), SyntaxError> {
        if self.take(sign) { Ok(()) } else { self.wrong(&format!("`{sign}`")) }
    }

    fn end(&self) -> Result<(), SyntaxError> {
        if *self.peek() == Token::End { Ok(()) } else { self.wrong("an operator or the end") }
    }

    fn word(&mut self, expected: &str) -> Result<String, SyntaxError> {
        match self.peek().clone() {
            Token::Name(name) => {
                self.next();
                Ok(name)
            }
            _ => self.wrong(expected),
        }
    }

    fn sum(&mut self) -> Result<Expr, SyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let what = format!("an expression nested more than {DEEPEST} deep; give its parts names in [define]");
            return Err(SyntaxError { what, at: self.place() });
        }
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                Token::Sign("+") => Operator::Plus,
                Token::Sign("-") => Operator::Minus,
                _ => break,
            };
            left = self.binary(left, operator, Self::product)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn product(&mut self) -> Result<Expr, SyntaxError> {
        let mut left = self.negative()?;
        loop {
            let operator = match self.peek() {
                Token::Sign("*") => Operator::Times,
                Token::Sign("/") => Operator::Over,
                Token::Sign(".*") => Operator::Entrywise,
                Token::Sign("./") => Operator::EntrywiseOver,
                _ => break,
            };
            left = self.binary(left, operator, Self::negative)?;
        }
        Ok(left)
    }

    fn binary(
        &mut self,
        left: Expr,
        operator: Operator,
        rest: impl FnOnce(&mut Self) -> Result<Expr, SyntaxError>,
    ) -> Result<Expr, SyntaxError> {
        let at = self.place();
        self.next();
        let right = rest(self)?;
        Ok(Expr { at, kind: Kind::Binary(operator, Box::new(left), Box::new(right)) })
    }

    fn negative(&mut self) -> Result<Expr, SyntaxError> {
        let at = self.place();
        let mut signs = 0_usize;
        while self.take("-") {
            signs += 1;
        }
        let inner = self.power()?;
        Ok(if signs % 2 == 1 { Expr { at, kind: Kind::Negative(Box::new(inner)) } } else { inner })
    }

    fn power(&mut self) -> Result<Expr, SyntaxError> {
        let mut left = self.postfix()?;
        loop {
            let operator = match self.peek() {
                Token::Sign("^") => Operator::Power,
                Token::Sign(".^") => Operator::EntrywisePower,
                _ => break,
            };
            left = self.binary(left, operator, |reader| {
                let at = reader.place();
                let negative = reader.take("-");
                let inner = reader.postfix()?;
                Ok(if negative { Expr { at, kind: Kind::Negative(Box::new(inner)) } } else { inner })
            })?;
        }
        Ok(left)
    }

    fn postfix(&mut self) -> Result<Expr, SyntaxError> {
        let mut inner = self.primary()?;
        loop {
            let at = self.place();
            if self.take("'") {
                inner = Expr { at, kind: Kind::Transpose(Box::new(inner)) };
            } else if self.take("[") {
                let mut selections = vec![self.selection()?];
                while self.take(",") {
                    selections.push(self.selection()?);
                }
                self.expect("]")?;
                inner = Expr { at, kind: Kind::Index(Box::new(inner), selections) };
            } else {
                return Ok(inner);
            }
        }
    }

    fn selection(&mut self) -> Result<Selection, SyntaxError> {
        if self.take(":") {
            return Ok(Selection::All);
        }
        let first = self.sum()?;
        Ok(if self.take("..") { Selection::Range(first, self.sum()?) } else { Selection::One(first) })
    }

    fn primary(&mut self) -> Result<Expr, SyntaxError> {
        let at = self.place();
        match self.peek().clone() {
            Token::Number(x) => {
                self.next();
                Ok(Expr { at, kind: Kind::Number(x) })
            }
            Token::Name(name) => {
                self.next();
                if self.take("(") { self.call(name, at) } else { Ok(Expr { at, kind: Kind::Name(name) }) }
            }
            Token::Sign("(") => {
                self.next();
                let inner = self.sum()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign("[") => {
                self.next();
                let mut rows = vec![vec![self.sum()?]];
                loop {
                    if self.take(",") {
                        let block = self.sum()?;
                        rows.last_mut().expect("there is a first row").push(block);
                    } else if self.take(";") {
                        rows.push(vec![self.sum()?]);
                    } else {
                        break;
                    }
                }
                self.expect("]")?;
                Ok(Expr { at, kind: Kind::Blocks(rows) })
            }
            _ => self.wrong("a number, a name or `(`"),
        }
    }

    /// What stands in the brackets after a name: arguments, or a name that runs through a set.
    fn call(&mut self, name: String, at: usize) -> Result<Expr, SyntaxError> {
        let fold = Fold::ALL.iter().find(|(word, _)| *word == name).map(|(_, fold)| *fold);
        let binds = matches!(&self.tokens[(self.at + 1).min(self.tokens.len() - 1)].0,
            Token::Name(word) if word == "in" || word == "on");
        if let (Some(fold), true) = (fold, binds) {
            let variable = self.word("a name")?;
            let set = Box::new(self.set()?);
            self.expect(":")?;
            let body = Box::new(self.sum()?);
            self.expect(")")?;
            return Ok(Expr { at, kind: Kind::Over { fold, name: variable, set, body } });
        }
        let mut arguments = vec![self.sum()?];
        while self.take(",") {
            arguments.push(self.sum()?);
        }
        self.expect(")")?;
        Ok(Expr { at, kind: Kind::Call(name, arguments) })
    }

    fn set(&mut self) -> Result<Set, SyntaxError> {
        let on = self.word("`in` or `on`")? == "on";
        if on {
            let word = self.word("`sphere`")?;
            if word != "sphere" {
                return Err(SyntaxError { what: format!("`{word}` where `sphere` is expected"), at: self.place() });
            }
            self.expect("(")?;
            let size = self.sum()?;
            self.expect(")")?;
            return Ok(Set::Sphere(size));
        }
        if let Token::Name(word) = self.peek().clone() {
            let next = &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].0;
            if (word == "irreps" || word == "nontrivial") && *next == Token::Sign("(") {
                self.next();
                self.next();
                let group = self.word("a group")?;
                self.expect(")")?;
                return Ok(Set::Irreps { group, nontrivial: word == "nontrivial" });
            }
            if *next == Token::Sign(":") {
                self.next();
                return Ok(Set::Elements(word));
            }
        }
        let first = self.sum()?;
        self.expect("..")?;
        Ok(Set::Range(first, self.sum()?))
    }
}

fn tokens(text: &str) -> Result<Vec<(Token, usize)>, SyntaxError> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let first = rest.chars().next().expect("something is left");
        if first.is_whitespace() {
            at += first.len_utf8();
        } else if first.is_ascii_digit() {
            let length = number_length(rest.as_bytes());
            let number = rest[..length].parse();
            let value =
                number.map_err(|_error| SyntaxError { what: format!("`{}` is no number", &rest[..length]), at })?;
            found.push((Token::Number(value), at));
            at += length;
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            found.push((Token::Name(rest[..length].to_owned()), at));
            at += length;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push((Token::Sign(sign), at));
            at += sign.len();
        } else {
            return Err(SyntaxError { what: format!("`{first}` means nothing here"), at });
        }
    }
    found.push((Token::End, text.len()));
    Ok(found)
}

/// The bytes of a number such as `12`, `0.5` or `1e-3`. The dots of `1..n` and `2.*A` are not part of it.
fn number_length(bytes: &[u8]) -> usize {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') && bytes.get(length + 1).is_some_and(u8::is_ascii_digit) {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits((length + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_bind_as_in_a_textbook() {
        let same = |a: &str, b: &str| assert_eq!(bare(a), bare(b), "{a} and {b}");
        same("a + b*c", "a + (b*c)");
        same("-a^2", "-(a^2)");
        same("-a*b", "(-a)*b");
        same("a - b - c", "(a - b) - c");
        same("A'*B'", "(A')*(B')");
        same("a^-1*b", "(a^(-1))*b");
        same("x[1..n]'", "(x[1..n])'");
    }

    fn bare(text: &str) -> String {
        let shown = format!("{:?}", expression(text).unwrap());
        let mut bare = String::new();
        let mut rest = shown.as_str();
        while let Some(at) = rest.find("at: ") {
            bare.push_str(&rest[..at]);
            rest = rest[at + 4..].trim_start_matches(|c: char| c.is_ascii_digit());
        }
        bare + rest
    }

    #[test]
    fn an_error_says_what_was_expected_and_where() {
        let error = expression("a + * b").unwrap_err();
        assert_eq!(error.to_string(), "`*` where a number, a name or `(` is expected at character 5");
        assert!(expression(&"(".repeat(100)).unwrap_err().what.contains("nested"));
        assert!(expression(&"-".repeat(50_000)).unwrap_err().what.contains("more than 600"));
        assert!(expression(&("a".to_owned() + &"'".repeat(50))).is_ok());
    }

    #[test]
    fn no_text_makes_the_reader_panic() {
        for text in ["", "1..", "sum(", "sum(i in", "sum(i in 1..", "a[", "[a;", "§", "1e", "1e+", "x on", "max(w on"]
        {
            assert!(expression(text).is_err(), "{text:?}");
        }
    }
}
