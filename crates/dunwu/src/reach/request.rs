//! Which design is asked about, in words.

use super::cost::CacheShape;
use super::presets::{DESIGNS, Design};
use crate::verb::{VerbError, key_value};
use dunwu_engine::spec::attention::{AttentionPattern, LayerSight, MOST_POSITIONS, Sight};
use dunwu_engine::spec::nearest;

/// Separate keys that may be followed in all: about ten seconds.
const MOST_WORK: f64 = 2e9;
/// The longest text that is taken where none is named.
const LONGEST_UNNAMED: usize = 1 << 20;

/// A design, checked.
#[derive(Clone, Debug)]
pub struct ReachRequest {
    /// What was asked about: a pattern or the name of a design.
    pub subject: String,
    /// The published design, where one was named.
    pub design: Option<&'static Design>,
    /// The pattern before it was begun over.
    pub written: AttentionPattern,
    /// What each layer sees, all layers written out.
    pub pattern: AttentionPattern,
    /// Positions of the text.
    pub length: usize,
    /// The size of keys and values, where it is known.
    pub cache: Option<CacheShape>,
}

impl ReachRequest {
    /// What the words after the subject may be: the key, its form and what it says.
    pub const KEYS: [(&'static str, &'static str); 4] = [
        ("layers=N", "layers; the pattern begins over at its end"),
        ("length=N", "positions of the text"),
        ("key_heads=N", "key heads of a layer, for the cache's size in bytes"),
        ("head_width=N", "numbers of one head's key, for the same"),
    ];

    /// A pattern or a design, then keys with values.
    pub fn from_words(words: &[String]) -> Result<Self, VerbError> {
        let Some((subject, keys)) = words.split_first() else {
            return Err(VerbError::usage(format!(
                "no attention design is named: write a pattern, such as 3xchunked:8192/full, or one of {}",
                names()
            )));
        };
        let design = Design::find(subject);
        let pattern = match design {
            Some(design) => design.pattern.parse(),
            None => subject.parse::<AttentionPattern>(),
        };
        let pattern = pattern.map_err(|error| not_understood(subject, &error.to_string()))?;
        let mut request = Self {
            subject: subject.clone(),
            design,
            length: 0,
            cache: design.map(|design| design.cache),
            written: pattern.clone(),
            pattern: pattern.clone(),
        };
        let mut depth = design.map_or(pattern.layers.len(), |design| design.layers);
        let (mut length, mut shape) = (design.map(|design| design.length), [None, None]);
        for word in keys {
            let (key, value) = key_value(word)?;
            match key {
                "layers" => depth = whole(word, value, usize::MAX)?,
                "length" => length = Some(whole(word, value, MOST_POSITIONS)?),
                "key_heads" => shape[0] = Some(whole(word, value, 1 << 16)?),
                "head_width" => shape[1] = Some(whole(word, value, 1 << 16)?),
                _ => {
                    let known = Self::KEYS.map(|(form, _)| form.trim_end_matches("=N"));
                    let close = nearest(key, known).map(|near| format!(" (perhaps {near}=)")).unwrap_or_default();
                    return Err(VerbError::usage(format!(
                        "{word:?}: unknown key {key:?}{close}; there are {}",
                        known.join(", ")
                    )));
                }
            }
        }
        request.pattern = pattern.of_depth(depth).map_err(VerbError::usage)?;
        match (shape, request.cache) {
            ([None, None], _) => {}
            ([heads, width], known) => {
                let heads = heads.or(known.map(|known| known.key_heads));
                let width = width.or(known.map(|known| known.head_width));
                let (Some(key_heads), Some(head_width)) = (heads, width) else {
                    return Err(VerbError::usage("the size of a cache needs both key_heads=N and head_width=N"));
                };
                request.cache = Some(CacheShape { key_heads, head_width });
            }
        }
        request.length = length.unwrap_or_else(|| usual_length(&request.pattern));
        request.check_work()?;
        Ok(request)
    }

    /// Refuses what would take minutes: separate keys of dilated layers in long texts.
    fn check_work(&self) -> Result<(), VerbError> {
        let layers = self.pattern.layers.len() as f64;
        let apart = |sight: &Sight| match *sight {
            Sight::Dilated { keys, stride } if stride > 1 => {
                (layers * keys as f64).min(self.length as f64 / stride as f64) * (keys as f64).log2().max(1.0)
            }
            _ => 1.0,
        };
        let heads = self.pattern.layers.iter().flat_map(|layer| &layer.heads);
        let Some((sight, ranges)) = heads.map(|sight| (sight, apart(sight))).max_by(|a, b| a.1.total_cmp(&b.1)) else {
            return Ok(());
        };
        let queries = self.length.min(1024) as f64;
        if queries * layers * layers / 2.0 * ranges <= MOST_WORK {
            return Ok(());
        }
        Err(VerbError::usage(format!(
            "{sight} in {layers} layers over {} positions has too many separate keys to follow: take a shorter length=, or fewer layers=",
            self.length
        )))
    }
}

