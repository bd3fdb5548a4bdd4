use super::{answer::of_audit, bench};
use crate::drawing_checks::assert_page_sound;
use crate::skin;
use dunwu::store::{Column, Table};
use dunwu::verb::Watcher;
use dunwu_verdict::audit::{BenchRequest, Claim, of_files, of_table};
use std::sync::atomic::AtomicBool;

fn results(lead: f64) -> Table {
    let texts = (0..16).map(|i| if i < 8 { "<a>" } else { "b" }.to_owned()).collect();
    let values = (0..16).map(|i| f64::from(i * 7 % 8) / 80.0 + if i < 8 { 0.5 } else { 0.5 + lead }).collect();
    Table::default()
        .with("method", Column::Utf8(texts))
        .with("seed", Column::Int64((0..16).map(|i| i % 8).collect()))
        .with("test_accuracy", Column::Float64(values))
}

#[test]
fn every_answer_is_sound_in_every_skin() {
    let claim = Claim::parse("method=<a>,b", "test_accuracy").unwrap();
    let audits = [
        of_table(&results(0.0), Some(&claim)).unwrap(),
        of_table(&results(0.3), Some(&claim)).unwrap(),
        of_table(&results(0.3), None).unwrap(),
        of_files(&results(0.3), &results(0.3), Some("method")).unwrap(),
    ];
    let begins = [
        "It misleads: too few seeds (",
        "Nothing that misleads was found (",
        "It cannot be told: 0 of 11",
        "It misleads: ",
    ];
    for (audit, begin) in audits.iter().zip(begins) {
        let answer = of_audit("a <table>", audit);
        assert!(answer.headline.starts_with(begin), "{}", answer.headline);
        assert_page_sound(&skin::page(&answer), begin);
        assert_eq!(crate::verbs::mistakes("audit", &skin::json(&answer)), [""; 0], "{begin}");
        assert!(skin::terminal(&answer).contains("mirror images"));
    }
}

#[test]
fn rates_are_sound_in_every_skin() {
    let rates = BenchRequest { cases: 1 }.run(&mut Watcher::new(&mut |_| {}, &AtomicBool::new(false))).unwrap();
    let answer = bench(&rates);
    assert!(answer.headline.starts_with("Of 17 planted mistakes"), "{}", answer.headline);
    assert_page_sound(&skin::page(&answer), "rates");
    assert_eq!(crate::verbs::mistakes("audit-bench", &skin::json(&answer)), [""; 0]);
}
