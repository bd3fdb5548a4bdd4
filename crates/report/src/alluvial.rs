//! What units were and what they became: stacked blocks at a few snapshots, and between them a ribbon for each change.

use super::plot::{EndLabel, LEFT, Panel, SMALL};
use super::svg::{Anchor, PathData, Svg, WIDTH, text_width};
use super::words::{count, counted};
use dunwu::answer::Color;
use dunwu::answer::Scale;

pub(crate) use dunwu::answer::{Flows as Alluvial, Stratum};

/// Space between two blocks of a snapshot, and their width.
const GAP: f64 = 7.0;
const BLOCK: f64 = 9.0;
const HEIGHT: f64 = 250.0;

/// Units that are `from` at snapshot `column` and `to` at the next, as a band that ends at these heights below the top; in
/// units of one hidden unit, gaps not counted.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Flow {
    column: usize,
    from: usize,
    to: usize,
    n_units: usize,
    start: usize,
    end: usize,
}

/// The drawing as a whole SVG document.
pub(crate) fn alluvial(input: &Alluvial) -> String {
    const TITLE: &str = "What the hidden units were and became";
    let n_columns = input.steps.len().min(input.of_unit.len());
    let n_units = input.of_unit.iter().take(n_columns).map(Vec::len).max().unwrap_or(0);
    let mut svg = Svg::default();
    if n_columns == 0 || n_units == 0 || input.strata.is_empty() {
        svg.text((8.0, 24.0), Anchor::Start, SMALL, "not defined here: no unit was seen at any snapshot");
        return svg.finish("alluvial", TITLE, "not defined here", 40.0);
    }
    let steps = &input.steps[..n_columns];
    let last = (n_columns - 1).max(1) as f64;
    let marks: Vec<(f64, String)> = marks(input, steps);
    let panel = Panel {
        left: LEFT - 30.0,
        top: 0.0,
        width: WIDTH - (LEFT - 30.0) - right_margin(input),
        height: HEIGHT,
        strip: 0.0,
        names: 0.0,
        x: Scale::Linear { low: 0.0, high: last },
        y: Scale::Linear { low: 0.0, high: 1.0 },
    }
    .below_marks(&marks);
    let layout = Layout { panel, n_units, n_strata: input.strata.len() };
    let counts = counts(input, n_columns);
    for flow in flows(input, n_columns) {
        layout.ribbon(&mut svg, &flow, &counts, input.strata[flow.from].color);
    }
    for (column, counts) in counts.iter().enumerate() {
        for (stratum, &n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            let (x, top) = (layout.x(column), layout.y(stratum, counts[..stratum].iter().sum()));
            let size = (BLOCK, (n as f64 * layout.unit()).max(0.6));
            svg.rect((x - BLOCK / 2.0, top), size, &format!("fill=\"{}\"", input.strata[stratum].color.line));
        }
        let label = count(steps[column]);
        svg.text((layout.x(column), panel.bottom() + 17.0), Anchor::Middle, SMALL, &label);
    }
    panel.mark_lines(&mut svg, &marks);
    let ends = &counts[n_columns - 1];
    let labels = ends.iter().enumerate().filter(|(s, _)| counts.iter().any(|c| c[*s] > 0)).map(|(stratum, &n)| {
        let middle = layout.y(stratum, ends[..stratum].iter().sum()) + n as f64 * layout.unit() / 2.0;
        let Stratum { name, color } = &input.strata[stratum];
        EndLabel { y: middle, text: format!("{} {name}", count(n as u64)), color: *color }
    });
    panel.end_labels(&mut svg, labels.collect());
    let remark = format!("({}; a ribbon has the colour of what its units were)", count(n_units as u64));
    svg.heading((0.0, panel.top - panel.names - 9.0), "Hidden units", &remark);
    let title = "training step (snapshots, evenly spaced)";
    svg.text((panel.left + panel.width / 2.0, panel.bottom() + 34.0), Anchor::Middle, SMALL, title);
    let description = format!("{} at {}", counted(n_units, "unit"), counted(n_columns, "snapshot"));
    svg.finish("alluvial", TITLE, &description, panel.bottom() + 44.0)
}

/// Room for the longest name at the right end.
fn right_margin(input: &Alluvial) -> f64 {
    let longest = input.strata.iter().map(|s| text_width(&s.name, 12.0)).fold(0.0, f64::max);
    (longest + 52.0).clamp(100.0, 240.0)
}

/// Events and the switch, at their places between the snapshots.
fn marks(input: &Alluvial, steps: &[u64]) -> Vec<(f64, String)> {
    let events = input.events.iter().map(|(step, name)| (*step, name.as_str()));
    let all = events.chain(input.switch.map(|step| (step, "switch")));
    let mut marks: Vec<(f64, String)> =
        all.filter_map(|(step, name)| Some((column_at(steps, step)?, format!("{name} at {}", count(step))))).collect();
    marks.sort_by(|a, b| a.0.total_cmp(&b.0));
    marks
}

