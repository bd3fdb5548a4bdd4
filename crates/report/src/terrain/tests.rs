//! Contours are where they belong, drawings are well-formed and nothing leaves them.

use super::contour::{area, outlines};
use super::grid::Grid;
use super::relief::Relief;
use super::surface::{Camera, View};
use super::*;
use crate::drawing_checks::{assert_page_sound, assert_sound, assert_texts_apart, texts};
use crate::skin;
use dunwu::answer::{Answer, Block, Section, Slides, Terrain};
use proptest::prelude::*;

fn terrain_of(theta: &[f64], phi: &[f64], height: impl Fn(f64, f64) -> f64) -> Terrain {
    let heights = phi.iter().flat_map(|&y| theta.iter().map(move |&x| (x, y))).map(|(x, y)| height(x, y)).collect();
    Terrain { n_train: 100, theta: theta.into(), phi: phi.into(), heights, marks: Vec::new() }
}

fn axis(from: f64, to: f64, n: usize) -> Vec<f64> {
    (0..n).map(|i| from + (to - from) * i as f64 / (n - 1) as f64).collect()
}

#[test]
fn contours_of_a_plane_are_straight_and_its_bands_fill_the_rectangle() {
    let terrain = terrain_of(&[0.0, 1.0, 2.5, 4.0], &[0.0, 0.5, 3.0], |x, y| x + 2.0 * y);
    let grid = Grid::of(&terrain).unwrap();
    // Area of {x + 2y ≥ c} in [0, 4] × [0, 3]: the rectangle less the triangle below the line, cut at its far corners.
    let triangle = |c: f64| c.max(0.0).powi(2) / 4.0;
    let above = |c: f64| 12.0 - (triangle(c) - triangle(c - 4.0) - triangle(c - 6.0) + triangle(c - 10.0));
    let levels = [f64::NEG_INFINITY, 0.7, 2.0, 3.3, 4.0, 5.9, 7.5, 9.99];
    let mut bands = Vec::new();
    for pair in levels.windows(2) {
        let (lower, upper) = (outlines(&grid, pair[0]), outlines(&grid, pair[1]));
        assert!((area(&upper) - above(pair[1])).abs() < 1e-12, "{pair:?}: {} {}", area(&upper), above(pair[1]));
        bands.push(area(&lower) - area(&upper));
        let on_border = |x: f64, y: f64| x == 0.0 || x == 4.0 || y == 0.0 || y == 3.0;
        for &(x, y) in upper.iter().flatten().filter(|&&(x, y)| !on_border(x, y)) {
            assert!((x + 2.0 * y - pair[1]).abs() < 1e-12);
        }
    }
    bands.push(area(&outlines(&grid, 9.99)));
    assert!(bands.iter().all(|&band| band > 0.0), "{bands:?}");
    assert!((bands.iter().sum::<f64>() - 12.0).abs() < 1e-12, "{bands:?}");
}

#[test]
fn contours_of_a_cone_are_circles() {
    let n = 81;
    let terrain = terrain_of(&axis(-1.0, 1.0, n), &axis(-1.0, 1.0, n), |x, y| 1.0 - x.hypot(y));
    let grid = Grid::of(&terrain).unwrap();
    let h: f64 = 2.0 / (n - 1) as f64;
    for level in [0.2, 0.5, 0.8] {
        let r = 1.0 - level;
        let loops = outlines(&grid, level);
        assert_eq!(loops.len(), 1);
        // Along an edge of length h the second derivative of the radius is at most 1/r, which a chord misses by h²/8r.
        for (x, y) in &loops[0] {
            assert!((x.hypot(*y) - r).abs() <= h * h / (8.0 * (r - h)), "level {level}");
        }
        // The outline's own chords are no longer than a cell's diagonal and sag by 2h²/8r more.
        let bound = 2.0 * std::f64::consts::PI * r * 3.0 * h * h / (8.0 * (r - h));
        assert!((area(&loops) - std::f64::consts::PI * r * r).abs() < bound, "level {level}");
    }
}

