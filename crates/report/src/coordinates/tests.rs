use super::answer;
use crate::drawing_checks::{assert_page_sound, assert_sound, assert_texts_apart};
use crate::verbs::mistakes;
use crate::{draw, skin};
use dunwu::verb::Watcher;
use dunwu_verdict::coordinates::{Asked, CoordinatesRequest, Scaling};
use std::sync::atomic::AtomicBool;

const NETWORKS: [(&str, &[&str], Scaling); 4] = [
    ("model.activation=square optimizer=sgd optimizer.learning_rate=1", &[], Scaling::Grows),
    ("optimizer=sgd optimizer.learning_rate=1", &["optimizer.learning_rate=-1"], Scaling::Shrinks),
    ("optimizer=sgd optimizer.learning_rate=1e6", &[], Scaling::CannotTell),
    (
        "model.architecture=transformer model.dimension=16 model.heads=2 model.width=64 model.activation=relu optimizer=adam",
        &[],
        Scaling::Grows,
    ),
];

#[test]
fn every_page_is_well_formed_its_texts_stand_apart_and_its_data_fit_the_schema() {
    for (words, scales, verdict) in NETWORKS {
        let asked = Asked {
            words: format!("small task=cyclic:7 loss=cross_entropy {words}")
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            widths: vec![16, 64, 256],
            steps: 2,
            seeds: 2,
            scales: scales.iter().map(ToString::to_string).collect(),
        };
        let request = CoordinatesRequest::new(&asked).unwrap_or_else(|error| panic!("{words}: {}", error.sentence()));
        let stop = AtomicBool::new(false);
        let (answer, found) = answer(words, &request, 2, &mut Watcher::new(&mut |_| {}, &stop)).unwrap();
        assert_eq!(found, verdict, "{words}: {}", answer.headline);
        assert_page_sound(&skin::page(&answer), words);
        for (name, svg) in draw::documents(&answer) {
            assert_sound(&svg, &format!("{words}: {name}"));
            assert_texts_apart(&svg, &format!("{words}: {name}"));
        }
        let text = skin::terminal(&answer);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(mistakes("coordinates", &skin::json(&answer)), Vec::<String>::new(), "{words}");
        let says = match verdict {
            Scaling::Grows => "grows as width^",
            Scaling::Shrinks => "shrinks as width^",
            Scaling::CannotTell => "cannot be told",
            Scaling::Stable => "Stable",
        };
        assert!(answer.headline.contains(says), "{}", answer.headline);
    }
}
