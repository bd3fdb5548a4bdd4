//! The loop that agents run: change the law, keep it if the validation loss falls.

use super::data::Data;
use super::template::{Template, pool};
use crate::draws::Draws;
use crate::world::Case;

/// Laws that are tried.
const N_TRIED: usize = 300;
/// Every so manieth run is held back for validation.
const HELD_BACK: usize = 4;

/// The law that was kept last.
pub(super) fn answer(_case: &Case, data: &Data, draws: &mut Draws) -> Template {
    let (held_back, kept): (Vec<usize>, Vec<usize>) = (0..data.len()).partition(|place| place % HELD_BACK == 0);
    let (training, validation) = (data.some(&kept), data.some(&held_back));
    let pool = pool(data);
    let loss = |template: &Template| template.loss_on(&template.fit(&training), &validation);
    let mut best = Template::constant(data.names.len());
    let mut least = loss(&best);
    for _ in 0..N_TRIED {
        let tried = draws.one_of(&pool);
        let of_tried = loss(tried);
        if of_tried < least {
            (best, least) = (tried.clone(), of_tried);
        }
    }
    best
}
