//! Patterns read from text, and why a text is none.

use super::{AttentionPattern, LayerSight, MOST_LAYERS, MOST_POSITIONS, Sight};
use std::str::FromStr;

/// What stands behind the name of a layer without positions.
pub(super) const NO_POSITIONS: &str = "-nope";

/// Why a pattern was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Nothing is written where a layer should be.
    #[error("the pattern {pattern:?} names no layer {place}: write one between the strokes, such as window:1024/full")]
    Empty {
        /// What was written.
        pattern: String,
        /// Which layer, counted from 1.
        place: usize,
    },
    /// No sight has this name.
    #[error("unknown attention {written:?}{}; there are {}", nearest(written), forms())]
    Unknown {
        /// What was written.
        written: String,
    },
    /// The sizes are not those of this sight.
    #[error(
        "the attention {written:?} is not of the form {form}, such as {example}, with whole numbers up to {MOST_POSITIONS}"
    )]
    Sizes {
        /// What was written.
        written: String,
        /// How it is written.
        form: &'static str,
        /// For example.
        example: &'static str,
    },
    /// A size of nothing: the query would not see itself.
    #[error(
        "the attention {written:?} sees nothing: its {size} is 0; a query sees at least itself, so write 1 or more"
    )]
    Nothing {
        /// What was written.
        written: String,
        /// Which size.
        size: &'static str,
    },
    /// A chunk that begins behind its own end.
    #[error(
        "the attention {written:?} begins its second chunk at {shift}: write a number below the {size} positions of a chunk"
    )]
    Shift {
        /// What was written.
        written: String,
        /// S.
        shift: usize,
        /// C.
        size: usize,
    },
    /// A layer of which some heads know positions and others do not.
    #[error(
        "the layer {written:?} has heads with positions and heads without: write {NO_POSITIONS} behind all or none of them"
    )]
    Positions {
        /// What was written.
        written: String,
    },
    /// Layers that look ahead beside layers that do not.
    #[error(
        "the pattern {pattern:?} has layers that look ahead beside causal ones: write global:F+W in every layer, or in none"
    )]
    Directions {
        /// What was written.
        pattern: String,
    },
    /// More layers than a pattern may have.
    #[error("the pattern {pattern:?} has more than {MOST_LAYERS} layers")]
    TooLong {
        /// What was written.
        pattern: String,
    },
    /// A number of layers that no network has.
    #[error("a network of {depth} layers: write 1 to {MOST_LAYERS}")]
    Depth {
        /// What was asked for.
        depth: usize,
    },
    /// The pattern has a layer that the network has not.
    #[error(
        "there is no layer {place} for {layer}: the network has {depth}; give it as many layers as the pattern, or shorten the pattern"
    )]
    NoSuchLayer {
        /// The layer of the pattern.
        layer: String,
        /// Its place, counted from 1.
        place: usize,
        /// Layers of the network.
        depth: usize,
    },
}

fn forms() -> String {
    format!("{}; {NO_POSITIONS} behind a name takes its positions away", Sight::FORMS.map(|(form, ..)| form).join(", "))
}

fn name_of(form: &'static str) -> &'static str {
    form.split(':').next().unwrap_or(form)
}

/// The form whose name begins as the word does.
fn nearest(written: &str) -> String {
    let name: String = written.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    let close = Sight::FORMS.iter().find(|(form, ..)| {
        let known = name_of(form);
        name.len() > 1 && (known.starts_with(&name) || name.starts_with(known))
    });
    close.map(|(_, example, _)| format!(" (perhaps {example})")).unwrap_or_default()
}

/// A size: digits alone.
fn size(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|&size| size <= MOST_POSITIONS)
}