#[test]
fn a_crater_is_a_hole_and_what_is_not_finite_is_left_blank() {
    let ring = terrain_of(&axis(-1.0, 1.0, 41), &axis(-1.0, 1.0, 41), |x, y| 1.0 - (x.hypot(y) - 0.5).abs());
    let loops = outlines(&Grid::of(&ring).unwrap(), 0.8);
    let areas: Vec<f64> = loops.iter().map(|l| area(std::slice::from_ref(l))).collect();
    assert_eq!((areas.iter().filter(|a| **a > 0.0).count(), areas.iter().filter(|a| **a < 0.0).count()), (1, 1));
    let mut blank = terrain_of(&axis(0.0, 4.0, 5), &axis(0.0, 4.0, 5), |_, _| 1.0);
    blank.heights[12] = f64::NAN;
    // Of the sixteen cells four lose the triangle at the corner that has no height.
    assert!((area(&outlines(&Grid::of(&blank).unwrap(), f64::NEG_INFINITY)) - 14.0).abs() < 1e-12);
}

/// Whether a point lies within the loops, by a ray to the right.
fn is_within(loops: &[Vec<(f64, f64)>], (x, y): (f64, f64)) -> bool {
    let crosses =
        |a: (f64, f64), b: (f64, f64)| (a.1 > y) != (b.1 > y) && x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0);
    let count = |l: &Vec<(f64, f64)>| (0..l.len()).filter(|&i| crosses(l[i], l[(i + 1) % l.len()])).count();
    loops.iter().map(count).sum::<usize>() % 2 == 1
}

proptest! {
    /// Brute force over grids of small whole numbers, which are full of saddles: every node and the middle of every cell is
    /// on the side of the outline on which its bilinear height is.
    #[test]
    fn outlines_part_what_is_above_from_what_is_below(
        columns in 2_usize..6, rows in 2_usize..6, values in prop::collection::vec(0_u8..5, 25), level in 0_u8..5,
    ) {
        let at = |x: f64, y: f64| f64::from(values[(y as usize * 5) + x as usize]);
        let (theta, phi) = (axis(0.0, (columns - 1) as f64, columns), axis(0.0, (rows - 1) as f64, rows));
        let grid = Grid::of(&terrain_of(&theta, &phi, at)).unwrap();
        // No value is on a level that lies between whole numbers; quarters are what the middle of a cell can be.
        let level = f64::from(level) + 0.37;
        let loops = outlines(&grid, level);
        for &y in &phi {
            for &x in &theta {
                // A hair inwards, because nodes of the border lie on the outline.
                let inwards = |v: f64, last: f64| if v == 0.0 { 1e-9 } else if v == last { last - 1e-9 } else { v + 1e-10 };
                let point = (inwards(x, theta[columns - 1]), inwards(y, phi[rows - 1]));
                prop_assert_eq!(is_within(&loops, point), at(x, y) > level, "node {} {}", x, y);
            }
        }
        prop_assert!(area(&loops) >= 0.0 && area(&loops) <= ((columns - 1) * (rows - 1)) as f64 + 1e-9);
        prop_assert!(area(&outlines(&grid, level + 1.0)) <= area(&loops) + 1e-9);
    }
}

#[test]
fn a_saddle_is_joined_where_its_bilinear_surface_is() {
    // Saddle point at (4 · 4 − 0 · 0) / (4 + 4) = 2 in the middle.
    let grid = Grid::of(&terrain_of(&[0.0, 1.0], &[0.0, 1.0], |x, y| if x == y { 4.0 } else { 0.0 })).unwrap();
    assert_eq!(outlines(&grid, 1.9).len(), 1, "the two hills are joined by a pass");
    assert_eq!(outlines(&grid, 2.1).len(), 2, "the pass lies below");
}

#[test]
fn the_part_of_a_section_above_a_level_is_cut_on_the_level() {
    let line = [(0.0, 0.0), (2.0, 4.0), (4.0, 0.0), (5.0, 3.0)];
    let hills = section::above(&line, 1.0);
    assert_eq!(hills[0], [(0.5, 1.0), (2.0, 4.0), (3.5, 1.0)]);
    assert_eq!(hills[1], [(4.0 + 1.0 / 3.0, 1.0), (5.0, 3.0), (5.0, 1.0)]);
    assert!(section::above(&line, 5.0).is_empty() && section::above(&[], 0.0).is_empty());
}

