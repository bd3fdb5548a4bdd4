//! Why a spec was refused, with the remedy.

use super::attention::PatternError;
use super::setting::Setting;
use super::settings::SETTINGS;
use super::value::{Allowed, Value};
use crate::task::TaskError;

/// Why a setting was refused.
///
/// `Display` is one sentence with its remedy; [`SpecError::headline`] and [`SpecError::help`] are its two halves, for a
/// reader that shows them apart.
#[derive(Debug)]
#[non_exhaustive]
pub enum SpecError {
    /// No setting has this name.
    UnknownKey {
        /// The setting's name as the user wrote it.
        key: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
        /// The names that exist in its section.
        allowed: Vec<&'static str>,
    },
    /// No preset has this name.
    UnknownPreset {
        /// The preset's name as the user wrote it.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
        /// The names that exist.
        allowed: Vec<&'static str>,
    },
    /// A text where a number is wanted, and the like.
    WrongType {
        /// Which setting.
        key: &'static str,
        /// What it allows.
        allowed: Allowed,
        /// What was written.
        found: String,
    },
    /// A number that is too small, too large, or not finite.
    OutOfRange {
        /// Which setting.
        key: &'static str,
        /// What was written.
        value: Value,
        /// What it allows.
        allowed: Allowed,
    },
    /// A word that is none of the allowed ones.
    UnknownValue {
        /// Which setting.
        key: &'static str,
        /// The value as the user wrote it.
        value: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
        /// The words that are allowed.
        allowed: &'static [&'static str],
    },
    /// A setting that the chosen method does not have.
    DoesNotApply {
        /// Which setting.
        key: &'static str,
        /// The setting that chooses the method.
        selector: &'static str,
        /// What it chose.
        selected: String,
        /// Which choices have the setting.
        owners: &'static [&'static str],
    },
    /// A choice that leaves open a setting without a default.
    Missing {
        /// Which setting.
        key: &'static str,
        /// The setting that makes it necessary.
        selector: &'static str,
        /// By this value.
        selected: String,
        /// What the missing one allows.
        allowed: Allowed,
    },
    /// Two settings that contradict each other.
    Conflict {
        /// One.
        key: &'static str,
        /// The other; the same for a setting that is given twice.
        other: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A task whose family does not have one order that could be replaced.
    NoOrder {
        /// The task.
        task: String,
        /// The order that was asked for.
        order: u64,
    },
    /// Something that cannot be done to a run.
    Intervention {
        /// The text of the intervention.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// A task that cannot be read.
    Task(TaskError),
    /// A pattern of attention that cannot be read.
    Attention(PatternError),
}

/// Which half of `key = value` an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The name.
    Key,
    /// What is on its right.
    Value,
}

impl SpecError {
    /// What is wrong, without the remedy.
    pub fn headline(&self) -> String {
        match self {
            Self::UnknownKey { key, .. } => format!("unknown setting {key:?}"),
            Self::UnknownPreset { name, .. } => format!("unknown preset {name:?}"),
            Self::WrongType { key, found, .. } => format!("`{key}` cannot be {found}"),
            Self::OutOfRange { key, value, .. } => format!("`{key}` cannot be {value}"),
            Self::UnknownValue { key, value, .. } => format!("`{key}` cannot be {value:?}"),
            Self::DoesNotApply { key, selector, selected, .. } => {
                format!("`{key}` does not apply: `{selector}` is {selected:?}")
            }
            Self::Missing { key, selector, selected, .. } => format!("`{selector}` {selected:?} needs `{key}`"),
            Self::Conflict { key, other, .. } if key == other => format!("`{key}` is set twice"),
            Self::Conflict { key, other, .. } => format!("`{key}` contradicts `{other}`"),
            Self::NoOrder { task, order } => format!("task {task:?} cannot be given the order {order}"),
            Self::Intervention { text, why } => format!("`interventions` cannot have {text:?}: {why}"),
            Self::Task(error) => error.to_string(),
            Self::Attention(error) => format!("`model.attention`: {error}"),
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::UnknownKey { nearest: Some(nearest), .. }
            | Self::UnknownPreset { nearest: Some(nearest), .. }
            | Self::UnknownValue { nearest: Some(nearest), .. } => format!("did you mean {nearest:?}?"),
            Self::UnknownKey { allowed, .. } | Self::UnknownPreset { allowed, .. } => {
                format!("there are {}", allowed.join(", "))
            }
            Self::UnknownValue { allowed, .. } => format!("allowed: {}", allowed.join(", ")),
            Self::WrongType { allowed, .. } | Self::OutOfRange { allowed, .. } => format!("allowed: {allowed}"),
            Self::DoesNotApply { key, selector, selected, owners } => {
                let setting = key.rsplit('.').next().unwrap_or(key);
                let have = if owners.len() == 1 { "has" } else { "have" };
                format!("{selected} has no {setting}; {} {have} it (`{selector}`)", owners.join(" and "))
            }
            Self::Missing { key, allowed, .. } => format!("add `{key}`, {allowed}; it has no default"),
            Self::Conflict { remedy, .. } => (*remedy).to_owned(),
            Self::NoOrder { .. } => {
                "only families with one number have an order (cyclic:71); write the whole `task` instead".to_owned()
            }
            Self::Intervention { .. } | Self::Task(_) | Self::Attention(_) => return None,
        })
    }

    /// Which half of `key = value` to point at.
    pub fn side(&self) -> Side {
        match self {
            Self::UnknownKey { .. } | Self::DoesNotApply { .. } | Self::Conflict { .. } => Side::Key,
            _ => Side::Value,
        }
    }

    /// The error for a name that is no setting.
    pub fn unknown_key(key: &str) -> Self {
        let section = key.split_once('.').map_or("", |(section, _)| section);
        let mut allowed: Vec<_> = SETTINGS.iter().filter(|s| s.section() == section).map(|s| s.key).collect();
        if section.is_empty() || allowed.is_empty() {
            allowed = SETTINGS.iter().map(Setting::top_level_name).collect();
            allowed.dedup();
        }
        Self::UnknownKey { key: key.to_owned(), nearest: nearest_key(key), allowed }
    }
}

