//! What may break a rule for the time being: for each rule and file a size that may not be exceeded.

use super::{EXCEPTIONS, Finding};
use crate::failure::Failure;
use std::collections::BTreeMap;

const HEAD: &str = "\
# What breaks a house rule and is to be mended step by step: rule, size, file. The size may shrink and not grow; what has been
# mended has to leave the list. `cargo xtask tidy --write-exceptions` writes it anew.
";

/// Sizes by rule and file.
pub(super) struct Exceptions {
    sizes: BTreeMap<(String, String), usize>,
}

impl Exceptions {
    /// Reads lines such as `length 425 crates/dunwu/src/opened.rs`.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let mut sizes = BTreeMap::new();
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let mut words = line.splitn(3, ' ');
            let entry = (|| Some((words.next()?, words.next()?.parse().ok()?, words.next()?)))();
            let Some((rule, size, path)) = entry else {
                return Err(Failure::failed(format!("{EXCEPTIONS}:{}: want `RULE SIZE FILE`, not {line:?}", i + 1)));
            };
            sizes.insert((rule.to_owned(), path.to_owned()), size);
        }
        Ok(Self { sizes })
    }

    pub(super) fn len(&self) -> usize {
        self.sizes.len()
    }

    /// The findings of one rule that no exception covers, and the exceptions that cover nothing any more.
    pub(super) fn problems(&self, rule: &str, findings: &[Finding]) -> Vec<String> {
        let sums = sums(findings);
        let mut problems = Vec::new();
        for (path, size) in &sums {
            let allowed = self.sizes.get(&(rule.to_owned(), (*path).to_owned()));
            if allowed.is_some_and(|allowed| size <= allowed) {
                continue;
            }
            let allowed = allowed.map(|allowed| format!(" (no more than {allowed} of this here, now {size})"));
            let of_file = findings.iter().filter(|finding| finding.path == *path);
            problems.extend(of_file.map(|finding| finding.shown(rule) + allowed.as_deref().unwrap_or_default()));
        }
        let mended = self.sizes.keys().filter(|(of, path)| of == rule && !sums.contains_key(path.as_str()));
        problems.extend(mended.map(|(rule, path)| {
            format!(
                "{rule}: {path}: is mended or gone; take it out of {EXCEPTIONS} (`cargo xtask tidy --write-exceptions`)"
            )
        }));
        problems
    }

    /// Exceptions from rules that there are not.
    pub(super) fn of_no_rule(&self, is_rule: impl Fn(&str) -> bool) -> Vec<String> {
        let strangers = self.sizes.keys().filter(|(rule, _)| !is_rule(rule));
        strangers.map(|(rule, path)| format!("{EXCEPTIONS}: {path}: there is no rule `{rule}`")).collect()
    }
}

/// Size in all by file.
fn sums(findings: &[Finding]) -> BTreeMap<&str, usize> {
    let mut sums = BTreeMap::new();
    for finding in findings {
        *sums.entry(finding.path.as_str()).or_default() += finding.size;
    }
    sums
}

/// The file that excepts all of these, by rule.
pub(super) fn text<'a>(findings: impl Iterator<Item = (&'a str, Vec<Finding>)>) -> String {
    let mut lines = vec![HEAD.to_owned()];
    for (rule, findings) in findings {
        lines.extend(sums(&findings).into_iter().map(|(path, size)| format!("{rule} {size} {path}\n")));
    }
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(sizes: &[(&str, usize)]) -> Vec<Finding> {
        sizes.iter().map(|&(path, size)| Finding::of_file(path, size, "too long".to_owned())).collect()
    }

    #[test]
    fn an_exception_covers_what_is_no_larger() {
        let exceptions = Exceptions::parse("# why\n\nlength 500 a b.rs\n").unwrap();
        assert_eq!(exceptions.problems("length", &findings(&[("a b.rs", 500)])), Vec::<String>::new());
        let grown = exceptions.problems("length", &findings(&[("a b.rs", 501)]));
        assert_eq!(grown, ["length: a b.rs: too long (no more than 500 of this here, now 501)"]);
        // Counted findings add up.
        assert_eq!(exceptions.problems("length", &findings(&[("a b.rs", 300), ("a b.rs", 300)])).len(), 2);
        assert_eq!(
            exceptions.problems("length", &findings(&[("a b.rs", 500), ("c.rs", 1)])),
            ["length: c.rs: too long"]
        );
    }

    #[test]
    fn what_is_mended_has_to_leave_the_list() {
        let exceptions = Exceptions::parse("length 500 a.rs\nwords 2 a.rs\n").unwrap();
        let problems = exceptions.problems("length", &[]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("length: a.rs: is mended or gone"), "{problems:?}");
    }

    #[test]
    fn what_is_written_covers_what_it_was_written_from() {
        let all = || findings(&[("a.rs", 401), ("b c.rs", 7), ("b c.rs", 1)]);
        let text = text([("length", all())].into_iter());
        assert!(text.ends_with("length 401 a.rs\nlength 8 b c.rs\n"), "{text}");
        assert!(Exceptions::parse(&text).unwrap().problems("length", &all()).is_empty());
    }

    #[test]
    fn a_line_that_is_none_is_refused_by_its_number() {
        let Err(Failure::Failed(words)) = Exceptions::parse("# x\nlength many a.rs\n") else { panic!() };
        assert!(words.contains("exceptions.txt:2:") && words.contains("length many a.rs"), "{words}");
    }
}
