//! Which commands the page may give, with which options.

/// What only looks at runs and problems.
const READING: &[&str] = &[
    "attend",
    "audit",
    "compare",
    "coordinates",
    "curvature",
    "doctor",
    "forecast",
    "law",
    "league",
    "ls",
    "measures",
    "next",
    "pair",
    "peaks",
    "phase",
    "presets",
    "race",
    "reach",
    "schema",
    "settings",
    "show",
    "task",
    "unit",
    "verdict",
];

/// What makes, goes on with or remarks on runs.
const CHANGING: &[&str] = &["fork", "note", "resume", "run", "stream", "sweep", "tag"];

/// Options that decide where something is read or written: the server's own, or nobody's. The page needs none.
const PLACES: &[&str] = &["--runs", "--output", "--figures", "--assign", "--open", "--json"];

/// Words of one command, and bytes of one word.
const MOST_WORDS: usize = 200;
const LONGEST_WORD: usize = 10_000;

/// Why the page may not ask this; `None` where it may.
pub(super) fn refusal_to_read(words: &[String]) -> Option<String> {
    refusal(words, READING, "only looks")
}

/// Why the page may not have this done; `None` where it may.
pub(super) fn refusal_to_change(words: &[String]) -> Option<String> {
    refusal(words, CHANGING, "makes or changes runs")
}

fn refusal(words: &[String], allowed: &[&str], what: &str) -> Option<String> {
    let verb = words.first().map_or("", String::as_str);
    if !allowed.contains(&verb) {
        return Some(format!("{verb:?} is no command that {what}: there are {}", allowed.join(", ")));
    }
    if words.len() > MOST_WORDS || words.iter().any(|word| word.len() > LONGEST_WORD) {
        return Some(format!("too long: at most {MOST_WORDS} words of {LONGEST_WORD} bytes"));
    }
    let names_a_place = |word: &&String| PLACES.contains(&word.split('=').next().unwrap_or_default());
    words
        .iter()
        .find(names_a_place)
        .map(|word| format!("{word} is not for the page: the server's folder of runs is used"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn reading_and_changing_are_told_apart_and_places_are_not_named() {
        for reads in [
            "show a",
            "attend m t --head 3.1",
            "unit a 3 --step 40",
            "peaks --run a",
            "race cyclic:23 energy=raw",
            "ls state=grokked",
        ] {
            assert_eq!(refusal_to_read(&words(reads)), None, "{reads}");
            assert!(refusal_to_change(&words(reads)).is_some(), "{reads}");
        }
        for changes in ["run small seed=3", "resume a", "tag a good --remove bad"] {
            assert_eq!(refusal_to_change(&words(changes)), None, "{changes}");
            assert!(refusal_to_read(&words(changes)).is_some(), "{changes}");
        }
        for neither in ["rm a", "serve", "export a", "import x", "chat m", ""] {
            assert!(
                refusal_to_read(&words(neither)).is_some() && refusal_to_change(&words(neither)).is_some(),
                "{neither}"
            );
        }
        for places in
            ["show a --runs /", "peaks cyclic:7 --output x", "peaks cyclic:7 --figures=x", "attend m t --assign x"]
        {
            assert!(refusal_to_read(&words(places)).is_some(), "{places}");
        }
    }

    /// Every command there is belongs to one list or to none on purpose.
    #[test]
    fn no_command_is_forgotten() {
        const FOR_NOBODY: &[&str] = &[
            "chat",
            "completions",
            "derive",
            "export",
            "import",
            "launch",
            "man",
            "mcp",
            "passkey",
            "quals",
            "report",
            "rm",
            "samples",
            "science",
            "serve",
            "serve-model",
            "site",
            "units",
            "work",
        ];
        for command in crate::commands().get_subcommands() {
            let lists = [READING, CHANGING, FOR_NOBODY];
            let n = lists.iter().filter(|list| list.contains(&command.get_name())).count();
            assert_eq!(n, 1, "{}", command.get_name());
        }
    }
}
