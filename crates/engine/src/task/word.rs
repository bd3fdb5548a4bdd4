//! Words in a group.

use super::cayley::CayleyTable;
use super::family::Family;
use super::problem::Problem;
use std::fmt;

/// A product of operands, their inverses and their powers, from left to right: a·b·a⁻¹ and the like.
pub(super) const WORD: Family = Family {
    name: "word",
    spelling: "word:WORD:GROUP",
    tells: "a product of the letters a, b, c, d and their powers in a group, one operand a letter: conjugation aba^-1, aba, ab^-1, \
            the commutator aba^-1b^-1",
    example: "word:aba^-1:symmetric:5",
};

/// The letters, in the order in which they become operands.
const LETTERS: [char; 4] = ['a', 'b', 'c', 'd'];

/// Most letters with their powers.
const FACTORS_LIMIT: usize = 64;

/// Largest exponent; in a group of at most 4096 elements every power is one of these.
const EXPONENT_LIMIT: u32 = 4096;

/// A word: letters with exponents, neighbours different.
///
/// The operands are those of a, b, c, d that occur, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    factors: Vec<Factor>,
}

/// A letter and its exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Factor {
    letter: usize,
    exponent: i64,
}

/// Why a word was refused. Columns are counted in characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordError {
    /// The grammar asks for something else here.
    #[error("column {column}: expected {expected}, found {found}")]
    Unexpected {
        /// Where.
        column: usize,
        /// What may stand here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// Too large an exponent.
    #[error("column {column}: an exponent is from -{EXPONENT_LIMIT} to {EXPONENT_LIMIT}")]
    ExponentTooLarge {
        /// Where its digits begin.
        column: usize,
    },
    /// Too many letters.
    #[error("more than {FACTORS_LIMIT} letters")]
    TooLong,
}

impl Word {
    /// Reads a word. Blanks and `*` between letters say nothing, and neighbours of one letter become its power.
    ///
    /// ```text
    /// word   = factor { [ "*" ] factor }
    /// factor = ( "a" | "b" | "c" | "d" ) [ ( "^" | "**" ) [ "-" ] integer ]
    /// ```
    pub fn parse(text: &str) -> Result<Self, WordError> {
        let characters: Vec<(usize, char)> = text.chars().enumerate().filter(|(_, c)| !c.is_whitespace()).collect();
        let at = |place: usize| characters.get(place).map(|&(_, c)| c);
        let column = |place: usize| characters.get(place).map_or(text.chars().count(), |&(column, _)| column) + 1;
        let unexpected = |place: usize, expected| {
            let found = at(place).map_or_else(|| "the end".to_owned(), |c| format!("`{c}`"));
            WordError::Unexpected { column: column(place), expected, found }
        };
        let mut factors: Vec<Factor> = Vec::new();
        let mut place = 0;
        while factors.is_empty() || place < characters.len() {
            if !factors.is_empty() && at(place) == Some('*') {
                place += 1;
            }
            let Some(letter) = LETTERS.iter().position(|&letter| at(place) == Some(letter)) else {
                return Err(unexpected(place, "one of the letters a, b, c and d, an inverse being a^-1"));
            };
            place += 1;
            let mut exponent = 1;
            let signs = if at(place) == Some('^') { 1 } else { 2 };
            if signs == 1 || (at(place), at(place + 1)) == (Some('*'), Some('*')) {
                place += signs;
                let is_negative = at(place) == Some('-');
                place += usize::from(is_negative);
                let digits: String = (place..).map_while(at).take_while(char::is_ascii_digit).collect();
                if digits.is_empty() {
                    return Err(unexpected(place, "a whole number as exponent"));
                }
                let size = digits.parse().ok().filter(|&size: &u32| size <= EXPONENT_LIMIT);
                let size = size.ok_or(WordError::ExponentTooLarge { column: column(place) })?;
                exponent = if is_negative { -i64::from(size) } else { size.into() };
                place += digits.len();
            }
            match factors.last_mut().filter(|last| last.letter == letter) {
                Some(last) => last.exponent += exponent,
                None => factors.push(Factor { letter, exponent }),
            }
            if factors.len() > FACTORS_LIMIT {
                return Err(WordError::TooLong);
            }
        }
        Ok(Self { factors })
    }

    /// Number of distinct letters.
    pub fn n_operands(&self) -> usize {
        self.letters().count()
    }

    /// Whether it is `ab`, `abc` or `abcd`: the product of its operands in their order.
    pub(super) fn is_product(&self) -> bool {
        self.factors.len() >= 2 && self.factors.iter().zip(0..).all(|(f, i)| (f.letter, f.exponent) == (i, 1))
    }

