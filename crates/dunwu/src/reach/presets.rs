//! Published designs by name, each with its source.

use super::cost::CacheShape;

/// A published design.
#[derive(Clone, Copy, Debug)]
pub struct Design {
    /// Its name: `llama-4-scout`.
    pub name: &'static str,
    /// Its pattern, begun over until it has all layers.
    pub pattern: &'static str,
    /// Layers.
    pub layers: usize,
    /// Positions of the longest text that it is made for.
    pub length: usize,
    /// Its keys and values.
    pub cache: CacheShape,
    /// Where this is published.
    pub source: &'static str,
    /// What the structure leaves out.
    pub remark: &'static str,
}

const fn shape(key_heads: usize, head_width: usize) -> CacheShape {
    CacheShape { key_heads, head_width }
}

/// Every design.
pub const DESIGNS: &[Design] = &[
    Design {
        name: "llama-4-scout",
        pattern: "3xchunked:8192/full-nope",
        layers: 48,
        length: 10_485_760,
        cache: shape(8, 128),
        source: "Meta 2025, Llama 4 model card; the configuration of Llama-4-Scout-17B-16E (attention_chunk_size 8192, every fourth \
                 layer without rotary positions)",
        remark: "",
    },
    Design {
        name: "llama-4-maverick",
        pattern: "3xchunked:8192/full-nope",
        layers: 48,
        length: 1_048_576,
        cache: shape(8, 128),
        source: "Meta 2025, Llama 4 model card; the configuration of Llama-4-Maverick-17B-128E",
        remark: "",
    },
    Design {
        name: "gemma-2-9b",
        pattern: "window:4096/full",
        layers: 42,
        length: 8192,
        cache: shape(8, 256),
        source: "Gemma Team 2024, arXiv:2408.00118",
        remark: "",
    },
    Design {
        name: "gemma-3-4b",
        pattern: "5xwindow:1024/full",
        layers: 34,
        length: 131_072,
        cache: shape(4, 256),
        source: "Gemma Team 2025, arXiv:2503.19786",
        remark: "",
    },
    Design {
        name: "gemma-3-27b",
        pattern: "5xwindow:1024/full",
        layers: 62,
        length: 131_072,
        cache: shape(16, 128),
        source: "Gemma Team 2025, arXiv:2503.19786",
        remark: "",
    },
    Design {
        name: "mistral-7b",
        pattern: "window:4096",
        layers: 32,
        length: 32_768,
        cache: shape(8, 128),
        source: "Jiang et al. 2023, arXiv:2310.06825 (version 0.1; later ones have no window)",
        remark: "",
    },
    Design {
        name: "gpt-oss-20b",
        pattern: "window:128/full",
        layers: 24,
        length: 131_072,
        cache: shape(8, 64),
        source: "OpenAI 2025, arXiv:2508.10925",
        remark: "Its sinks are learned numbers in the softmax and no positions: they carry nothing from one token to another.",
    },
    Design {
        name: "gpt-oss-120b",
        pattern: "window:128/full",
        layers: 36,
        length: 131_072,
        cache: shape(8, 64),
        source: "OpenAI 2025, arXiv:2508.10925",
        remark: "Its sinks are learned numbers in the softmax and no positions: they carry nothing from one token to another.",
    },
    Design {
        name: "longformer-base",
        pattern: "global:1+256",
        layers: 12,
        length: 4096,
        cache: shape(12, 64),
        source: "Beltagy et al. 2020, arXiv:2004.05150 (window 512, 256 to each side; global attention on the first token)",
        remark: "An encoder: it looks ahead. Which tokens are global is chosen for each task; here it is the first.",
    },
];

impl Design {
    /// The design of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        DESIGNS.iter().find(|design| design.name == name)
    }
}