#[test]
fn heights_between_the_grid_are_bilinear() {
    let grid = Grid::of(&terrain_of(&[0.0, 2.0, 3.0], &[-1.0, 1.0], |x, y| x * y + 5.0)).unwrap();
    for (x, y) in [(0.0, -1.0), (3.0, 1.0), (1.3, 0.2), (2.0, 0.0), (2.7, -0.9)] {
        assert!((grid.height(x, y).unwrap() - (x * y + 5.0)).abs() < 1e-12);
    }
    assert_eq!((grid.height(3.1, 0.0), grid.height(f64::NAN, 0.0)), (None, None));
    assert_eq!(grid.section(0.0).unwrap(), [(0.0, 5.0), (2.0, 5.0), (3.0, 5.0)]);
    assert_eq!(grid.section(2.0), None);
    let thin = Grid::of(&sample::terrain(100)).unwrap().thinned(7);
    assert_eq!((thin.x.len(), thin.y.len(), thin.x.last()), (10, 7, Some(&114.0)));
}

#[test]
fn a_wall_hides_what_lies_behind_it_and_nothing_else() {
    let height = |x: f64, y: f64| match (x, y) {
        (0.0, 60.0) => 1.0,
        (_, 20.0 | 22.0) => 0.1,
        _ => 0.0,
    };
    let terrain = terrain_of(&axis(0.0, 100.0, 51), &axis(0.0, 60.0, 31), height);
    let (relief, grid) = (Relief::of(std::slice::from_ref(&terrain)), Grid::of(&terrain).unwrap());
    let view = View { left: 0.0, top: 0.0, width: 500.0, height: 300.0, is_named: true };
    let camera = Camera::of(&relief, &view);
    assert!(camera.sees(&grid, (50.0, 10.0), 0.0), "before the wall");
    assert!(camera.sees(&grid, (50.0, 20.0), 0.1), "on the wall");
    // The slack of the search shortens the shadow by a third of a degree. The wall is 0.1 · 0.56 · 100° high; the eye stands 33° above the horizon, turned by 22°.
    let shadow = 5.6 / 33_f64.to_radians().tan() * 22_f64.to_radians().cos();
    assert!(!camera.sees(&grid, (50.0, 22.0 + shadow - 1.0), 0.0), "behind the wall");
    assert!(camera.sees(&grid, (50.0, 22.0 + shadow + 1.0), 0.0), "far enough behind the wall");
    assert!(camera.sees(&grid, (50.0, 26.0), 0.1), "behind the wall, as high as it");
}

#[test]
fn a_summit_of_one_height_has_one_place_in_all_frames() {
    let mut terrains: Vec<Terrain> = [80, 200, 400].map(sample::terrain).into();
    for terrain in &mut terrains {
        terrain.marks.truncate(1);
        terrain.marks[0].height = 1.25;
    }
    let summits: Vec<Vec<String>> = (0..3)
        .map(|i| {
            let svg = frame("mountains", &terrains, i);
            let paths = svg.lines().filter(|line| line.contains("fill=\"#D55E00\"") && line.contains("<path"));
            paths.map(|line| line[line.find(" d=").unwrap()..].to_owned()).collect()
        })
        .collect();
    assert_eq!(summits[0].len(), 3, "in the block, the section and the map");
    assert!(summits.iter().all(|s| *s == summits[0]), "{summits:?}");
}