/// Where a step lies among the snapshots: between two of them by the logarithm of step + 1, as on every other axis of time.
fn column_at(steps: &[u64], step: u64) -> Option<f64> {
    let after = steps.partition_point(|&s| s < step);
    if steps.get(after) == Some(&step) {
        return Some(after as f64);
    }
    let before = after.checked_sub(1)?;
    let ln = |step: u64| (step as f64).ln_1p();
    let (from, to) = (ln(steps[before]), ln(*steps.get(after)?));
    Some(before as f64 + (ln(step) - from) / (to - from))
}

/// Units in each stratum at each snapshot.
fn counts(input: &Alluvial, n_columns: usize) -> Vec<Vec<usize>> {
    let count = |units: &Vec<usize>| {
        let mut counts = vec![0; input.strata.len()];
        for &stratum in units.iter().filter(|&&s| s < input.strata.len()) {
            counts[stratum] += 1;
        }
        counts
    };
    input.of_unit[..n_columns].iter().map(count).collect()
}

/// Every change and every stay, so ordered that ribbons cross as little as two fixed orders allow: out of a block by where
/// they go, into a block by where they come from.
fn flows(input: &Alluvial, n_columns: usize) -> Vec<Flow> {
    let n = input.strata.len();
    let counts = counts(input, n_columns);
    let mut flows = Vec::new();
    for column in 0..n_columns.saturating_sub(1) {
        let mut pairs = vec![0; n * n];
        let (now, then) = (&input.of_unit[column], &input.of_unit[column + 1]);
        for (&from, &to) in now.iter().zip(then).filter(|(from, to)| **from < n && **to < n) {
            pairs[from * n + to] += 1;
        }
        let tops =
            |column: usize| -> Vec<usize> { (0..n).map(|stratum| counts[column][..stratum].iter().sum()).collect() };
        let (mut starts, mut ends) = (tops(column), tops(column + 1));
        // Both ends grow downwards in this order: rows of `pairs` fill a block's outflow, columns the next one's inflow.
        for from in 0..n {
            for to in 0..n {
                let n_units = pairs[from * n + to];
                if n_units > 0 {
                    flows.push(Flow { column, from, to, n_units, start: starts[from], end: ends[to] });
                    starts[from] += n_units;
                    ends[to] += n_units;
                }
            }
        }
    }
    // What stays lies behind what changes, large behind small.
    flows.sort_by_key(|flow| (flow.from != flow.to, std::cmp::Reverse(flow.n_units)));
    flows
}

/// From units to places in the drawing.
struct Layout {
    panel: Panel,
    n_units: usize,
    n_strata: usize,
}

impl Layout {
    /// Height of one unit.
    fn unit(&self) -> f64 {
        (self.panel.height - GAP * (self.n_strata - 1) as f64) / self.n_units as f64
    }

    fn x(&self, column: usize) -> f64 {
        self.panel.at_x(column as f64).unwrap_or(self.panel.left)
    }

    /// The height in the drawing below `units` units of a block of `stratum`.
    fn y(&self, stratum: usize, units: usize) -> f64 {
        self.panel.top + units as f64 * self.unit() + GAP * stratum as f64
    }

