//! A secret beside the ledger, from which the seeds of a sealed campaign follow, too.
//!
//! ```text
//! first line: seal = BLAKE3(secret)      every batch: salt = BLAKE3(secret ‖ head)      seeds follow from the batch's hash, as ever
//! ```
//!
//! Without it, whoever may add a word to the ledger and make runs of his own can try words until the seeds that follow suit his claim. With
//! it he cannot know them before. The secret is shown when the campaign is published, and everybody can check the salts by it.

use super::CampaignError;
use crate::ledger::{Event, Link};
use std::path::{Path, PathBuf};

/// The secret of a campaign.
#[derive(Clone)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Where the secret of a ledger is kept.
fn place_of(ledger: &Path) -> PathBuf {
    ledger.with_file_name("secret")
}

impl Secret {
    /// From its text.
    pub fn of(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// What the first line of the ledger says of it.
    pub fn seal(&self) -> String {
        blake3::hash(self.0.as_bytes()).to_hex().to_string()
    }

    /// What is added to a batch behind the line with this hash.
    pub fn salt(&self, head: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.0.as_bytes()).update(b"salt").update(head.as_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// Keeps it beside the ledger.
    pub(super) fn keep(self, ledger: &Path) -> Result<Self, CampaignError> {
        let place = place_of(ledger);
        std::fs::write(&place, format!("{}\n", self.0))
            .map_err(|error| CampaignError::Secret(format!("{}: {error}", place.display())))?;
        Ok(self)
    }

    /// That of a ledger; none where it is not sealed.
    ///
    /// # Errors
    ///
    /// Where it is sealed, and the secret is not there or another one.
    pub fn of_ledger(ledger: &Path, links: &[Link]) -> Result<Option<Self>, CampaignError> {
        let Some(Event::Opened { seal: Some(seal), .. }) = links.first().map(|link| &link.event) else {
            return Ok(None);
        };
        let place = place_of(ledger);
        let text = std::fs::read_to_string(&place).map_err(|error| {
            CampaignError::Secret(format!(
                "the campaign is sealed, and its secret cannot be read, without which no run can be drawn: {}: {error}",
                place.display()
            ))
        })?;
        let secret = Self::of(&text);
        if secret.seal() == *seal {
            Ok(Some(secret))
        } else {
            Err(CampaignError::Secret(format!("{} is not the secret that the ledger was sealed with", place.display())))
        }
    }

    /// The first batch whose salt is not that of the secret.
    pub fn bent_salt(&self, links: &[Link]) -> Option<u64> {
        links.iter().find_map(|link| match &link.event {
            Event::Batch { salt, .. } if *salt != Some(self.salt(&link.before)) => Some(link.line),
            _ => None,
        })
    }
}
