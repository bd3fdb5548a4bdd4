//! What a run will do, said before it and while it trains.

pub mod coordinates;
pub mod looks;
pub mod observe;
pub mod signs;
pub mod worlds;
