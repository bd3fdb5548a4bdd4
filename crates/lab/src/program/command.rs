//! A command as words: parted by spaces, held together by quotes.

/// The words of a command; an error says what is wrong with it.
pub(super) fn words(text: &str) -> Result<Vec<String>, &'static str> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is open; close it");
    }
    words.extend(word);
    if words.is_empty() { Err("there is none; write it like program:python3 simulator.py") } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_part_words_and_quotes_hold_them_together() {
        assert_eq!(words("python3  sim.py --x 1").unwrap(), ["python3", "sim.py", "--x", "1"]);
        assert_eq!(words("sh -c 'echo \"a b\"' \"\"").unwrap(), ["sh", "-c", "echo \"a b\"", ""]);
        assert!(words("  ").is_err() && words("sh -c 'echo").is_err());
    }
}
