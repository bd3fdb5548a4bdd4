//! `dunwu presets`, `settings`, `measures`, `task` and `schema`: what there is to choose from, and what programs read.

use crate::Place;
use crate::failure::Failure;
use crate::say::say;
use crate::{print, watching};
use dunwu::verb::VerbError;
use dunwu_report::reference;
use dunwu_report::verbs::{self, VERBS};

pub(crate) fn presets(place: &Place) {
    print::without_page(&reference::presets(), place);
}

pub(crate) fn settings(place: &Place) {
    print::without_page(&reference::settings(), place);
}

pub(crate) fn measures(name: Option<&str>, place: &Place) -> Result<(), Failure> {
    print::without_page(&watching::unwatched(reference::measures(name))?, place);
    Ok(())
}

pub(crate) fn task(spelling: Option<&str>, place: &Place) -> Result<(), Failure> {
    print::without_page(&watching::unwatched(reference::task(spelling))?, place);
    Ok(())
}

/// The schema of the verb's answers as JSON, or those of all verbs by name.
pub(crate) fn schema(name: Option<&str>) -> Result<(), Failure> {
    let schema = match name {
        None => verbs::schemas(),
        Some(name) => match verbs::find(name) {
            Some(verb) => verbs::schema(verb).to_value(),
            None => {
                let names: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
                let message = format!("no verb {name:?} has a schema; there are {}", names.join(", "));
                return Err(Failure::of_verb(VerbError::usage(message), None));
            }
        },
    };
    say!("{schema:#}");
    Ok(())
}
