//! Every series of scalars over time: losses in one plot, accuracies in another, the others by the folder of their names.

use super::thinned::thinned;
use crate::timeline::{self, Content, Series as Curve, Track};
use crate::words::count;
use dunwu::answer::{CORRUPTED, Color, FAINT, Figure, NEUTRAL, RESTORED, Scale, TEST, TRAIN};
use dunwu_foreign::run::{ForeignMark, ForeignRecord};
use dunwu_foreign::series::{Role, Series, role_of};

const NAME: &str = "curves";
const TITLE: &str = "Learning curves";
/// Colours of curves that are of neither side.
const OTHERS: [Color; 6] = [NEUTRAL, RESTORED, CORRUPTED, TEST, TRAIN, FAINT];
/// Plots in one figure, and curves in one plot: more could not be told apart.
const MOST_PLOTS: usize = 10;
const MOST_CURVES: usize = 6;
/// Marks that are named above the plots.
const MOST_MARKS: usize = 4;

/// The series that are shown in one plot.
struct Group<'a> {
    title: String,
    kind: GroupKind,
    series: Vec<&'a Series>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GroupKind {
    Share,
    Loss,
    Other,
}

/// The figure of all series that there is room for.
pub(super) fn figure(record: &ForeignRecord) -> Figure {
    let series = record.series();
    let Some(last) = record.last_step().filter(|_| !series.is_empty()) else {
        return Figure::undefined(NAME, TITLE, "the record holds no scalar");
    };
    let groups = groups(&series);
    let shown = &groups[..groups.len().min(MOST_PLOTS)];
    let tracks: Vec<Track> = shown.iter().map(|group| track(group, last)).collect();
    let n_drawn: usize = shown.iter().map(|group| group.series.len().min(MOST_CURVES)).sum();
    let left_out = series.len() - n_drawn;
    let shown_words = if n_drawn == 1 { "One series".to_owned() } else { format!("{} series", count(n_drawn as u64)) };
    let rest = match left_out {
        0 => String::new(),
        n => format!("; {} more have no room here and stand in the table", count(n as u64)),
    };
    let caption = format!("{shown_words} as recorded{rest}.");
    let events: Vec<(u64, &str)> =
        record.marks.iter().take(MOST_MARKS).map(|mark: &ForeignMark| (mark.step, mark.text.as_str())).collect();
    Figure::of_plots(NAME, TITLE, caption, timeline::stack_over(last.max(1), &[], &events, &tracks))
}

/// Accuracies first, then losses, then the others.
fn groups(series: &[Series]) -> Vec<Group<'_>> {
    let role = |one: &Series| role_of(&one.name);
    let of = |kind: GroupKind, title: &str, is_in: &dyn Fn(Role) -> bool| Group {
        title: title.to_owned(),
        kind,
        series: series.iter().filter(|one| role(one).is_some_and(is_in)).collect(),
    };
    let mut groups = vec![
        of(GroupKind::Share, "Accuracy or error (share of samples)", &|role| !role.is_loss()),
        of(GroupKind::Loss, "Loss", &|role| role.is_loss()),
    ];
    for one in series.iter().filter(|one| role(one).is_none()) {
        let folder = one.name.rsplit_once('/').map_or(one.name.as_str(), |(folder, _)| folder);
        match groups.iter_mut().find(|group| group.kind == GroupKind::Other && group.title == folder) {
            Some(group) => group.series.push(one),
            None => groups.push(Group { title: folder.to_owned(), kind: GroupKind::Other, series: vec![one] }),
        }
    }
    groups.retain(|group| !group.series.is_empty());
    groups
}

fn track(group: &Group<'_>, last: u64) -> Track {
    let is_percent = |one: &Series| group.kind == GroupKind::Share && one.values.iter().any(|value| *value > 1.0);
    let curve = |(place, one): (usize, &&Series)| {
        let unit = if is_percent(one) { 100.0 } else { 1.0 };
        let points: Vec<(u64, f64)> =
            one.steps.iter().copied().zip(one.values.iter().map(|value| value / unit)).collect();
        let color = match role_of(&one.name) {
            Some(role) if role.is_of_training() => TRAIN,
            Some(_) => TEST,
            None => OTHERS[place % OTHERS.len()],
        };
        // A second curve of one side differs from the first by its stroke.
        let earlier = &group.series[..place];
        let is_second = earlier.iter().any(|other| {
            role_of(&other.name).map(Role::is_of_training) == role_of(&one.name).map(Role::is_of_training)
        });
        let name = one
            .name
            .rsplit_once('/')
            .filter(|_| group.kind == GroupKind::Other)
            .map_or(one.name.as_str(), |(_, name)| name);
        Curve {
            dashed: is_second && group.kind != GroupKind::Other,
            ..Curve::evaluated(name, color, thinned(&points, last))
        }
    };
    let curves: Vec<Curve> = group.series.iter().enumerate().take(MOST_CURVES).map(curve).collect();
    let values: Vec<f64> = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1).collect();
    let scale = match group.kind {
        GroupKind::Share => Scale::Linear { low: 0.0, high: 1.0 },
        GroupKind::Loss if values.iter().all(|value| *value > 0.0 || !value.is_finite()) => Scale::log(values, 12),
        GroupKind::Loss | GroupKind::Other => fitting(&values),
    };
    let height = if group.kind == GroupKind::Other { 104.0 } else { 150.0 };
    Track { title: group.title.clone(), scale, height, content: Content::Curves(curves) }
}

/// A scale that shows the finite values, whatever lies between them.
pub(super) fn fitting(values: &[f64]) -> Scale {
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    Scale::fitting(&finite)
}