    fn letters(&self) -> impl Iterator<Item = usize> + '_ {
        (0..LETTERS.len()).filter(|&letter| self.factors.iter().any(|factor| factor.letter == letter))
    }

    /// Every label of the word in a group; `None` where the table is no group, in which powers and inverses have no meaning.
    pub(super) fn problem(&self, name: String, group: &CayleyTable) -> Option<Problem> {
        let (order, letters) = (group.order, self.letters().collect::<Vec<_>>());
        if !group.is_group() {
            return None;
        }
        let (identity, inverses) = (group.identity()?, group.inverses()?);
        let powers: Vec<Vec<u32>> = self
            .factors
            .iter()
            .map(|factor| {
                let of = |a: u32| if factor.exponent < 0 { inverses[a as usize] } else { a };
                (0..order as u32).map(|a| power(group, identity, of(a), factor.exponent.unsigned_abs())).collect()
            })
            .collect();
        // Which operand a factor's letter is, and how many tuples lie between two of its tokens.
        let strides: Vec<usize> = self
            .factors
            .iter()
            .map(|factor| {
                let behind = letters.iter().filter(|&&letter| letter > factor.letter).count();
                order.pow(behind as u32)
            })
            .collect();
        let label = |index: usize| {
            let values = powers.iter().zip(&strides).map(|(powers, stride)| powers[index / stride % order]);
            values.fold(identity, |product, value| group.times(product, value))
        };
        let labels: Vec<u32> = (0..order.pow(letters.len() as u32)).map(label).collect();
        Some(Problem::from_labels(name, order, letters.len(), labels))
    }
}

