//! How often the labels of units are right, on networks of which the truth is known.

mod banks;
mod digits;
mod planted;
mod small_net;
#[cfg(test)]
mod tests;