/// One head's sight, and whether it has positions.
fn read_head(text: &str) -> Result<(Sight, bool), PatternError> {
    let written = || text.to_owned();
    let (named, sizes) = text.split_once(':').map_or((text, None), |(name, sizes)| (name, Some(sizes)));
    let (name, has_positions) = named.strip_suffix(NO_POSITIONS).map_or((named, true), |name| (name, false));
    let known = Sight::FORMS.iter().find(|(form, ..)| name_of(form) == name);
    let Some(&(form, example, _)) = known else {
        return Err(PatternError::Unknown { written: written() });
    };
    let wrong = || PatternError::Sizes { written: written(), form, example };
    let parting = if name == "dilated" { 'x' } else { '+' };
    let sizes: Vec<usize> = match sizes {
        None => Vec::new(),
        Some(sizes) => sizes.split(parting).map(size).collect::<Option<_>>().ok_or_else(wrong)?,
    };
    let nothing = |size: &'static str| PatternError::Nothing { written: written(), size };
    let sight = match (name, sizes[..].as_ref()) {
        ("full", []) => Sight::Full,
        ("window", [0]) => return Err(nothing("window")),
        ("window", &[recent]) => Sight::Window { recent },
        ("chunked", [0] | [0, _]) => return Err(nothing("chunk")),
        ("chunked", &[size]) => Sight::Chunked { size, shift: 0 },
        ("chunked", &[size, shift]) if shift >= size => {
            return Err(PatternError::Shift { written: written(), shift, size });
        }
        ("chunked", &[size, shift]) => Sight::Chunked { size, shift },
        ("dilated", [0, _]) => return Err(nothing("number of keys")),
        ("dilated", [_, 0]) => return Err(nothing("stride")),
        ("dilated", &[keys, stride]) if keys.saturating_mul(stride) > MOST_POSITIONS => return Err(wrong()),
        ("dilated", &[keys, stride]) => Sight::Dilated { keys, stride },
        ("sinks", [_, 0]) => return Err(nothing("window")),
        ("sinks", &[first, recent]) => Sight::Sinks { first, recent },
        ("global", &[first, side]) => Sight::Global { first, side },
        _ => return Err(wrong()),
    };
    Ok((sight, has_positions))
}

/// One layer, however many heads it is written for.
fn read_layer(text: &str) -> Result<LayerSight, PatternError> {
    let heads: Vec<(Sight, bool)> = text.split(',').map(read_head).collect::<Result<_, _>>()?;
    let has_positions = heads[0].1;
    if heads.iter().any(|head| head.1 != has_positions) {
        return Err(PatternError::Positions { written: text.to_owned() });
    }
    let mut heads: Vec<Sight> = heads.into_iter().map(|(sight, _)| sight).collect();
    if heads.iter().all(|sight| *sight == heads[0]) {
        heads.truncate(1);
    }
    Ok(LayerSight { heads, has_positions })
}