    fn ribbon(&self, svg: &mut Svg, flow: &Flow, counts: &[Vec<usize>], color: Color) {
        debug_assert!(flow.n_units <= counts[flow.column][flow.from], "a ribbon is no wider than its block");
        let (x1, x2) = (self.x(flow.column) + BLOCK / 2.0, self.x(flow.column + 1) - BLOCK / 2.0);
        let (y1, y2) = (self.y(flow.from, flow.start), self.y(flow.to, flow.end));
        let width = flow.n_units as f64 * self.unit();
        let middle = f64::midpoint(x1, x2);
        let mut data = PathData::default();
        data.move_to((x1, y1)).curve_to([(middle, y1), (middle, y2)], (x2, y2));
        data.line_to((x2, y2 + width));
        data.curve_to([(middle, y2 + width), (middle, y1 + width)], (x1, y1 + width)).close();
        let opacity = if flow.from == flow.to { "0.28" } else { "0.62" };
        // The edge keeps a ribbon of one unit in thousands visible.
        let style = "stroke-width=\"0.5\" stroke-opacity=\"0.7\"";
        svg.path(&data, &format!("fill=\"{0}\" fill-opacity=\"{opacity}\" stroke=\"{0}\" {style}", color.line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::{assert_sound, assert_texts_apart};
    use dunwu::answer::{LABELS, label_color};
    use proptest::prelude::*;

    fn of_units(of_unit: Vec<Vec<usize>>) -> Alluvial {
        let steps = (0..of_unit.len() as u64).map(|i| i * 10).collect();
        Alluvial { steps, of_unit, ..sample() }
    }

    proptest! {
        /// Brute force: every block is filled by its ribbons without gap or overlap, on either side, and each ribbon is as
        /// wide as the number of units that make its change.
        #[test]
        fn ribbons_conserve_units(of_unit in (1_usize..14).prop_flat_map(|n| {
            prop::collection::vec(prop::collection::vec(0_usize..4, n), 2..5)
        })) {
            let input = of_units(of_unit);
            let n_columns = input.of_unit.len();
            let flows = flows(&input, n_columns);
            for flow in &flows {
                let (now, then) = (&input.of_unit[flow.column], &input.of_unit[flow.column + 1]);
                let moved = (0..now.len()).filter(|&u| now[u] == flow.from && then[u] == flow.to).count();
                prop_assert_eq!(flow.n_units, moved);
            }
            let tiles = |mut parts: Vec<(usize, usize)>| {
                parts.sort_unstable();
                parts.windows(2).all(|w| w[0].1 == w[1].0).then(|| (parts[0].0, parts[parts.len() - 1].1))
            };
            for column in 0..n_columns {
                for stratum in 0..4 {
                    let above = input.of_unit[column].iter().filter(|&&s| s < stratum).count();
                    let block = (above, above + input.of_unit[column].iter().filter(|&&s| s == stratum).count());
                    if block.0 == block.1 {
                        continue;
                    }
                    let out = flows.iter().filter(|f| f.column == column && f.from == stratum);
                    let into = flows.iter().filter(|f| f.column + 1 == column && f.to == stratum);
                    if column + 1 < n_columns {
                        prop_assert_eq!(tiles(out.map(|f| (f.start, f.start + f.n_units)).collect()), Some(block));
                    }
                    if column > 0 {
                        prop_assert_eq!(tiles(into.map(|f| (f.end, f.end + f.n_units)).collect()), Some(block));
                    }
                }
            }
        }
    }

    #[test]
    fn steps_between_snapshots_lie_between_them() {
        let steps = [0, 9, 99];
        let at = |step| column_at(&steps, step);
        assert_eq!([at(0), at(9), at(99)], [Some(0.0), Some(1.0), Some(2.0)]);
        assert_eq!(at(100), None);
        assert!((at(31).unwrap() - (1.0 + (3.2_f64).log10())).abs() < 1e-12);
        assert_eq!(column_at(&[5, 10], 3), None, "before the first snapshot");
    }

    #[test]
    fn every_alluvial_is_sound() {
        let edited = |edit: fn(&mut Alluvial)| {
            let mut input = sample();
            edit(&mut input);
            input
        };
        let cases = [
            ("the sample", sample()),
            ("nothing", edited(|a| (a.steps, a.of_unit) = (vec![], vec![]))),
            ("no units", edited(|a| a.of_unit.iter_mut().for_each(Vec::clear))),
            ("no strata", edited(|a| a.strata.clear())),
            ("one snapshot", edited(|a| a.steps.truncate(1))),
            ("two snapshots", edited(|a| a.of_unit.truncate(2))),
            ("one unit", edited(|a| a.of_unit.iter_mut().for_each(|u| u.truncate(1)))),
            ("unknown strata", edited(|a| a.of_unit.iter_mut().flatten().for_each(|s| *s += 2))),
            ("only unknown strata", edited(|a| a.of_unit.iter_mut().flatten().for_each(|s| *s += 20))),
            ("ragged", edited(|a| a.of_unit[3].truncate(100))),
            ("the same step twice", edited(|a| a.steps[4] = a.steps[3])),
            ("long names", edited(|a| a.strata[0].name = "a<b & c".repeat(4))),
            ("many events", edited(|a| a.events = (0..9).map(|i| (60 * i, format!("event {i}"))).collect())),
        ];
        for (name, input) in cases {
            assert_sound(&alluvial(&input), name);
        }
        assert_texts_apart(&alluvial(&sample()), "the sample");
        let single = of_units(vec![vec![0; 1000], [vec![0; 999], vec![1]].concat()]);
        assert!(alluvial(&single).contains("fill-opacity=\"0.62\" stroke="), "one unit in a thousand has a ribbon");
    }

    /// Units that drift from undecided to memorizing and on to generalizing.
    fn sample() -> Alluvial {
        let steps = vec![0, 10, 30, 80, 150, 300, 600, 1200, 4000];
        let of_unit = (0..steps.len())
            .map(|column| {
                (0..1024_usize)
                    .map(|unit| {
                        let hash = (unit * 2_654_435_761) % 1000;
                        let (memorizes, generalizes, dies) = (hash % 7, 3 + hash % 11, 3 + hash % 13);
                        match column {
                            c if c >= dies && hash % 5 == 0 => 3,
                            c if c >= generalizes => 0,
                            c if c >= memorizes && hash % 3 != 0 => 1,
                            _ => 2,
                        }
                    })
                    .collect()
            })
            .collect();
        Alluvial {
            steps,
            strata: LABELS.map(|label| Stratum { name: label.name().to_owned(), color: label_color(label) }).into(),
            of_unit,
            events: vec![(62, "memorized".into()), (900, "generalized".into())],
            switch: Some(420),
        }
    }

    /// Writes the sample to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
    #[test]
    #[ignore = "writes files for the eye, checks nothing that others do not"]
    fn write_the_alluvial() {
        let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
        std::fs::write(folder.join("alluvial.svg"), alluvial(&sample())).unwrap();
    }
}