fn edge_cases() -> Vec<(&'static str, Vec<Terrain>)> {
    let edited = |edit: &dyn Fn(&mut Terrain)| {
        let mut terrains: Vec<Terrain> = [40, 200, 400].map(|n| sample::grid(n, 31, 21)).into();
        terrains.iter_mut().for_each(edit);
        terrains
    };
    let heights =
        |of: &dyn Fn(usize) -> f64| edited(&|t| t.heights.iter_mut().enumerate().for_each(|(i, z)| *z = of(i)));
    vec![
        ("the sample", edited(&|_| {})),
        ("nothing", Vec::new()),
        ("no heights", edited(&|t| t.heights.clear())),
        ("no axes", edited(&|t| (t.theta, t.phi, t.heights) = Default::default())),
        ("one column", edited(&|t| (t.theta, t.heights) = (vec![0.0], vec![1.0; 21]))),
        ("one row", edited(&|t| (t.phi, t.heights) = (vec![0.0], vec![1.0; 31]))),
        ("two by two", vec![terrain_of(&[0.0, 90.0], &[-1.0, 1.0], |x, _| x)]),
        ("a descending axis", edited(&|t| t.theta.reverse())),
        ("an axis that is no number", edited(&|t| t.phi[3] = f64::NAN)),
        ("level", heights(&|_| 0.0)),
        ("not a number", heights(&|_| f64::NAN)),
        ("some not a number", heights(&|i| if i % 5 == 0 { f64::NAN } else { i as f64 })),
        ("infinite", heights(&|i| if i % 50 == 0 { f64::INFINITY } else { 1.0 })),
        ("negative", heights(&|_| -1.0)),
        ("huge", heights(&|i| i as f64 * 1e290)),
        ("tiny", heights(&|i| i as f64 * 1e-290)),
        ("a chessboard", heights(&|i| (i % 2) as f64)),
        ("without φ = 0", edited(&|t| t.phi.iter_mut().for_each(|p| *p += 100.0))),
        ("no marks", edited(&|t| t.marks.clear())),
        ("marks that are nowhere", edited(&|t| t.marks.iter_mut().for_each(|m| m.height = f64::NAN))),
        (
            "marks outside",
            edited(&|t| t.marks.iter_mut().for_each(|m| (m.theta, m.phi, m.height) = (900.0, -900.0, 1e9))),
        ),
        ("many marks", edited(&|t| t.marks = (0..12).map(|_| t.marks[0].clone()).collect())),
        ("long names", edited(&|t| t.marks.iter_mut().for_each(|m| m.name = "a<b & \"c\" ".repeat(9)))),
    ]
}

#[test]
fn every_frame_and_strip_is_sound() {
    for (name, terrains) in edge_cases() {
        for index in 0..=terrains.len() {
            assert_sound(&frame("mountains", &terrains, index), name);
        }
        assert_sound(&strip(&terrains, &[]), name);
        assert_sound(&strip(&terrains[..terrains.len().min(1)], &terrains), name);
    }
}

#[test]
fn a_frame_is_light_and_its_texts_keep_apart() {
    let terrains: Vec<Terrain> = [40, 80, 120, 200, 400].map(sample::terrain).into();
    for index in 0..terrains.len() {
        let svg = frame("mountains", &terrains, index);
        assert!(svg.len() < 150_000, "{} bytes", svg.len());
        assert_texts_apart(&svg, &format!("frame {index}"));
    }
    let svg = strip(&terrains[..4], &terrains);
    assert!(svg.len() < 150_000, "{} bytes", svg.len());
    assert_texts_apart(&svg, "strip");
}

/// Each panel names both peaks, or says that one is none there, and both axes of its section.
#[test]
fn a_strip_names_both_peaks_and_the_axes_in_every_panel() {
    let terrains: Vec<Terrain> = [40, 80, 200, 400].map(sample::terrain).into();
    let svg = strip(&terrains, &[]);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let all: Vec<String> = texts(&document).into_iter().map(|text| text.words).collect();
    let n = |words: &str| all.iter().filter(|text| *text == words).count();
    assert_eq!((n("memory peak"), n("no feature peak"), n("feature peak")), (4, 1, 3), "{all:?}");
    assert_eq!((n("θ (degrees)"), n("E (energy)") + n("E")), (4, 4), "{all:?}");
}

