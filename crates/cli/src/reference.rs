//! `dunwu presets`, `settings`, `measures`, `task` and `schema`: what there is to choose from, and what programs read.

use crate::Place;
use crate::failure::Failure;
use crate::say::say;
use crate::{print, watching};
use dunwu::verb::VerbError;
use dunwu_report::reference;
use dunwu_report::verbs::{self, VERBS};

/// Help of `dunwu task` in one paragraph, for lists of commands.
pub(crate) const TASK: &str =
    "A problem: order, classes, irreps, characters, a corner of the table. Without SPEC, the families there are";

/// Help of `dunwu task` in full, with the forms of the files that `task=table:FILE` and `data.split` name.
pub(crate) const TASK_AND_FILES: &str = r#"A problem: order, classes, irreps, characters, a corner of the table. Without SPEC, the families there are

`table:FILE` reads a Cayley table. A row a line, cells between commas, semicolons, tabs, bars or blanks; lines that begin with # or
% are comments. Or nested lists as JSON, YAML, Python, NumPy, PyTorch, R, GAP, MATLAB, Julia, Mathematica and C write them.
Elements are numbers from 0, numbers from 1, or names; names may stand above the columns and in front of the rows, in any order.
Without such a border, names count in the order of the first row, which has to be the first column too. Three columns are triples
a, b, ab.

    0,1,2          *  e  r  s         [ [ 1, 2, 3 ],         {"index_base": 1,
    1,2,0          e  e  r  s           [ 2, 3, 1 ],          "table": [[1,2,3],
    2,0,1          r  r  s  e           [ 3, 1, 2 ] ]          [2,3,1],[3,1,2]]}
                   s  s  e  r

`data.split=FILE` of a run names its training samples in the same forms: pairs `a,b`; or places a·p + b, one a line; or a mask of 0
and 1 (or false and true) for every sample; or columns with names, of which `split` or `train` says which; or JSON, also under
"train". Counted from 0, unless a line `# index_base = 1` stands above or "index_base": 1 in an object. Where inputs are no tokens
(parity, digits), a sample is its number."#;

pub(crate) fn presets(place: &Place) {
    print::without_page(&reference::presets(), place);
}

pub(crate) fn settings(place: &Place) {
    print::without_page(&reference::settings(), place);
}

pub(crate) fn measures(name: Option<&str>, place: &Place) -> Result<(), Failure> {
    print::without_page(&watching::unwatched(reference::measures(name))?, place);
    Ok(())
}

/// Examples of tasks as the setting `task` spells them, in a line.
pub(crate) const SPELLINGS: &str =
    "`cyclic:71`, `product:cyclic:2,cyclic:3`, `word:aba^-1:symmetric:5`, `expression:x/y:97`, `table:FILE`, …";

/// How the setting `task` is spelled, a paragraph each kind of task.
pub(crate) const FORMATS: &str = "\
`cyclic:71`, `symmetric:4`, `product:cyclic:2,cyclic:3`, `operands:3:cyclic:23`, …; `dunwu task` lists all

Formulas: `expression:FORMULA:M` in x, y, z, w modulo M
  + - * / and ^ or **   / is division modulo M; an operand that must not be 0 begins at 1
  a//b, a%b             quotient and remainder of the whole numbers 0 to M - 1
  A if C else B         A where C is not 0 or its comparison holds, == != < <= > >=
  `expression:x/y:97`, `expression:x/y if y%2 else x-y:97`

Words: `word:WORD:GROUP`, letters a, b, c, d with exponents
  `word:aba^-1:symmetric:5` (conjugation), `word:ab^-1:cyclic:7`

More operands: `operands:N:GROUP`, a product of N elements from left to right
  `operands:3:cyclic:23` is a + b + c mod 23

Several problems at once: `several:TASK@SHARE,TASK@SHARE`, over the same operands
  `several:cyclic:23@0.9,expression:x*y:23@0.1`; equal shares where none is said

Digits: `base:B:TASK`, every operand as its digits, the most significant first
  `base:10:cyclic:100` adds two numbers of two digits

Tables: `table:FILE`, a group or quasigroup from a file in one of the forms above";

pub(crate) fn task(spelling: Option<&str>, place: &Place) -> Result<(), Failure> {
    print::without_page(&watching::unwatched(reference::task(spelling))?, place);
    Ok(())
}

/// The schema of the verb's answers as JSON, or those of all verbs by name.
pub(crate) fn schema(name: Option<&str>) -> Result<(), Failure> {
    let schema = match name {
        None => verbs::schemas(),
        Some(name) => match verbs::find(name) {
            Some(verb) => verbs::schema(verb).to_value(),
            None => {
                let names: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
                let message = format!("no verb {name:?} has a schema; there are {}", names.join(", "));
                return Err(Failure::of_verb(VerbError::usage(message), None));
            }
        },
    };
    say!("{schema:#}");
    Ok(())
}
