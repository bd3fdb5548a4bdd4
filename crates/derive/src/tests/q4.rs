//! The examination Q4 on a few seeds; `examples/q4.rs` runs it on many.

use crate::Derivation;
use crate::q4::{FaultKind, chains, examine};
use std::collections::BTreeSet;

#[test]
fn chains_are_four_to_eight_steps_and_a_third_has_an_error() {
    for seed in 0..10 {
        let chains = chains(seed, 60);
        assert_eq!(chains.iter().filter(|chain| chain.fault.is_some()).count(), 20);
        let kinds: BTreeSet<FaultKind> =
            chains.iter().filter_map(|chain| chain.fault).map(|fault| fault.kind).collect();
        assert_eq!(kinds.len(), FaultKind::ALL.len());
        for chain in chains {
            let derivation = Derivation::parse(&chain.text).unwrap_or_else(|error| panic!("{error}\n{}", chain.text));
            assert!((4..=8).contains(&derivation.n_steps()), "{}", chain.text);
            assert!(chain.fault.is_none_or(|fault| (1..=derivation.n_steps()).contains(&fault.step)));
        }
    }
}

#[test]
fn every_seed_gives_other_chains() {
    let texts = |seed| chains(seed, 60).into_iter().map(|chain| chain.text).collect::<BTreeSet<_>>();
    assert_eq!(texts(1), texts(1));
    assert!(texts(1).intersection(&texts(2)).count() == 0);
    assert_eq!(texts(1).len(), 60);
}

/// The bars of the examination: 95 % of the errors located, no false alarm.
#[test]
fn errors_are_located_without_false_alarms() {
    let result = examine(2026, 30);
    assert_eq!((result.chains, result.planted, result.false_alarms), (30, 10, 0), "{:#?}", result.missed);
    assert!(result.located * 20 >= result.planted * 19, "{:#?}", result.missed);
}
