//! Marching squares: where the heights of a grid reach a level.

use super::grid::Grid;

/// A corner or crossing, in the units of the grid's axes.
pub(super) type Point = (f64, f64);

/// A node of the grid surrounded by one ring of nodes that lie below everything, so that every outline is closed. The ring
/// has the place of the grid's border.
#[derive(Clone, Copy)]
struct Node {
    at: Point,
    z: Option<f64>,
}

/// The outlines of `{ z ≥ level }` as closed loops, counter-clockwise around what is inside and clockwise around holes, with
/// the axes pointing right and up. Heights that are not finite are outside; `level` −∞ outlines all that are.
pub(super) fn outlines(grid: &Grid, level: f64) -> Vec<Vec<Point>> {
    let (columns, rows) = (grid.x.len() + 2, grid.y.len() + 2);
    let node = |i: usize, j: usize| {
        let (x, y) = (i.clamp(1, columns - 2) - 1, j.clamp(1, rows - 2) - 1);
        let is_ring = i == 0 || j == 0 || i == columns - 1 || j == rows - 1;
        Node { at: (grid.x[x], grid.y[y]), z: if is_ring { None } else { grid.z(x, y) } }
    };
    // An edge that is crossed is entered by the outline in one cell and left in its neighbour: `next[edge]` is where it is
    // left. Edges are numbered by their lower left node, the one to the right first, then the one upwards.
    let mut next: Vec<Option<usize>> = vec![None; 2 * columns * rows];
    let mut crossings: Vec<Point> = vec![(0.0, 0.0); 2 * columns * rows];
    for j in 0..rows - 1 {
        for i in 0..columns - 1 {
            let corners = [node(i, j), node(i + 1, j), node(i + 1, j + 1), node(i, j + 1)];
            let number = |i: usize, j: usize, up: usize| 2 * (j * columns + i) + up;
            let edges = [number(i, j, 0), number(i + 1, j, 1), number(i, j + 1, 0), number(i, j, 1)];
            for (from, to) in cell(corners.map(|n| n.z), level) {
                next[edges[from]] = Some(edges[to]);
                crossings[edges[from]] = crossing(corners[from], corners[(from + 1) % 4], level);
            }
        }
    }
    let mut loops = Vec::new();
    for start in 0..next.len() {
        let mut outline = Vec::new();
        let mut edge = start;
        while let Some(following) = next[edge].take() {
            outline.push(crossings[edge]);
            edge = following;
        }
        if !outline.is_empty() {
            loops.push(outline);
        }
    }
    loops
}

/// Pieces of the outline in a cell as pairs of edges, the inside to the left. Corners are counter-clockwise, edge `k` goes
/// from corner `k` to the one after it.
fn cell(z: [Option<f64>; 4], level: f64) -> impl Iterator<Item = (usize, usize)> {
    let inside = z.map(|z| z.is_some_and(|z| z >= level));
    let leaves = move |k: usize| inside[k] && !inside[(k + 1) % 4];
    let enters = move |k: usize| !inside[k] && inside[(k + 1) % 4];
    let is_saddle = (0..4).filter(|&k| leaves(k)).count() == 2;
    // At a saddle two opposite corners are inside; a bilinear surface joins them where its saddle point is inside.
    let is_joined = !is_saddle || saddle(z).is_some_and(|z| z >= level);
    (0..4).filter(move |&k| leaves(k)).filter_map(move |k| {
        let around = (1..4).map(|d| if is_joined { (k + d) % 4 } else { (k + 4 - d) % 4 });
        around.into_iter().find(|&other| enters(other)).map(|other| (k, other))
    })
}

/// The height of the bilinear surface at its saddle point (Nielson & Hamann 1991).
fn saddle([a, b, c, d]: [Option<f64>; 4]) -> Option<f64> {
    let (a, b, c, d) = (a?, b?, c?, d?);
    Some((a * c - b * d) / (a + c - b - d)).filter(|z| z.is_finite())
}

/// Where the edge between two nodes reaches the level; at the finite one, where the other is none.
fn crossing(from: Node, to: Node, level: f64) -> Point {
    match (from.z, to.z) {
        (Some(a), Some(b)) => {
            let share = (level - a) / (b - a);
            (from.at.0 + share * (to.at.0 - from.at.0), from.at.1 + share * (to.at.1 - from.at.1))
        }
        (Some(_), None) => from.at,
        _ => to.at,
    }
}

/// The area within closed loops by Gauss's formula; clockwise loops count negative.
#[cfg(test)]
pub(super) fn area(loops: &[Vec<Point>]) -> f64 {
    let of_loop = |outline: &Vec<Point>| {
        let following = outline.iter().cycle().skip(1);
        outline.iter().zip(following).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
    };
    loops.iter().map(of_loop).sum()
}
