//! Names of irreps, as short as an axis needs.

use dunwu::group::Irrep;

/// What is written on an axis of irreps.
pub(super) struct IrrepNames {
    /// `frequency` where every name begins so, else `irrep`.
    pub(super) title: String,
    /// One a given irrep, without what the title says.
    pub(super) short: Vec<String>,
}

/// Splits what all names share (`frequency 1`, `frequency 2`, …) from what tells them apart.
pub(super) fn names<'a>(irreps: impl IntoIterator<Item = &'a Irrep>) -> IrrepNames {
    let full: Vec<&str> = irreps.into_iter().map(|irrep| irrep.name.as_str()).collect();
    let prefix = full.first().and_then(|name| name.rsplit_once(' ')).map_or("", |(prefix, _)| prefix);
    let short: Option<Vec<String>> = full
        .iter()
        .map(|name| name.strip_prefix(prefix)?.strip_prefix(' ').map(str::to_owned))
        .collect::<Option<_>>()
        .filter(|rest: &Vec<String>| rest.iter().all(|r| r.parse::<u64>().is_ok()));
    match short {
        Some(short) if full.len() > 1 => IrrepNames { title: prefix.into(), short },
        _ => IrrepNames { title: "irrep".into(), short: full.into_iter().map(str::to_owned).collect() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu::group::IrrepKind;

    fn check(full: &[&str], title: &str, short: &[&str]) {
        let irrep = |n: &&str| Irrep { name: (*n).into(), degree: 1, kind: IrrepKind::Real, dimension: 1 };
        let irreps: Vec<Irrep> = full.iter().map(irrep).collect();
        let names = names(&irreps);
        assert_eq!((names.title.as_str(), names.short), (title, short.iter().map(|s| (*s).to_owned()).collect()));
    }

    #[test]
    fn what_every_name_shares_is_said_once() {
        check(&["frequency 1", "frequency 2"], "frequency", &["1", "2"]);
        check(&["sign", "degree 2 #1"], "irrep", &["sign", "degree 2 #1"]);
        check(&["degree 2 #1", "degree 2 #2"], "irrep", &["degree 2 #1", "degree 2 #2"]);
        check(&["frequency 1"], "irrep", &["frequency 1"]);
        check(&[], "irrep", &[]);
    }
}
