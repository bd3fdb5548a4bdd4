//! Text of the user's inside scripts: as one word of a shell, as one option of Slurm, as a file of its own.

/// One word of a shell, whatever is in it.
pub(super) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A line that Slurm reads. Between double quotes it takes all but a backslash and a double quote as it stands, `#` too.
pub(super) fn directive(key: &str, text: &str) -> String {
    format!("#SBATCH --{key}=\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// A command that writes `text` to `path`, with a last line that does not stand in it.
pub(super) fn heredoc(path: &str, text: &str) -> String {
    let mut end = "END_OF_SCRIPT".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    let line_end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("cat >{} <<'{end}'\n{text}{line_end}{end}\n", word(path))
}
