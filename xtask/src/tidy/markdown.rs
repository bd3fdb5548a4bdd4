//! What a Markdown document points at: links, images, names in backticks, and the headings that links go to.

use super::modules::joined;
use super::tree::Tree;

/// A Markdown file.
#[derive(Clone, Copy)]
pub(crate) struct Document<'a> {
    pub(crate) path: &'a str,
    text: &'a str,
}

/// A link or an image of a document.
#[derive(Debug, PartialEq)]
pub(crate) struct Link {
    pub(crate) line: usize,
    /// As it is written.
    pub(crate) target: String,
    /// The folder of the document.
    folder: String,
}

/// All Markdown files.
pub(crate) fn documents(tree: &Tree) -> impl Iterator<Item = Document<'_>> {
    tree.texts_ending(".md").map(|(path, text)| Document { path, text })
}

impl<'a> Document<'a> {
    /// The file of this path, if there is one.
    pub(crate) fn at(tree: &'a Tree, path: &str) -> Option<Self> {
        tree.file(path).map(|(path, text)| Self { path, text })
    }

    /// Lines outside fenced code, with their numbers from 1.
    fn prose(self) -> impl Iterator<Item = (usize, &'a str)> {
        let mut inside = false;
        let numbered = self.text.lines().enumerate().map(|(i, line)| (i + 1, line));
        numbered.filter(move |(_, line)| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            !inside && !fence
        })
    }

    /// Lines inside fenced code.
    pub(crate) fn fenced(self) -> impl Iterator<Item = (usize, &'a str)> {
        let mut inside = false;
        let numbered = self.text.lines().enumerate().map(|(i, line)| (i + 1, line));
        numbered.filter(move |(_, line)| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            inside && !fence
        })
    }

    /// Names in single backticks, each with its line. One that goes over the end of a line is not seen.
    pub(crate) fn names(self) -> impl Iterator<Item = (usize, &'a str)> {
        self.prose().flat_map(|(number, line)| {
            let parts: Vec<&str> = line.split('`').collect();
            // What stands between two backticks; an opening one without a closing one begins nothing.
            let n_closed = (parts.len() - 1) / 2;
            parts.into_iter().skip(1).step_by(2).take(n_closed).map(move |name| (number, name)).collect::<Vec<_>>()
        })
    }

    /// `[text](target)`, `![text](target)`, and `src="target"` or `href="target"` of HTML.
    pub(crate) fn links(self) -> Vec<Link> {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut links = Vec::new();
        for (line, text) in self.prose() {
            // Without what is in backticks, which only shows how a link is written.
            let text: String = text.split('`').step_by(2).collect::<Vec<_>>().join("`");
            for (begin, end) in [("](", &[')', ' '][..]), ("src=\"", &['"']), ("href=\"", &['"'])] {
                let targets = text.split(begin).skip(1).filter_map(|rest| rest.split(end).next());
                links.extend(targets.map(|target| Link { line, target: target.to_owned(), folder: folder.to_owned() }));
            }
        }
        links
    }

    /// The anchors of its headings, as GitHub makes them.
    pub(crate) fn anchors(self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        for heading in self.prose().filter_map(|(_, line)| line.strip_prefix('#')) {
            let words = heading.trim_start_matches('#').trim();
            let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect();
            let n_before = anchors.iter().filter(|before| **before == anchor).count();
            anchors.push(if n_before == 0 { anchor } else { format!("{anchor}-{n_before}") });
        }
        anchors
    }
}

impl Link {
    fn is_elsewhere(&self) -> bool {
        ["http://", "https://", "mailto:"].iter().any(|scheme| self.target.starts_with(scheme))
    }

    /// The path from the checkout's root that it leads to; `None` where it leads out of it or stays in the document.
    pub(crate) fn file(&self) -> Option<String> {
        let (file, _) = self.target.split_once('#').unwrap_or((&self.target, ""));
        (!self.is_elsewhere() && !file.is_empty()).then(|| joined(&self.folder, file))
    }

    /// The heading that it leads to, in its own document or in another.
    pub(crate) fn anchor(&self) -> Option<&str> {
        (!self.is_elsewhere()).then(|| self.target.split_once('#').map(|(_, anchor)| anchor)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# Two words, and `code`!
See [a](b/c.md#d), ![e](../f.svg \"title\") and <img src=\"g.png\">; [out](https://h.org/i.md), [here](#two-words).
```console
$ [no](link) `no name`
```
Names: `x.rs` and `[no](link)`; one ` alone.
## Again
## Again
";

    fn document() -> Document<'static> {
        Document { path: "docs/a.md", text: TEXT }
    }

    #[test]
    fn links_lead_where_they_say() {
        let links = document().links();
        let files: Vec<_> = links.iter().map(|link| (link.line, link.file(), link.anchor())).collect();
        let expected = [
            (2, Some("docs/b/c.md".to_owned()), Some("d")),
            (2, Some("f.svg".to_owned()), None),
            (2, None, None),
            (2, None, Some("two-words")),
            (2, Some("docs/g.png".to_owned()), None),
        ];
        assert_eq!(files, expected);
    }

    #[test]
    fn names_stand_between_backticks_outside_code() {
        let names: Vec<_> = document().names().collect();
        assert_eq!(names, [(1, "code"), (6, "x.rs"), (6, "[no](link)")]);
        assert_eq!(document().fenced().collect::<Vec<_>>(), [(4, "$ [no](link) `no name`")]);
    }

    #[test]
    fn headings_become_anchors_as_on_github() {
        assert_eq!(document().anchors(), ["two-words-and-code", "again", "again-1"]);
    }
}
