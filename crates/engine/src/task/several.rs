//! Several problems that one network learns at once.

use super::family::Family;
use super::problem::{Problem, SharedProblem, Structure};
use super::spelling::{POPULATION_LIMIT, Task, TaskError};
use std::fmt;

/// Problems over the same operands, in front of which a token names the problem.
pub(super) const SEVERAL: Family = Family {
    name: "several",
    spelling: "several:TASK@SHARE,TASK@SHARE",
    tells: "several problems over the same operands in one network: a first operand names the problem, and its share is that of the \
            training sample; equal shares where none is said",
    example: "several:cyclic:23@0.9,expression:x*y:23@0.1",
};

/// Shares are written to six decimals.
const WHOLE: u32 = 1_000_000;

/// At least two problems and their shares, which are all said or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Several {
    tasks: Vec<Task>,
    /// Millionths, which add up to one; empty where all are equal.
    shares: Vec<u32>,
}

/// Why several problems were refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SeveralError {
    /// One, or none.
    #[error("write at least two problems, with commas between them")]
    TooFew,
    /// Its spelling has commas or a file of its own, or its inputs are no tokens.
    #[error("`{text}` cannot be one of several problems; take a group, operands, a word or an expression")]
    Unfit {
        /// The part of the spelling, as the user wrote it.
        text: String,
    },
    /// No number from a millionth to 1.
    #[error("share `{text}` is not a number above 0 and below 1 of at most six decimals")]
    Share {
        /// The part of the spelling, as the user wrote it.
        text: String,
    },
    /// Some have a share and some have none.
    #[error("`{text}` has no share, and others have; say all shares or none")]
    ShareMissing {
        /// The problem without one.
        text: String,
    },
    /// They add up to something else than one.
    #[error("the shares add up to {sum}; let them add up to 1")]
    Sum {
        /// To what.
        sum: f64,
    },
    /// They are not over the same operands.
    #[error(
        "`{first}` has operands of {} tokens and `{other}` of {}; all problems are over the same operands (a division that leaves out 0 \
         can say what holds there: `x/y if y else 0`)",
        sizes(.first_sizes), sizes(.other_sizes)
    )]
    Operands {
        /// The first problem.
        first: String,
        /// Tokens of its operands.
        first_sizes: Vec<usize>,
        /// The one that differs.
        other: String,
        /// Tokens of its operands.
        other_sizes: Vec<usize>,
    },
}

fn sizes(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" and ")
}

impl Several {
    /// Reads `TASK@SHARE,TASK@SHARE`; `read` reads one of the tasks.
    pub(super) fn read(text: &str, read: impl Fn(&str) -> Result<Task, TaskError>) -> Result<Self, TaskError> {
        let refused = |reason| TaskError::Several { text: text.to_owned(), reason: Box::new(reason) };
        let written: Vec<(&str, Option<&str>)> = text
            .split(',')
            .map(|part| part.split_once('@').map_or((part.trim(), None), |(task, share)| (task.trim(), Some(share))))
            .collect();
        if written.len() < 2 {
            return Err(refused(SeveralError::TooFew));
        }
        let mut tasks = Vec::new();
        for (task, _) in &written {
            let unfit = || refused(SeveralError::Unfit { text: (*task).to_owned() });
            // Refused before it is read: there is no depth of nesting that would be read by recursion.
            if ["several", "base", "product", "table", "recall", "parity", "digits"]
                .contains(&task.split(':').next().unwrap_or("").trim())
            {
                return Err(unfit());
            }
            let task = read(task)?;
            if task.file().is_some() || matches!(task, Task::Product(_)) {
                return Err(unfit());
            }
            tasks.push(task);
        }
        let mut shares = Vec::new();
        if written.iter().any(|(_, share)| share.is_some()) {
            for (task, share) in written {
                let missing = || refused(SeveralError::ShareMissing { text: task.to_owned() });
                let share = share.ok_or_else(missing)?.trim();
                shares.push(millionths(share).ok_or_else(|| refused(SeveralError::Share { text: share.to_owned() }))?);
            }
            let sum: u32 = shares.iter().sum();
            if sum != WHOLE {
                return Err(refused(SeveralError::Sum { sum: f64::from(sum) / f64::from(WHOLE) }));
            }
        }
        Ok(Self { tasks, shares })
    }

    /// The problems, in the order of their tokens.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The problems by name, with their shares.
    pub fn shared(&self) -> Vec<SharedProblem> {
        let equal = (1, self.tasks.len() as u64);
        let share = |i: usize| self.shares.get(i).map_or(equal, |&share| (u64::from(share), u64::from(WHOLE)));
        let named = |(i, task): (usize, &Task)| SharedProblem { name: task.to_string(), share: share(i) };
        self.tasks.iter().enumerate().map(named).collect()
    }

    /// The same with every problem's integer parameter replaced; `None` where one has none.
    pub(super) fn with_order(&self, parameter: u64) -> Option<Self> {
        let tasks = self.tasks.iter().map(|task| task.with_order(parameter)).collect::<Option<_>>()?;
        Some(Self { tasks, shares: self.shares.clone() })
    }

