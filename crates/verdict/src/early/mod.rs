//! What a run will do, said before it and while it trains.

pub mod coordinates;
pub mod evaluate;
pub mod forecast;
pub mod judge;
pub mod learn;
pub mod living;
pub mod looks;
pub mod model;
pub mod observe;
pub mod signs;
#[cfg(test)]
mod tests;
pub mod trees;
pub mod verdict;
pub mod worlds;
