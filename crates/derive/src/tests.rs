//! The language against closed forms, the judgement against planted faults, and the cases of the theory notes.

mod cases;
mod gradients;
mod judgement;
mod language;
mod q4;
