//! `dunwu quals`: how often the scientist is wrong.

use crate::failure::Failure;
use crate::{Place, print, watching};
use clap::{Args, ValueEnum};
use dunwu_quals::{Size, TIERS, examine_tiers};

/// Examine the scientist: how often it is wrong, on cases of which the truth is known: `dunwu quals`
///
/// Worlds without a law and proposers that cheat, planted laws beside other searches at equal numbers of runs, derivations with planted
/// errors, processes that are killed. The same seed gives the same examination; no model and no network. Exit code 3: a figure misses
/// its bar.
#[derive(Args)]
pub(crate) struct QualsArguments {
    /// How large it is
    #[arg(long, value_enum, default_value = "ci")]
    size: SizeName,
    /// What all worlds are drawn from
    #[arg(long, value_name = "SEED", default_value = "1")]
    seed: u64,
    /// Only tiers whose names begin so, such as `Q4`
    #[arg(long, value_name = "NAME")]
    tier: Vec<String>,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, ValueEnum)]
enum SizeName {
    /// Two to three minutes on two cores
    Ci,
    /// All worlds, for figures that are published: hours
    Full,
}

pub(crate) fn quals(asked: &QualsArguments) -> Result<(), Failure> {
    if let Some(none) = asked.tier.iter().find(|begun| !TIERS.iter().any(|name| name.starts_with(begun.as_str()))) {
        return Err(Failure::usage(format!("no tier's name begins with {none:?}; there are {}", TIERS.join(", "))));
    }
    let size = match asked.size {
        SizeName::Ci => Size::Ci,
        SizeName::Full => Size::Full,
    };
    let is_asked =
        |name: &str| asked.tier.is_empty() || asked.tier.iter().any(|begun| name.starts_with(begun.as_str()));
    let quals = watching::show(asked.quiet || asked.place.json, |watcher| {
        let mut at = String::new();
        examine_tiers(size, asked.seed, &is_asked, &mut |tier, share| {
            if tier != at {
                watcher.phase(tier, Some(100));
                tier.clone_into(&mut at);
            }
            watcher.pieces((100.0 * share) as u64);
        })
    });
    print::without_page(&dunwu_report::quals::answer(&quals), &asked.place);
    if quals.holds { Ok(()) } else { Err(Failure::Judged { code: 3 }) }
}
