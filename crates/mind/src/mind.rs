//! The trait, and nobody.

use crate::ask::Ask;
use std::time::Duration;
use thiserror::Error;

/// Whoever is asked.
pub trait Mind {
    /// What it is called in the ledger.
    fn name(&self) -> &str;
    /// Its answer to an ask, within the ask's limits.
    ///
    /// # Errors
    ///
    /// Where there is no answer.
    fn ask(&mut self, ask: &Ask) -> Result<String, MindError>;
    /// Tokens of the last call, as whoever answered counted them; `None` where nobody counts.
    fn tokens(&self) -> Option<u64> {
        None
    }
}

/// Why there is no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MindError {
    /// There is no mind.
    #[error("there is no model")]
    Nobody,
    /// The recording has no such exchange at this place.
    #[error("the recording has no answer to this")]
    NotRecorded,
    /// The recording has this fault.
    #[error("{0}")]
    Recorded(String),
    /// It cannot be reached.
    #[error("the model cannot be reached: {0}")]
    Unreachable(String),
    /// It did not answer in time.
    #[error("the model did not answer within {} s", .0.as_secs_f64())]
    Late(Duration),
    /// It answered at greater length than is read.
    #[error("the answer has more than {0} bytes")]
    TooLong(u64),
    /// The server says no.
    #[error("the server answered {status}: {says}")]
    Status {
        /// The status.
        status: u16,
        /// The beginning of what it says.
        says: String,
    },
    /// What came is no answer of the protocol.
    #[error("the server answered with {0}, which is no chat completion")]
    Protocol(String),
    /// It says that it made no token.
    #[error("the answer has no tokens")]
    NoTokens,
    /// The program failed.
    #[error("the program {0}")]
    Program(String),
}

impl MindError {
    /// Whether a call was made at all: what was not asked costs nothing, and is no exchange.
    pub(crate) fn is_no_call(&self) -> bool {
        matches!(self, Self::Nobody | Self::NotRecorded)
    }
}

/// Nobody: the search without a model takes every turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMind;

impl Mind for NoMind {
    fn name(&self) -> &'static str {
        "nobody"
    }

    fn ask(&mut self, _ask: &Ask) -> Result<String, MindError> {
        Err(MindError::Nobody)
    }
}