#[test]
fn long_names_are_cut_between_tokens_and_keep_apart() {
    use super::marks::short_name;
    assert_eq!(short_name("tokens 8 (2nd), 7 (1st), 5 (2nd) and 4 (1st)"), "tokens 8 (2nd), 7 (1st), …");
    assert_eq!(short_name("frequency 11"), "frequency 11");
    let mut terrain = sample::terrain(150);
    for (mark, name) in terrain.marks.iter_mut().zip(["tokens 8 (2nd), 7 (1st), 5 (2nd) and 4 (1st)", "degree 3 #2"]) {
        mark.name = name.to_owned();
    }
    let svg = frame("long", &[terrain.clone()], 0);
    assert_sound(&svg, "long names");
    assert_texts_apart(&svg, "long names");
    assert!(!svg.contains("5 (2nd)"), "a label is short: {svg}");
    // Two peaks of one kind: the axis says by its name from which of them angles are counted.
    terrain.marks.iter_mut().for_each(|mark| mark.kind = dunwu::landscape::PeakKind::Feature);
    terrain.marks[0].name = "frequency 8".to_owned();
    let svg = frame("alike", &[terrain], 0);
    assert!(svg.contains("angle from frequency 8") && svg.contains("two feature mountains, "), "{svg}");
}

fn page_of(sets: Vec<Slides>, hostile: &str) -> String {
    skin::page(&Answer {
        verb: "race",
        title: hostile.to_owned(),
        setup: hostile.to_owned(),
        headline: hostile.to_owned(),
        sentences: vec![hostile.to_owned()],
        sections: vec![Section::untitled(sets.into_iter().map(Block::Slides).collect())],
        sources: Vec::new(),
        data: serde_json::Map::new(),
    })
}

fn slides_of(terrains: &[Terrain], name: &str, text: &str) -> Slides {
    Slides {
        name: name.to_owned(),
        title: text.to_owned(),
        start: 1,
        terrains: terrains.to_vec(),
        labels: terrains.iter().map(|t| format!("{text}{}", t.n_train)).collect(),
        captions: terrains.iter().map(|_| text.to_owned()).collect(),
    }
}

#[test]
fn the_page_works_without_its_script_and_fetches_nothing() {
    let hostile = "<script>alert(1)</script> & 5 %";
    let terrains: Vec<Terrain> = [40, 400].map(|n| sample::grid(n, 31, 21)).into();
    let set = |n: usize, name: &str| slides_of(&terrains[..n], name, hostile);
    for (sets, n_frames, n_moved, has_switch) in [
        (vec![], 0, 0, false),
        (vec![set(1, "a")], 1, 0, false),
        (vec![set(2, "a")], 2, 1, false),
        (vec![set(2, "a"), set(2, "b")], 4, 2, true),
    ] {
        let page = page_of(sets, hostile);
        let name = format!("{n_frames} frames");
        assert_page_sound(&page, &name);
        let n = |text: &str| page.matches(text).count();
        assert_eq!((n("<figure"), n("<script>"), n("<input")), (n_frames, usize::from(n_moved > 0), n_moved), "{name}");
        // Without the script all frames are shown, and no control.
        assert_eq!(n(" hidden=\"hidden\""), n_moved + usize::from(has_switch), "{name}");
        assert_eq!(n("class=\"switch\""), usize::from(has_switch), "{name}");
    }
}

/// Writes made-up terrains to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
#[test]
#[ignore = "writes files for the eye, checks nothing that others do not"]
fn write_the_terrain() {
    let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
    let terrains: Vec<Terrain> = [40, 80, 120, 160, 200, 260, 320, 400].map(sample::terrain).into();
    for (i, terrain) in terrains.iter().enumerate() {
        std::fs::write(folder.join(format!("terrain-{}.svg", terrain.n_train)), frame("mountains", &terrains, i))
            .unwrap();
    }
    let few = [0, 2, 4, 7].map(|i| terrains[i].clone());
    std::fs::write(folder.join("strip.svg"), strip(&few, &terrains)).unwrap();
    let page =
        page_of(vec![slides_of(&terrains, "mountains", "made up, n = ")], "Two made-up mountains exchange rank.");
    std::fs::write(folder.join("terrain.html"), page).unwrap();
}
