//! Nested lists as programs print them: Python, `NumPy`, GAP, MATLAB, Mathematica.

use super::{Place, WrittenRow, lines};

/// Brackets within brackets; more are no table, and would be taken apart by recursion.
const DEEPEST: usize = 8;

/// A list, or what stands in one.
enum Node {
    List(Vec<Node>),
    Word(String),
    /// MATLAB's semicolon between rows.
    RowEnd,
}

/// The rows of the text; `None` where it is no nested list.
pub(super) fn read(text: &str) -> Option<Vec<WrittenRow>> {
    let text: Vec<&str> = text.lines().filter(|line| !lines::is_comment(line)).collect();
    let text = text.join("\n").replace("\\\r\n", "").replace("\\\n", ""); // GAP breaks long lines so
    let text = without_name(text.trim());
    if !(text.starts_with(['[', '{']) || text.starts_with("((") || text.starts_with("([")) {
        return None;
    }
    let mut parser = Parser { rest: text };
    let mut lists = Vec::new();
    while parser.rest.starts_with(['[', '{', '(']) {
        lists.push(parser.list()?);
        parser.rest = parser.rest.trim_start_matches([' ', '\n', '\r', '\t', ',', ';']);
    }
    if !is_end(parser.rest) {
        return None;
    }
    // `[0, 1]` and `[2, 3]` on two lines are two rows; one list is a list of rows.
    match <[Vec<Node>; 1]>::try_from(lists) {
        Ok([list]) => rows(list),
        Err(lists) => lists.into_iter().enumerate().map(|(index, list)| row(index, &list)).collect(),
    }
}

/// `t := [`, `table = np.array([`, `array([` and `int t[2][2] = {` without what names them.
fn without_name(text: &str) -> &str {
    if let Some((name, list)) = text.split_once('=')
        && list.trim_start().starts_with(['[', '{', '('])
        && name.starts_with(char::is_alphabetic)
        && !name.contains(['\n', '=', '{', '"'])
    {
        return list.trim_start();
    }
    let Some(begin) = text.find(['[', '{']).filter(|&begin| begin > 0) else { return text };
    let before = text[..begin].trim_end_matches([' ', '\n', '\r', '\t']);
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ' ' | ':' | '=' | '(');
    let is_named =
        before.ends_with(['=', '(']) && before.starts_with(char::is_alphabetic) && before.chars().all(is_name);
    if is_named { &text[begin..] } else { text }
}

/// `)`, `;` and `, dtype=int64)` behind the list.
fn is_end(rest: &str) -> bool {
    let rest = rest.trim_end_matches([')', ';', ' ', '\n', '\r', '\t']);
    rest.is_empty() || rest.starts_with("dtype=") || rest.starts_with("device=")
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    /// The list that begins here.
    fn list(&mut self) -> Option<Vec<Node>> {
        let mut open: Vec<(char, Vec<Node>)> = Vec::new();
        loop {
            let c = self.rest.chars().next()?;
            let mut length = c.len_utf8();
            let node = match c {
                // Lists of lists are two deep; GAP and `data=[…]` add brackets.
                '[' | '{' | '(' if open.len() == DEEPEST => return None,
                '[' | '{' | '(' => {
                    open.push((c, Vec::new()));
                    None
                }
                ']' | '}' | ')' => {
                    let (begin, list) = open.pop()?;
                    if !matches!((begin, c), ('[', ']') | ('{', '}') | ('(', ')')) {
                        return None;
                    }
                    if open.is_empty() {
                        self.rest = &self.rest[length..];
                        return Some(list);
                    }
                    Some(Node::List(list))
                }
                ';' => Some(Node::RowEnd),
                ',' => None,
                c if c.is_whitespace() => None,
                '"' | '\'' => {
                    let end = self.rest[1..].find(c)?;
                    length = end + 2;
                    Some(Node::Word(self.rest[1..=end].to_owned()))
                }
                _ => {
                    let is_end =
                        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '[' | ']' | '{' | '}' | '(' | ')');
                    length = self.rest.find(is_end).unwrap_or(self.rest.len());
                    Some(Node::Word(self.rest[..length].to_owned()))
                }
            };
            if let Some(node) = node {
                open.last_mut()?.1.push(node);
            }
            self.rest = &self.rest[length..];
        }
    }
}

/// Lists within the list, or rows between semicolons, or lone values.
fn rows(list: Vec<Node>) -> Option<Vec<WrittenRow>> {
    if list.iter().any(|node| matches!(node, Node::RowEnd)) {
        let rows = list.split(|node| matches!(node, Node::RowEnd)).filter(|row| !row.is_empty());
        return rows.enumerate().map(|(index, nodes)| row(index, nodes)).collect();
    }
    let rows = list.into_iter().enumerate().map(|(index, node)| match node {
        Node::List(list) => row(index, &list),
        Node::Word(word) => {
            Some(WrittenRow { place: Place::Entry(index + 1), written: word.clone(), cells: vec![word], is_lone: true })
        }
        Node::RowEnd => None,
    });
    rows.collect()
}

fn row(index: usize, nodes: &[Node]) -> Option<WrittenRow> {
    let word = |node: &Node| match node {
        Node::Word(word) => Some(word.clone()),
        Node::List(_) | Node::RowEnd => None,
    };
    let cells: Vec<String> = nodes.iter().map(word).collect::<Option<_>>()?;
    Some(WrittenRow {
        place: Place::Entry(index + 1),
        written: format!("[{}]", cells.join(",")),
        cells,
        is_lone: false,
    })
}