impl FromStr for AttentionPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let mut layers: Vec<LayerSight> = Vec::new();
        for written in text.split('/') {
            if written.is_empty() {
                return Err(PatternError::Empty { pattern: text.to_owned(), place: layers.len() + 1 });
            }
            let repeated = written.split_once('x').and_then(|(times, layer)| Some((size(times)?, layer)));
            let (times, layer) = repeated.unwrap_or((1, written));
            if times == 0 {
                return Err(PatternError::Empty { pattern: text.to_owned(), place: layers.len() + 1 });
            }
            if layers.len() + times > MOST_LAYERS {
                return Err(PatternError::TooLong { pattern: text.to_owned() });
            }
            layers.extend(std::iter::repeat_n(read_layer(layer)?, times));
        }
        let ahead = layers.iter().flat_map(|layer| &layer.heads).filter(|sight| !sight.is_causal()).count();
        let heads: usize = layers.iter().map(|layer| layer.heads.len()).sum();
        if ahead > 0 && ahead < heads {
            return Err(PatternError::Directions { pattern: text.to_owned() });
        }
        Ok(Self { layers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_has_an_example_that_reads_and_is_written_back() {
        for (_, example, _) in Sight::FORMS {
            assert_eq!(example.parse::<AttentionPattern>().unwrap().to_string(), example);
        }
        for (written, back) in [
            ("3xchunked:8192/full-nope", "3xchunked:8192/full-nope"),
            ("window:4/window:4/full", "2xwindow:4/full"),
            ("window:8,window:8,dilated:8x2", "window:8,window:8,dilated:8x2"),
            ("window:8,window:8", "window:8"),
            ("chunked:6+3", "chunked:6+3"),
            ("chunked-nope:6+0", "chunked-nope:6"),
        ] {
            let pattern: AttentionPattern = written.parse().unwrap();
            assert_eq!(pattern.to_string(), back);
            assert_eq!(back.parse::<AttentionPattern>().unwrap(), pattern);
        }
    }

    #[test]
    fn what_is_no_pattern_is_told_what_there_is() {
        for (written, words) in [
            ("", "names no layer 1"),
            ("full/", "names no layer 2"),
            ("2xfull//full", "names no layer 3"),
            ("0xfull", "names no layer 1"),
            ("windows:8", "perhaps window:1024"),
            ("local:8", "there are full, window:W"),
            ("window", "window:W, such as window:1024"),
            ("window:0", "\"window:0\" sees nothing: its window is 0"),
            ("sinks:4+0", "its window is 0"),
            ("chunked:0", "its chunk is 0"),
            ("dilated:0x2", "its number of keys is 0"),
            ("dilated:2x0", "its stride is 0"),
            ("dilated:4+2", "dilated:KxD"),
            ("chunked:4+4", "below the 4 positions"),
            ("window:-3", "window:W"),
            ("window:16777217", "up to 16777216"),
            ("dilated:5000x5000", "up to 16777216"),
            ("full:3", "of the form full"),
            ("full-nope,window:3", "behind all or none"),
            ("full/global:1+2", "look ahead beside causal"),
            ("global:1+2,window:3", "look ahead beside causal"),
            ("600xfull", "more than 512 layers"),
        ] {
            let error = written.parse::<AttentionPattern>().unwrap_err().to_string();
            assert!(error.contains(words), "{written:?}: {error}");
        }
    }

    #[test]
    fn a_pattern_begins_over_and_a_layer_that_does_not_exist_is_named() {
        let pattern: AttentionPattern = "3xwindow:4/full".parse().unwrap();
        assert_eq!(pattern.of_depth(6).unwrap().to_string(), "3xwindow:4/full/2xwindow:4");
        let error = pattern.of_depth(3).unwrap_err().to_string();
        assert!(error.contains("no layer 4 for full: the network has 3"), "{error}");
        assert!(pattern.of_depth(0).unwrap_err().to_string().contains("1 to 512"));
    }

    #[test]
    fn sights_are_what_the_papers_draw() {
        let seen = |written: &str, i: usize| -> Vec<usize> {
            let pattern: AttentionPattern = written.parse().unwrap();
            (0..12).filter(|&j| pattern.layers[0].sees(i, j)).collect()
        };
        assert_eq!(seen("window:3", 7), [5, 6, 7]);
        assert_eq!(seen("chunked:4", 7), [4, 5, 6, 7]);
        assert_eq!(seen("chunked:4", 8), [8]);
        assert_eq!(seen("chunked:4+1", 4), [1, 2, 3, 4]);
        assert_eq!(seen("chunked:4+1", 0), [0]);
        assert_eq!(seen("dilated:3x2", 7), [3, 5, 7]);
        assert_eq!(seen("sinks:2+3", 7), [0, 1, 5, 6, 7]);
        assert_eq!(seen("sinks:4+1", 2), [0, 1, 2]);
        assert_eq!(seen("global:1+2", 7), [0, 5, 6, 7, 8, 9]);
        assert_eq!(seen("global:1+2", 0), (0..12).collect::<Vec<_>>());
        assert_eq!(seen("window:2,dilated:2x4", 7), [3, 6, 7]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_an_error(text in "[a-z0-9:x+,/-]{0,40}|\\PC*") {
            if let Ok(pattern) = text.parse::<AttentionPattern>() {
                prop_assert_eq!(pattern.to_string().parse::<AttentionPattern>().unwrap(), pattern);
            }
        }
    }
}
