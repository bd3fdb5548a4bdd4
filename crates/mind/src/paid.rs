//! A call of a mind that is paid: set aside at the worst case, made, and settled at what it was.

use crate::ask::Ask;
use crate::budget::{Amounts, Budget};
use crate::mind::{Mind, MindError};
use std::time::{Duration, Instant};

/// Bytes of a token, about, where nobody counts tokens.
const BYTES_PER_TOKEN: usize = 3;

/// What became of a call.
pub(crate) enum Paid {
    /// It was answered.
    Answered(String),
    /// It was made, and there is no answer.
    Failed(MindError),
    /// It was not made: there is nobody, or it cannot be paid.
    NotMade(String),
}

/// Asks once, if it can be paid.
pub(crate) fn call(mind: &mut dyn Mind, ask: &mut Ask, budget: &mut Budget) -> Paid {
    let bytes = ask.text().len();
    let reservation = match budget.reserve(bytes) {
        Ok(reservation) => reservation,
        Err(unpayable) => return Paid::NotMade(unpayable.to_string()),
    };
    let set_aside = reservation.amounts();
    ask.answer_tokens = budget.answer_tokens;
    // Longer than a year is for ever, and a time that no clock holds is none.
    ask.within = Duration::try_from_secs_f64(set_aside.seconds.min(3e7)).unwrap_or(Duration::from_secs(1));
    let begun = Instant::now();
    let answer = mind.ask(ask);
    let seconds = begun.elapsed().as_secs_f64();
    match answer {
        Err(error) if error.is_no_call() => {
            budget.settle(reservation, Amounts::default());
            Paid::NotMade(error.to_string())
        }
        Err(error) => {
            // What a call that failed has cost is not known: what was set aside.
            let tokens = mind.tokens().unwrap_or(set_aside.tokens);
            budget.settle(reservation, Amounts { calls: 1, tokens, seconds });
            Paid::Failed(error)
        }
        Ok(answer) => {
            let tokens = mind.tokens().unwrap_or_else(|| (bytes + answer.len()).div_ceil(BYTES_PER_TOKEN) as u64);
            budget.settle(reservation, Amounts { calls: 1, tokens, seconds });
            Paid::Answered(answer)
        }
    }
}
