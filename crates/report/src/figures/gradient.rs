//! The gradient that reaches the hidden layer.

use crate::timeline::{self, Content, Series, Track};
use crate::view::{Course, View};
use crate::words;
use dunwu::answer::{FAINT, NEUTRAL};
use dunwu::answer::{Figure, Scale};
use dunwu::measure;

const NAME: &str = "gradient";
const TITLE: &str = "The gradient that reaches the hidden units, G_F";

/// Its norm and its cosine with the form that theory gives it in Stage I.
pub(super) fn figure(view: &View<'_>) -> Figure {
    let norm = timeline::measured(view, measure::GRADIENT_NORM, "Norm of G_F", Scale::fitting);
    let alignment = view.course(measure::GRADIENT_ALIGNMENT);
    let aligned = Course::of(&alignment);
    let track = aligned.map(|course| {
        let zero = vec![(0.0, 0.0), (view.last_step() as f64, 0.0)];
        let low = if course.lowest.1 < 0.0 { -1.0 } else { 0.0 };
        let curves = vec![
            Series::of_frames(&words::number(course.last.1), NEUTRAL, alignment),
            Series { dotted: false, ..Series::of_frames("", FAINT, zero) },
        ];
        Track {
            title: "Alignment with the Stage I form (cosine)".into(),
            scale: Scale::Linear { low, high: 1.0 },
            height: 104.0,
            content: Content::Curves(curves),
        }
    });
    let tracks: Vec<Track> = [norm, track].into_iter().flatten().collect();
    if tracks.is_empty() {
        return Figure::undefined(NAME, TITLE, "the norm and the alignment of G_F were not measured in this run");
    }
    let plots = timeline::stack(view, &tracks);
    Figure::of_plots(NAME, TITLE, caption(Course::of(&view.course(measure::GRADIENT_NORM)), aligned), plots)
}

fn caption(norm: Option<Course>, aligned: Option<Course>) -> String {
    let norm = norm.map(|n| format!("The norm of G_F {}", n.phrase()));
    let aligned = aligned.map(|a| format!("cosine with the Stage I form {}", a.phrase()));
    match (norm, aligned) {
        (Some(norm), Some(aligned)) => format!("{norm}; its {aligned}."),
        (Some(norm), None) => format!("{norm}; its alignment is not defined here."),
        (None, Some(aligned)) => format!("The {aligned}; the norm of G_F is not defined here."),
        (None, None) => String::new(),
    }
}
