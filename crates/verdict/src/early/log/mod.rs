//! What is expected of somebody else's run, of which only series are known.
//!
//! ```text
//! Series ─▶ roles (which is the loss) ─▶ Curve (in order, two points an octave) ─▶ regime ─┬─▶ smooth: PowerLaw, Widths ─▶ Final
//!                                                                                          └─▶ jump, cannot tell: signs in words
//! ```

mod conformal;
mod curve;
mod foreign;
mod power_law;
mod regime;
mod roles;

pub use conformal::{COVERAGE, CurveKind, HORIZONS, Miss, WidthRow, Widths, scale};
pub use curve::Curve;
pub use foreign::{Final, LogError, LogQuestion, LogVerdict, NoFinal, ReadSeries, verdict_of_series};
pub use power_law::PowerLaw;
pub use regime::{HeldOut, Sign, TakenFor, Training, regime};
pub use roles::{Role, falling, role_of};
