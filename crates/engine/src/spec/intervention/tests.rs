use super::*;

#[test]
fn what_is_written_is_spelled_as_it_is_read() {
    for (written, spelled) in [
        ("at 300 set optimizer.learning_rate=0.001", "at 300 set optimizer.learning_rate 0.001"),
        ("at 3 set optimizer.learning_rate = 1e-3", "at 3 set optimizer.learning_rate 0.001"),
        ("from 1 to 9 set data.batch_size 7", "from 1 to 9 set data.batch_size 7"),
        ("on memorized freeze top", "on memorized freeze top"),
        ("when test_accuracy > .5 ablate units 9,3,4,5,5", "when test_accuracy >= 0.5 ablate units 3-5,9"),
        ("at 2 set loss cross_entropy", "at 2 set loss cross_entropy"),
        (
            "at 9 clamp all;at 1 corrupt 0.5 of rows\n at 9 scale top by -1",
            "at 1 corrupt 0.5 of rows; at 9 scale top by -1.0; at 9 clamp all",
        ),
        ("at 5 nudge hidden 0 by 0.001", "at 5 nudge hidden 0 by 0.001"),
        (
            "at 5 repeat 2 rows; at 5 train rows 1; at 5 hold-out rows 2",
            "at 5 train rows 1; at 5 hold-out rows 2; at 5 repeat 2 rows",
        ),
        (" ; \n", ""),
    ] {
        let read = parse_interventions(written).unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(spell_interventions(&read), spelled);
        assert_eq!(parse_interventions(spelled).unwrap(), read);
    }
}

#[test]
fn what_cannot_be_done_is_named_with_the_reason() {
    for (written, why) in [
        ("freeze top", "begin with at"),
        ("at x freeze top", "whole number"),
        ("at 3", "what is done"),
        ("at 3 melt top", "there is no \"melt\""),
        ("at 3 set model.width 9", "cannot change during a run"),
        ("at 3 set optimizer.learnig_rate 9", "learning_rate"),
        ("at 3 set optimizer.learning_rate", "value is missing"),
        ("from 9 to 9 freeze top", "ends before"),
        ("from 3 to 9 rewind top", "at STEP"),
        ("at 3 ablate units x", "no list"),
        ("at 3 ablate units 9-3", "no list"),
        ("at 3 clamp top to -1", "not negative"),
        ("at 3 clamp top at 1", "\"to\""),
        ("at 3 repeat 0 rows", "none"),
        ("at 3 scale top by nan", "finite"),
        ("at 3 freeze top now", "left over"),
        ("on learned freeze top", "no event"),
        ("when beauty >= 1 freeze top", "not watched"),
        ("at 3 corrupt 2 of rows", "share"),
        ("at 3 set optimizer.beta1 0.5; at 3 set optimizer.beta1 0.6", "twice"),
    ] {
        let error = parse_interventions(written).expect_err(written).to_string();
        assert!(error.contains(why) && error.contains("interventions"), "{written}: {error}");
    }
}
