//! Making figures again: the commands of a recipe in a folder of their own, then each figure into its place.

use super::list::{Figure, Needs, Recipe};
use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::say::say;
use crate::tidy::has_end;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Makes the figures of these recipes. `keep` goes on with runs that are in `target/gallery` already.
pub(super) fn make(checkout: &Checkout, recipes: &[&Recipe], keep: bool) -> Result<(), Failure> {
    checkout.run(&["cargo", "build", "--release", "--package", "dunwu-cli"])?;
    if recipes.iter().any(|recipe| recipe.needs == Needs::Browser) {
        checkout.run(&["npm", "ci", "--prefix", "web", "--no-audit", "--no-fund"])?;
    }
    if recipes.iter().any(|recipe| recipe.needs == Needs::LanguageModel) {
        checkout.run(&["scripts/fetch-model"])?;
    }
    let program = utf8(&checkout.target().join("release/dunwu"))?;
    for recipe in recipes {
        let began = Instant::now();
        say!("\n== {} ({})", recipe.name, recipe.takes);
        let folder = format!("gallery/{}", recipe.name);
        let out = checkout.empty_folder(&format!("{folder}/out"))?;
        let runs = checkout.target().join(&folder).join("runs");
        if !keep {
            checkout.empty_folder(&format!("{folder}/runs"))?;
        }
        let mut made_run = None;
        for command in recipe.commands {
            let words = words(command, &utf8(&runs)?, &utf8(&out)?, made_run.as_deref())?;
            if words[0] == "node" {
                let words: Vec<String> = words.iter().map(|word| word.replace("{program}", &program)).collect();
                checkout.run(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
                continue;
            }
            let words: Vec<&str> = [&program].into_iter().chain(&words).map(String::as_str).collect();
            if words.contains(&"--json") {
                say!("$ {}", words.join(" "));
                made_run = Some(run_of(&checkout.output(&words)?)?);
            } else {
                checkout.run_judge(&words)?;
            }
        }
        recipe.figures.iter().try_for_each(|figure| put_in_place(checkout.root(), &out, figure))?;
        say!("{}: {:.1} min", recipe.name, began.elapsed().as_secs_f64() / 60.0);
    }
    Ok(())
}

/// A command's words with its places filled in.
fn words(command: &str, runs: &str, out: &str, run: Option<&str>) -> Result<Vec<String>, Failure> {
    let fill = |word: &str| {
        let word = word.replace("{runs}", runs).replace("{out}", out);
        match run {
            Some(run) => Ok(word.replace("{run}", run)),
            None if word.contains("{run}") => Err(Failure::failed(format!("no command before `{command}` made a run"))),
            None => Ok(word),
        }
    };
    command.split(' ').map(fill).collect()
}

/// The directory that `dunwu run --json` names under the key `run`.
fn run_of(json: &str) -> Result<String, Failure> {
    let after = json.split("\"run\":").nth(1).map(str::trim_start);
    let directory = after.and_then(|rest| rest.strip_prefix('"')?.split('"').next());
    directory.map(str::to_owned).ok_or_else(|| Failure::failed(format!("no key `run` in what the run printed: {json}")))
}

/// Copies a figure over the image in the checkout, and says whether that changed it.
fn put_in_place(root: &Path, out: &Path, figure: &Figure) -> Result<(), Failure> {
    let from = out.join(figure.written_as);
    let new = fs::read(&from).map_err(|error| {
        Failure::failed(format!("cannot read {}: {error}; there is {}", from.display(), drawings(out).join(", ")))
    })?;
    let to = root.join(figure.image);
    let what = match fs::read(&to) {
        Ok(old) if old == new => "as it was",
        Ok(_) => "changed",
        Err(_) => "new",
    };
    fs::write(&to, new).map_err(|error| Failure::failed(format!("cannot write {}: {error}", to.display())))?;
    say!("{}: {what}", figure.image);
    Ok(())
}

/// Names of the drawings in a folder.
fn drawings(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| has_end(name, "svg"));
    names.sort();
    names
}

fn utf8(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().ok_or_else(|| Failure::failed(format!("the path {} is no UTF-8", path.display())))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_command_are_filled_in() {
        let filled = words("export {run} --output {out} --runs {runs}/x", "R", "O", Some("D"));
        assert_eq!(filled, Ok(["export", "D", "--output", "O", "--runs", "R/x"].map(str::to_owned).to_vec()));
        assert!(words("export {run}", "R", "O", None).is_err());
    }

    #[test]
    fn the_run_is_read_off_its_object() {
        assert_eq!(
            run_of("{\"outcome\":{\"kind\":\"grokked\"},\"run\": \"runs/a-b\",\"x\":1}"),
            Ok("runs/a-b".to_owned())
        );
        assert!(run_of("{\"runs\": 3}").is_err());
    }

    #[test]
    fn a_figure_that_was_not_made_is_missed_by_name() {
        let checkout = Checkout::of_this_build();
        let out = checkout.empty_folder("gallery/test/out").unwrap();
        fs::write(out.join("other.svg"), "<svg/>").unwrap();
        let figure = Figure { image: "target/gallery/test/a.svg", written_as: "a.svg" };
        let Err(Failure::Failed(words)) = put_in_place(&out, &out, &figure) else { panic!() };
        assert!(words.contains("a.svg") && words.ends_with("there is other.svg"), "{words}");
    }
}
