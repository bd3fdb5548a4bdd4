//! The energy landscape of a hidden unit as a map, a section and a block of mountains.
//!
//! ```text
//! Terrain (heights on a grid) ─▶ Relief: one scale of heights and one camera for all ─▶ frame: surface, section, map
//!                                                                                     └▶ strip: a few side by side
//! ```
//!
//! Heights are drawn as they are given: between neighbouring values of the grid everything is linear, nothing is smoothed.

mod contour;
mod frame;
mod grid;
mod map;
mod marks;
mod relief;
#[cfg(test)]
mod sample;
mod section;
mod strip;
mod surface;
#[cfg(test)]
mod tests;

pub(crate) use frame::frame;
pub(crate) use strip::strip;