impl std::fmt::Display for SpecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.help() {
            Some(help) => write!(f, "{}: {help}", self.headline()),
            None => write!(f, "{}", self.headline()),
        }
    }
}

impl std::error::Error for SpecError {
    /// A task's error is shown as it stands, so that its cause follows here and it is not said twice.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Task(error) => error.source(),
            _ => None,
        }
    }
}

impl From<PatternError> for SpecError {
    fn from(error: PatternError) -> Self {
        Self::Attention(error)
    }
}

impl From<TaskError> for SpecError {
    fn from(error: TaskError) -> Self {
        Self::Task(error)
    }
}

/// The candidate that begins with the name, else the one at the least edit distance (swapped neighbours count one), if
/// that is at most a third of the name.
pub fn nearest<C>(name: &str, candidates: C) -> Option<&'static str>
where
    C: IntoIterator<Item = &'static str, IntoIter: Clone>,
{
    let name = name.to_lowercase();
    let length = name.chars().count();
    let candidates = candidates.into_iter();
    // Two letters begin too many words.
    let mut longer = candidates.clone().filter(|candidate| length > 2 && candidate.starts_with(&name));
    longer.next().or_else(|| {
        let farthest = (length / 3).max(1);
        // No distance is below the difference of lengths, which costs nothing to compute, whatever somebody takes for a name.
        let alike = candidates.filter(|candidate| candidate.chars().count().abs_diff(length) <= farthest);
        let distances = alike.map(|candidate| (strsim::osa_distance(&name, candidate), candidate));
        let near = distances.filter(|(distance, _)| *distance <= farthest);
        near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
    })
}

/// What was probably meant by a name that is no setting: another name for it, its name without or in the wrong section,
/// a misspelling; in this order.
fn nearest_key(key: &str) -> Option<&'static str> {
    let last = key.rsplit('.').next().unwrap_or(key).to_lowercase();
    let same = |s: &&Setting| s.name() == last || s.other_names.contains(&last.as_str());
    if let Some(setting) = SETTINGS.iter().find(same) {
        return Some(setting.key);
    }
    let of = |name| SETTINGS.iter().find(|s| s.name() == name).map(|s| s.key);
    match key.split_once('.') {
        Some((section, name)) if SETTINGS.iter().any(|s| s.section() == section) => {
            let siblings = || SETTINGS.iter().filter(|s| s.section() == section);
            let name = nearest(name, siblings().map(Setting::name))?;
            siblings().find(|s| s.name() == name).map(|s| s.key)
        }
        Some(_) => nearest(&last, SETTINGS.iter().map(Setting::name)).and_then(of),
        None => nearest(key, SETTINGS.iter().flat_map(|s| [s.top_level_name(), s.key]))
            .or_else(|| nearest(key, SETTINGS.iter().map(Setting::name)).and_then(of)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_key_suggests_what_was_meant() {
        for (written, meant) in [
            ("lr", Some("optimizer.learning_rate")),
            ("model.learning_rate", Some("optimizer.learning_rate")),
            ("optimiser.learning_rate", Some("optimizer.learning_rate")),
            ("optimiser", Some("optimizer")),
            ("learning-rate", Some("optimizer.learning_rate")),
            ("model-width", Some("model.width")),
            ("modle.widht", Some("model.width")),
            ("epochs", Some("steps")),
            ("data.K", Some("model.width")),
            ("weight", Some("optimizer.weight_decay")),
            ("data.mult", Some("data.multiple_of_mlogm")),
            ("model.colour", None),
            ("", None),
        ] {
            assert_eq!(nearest_key(written), meant, "{written}");
        }
    }

    /// Found by `cargo xtask torture --only spec`: it took seconds for kilobytes, and would take hours here.
    #[test]
    fn a_key_of_megabytes_is_answered_at_once() {
        assert_eq!(nearest_key(&"x".repeat(1 << 26)), None);
    }

    #[test]
    fn every_key_is_suggested_for_its_own_misspelling() {
        for setting in SETTINGS {
            let (section, name) = (setting.section(), setting.name());
            let dot = if section.is_empty() { "" } else { "." };
            let written = format!("{section}{dot}{}{name}", &name[..1]);
            assert_eq!(nearest_key(&written), Some(setting.key), "{written}");
        }
    }

    #[test]
    fn other_names_are_names_of_one_setting_only() {
        let mut seen = std::collections::BTreeSet::new();
        for setting in SETTINGS {
            for name in setting.other_names {
                assert!(seen.insert(name), "{name}");
                assert!(SETTINGS.iter().all(|s| s.name() != *name), "{name}");
            }
        }
    }
}