/// Where the first word is neither a pattern nor a design.
fn not_understood(subject: &str, error: &str) -> VerbError {
    // What has sizes or strokes was meant as a pattern.
    if subject.contains([':', '/', ',']) {
        return VerbError::usage(error);
    }
    let near = nearest(subject, DESIGNS.iter().map(|design| design.name)).map(|name| format!(" (perhaps {name})"));
    VerbError::usage(format!("{error}; designs are {}{}", names(), near.unwrap_or_default()))
}

fn names() -> String {
    DESIGNS.iter().map(|design| design.name).collect::<Vec<_>>().join(", ")
}

/// A whole number from 1 on.
fn whole(word: &str, value: &str, most: usize) -> Result<usize, VerbError> {
    let number = value.parse::<usize>().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| {
        let bound = if most == usize::MAX { "from 1 on".to_owned() } else { format!("from 1 to {most}") };
        VerbError::usage(format!("{word:?}: write a whole number {bound}"))
    })
}

/// Long enough for what fades to be seen: four times the largest size, and beyond what layers of windows add up to.
fn usual_length(pattern: &AttentionPattern) -> usize {
    let size = |sight: &Sight| match *sight {
        Sight::Full => 1,
        Sight::Window { recent } => recent,
        Sight::Chunked { size, .. } => size,
        Sight::Dilated { keys, stride } => keys * stride,
        Sight::Sinks { first, recent } => first + recent,
        Sight::Global { first, side } => first + side + 1,
    };
    let of_layer = |heads: &Vec<Sight>| heads.iter().map(size).max().unwrap_or(1);
    let sizes: Vec<usize> = pattern.layers.iter().map(|layer| of_layer(&layer.heads)).collect();
    let largest = sizes.iter().copied().max().unwrap_or(1);
    let added: usize = if pattern.layers.iter().any(LayerSight::is_full) { 0 } else { sizes.iter().sum() };
    (4 * largest).max(added + largest).clamp(24, LONGEST_UNNAMED.max(largest).min(MOST_POSITIONS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(words: &str) -> Result<ReachRequest, String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        ReachRequest::from_words(&words).map_err(|error| match error {
            VerbError::Usage(mistake) => mistake.message,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn every_design_reads_and_has_whole_layers() {
        for design in DESIGNS {
            let request = request(design.name).unwrap();
            assert_eq!(request.pattern.layers.len(), design.layers, "{}", design.name);
            assert_eq!(request.length, design.length);
            assert!(!design.source.is_empty() && request.cache.is_some());
        }
        let scout = request("llama-4-scout length=20000 layers=8").unwrap();
        assert_eq!(
            (scout.length, scout.pattern.to_string()),
            (20_000, "3xchunked:8192/full-nope/3xchunked:8192/full-nope".to_owned())
        );
    }

    #[test]
    fn a_text_is_long_enough_unless_it_is_named() {
        assert_eq!(request("3xchunked:6").unwrap().length, 24);
        assert_eq!(request("full").unwrap().length, 24);
        assert_eq!(request("window:100 layers=10").unwrap().length, 1100);
        assert_eq!(request("window:100 layers=10 length=7").unwrap().length, 7);
        assert_eq!(request("window:100 key_heads=2 head_width=64").unwrap().cache.unwrap().bytes_a_key(), 512);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_name() {
        for (words, wanted) in [
            ("", "3xchunked:8192/full, or one of llama-4-scout"),
            ("window:0", "\"window:0\" sees nothing"),
            ("lama-4-scout", "perhaps llama-4-scout"),
            ("3xwindow:8/full layers=3", "no layer 4 for full: the network has 3"),
            ("full layers=600", "600 layers: write 1 to 512"),
            ("full length=0", "\"length=0\": write a whole number from 1 to 16777216"),
            ("full length=99999999", "from 1 to 16777216"),
            ("full lenght=9", "perhaps length="),
            ("full length", "no KEY=VALUE"),
            ("full key_heads=4", "both key_heads=N and head_width=N"),
            ("dilated:8000x2000 layers=512", "dilated:8000x2000 in 512 layers"),
        ] {
            let error = request(words).unwrap_err();
            assert!(error.contains(wanted), "{words:?}: {error}");
        }
    }
}
