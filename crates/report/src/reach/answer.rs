//! The answer to what a design can exchange, put together from its parts.

use super::{ReachData, distances, map, sights, tables, words};
use dunwu::answer::{Answer, Block, Fact, Section, object};
use dunwu::reach::{DESIGNS, Exchange, Reach, ReachRequest};
use dunwu::verb::{VerbError, Watcher};

/// Follows what each layer sees and says which pairs of positions exchange nothing, in how many hops others do, and what it costs.
pub fn answer(request: &ReachRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(answer_of(&dunwu::reach::reach(request, watcher)?))
}

/// Every published design with what it stands for, for help.
pub fn designs() -> impl Iterator<Item = (&'static str, String)> {
    DESIGNS.iter().map(|design| (design.name, format!("{}, {} layers", design.pattern, design.layers)))
}

/// The layers in which the fault shows: those that do not see everything, where others do.
pub(super) fn focus(reach: &Reach) -> &Exchange {
    reach.local.as_ref().unwrap_or(&reach.all)
}

pub(super) fn answer_of(reach: &Reach) -> Answer {
    let mut sentences = words::sentences(reach);
    let headline = sentences.remove(0);
    let figures = [Some(map::figure(reach)), Some(distances::figure(reach)), sights::figure(reach)];
    let mut terms = vec![
        Fact::new("hop", "information goes from one position to another in one layer; every layer can make one"),
        Fact::new("blind", "no hops within the layers there are lead from one position to the other"),
    ];
    if reach.longest_with_positions != Some(reach.length - 1) {
        terms.push(Fact::new("-nope", "a layer without positions: it sees which tokens there are and not where"));
    }
    Answer {
        verb: "reach",
        title: format!("What {} can exchange", reach.subject),
        setup: words::setup(reach),
        headline,
        sentences,
        sections: vec![
            Section::untitled(figures.into_iter().flatten().map(Block::Figure).collect()),
            Section::everywhere("Layers and what they cost", vec![Block::Table(tables::layers(reach))]),
            Section::of_terminal(Some("Pairs by distance"), vec![Block::Table(tables::few_distances(reach))]),
            Section::of_page("Pairs by distance", vec![Block::Table(tables::distances(reach))]),
            Section::of_page("Words", vec![Block::Words(terms)]),
        ],
        sources: words::sources(reach),
        data: object(&ReachData::of(reach)),
    }
}
