//! What is drawn: heights on a grid, and the marks in it.

use crate::landscape::PeakKind;

/// Energies around two directions of the sphere at one amount of data.
#[derive(Clone, Debug, PartialEq)]
pub struct Terrain {
    /// Training samples.
    pub(crate) n_train: usize,
    /// Degrees along the great circle from the memory peak, at 0°, to the feature peak; ascending.
    pub(crate) theta: Vec<f64>,
    /// Degrees of tilt out of that circle; ascending.
    pub(crate) phi: Vec<f64>,
    /// Energies, `[phi][theta]` row by row; what is not finite is left blank, what is negative is held at zero.
    pub(crate) heights: Vec<f64>,
    /// Directions with a name; those beyond the grid are left out.
    pub(crate) marks: Vec<Mark>,
}

/// A named direction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// Where, as in [`Terrain::theta`].
    pub(crate) theta: f64,
    /// Where, as in [`Terrain::phi`].
    pub(crate) phi: f64,
    /// The energy there.
    pub(crate) height: f64,
    /// What a unit does that has climbed here.
    pub(crate) kind: PeakKind,
    /// Whether it is a maximum; otherwise only the direction of an ideal feature, which is none at this amount of data.
    pub(crate) is_peak: bool,
    /// What stands beside it.
    pub(crate) name: String,
}

/// A terrain that can be drawn: axes that ascend and a height for each pair of their values.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    z: Vec<f64>,
}

impl Grid {
    /// `None` where an axis has fewer than two values, does not ascend, or the heights do not fill the grid.
    pub(super) fn of(terrain: &Terrain) -> Option<Self> {
        let Terrain { theta, phi, heights, .. } = terrain;
        let is_axis = |axis: &[f64]| {
            axis.len() > 1 && axis.iter().all(|v| v.is_finite()) && axis.windows(2).all(|pair| pair[0] < pair[1])
        };
        let is_grid = is_axis(theta) && is_axis(phi) && heights.len() == theta.len() * phi.len();
        is_grid.then(|| Self { x: theta.clone(), y: phi.clone(), z: heights.clone() })
    }

    /// The marks that lie on the grid at a finite height. At the edge others would stand for directions that they are not.
    pub(super) fn marks(&self, terrain: &Terrain) -> Vec<Mark> {
        let is_shown =
            |m: &&Mark| m.height.is_finite() && place(&self.x, m.theta).is_some() && place(&self.y, m.phi).is_some();
        terrain.marks.iter().filter(is_shown).cloned().collect()
    }

    /// The height at column `i` and row `j`; `None` outside and where it is not finite.
    pub(super) fn z(&self, i: usize, j: usize) -> Option<f64> {
        if i >= self.x.len() {
            return None;
        }
        self.z.get(j * self.x.len() + i).copied().filter(|z| z.is_finite())
    }

    /// Every `stride`-th value of either axis, and the last.
    pub(super) fn thinned(&self, stride: usize) -> Self {
        let kept = |n: usize| (0..n - 1).step_by(stride.max(1)).chain([n - 1]).collect::<Vec<_>>();
        let (columns, rows) = (kept(self.x.len()), kept(self.y.len()));
        let z = rows.iter().flat_map(|&j| columns.iter().map(move |&i| (i, j)));
        Self {
            z: z.map(|(i, j)| self.z(i, j).unwrap_or(f64::NAN)).collect(),
            x: columns.iter().map(|&i| self.x[i]).collect(),
            y: rows.iter().map(|&j| self.y[j]).collect(),
        }
    }

    /// Heights along the row `y`, linear between the two rows around it; `None` where it lies outside the grid.
    pub(super) fn section(&self, y: f64) -> Option<Vec<(f64, f64)>> {
        let (row, share) = place(&self.y, y)?;
        let height = |i: usize| mixed(self.z(i, row), self.z(i, row + 1), share).unwrap_or(f64::NAN);
        Some(self.x.iter().enumerate().map(|(i, &x)| (x, height(i))).collect())
    }

    /// The height at a point, bilinear between the four values around it.
    pub(super) fn height(&self, x: f64, y: f64) -> Option<f64> {
        let ((i, s), (j, t)) = (place(&self.x, x)?, place(&self.y, y)?);
        let row = |j: usize| mixed(self.z(i, j), self.z(i + 1, j), s);
        if t == 0.0 { row(j) } else { mixed(row(j), row(j + 1), t) }
    }
}

/// The interval of an ascending axis in which `value` lies, and the share of it that lies below.
fn place(axis: &[f64], value: f64) -> Option<(usize, f64)> {
    let (first, last) = (axis.first()?, axis.last()?);
    if !(*first..=*last).contains(&value) {
        return None;
    }
    let lower = axis.partition_point(|&v| v <= value).saturating_sub(1).min(axis.len() - 2);
    Some((lower, (value - axis[lower]) / (axis[lower + 1] - axis[lower])))
}

/// Linear between two values, of which one suffices at its own place.
fn mixed(a: Option<f64>, b: Option<f64>, share: f64) -> Option<f64> {
    match share {
        0.0 => a,
        1.0 => b,
        _ => Some(a? * (1.0 - share) + b? * share),
    }
}