    /// Every label: those of the first problem, then those of the second, and so on.
    pub(super) fn problem(&self, name: String) -> Result<Problem, TaskError> {
        let problems = self.tasks.iter().map(|task| task.resolve(None)).collect::<Result<Vec<_>, _>>()?;
        let (first, n) = (&problems[0], problems.len() as u64);
        for other in &problems {
            if (&other.operand_sizes, &other.operand_firsts) != (&first.operand_sizes, &first.operand_firsts) {
                let reason = SeveralError::Operands {
                    first: first.name.clone(),
                    first_sizes: first.operand_sizes.clone(),
                    other: other.name.clone(),
                    other_sizes: other.operand_sizes.clone(),
                };
                return Err(TaskError::Several { text: self.to_string(), reason: Box::new(reason) });
            }
        }
        let value = n * first.n_population() as u64;
        if value > POPULATION_LIMIT {
            let what = "operand tuples in all its problems";
            return Err(TaskError::Outside { task: name, what, value, least: 2, most: POPULATION_LIMIT });
        }
        let in_front = |own: usize, others: &[usize]| std::iter::once(own).chain(others.iter().copied()).collect();
        Ok(Problem {
            name,
            n_labels: problems.iter().map(|problem| problem.n_labels).max().unwrap_or(0),
            operand_sizes: in_front(problems.len(), &first.operand_sizes),
            operand_firsts: std::iter::once(0).chain(first.operand_firsts.iter().copied()).collect(),
            structure: Structure::Function,
            several: self.shared(),
            labels: problems.iter().flat_map(|problem| &problem.labels).copied().collect(),
            n_features: 0,
            values: Vec::new(),
        })
    }
}

impl fmt::Display for Several {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tasks.iter().enumerate().try_for_each(|(i, task)| {
            write!(f, "{}{task}", if i == 0 { "" } else { "," })?;
            match self.shares.get(i) {
                None => Ok(()),
                // A share is below one, so that its digits are those behind the point.
                Some(share) => write!(f, "@0.{}", format!("{share:06}").trim_end_matches('0')),
            }
        })
    }
}

/// `0.9` as 900,000; `None` for what is no decimal number above 0 and below 1, or has more than six decimals.
fn millionths(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once('.')?;
    let is_number = whole.bytes().all(|byte| byte == b'0') && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let decimals = decimals.trim_end_matches('0');
    if !is_number || decimals.is_empty() || decimals.len() > 6 {
        return None;
    }
    format!("{decimals:0<6}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Problem {
        Task::parse(text).unwrap_or_else(|error| panic!("{error}")).resolve(None).unwrap()
    }

    /// Sums, products and differences from their definitions, tuple by tuple.
    #[test]
    fn every_problem_has_its_own_labels_behind_its_token() {
        let several = problem("several:cyclic:7,expression:x*y:7,word:ab^-1:cyclic:7");
        assert_eq!((several.operand_sizes.as_slice(), several.n_labels), ([3, 7, 7].as_slice(), 7));
        let samples = several.population();
        assert_eq!(samples.len(), 147);
        for i in 0..samples.len() {
            let [which, a, b] = [0, 1, 2].map(|operand| samples.operands[operand][i]);
            let expected = [a + b, a * b, 7 + a - b][which as usize] % 7;
            assert_eq!(samples.labels[i], expected, "{which} of {a}, {b}");
        }
        let three = problem("several:operands:3:cyclic:3,expression:x*y*z:3");
        assert_eq!(three.operand_sizes, [2, 3, 3, 3]);
        assert_eq!(three.labels[27 + 9 * 2 + 3 * 2 + 2], 2); // 2·2·2 mod 3
        assert_eq!(problem("several:cyclic:4,dihedral:2").several[1].share, (1, 2));
    }

    #[test]
    fn spellings_are_canonical() {
        let canonical = |text: &str| Task::parse(text).unwrap().to_string();
        let text = "several:cyclic:23@0.9,expression:x*y:23@0.1";
        assert_eq!(canonical(text), text);
        assert_eq!(canonical("several: cyclic:23 @ 0.900 , expression:x * y:23@.1"), text);
        assert_eq!(canonical("several:cyclic:5,cyclic:5"), "several:cyclic:5,cyclic:5");
        assert_eq!(
            canonical("several:cyclic:5@0.000001,dihedral:2@0.999999"),
            "several:cyclic:5@0.000001,dihedral:2@0.999999"
        );
        let replaced = Task::parse(text).unwrap().with_order(11).unwrap();
        assert_eq!(replaced.to_string(), "several:cyclic:11@0.9,expression:x*y:11@0.1");
    }

    #[test]
    fn mistakes_are_told_with_their_remedy() {
        for (text, expected) in [
            ("several:cyclic:5", "at least two problems"),
            ("several:cyclic:5@0.5,cyclic:5", "`cyclic:5` has no share"),
            ("several:cyclic:5@0.5,cyclic:5@0.4", "add up to 0.9"),
            ("several:cyclic:5@1,cyclic:5@0", "share `1` is not a number above 0 and below 1"),
            ("several:cyclic:5@0.1234567,cyclic:5@0.5", "at most six decimals"),
            ("several:cyclic:5@half,cyclic:5@0.5", "share `half`"),
            ("several:cyclic:5,digits", "`digits` cannot be one of several problems"),
            ("several:cyclic:5,table:t.csv", "`table:t.csv` cannot be one"),
            ("several:cyclic:6,operands:2:table:t.csv", "cannot be one"),
            ("several:cyclic:6,product:cyclic:2,cyclic:3", "`product:cyclic:2` cannot be one"),
            ("several:cyclic:5,several:cyclic:5", "`several:cyclic:5` cannot be one"),
            ("several:cyclic:5,cycle:5", "no task family is called `cycle`"),
            (
                "several:cyclic:23,multiplicative:23",
                "`cyclic:23` has operands of 23 and 23 tokens and `multiplicative:23` of 22 and 22",
            ),
            ("several:cyclic:23,expression:x/y:23", "x/y if y else 0"),
            ("several:cyclic:3000,cyclic:3000", "18000000 operand tuples in all its problems"),
            ("operands:3:several:cyclic:5,cyclic:5", "does not take a number of operands"),
            ("word:aba:several:cyclic:5,cyclic:5", "has no words"),
        ] {
            let told = Task::parse(text).and_then(|task| task.resolve(None)).unwrap_err().to_string();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }
}
