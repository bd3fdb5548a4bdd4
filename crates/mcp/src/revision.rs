//! Revisions of the protocol, and what differs between them.

use std::fmt;

/// A revision of the Model Context Protocol that is served, the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revision {
    /// 2024-11-05.
    V2024_11_05,
    /// 2025-03-26: annotations of tools; batches, in this revision alone.
    V2025_03_26,
    /// 2025-06-18: titles, output schemas and structured content.
    V2025_06_18,
    /// 2025-11-25: errors without an id.
    V2025_11_25,
    /// 2026-07-28: no handshake and no sessions; each request names its revision.
    V2026_07_28,
}

impl Revision {
    /// All, the newest first, as a server tells them.
    pub const ALL: [Self; 5] =
        [Self::V2026_07_28, Self::V2025_11_25, Self::V2025_06_18, Self::V2025_03_26, Self::V2024_11_05];

    /// The newest one that begins with a handshake.
    pub(crate) const NEWEST_WITH_HANDSHAKE: Self = Self::V2025_11_25;

    /// Its name on the wire, a date.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|revision| revision.name() == name)
    }

    /// Whether requests stand alone: no handshake, no session, the revision in each request.
    pub(crate) fn is_stateless(self) -> bool {
        self >= Self::V2026_07_28
    }

    pub(crate) fn has_batches(self) -> bool {
        self == Self::V2025_03_26
    }

    pub(crate) fn has_annotations(self) -> bool {
        self >= Self::V2025_03_26
    }

    /// Titles, output schemas and structured content.
    pub(crate) fn has_structure(self) -> bool {
        self >= Self::V2025_06_18
    }

    /// Whether an error that answers no request in particular has no `id`, and not the `null` of JSON-RPC.
    pub(crate) fn leaves_out_id(self) -> bool {
        self >= Self::V2025_11_25
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
