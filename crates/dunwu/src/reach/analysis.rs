//! The whole of what is said of a design.

use super::cost::LayerKind;
use super::exchange::Exchange;
use super::request::ReachRequest;
use crate::verb::{VerbError, Watcher};
use dunwu_engine::spec::attention::{LayerSight, Sight};

/// What an attention design can exchange and what it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Reach {
    /// What was asked about.
    pub subject: String,
    /// What each layer sees, as it is written; begun over until there are all layers.
    pub pattern: String,
    /// Layers.
    pub n_layers: usize,
    /// Positions of the text.
    pub length: usize,
    /// Whether no position sees a later one.
    pub is_causal: bool,
    /// Through all layers.
    pub all: Exchange,
    /// Through the layers that do not see everything, where there are both kinds.
    pub local: Option<Exchange>,
    /// Kinds of layers with their costs.
    pub kinds: Vec<LayerKind>,
    /// Scores that all layers compute, of those that full attention would.
    pub score_share: f64,
    /// Keys that all layers' caches hold at the end, of those that full attention would; `None` where it looks ahead.
    pub cache_share: Option<f64>,
    /// Bytes of these caches, with numbers of 16 bits; `None` where the size of a key is not known.
    pub cache_bytes: Option<f64>,
    /// The longest distance that a layer with positions compares; `None` where no layer has positions.
    pub longest_with_positions: Option<usize>,
    /// Where the design is published, and what its structure leaves out.
    pub published: Option<(&'static str, &'static str)>,
}

/// Follows what every layer sees.
pub fn reach(request: &ReachRequest, watcher: &mut Watcher<'_>) -> Result<Reach, VerbError> {
    let (length, layers) = (request.length, &request.pattern.layers);
    let is_causal = request.pattern.is_causal();
    let extent = extent(layers, length);
    let through = |layers: Vec<&LayerSight>| Exchange::of(&layers, length, extent);
    let local: Vec<&LayerSight> = layers.iter().filter(|layer| !layer.is_full()).collect();
    let all = through(layers.iter().collect());
    if watcher.is_stopped() {
        return Err(VerbError::Stopped);
    }
    let local = (!local.is_empty() && local.len() < layers.len()).then(|| through(local));
    let kinds = LayerKind::all(layers, length);
    let n_layers = layers.len() as f64;
    let sum = |of: &dyn Fn(&LayerKind) -> f64| kinds.iter().map(|kind| kind.n_layers as f64 * of(kind)).sum::<f64>();
    let scores = sum(&|kind| kind.cost.scores);
    let held = is_causal.then(|| sum(&|kind| kind.cost.cached.unwrap_or(0.0)));
    let with_positions = kinds.iter().filter(|kind| kind.has_positions).map(|kind| kind.longest);
    Ok(Reach {
        subject: request.subject.clone(),
        pattern: request.written.to_string(),
        n_layers: layers.len(),
        length,
        is_causal,
        all,
        local,
        score_share: scores / (n_layers * LayerKind::full_scores(length, is_causal)),
        cache_share: held.map(|held| held / (n_layers * length as f64)),
        cache_bytes: held.and_then(|held| Some(held * request.cache?.bytes_a_key() as f64)),
        longest_with_positions: with_positions.max(),
        kinds,
        published: request.design.map(|design| (design.source, design.remark)),
    })
}

/// How much of the text a map shows: four chunks, or half as far again as layers of windows add up to.
fn extent(layers: &[LayerSight], length: usize) -> usize {
    let local = || layers.iter().filter(|layer| !layer.is_full());
    let chunk = |sight: &Sight| if let Sight::Chunked { size, .. } = sight { *size } else { 0 };
    let span = |sight: &Sight| match *sight {
        Sight::Window { recent } | Sight::Sinks { recent, .. } => recent - 1,
        Sight::Dilated { keys, stride } => (keys - 1) * stride,
        Sight::Global { side, .. } => side,
        Sight::Full | Sight::Chunked { .. } => 0,
    };
    let chunks = local().flat_map(|layer| &layer.heads).map(chunk).max().unwrap_or(0);
    let spans: usize = local().map(|layer| layer.heads.iter().map(span).max().unwrap_or(0)).sum();
    (4 * chunks).max(spans * 3 / 2).max(24).min(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    fn of(words: &str) -> Reach {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let request = ReachRequest::from_words(&words).unwrap();
        let stop = AtomicBool::new(false);
        reach(&request, &mut Watcher::new(&mut |_| {}, &stop)).unwrap()
    }

    /// Three of four layers of Llama 4 see a chunk of 8,192: there the token at 8,192 hears of nobody. The fourth sees all.
    #[test]
    fn llama_4_is_blind_after_a_border_but_for_its_layers_without_positions() {
        let scout = of("llama-4-scout");
        assert_eq!((scout.all.blind_share(), scout.all.by_hops.len()), (0.0, 1));
        let local = scout.local.unwrap();
        assert_eq!(local.n_layers, 36);
        let worst = local.worst.unwrap();
        assert_eq!((worst.query, worst.sight, worst.before), (8192, 0, 8191));
        assert!(local.blind_share() > 0.99, "of 10 million positions a chunk is little: {}", local.blind_share());
        assert_eq!(scout.longest_with_positions, Some(8191));
        // 36 layers hold 8,192 keys and 12 hold all.
        let wanted = (36.0 * 8192.0 / 10_485_760.0 + 12.0) / 48.0;
        assert!((scout.cache_share.unwrap() - wanted).abs() < 1e-12);
        assert_eq!(scout.cache_bytes, Some((36.0 * 8192.0 + 12.0 * 10_485_760.0) * 4096.0));
    }

    #[test]
    fn layers_of_windows_add_up_and_a_first_token_that_sees_all_joins_everything() {
        let mistral = of("mistral-7b");
        assert_eq!((mistral.all.blind(), mistral.all.worst, mistral.local), (0, None, None));
        // 4,095 positions a layer: the last position hears of the first in ⌈32,767 / 4,095⌉ = 9 hops.
        assert_eq!(mistral.all.distances.last().unwrap().fewest(), Some(9));
        let longformer = of("longformer-base");
        assert_eq!((longformer.all.blind(), longformer.all.by_hops.len(), longformer.cache_share), (0, 2, None));
        // One layer more than the span of 256 a side, without the first token.
        let without = of("global:0+256 layers=12 length=4096");
        assert_eq!(without.all.distances.last().unwrap().fewest(), None);
    }

    #[test]
    fn costs_are_shares_of_full_attention() {
        let full = of("full layers=3 length=50");
        assert_eq!((full.score_share, full.cache_share, full.cache_bytes), (1.0, Some(1.0), None));
        let half = of("window:5/full length=10");
        // 10 + 9 + … of 55 scores: a window of 5 has 5 · 6/2 + 5 · 5 = 40.
        assert_eq!((half.score_share, half.cache_share), (95.0 / 110.0, Some(0.75)));
    }
}