/// a^exponent by repeated squaring.
fn power(group: &CayleyTable, identity: u32, mut a: u32, mut exponent: u64) -> u32 {
    let mut result = identity;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = group.times(result, a);
        }
        a = group.times(a, a);
        exponent >>= 1;
    }
    result
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.factors.iter().try_for_each(|factor| match factor.exponent {
            1 => write!(f, "{}", LETTERS[factor.letter]),
            exponent => write!(f, "{}^{exponent}", LETTERS[factor.letter]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Structure, Task};
    use proptest::prelude::*;

    fn resolved(text: &str) -> Problem {
        Task::parse(text).unwrap().resolve(None).unwrap()
    }

    /// Permutations of five points, composed point by point: none of it is read off the table of the group.
    #[test]
    fn words_in_s5_are_those_of_permutations() {
        let group = resolved("symmetric:5");
        let table = group.group().unwrap();
        // Elements act on themselves by multiplication from the left: the product of two is one after the other.
        let acts = |a: u32| -> Vec<u32> { (0..120).map(|x| table.times(a, x)).collect() };
        let actions: Vec<Vec<u32>> = (0..120).map(acts).collect();
        let compose = |f: &[u32], g: &[u32]| -> Vec<u32> { g.iter().map(|&x| f[x as usize]).collect() };
        let inverse = |f: &[u32]| -> Vec<u32> {
            let mut g = vec![0; f.len()];
            (0..).zip(f).for_each(|(x, &y)| g[y as usize] = x);
            g
        };
        for (word, of) in [
            (
                "aba^-1",
                &(|a: &[u32], b: &[u32]| compose(&compose(a, b), &inverse(a))) as &dyn Fn(&[u32], &[u32]) -> Vec<u32>,
            ),
            ("aba", &|a, b| compose(&compose(a, b), a)),
            ("ab^-1", &|a, b| compose(a, &inverse(b))),
            ("b^-1ab", &|a, b| compose(&inverse(b), &compose(a, b))),
            ("a^2b^-3", &|a, b| compose(&compose(a, a), &inverse(&compose(b, &compose(b, b))))),
        ] {
            let problem = resolved(&format!("word:{word}:symmetric:5"));
            assert_eq!((problem.n_labels, problem.operand_sizes.as_slice()), (120, [120, 120].as_slice()), "{word}");
            for (index, &label) in problem.labels.iter().enumerate() {
                let expected = of(&actions[index / 120], &actions[index % 120]);
                assert_eq!(actions[label as usize], expected, "{word} at {index}");
            }
        }
    }

    #[test]
    fn laws_of_groups_hold_in_every_family() {
        for of in
            ["symmetric:4", "dihedral:5", "dicyclic:3", "affine:7", "heisenberg:3", "product:cyclic:2,symmetric:3"]
        {
            let group = resolved(of);
            let identity = group.group().unwrap().identity().unwrap();
            let labels = |word: &str| resolved(&format!("word:{word}:{of}")).labels;
            let order = group.n_labels;
            // (aba⁻¹b⁻¹) is the identity where a and b commute, and only there.
            for (index, &label) in labels("aba^-1b^-1").iter().enumerate() {
                let (a, b) = ((index / order) as u32, (index % order) as u32);
                let table = group.group().unwrap();
                assert_eq!(label == identity, table.times(a, b) == table.times(b, a), "{of}");
            }
            assert!(labels(&format!("a^{order}")).iter().all(|&label| label == identity), "{of}");
            assert_eq!(labels("a^-1"), labels(&format!("a^{}", order - 1)), "{of}");
            assert_eq!(labels("a^0b"), (0..order * order).map(|i| (i % order) as u32).collect::<Vec<_>>(), "{of}");
        }
    }

    #[test]
    fn what_is_known_about_the_operation_is_said() {
        let structure = |text: &str| match resolved(text).structure {
            Structure::Group(_) => "group",
            Structure::Quasigroup(_) => "quasigroup",
            Structure::Function => "function",
        };
        assert_eq!(structure("word:ba:symmetric:3"), "group"); // the opposite group
        assert_eq!(structure("word:ab^-1:symmetric:3"), "quasigroup");
        assert_eq!(structure("word:ab^-1:product:cyclic:2,cyclic:2"), "group"); // every element is its own inverse
        assert_eq!(structure("word:aba^-1:symmetric:3"), "function");
        assert_eq!(structure("word:aba:symmetric:3"), "function");
        assert_eq!(structure("word:aba:cyclic:5"), "quasigroup"); // 2a + b
        assert_eq!(resolved("word:a^2:cyclic:5").operand_sizes, [5]);
        assert_eq!(resolved("word:cac:cyclic:3").operand_sizes, [3, 3]);
    }

    #[test]
    fn a_word_has_one_spelling() {
        let canonical = |text: &str| Task::parse(text).unwrap().to_string();
        for text in ["word:a b a^-1:symmetric:5", "word: a*b*a**-1 : symmetric:5", "word:aba^ - 1:symmetric:5"] {
            assert_eq!(canonical(text), "word:aba^-1:symmetric:5", "{text}");
        }
        assert_eq!(canonical("word:aab b^2a^-2:cyclic:3"), "word:a^2b^3a^-2:cyclic:3");
        // The product itself has a name already.
        assert_eq!(canonical("word:ab:symmetric:5"), "symmetric:5");
        assert_eq!(canonical("word:abc:cyclic:5"), "operands:3:cyclic:5");
        assert_eq!(canonical("word:b:cyclic:5"), "word:b:cyclic:5");
    }

    #[test]
    fn mistakes_are_told_with_their_remedy() {
        let check = |text: &str, expected: &str| {
            let told =
                Task::parse(text).and_then(|task| task.resolve(Some("0,2,1\n2,1,0\n1,0,2"))).unwrap_err().to_string();
            assert!(told.contains(expected), "{text}: {told}");
        };
        check(
            "word:axa:cyclic:3",
            "column 2: expected one of the letters a, b, c and d, an inverse being a^-1, found `x`",
        );
        check("word:abA:cyclic:3", "column 3: expected one of the letters");
        check(
            "word:ab*:cyclic:3",
            "column 4: expected one of the letters a, b, c and d, an inverse being a^-1, found the end",
        );
        check("word:ab^:cyclic:3", "column 4: expected a whole number as exponent, found the end");
        check("word:a^4097:cyclic:3", "column 3: an exponent is from -4096 to 4096");
        check(&format!("word:{}:cyclic:3", "ab".repeat(40)), "more than 64 letters");
        check("word::cyclic:3", "column 1: expected one of the letters");
        check("word:aba", "is not of the form `word:WORD:GROUP`");
        check("word:aba:expression:x+y:7", "`expression:x+y:7` has no words");
        check("word:aba:operands:3:cyclic:7", "`operands:3:cyclic:7` has no words");
        check("word:aba:word:aba:cyclic:7", "has no words");
        check("operands:3:word:aba:cyclic:7", "does not take a number of operands");
        check("product:cyclic:2,word:aba:cyclic:7", "cannot be a factor of a product");
        check("word:aba^-1:table:t.csv", "`word:aba^-1:table:t.csv`: a word needs a group, and this table is none");
        check("word:abcda:symmetric:5", "operand tuples, more than");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[a-dx^*0-9 -]{0,30}|.{0,20}") {
            if let Ok(word) = Word::parse(&text) {
                let again = Word::parse(&word.to_string());
                prop_assert_eq!(again, Ok(word));
            }
        }
    }
}
