//! `dunwu pair TABLE KEY=A,B`.
use crate::Place;
use crate::failure::Failure;
use crate::landscape::Drawn;
use std::path::Path;
pub(crate) const HELP: &str = "";
pub(crate) fn pair(_table: &Path, _words: &[String], _drawn: &Drawn, _place: &Place) -> Result<(), Failure> {
    Ok(())
}
