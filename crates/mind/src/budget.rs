//! What a mind may cost: calls, tokens and seconds, reserved at the worst case before a call and settled after it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Calls, tokens and seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Amounts {
    /// Calls.
    pub calls: u64,
    /// Tokens, those of the ask among them.
    pub tokens: u64,
    /// Seconds.
    pub seconds: f64,
}

/// What may be spent, what is reserved, and what was spent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Budget {
    limit: Amounts,
    spent: Amounts,
    reserved: Amounts,
    /// Tokens of one answer, at most.
    pub answer_tokens: u64,
    /// Seconds of one call, at most.
    pub call_seconds: f64,
}

/// What was set aside for a call. It is given back by [`Budget::settle`].
#[derive(Debug, PartialEq)]
#[must_use = "what is reserved is lost to the budget until it is settled"]
pub struct Reservation(Amounts);

impl Reservation {
    /// What was set aside.
    pub fn amounts(&self) -> Amounts {
        self.0
    }
}

/// Why a call is not made.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("the budget of {limit} {what} has {left} left, and a call may take {needed}")]
pub struct Unpayable {
    /// Calls, tokens or seconds.
    pub what: &'static str,
    /// The limit.
    pub limit: f64,
    /// What is left of it.
    pub left: f64,
    /// What a call may take.
    pub needed: f64,
}

/// Calls shorter than this are not begun.
const LEAST_SECONDS: f64 = 1.0;

impl Budget {
    /// A budget with answers of at most 1,024 tokens and calls of at most 60 s.
    pub fn new(limit: Amounts) -> Self {
        Self { limit, spent: Amounts::default(), reserved: Amounts::default(), answer_tokens: 1024, call_seconds: 60.0 }
    }

    /// One without limits, for recordings.
    pub fn unlimited() -> Self {
        Self::new(Amounts { calls: u64::MAX, tokens: u64::MAX, seconds: f64::INFINITY })
    }

    /// What was spent.
    pub fn spent(&self) -> Amounts {
        self.spent
    }

    /// What may still be reserved.
    pub fn left(&self) -> Amounts {
        let left = |limit: u64, spent: u64, reserved: u64| limit.saturating_sub(spent).saturating_sub(reserved);
        Amounts {
            calls: left(self.limit.calls, self.spent.calls, self.reserved.calls),
            tokens: left(self.limit.tokens, self.spent.tokens, self.reserved.tokens),
            seconds: (self.limit.seconds - self.spent.seconds - self.reserved.seconds).max(0.0),
        }
    }

    /// Sets aside what a call takes at worst: a token for every byte of the ask, and the longest answer. The time is cut to what is left.
    ///
    /// # Errors
    ///
    /// Where the call cannot be paid; it is not to be made then.
    pub fn reserve(&mut self, ask_bytes: usize) -> Result<Reservation, Unpayable> {
        let left = self.left();
        let tokens = self.answer_tokens.saturating_add(ask_bytes as u64);
        let unpayable = |what, limit, left, needed| Err(Unpayable { what, limit, left, needed });
        if left.calls == 0 {
            return unpayable("calls", self.limit.calls as f64, 0.0, 1.0);
        }
        if left.tokens < tokens {
            return unpayable("tokens", self.limit.tokens as f64, left.tokens as f64, tokens as f64);
        }
        let seconds = self.call_seconds.min(left.seconds);
        // One that is no number is not payable either.
        if seconds.is_nan() || seconds < LEAST_SECONDS.min(self.call_seconds) || seconds <= 0.0 {
            return unpayable("seconds", self.limit.seconds, left.seconds, LEAST_SECONDS);
        }
        let amounts = Amounts { calls: 1, tokens, seconds };
        self.reserved.calls += 1;
        self.reserved.tokens += tokens;
        self.reserved.seconds += seconds;
        Ok(Reservation(amounts))
    }

    /// Gives back what was set aside and takes what was used, which is counted even where it is more.
    #[expect(clippy::needless_pass_by_value, reason = "what was settled cannot be settled again")]
    pub fn settle(&mut self, reservation: Reservation, used: Amounts) {
        let Reservation(set_aside) = reservation;
        self.reserved.calls -= set_aside.calls.min(self.reserved.calls);
        self.reserved.tokens -= set_aside.tokens.min(self.reserved.tokens);
        self.reserved.seconds = (self.reserved.seconds - set_aside.seconds).max(0.0);
        self.spent.calls = self.spent.calls.saturating_add(used.calls);
        self.spent.tokens = self.spent.tokens.saturating_add(used.tokens);
        self.spent.seconds += used.seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_paid_is_not_reserved_and_what_is_settled_comes_back() {
        let mut budget = Budget::new(Amounts { calls: 2, tokens: 3_000, seconds: 100.0 });
        let first = budget.reserve(1_000).unwrap();
        assert_eq!(first.amounts(), Amounts { calls: 1, tokens: 2_024, seconds: 60.0 });
        assert_eq!(budget.reserve(1_000).unwrap_err().what, "tokens");
        budget.settle(first, Amounts { calls: 1, tokens: 300, seconds: 2.5 });
        assert_eq!(budget.left(), Amounts { calls: 1, tokens: 2_700, seconds: 97.5 });
        let second = budget.reserve(1_000).unwrap();
        assert_eq!(budget.reserve(0).unwrap_err().what, "calls");
        budget.settle(second, Amounts { calls: 1, tokens: 9_000, seconds: 97.0 });
        assert_eq!(budget.spent().tokens, 9_300, "what was used is counted, even where it is more than was thought");
        assert_eq!(budget.left(), Amounts { calls: 0, tokens: 0, seconds: 0.5 });
    }

    #[test]
    fn a_budget_of_nothing_pays_nothing() {
        for limit in [
            Amounts::default(),
            Amounts { calls: 1, tokens: 10_000, seconds: 0.0 },
            Amounts { calls: 1, tokens: 10_000, seconds: f64::NAN },
        ] {
            assert!(Budget::new(limit).reserve(10).is_err(), "{limit:?}");
        }
        assert!(Budget::unlimited().reserve(usize::MAX).is_ok());
    }
}
