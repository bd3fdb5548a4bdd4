//! The words for attention: which positions a query sees in each layer, and how such a pattern is written.
//!
//! ```text
//! full/3xchunked:8192            layers from the bottom, parted by a stroke; 3x repeats one
//! window:64,dilated:64x2         heads that differ, in equal shares, parted by a comma
//! chunked:8192/full-nope         a layer without positions
//! ```
//!
//! A pattern of fewer layers than a network has begins over at its end. Positions count from 0, and a query sees itself.

mod parse;

pub use parse::PatternError;

use std::fmt::{self, Display, Formatter};

/// Most positions that a size may name: more than any model reads, and few enough that sizes do not overflow.
pub const MOST_POSITIONS: usize = 1 << 24;

/// Most layers of a pattern.
pub const MOST_LAYERS: usize = 512;

/// Which keys j the query at position i sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// `full`: j ≤ i.
    Full,
    /// `window:W`: i − W < j ≤ i (Mistral 7B, arXiv:2310.06825).
    Window {
        /// W, keys with the query's own.
        recent: usize,
    },
    /// `chunked:C` or `chunked:C+S`: j ≤ i in the same chunk; chunks begin at S, S + C, … (Llama 4).
    Chunked {
        /// C, positions of a chunk.
        size: usize,
        /// S, where the second chunk begins; below C.
        shift: usize,
    },
    /// `dilated:KxD`: j = i − k D for 0 ≤ k < K (Longformer, arXiv:2004.05150).
    Dilated {
        /// K, keys.
        keys: usize,
        /// D, positions from one key to the next.
        stride: usize,
    },
    /// `sinks:F+W`: j < F or i − W < j ≤ i, never beyond i (`StreamingLLM`, arXiv:2309.17453).
    Sinks {
        /// F, first positions.
        first: usize,
        /// W, keys with the query's own.
        recent: usize,
    },
    /// `global:F+W`: |i − j| ≤ W, and the first F positions see all and are seen by all; it looks ahead, as encoders do
    /// (Longformer, arXiv:2004.05150).
    Global {
        /// F, first positions.
        first: usize,
        /// W, positions to each side.
        side: usize,
    },
}

impl Sight {
    /// Every form with an example and what it sees, for help and errors.
    pub const FORMS: [(&str, &str, &str); 6] = [
        ("full", "full", "all positions up to its own"),
        ("window:W", "window:1024", "the last W positions, its own among them"),
        ("chunked:C", "chunked:8192", "its chunk of C up to its own; C+S: the second begins at S"),
        ("dilated:KxD", "dilated:64x2", "K positions that are D apart, the last of them its own"),
        ("sinks:F+W", "sinks:4+1020", "the first F and the last W positions"),
        ("global:F+W", "global:1+256", "W to each side; the first F see all and are seen by all"),
    ];

    /// Whether the query at position i sees the key at position j: the definition.
    pub fn sees(&self, i: usize, j: usize) -> bool {
        match *self {
            Self::Full => j <= i,
            Self::Window { recent } => j <= i && i - j < recent,
            Self::Chunked { size, shift } => j <= i && (i + size - shift) / size == (j + size - shift) / size,
            Self::Dilated { keys, stride } => j <= i && (i - j).is_multiple_of(stride) && (i - j) / stride < keys,
            Self::Sinks { first, recent } => j <= i && (j < first || i - j < recent),
            Self::Global { first, side } => j < first || i < first || i.abs_diff(j) <= side,
        }
    }

    /// Whether no query sees a later key.
    pub fn is_causal(&self) -> bool {
        !matches!(self, Self::Global { .. })
    }
}

/// What one layer sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSight {
    /// What its heads see, in equal shares of the heads; one where all see the same.
    pub heads: Vec<Sight>,
    /// Whether it knows the positions of its keys; `-nope` says that it does not.
    pub has_positions: bool,
}

impl LayerSight {
    /// A layer with positions whose heads all see the same.
    pub fn of(sight: Sight) -> Self {
        Self { heads: vec![sight], has_positions: true }
    }

    /// Whether some head of the layer sees the key at position j from position i.
    pub fn sees(&self, i: usize, j: usize) -> bool {
        self.heads.iter().any(|sight| sight.sees(i, j))
    }

    /// Whether some head sees all that is to be seen.
    pub fn is_full(&self) -> bool {
        self.heads.contains(&Sight::Full)
    }
}

/// What each layer sees, from the bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttentionPattern {
    /// At least one layer; all causal, or all looking ahead.
    pub layers: Vec<LayerSight>,
}

impl AttentionPattern {
    /// Full attention in every layer.
    pub fn full() -> Self {
        Self { layers: vec![LayerSight::of(Sight::Full)] }
    }

    /// The pattern of a network of so many layers: begun over at its end.
    pub fn of_depth(&self, depth: usize) -> Result<Self, PatternError> {
        if depth == 0 || depth > MOST_LAYERS {
            return Err(PatternError::Depth { depth });
        }
        if self.layers.len() > depth {
            return Err(PatternError::NoSuchLayer { layer: self.layers[depth].to_string(), place: depth + 1, depth });
        }
        Ok(Self { layers: self.layers.iter().cycle().take(depth).cloned().collect() })
    }

    /// Whether no query sees a later key.
    pub fn is_causal(&self) -> bool {
        self.layers.iter().all(|layer| layer.heads.iter().all(Sight::is_causal))
    }
}

impl Display for Sight {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_sight(f, *self, "")
    }
}

/// The sight with what stands behind its name.
fn write_sight(f: &mut Formatter<'_>, sight: Sight, suffix: &str) -> fmt::Result {
    match sight {
        Sight::Full => write!(f, "full{suffix}"),
        Sight::Window { recent } => write!(f, "window{suffix}:{recent}"),
        Sight::Chunked { size, shift: 0 } => write!(f, "chunked{suffix}:{size}"),
        Sight::Chunked { size, shift } => write!(f, "chunked{suffix}:{size}+{shift}"),
        Sight::Dilated { keys, stride } => write!(f, "dilated{suffix}:{keys}x{stride}"),
        Sight::Sinks { first, recent } => write!(f, "sinks{suffix}:{first}+{recent}"),
        Sight::Global { first, side } => write!(f, "global{suffix}:{first}+{side}"),
    }
}

impl Display for LayerSight {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, sight) in self.heads.iter().enumerate() {
            f.write_str(if index > 0 { "," } else { "" })?;
            write_sight(f, *sight, if self.has_positions { "" } else { parse::NO_POSITIONS })?;
        }
        Ok(())
    }
}

impl Display for AttentionPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, run) in self.layers.chunk_by(|a, b| a == b).enumerate() {
            f.write_str(if index > 0 { "/" } else { "" })?;
            if run.len() > 1 {
                write!(f, "{}x", run.len())?;
            }
            write!(f, "{}", run[0])?;
        }
        Ok(())
    }
}
