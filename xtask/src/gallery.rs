//! `cargo xtask gallery`: the figures of the documents, each with the command that made it, made again on demand.

mod list;
mod make;

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::say::say;
use crate::tidy::{Finding, Rule, Tree, linked_files};
use list::{Needs, RECIPES, Recipe};

/// Where figures of documents stand.
const IMAGES: &str = "docs/images/";

pub(crate) const RULE: Rule = Rule {
    name: "gallery",
    asks: "every image under docs/images/ has a recipe in xtask/src/gallery/list.rs, and every recipe's image is shown",
    check: |tree| unlisted(tree, RECIPES),
};

/// `gallery [NAME…] [--list] [--all] [--keep]`.
pub(crate) fn run(checkout: &Checkout, words: &[&str]) -> Result<(), Failure> {
    let (options, names): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with('-'));
    if let Some(unknown) = options.iter().find(|option| !["--list", "--all", "--keep"].contains(option)) {
        return Err(Failure::usage(format!("gallery has no option {unknown}; there are --list, --all and --keep")));
    }
    let all = options.contains(&"--all");
    if options.contains(&"--list") || (names.is_empty() && !all) {
        say!("{}\n\nMake one again with `cargo xtask gallery NAME`, all of them with `--all`.", table(RECIPES));
        return Ok(());
    }
    let chosen = if all { RECIPES.iter().collect() } else { chosen(&names)? };
    make::make(checkout, &chosen, options.contains(&"--keep"))
}

/// Recipes by their names, or by an image that they make.
fn chosen(names: &[&str]) -> Result<Vec<&'static Recipe>, Failure> {
    let find = |name: &&str| {
        let makes =
            |recipe: &&Recipe| recipe.name == *name || recipe.figures.iter().any(|figure| figure.image == *name);
        let known = || RECIPES.iter().map(|recipe| recipe.name).collect::<Vec<_>>().join(", ");
        RECIPES
            .iter()
            .find(makes)
            .ok_or_else(|| Failure::usage(format!("the gallery has no {name:?}; it has {}", known())))
    };
    names.iter().map(find).collect()
}

fn table(recipes: &[Recipe]) -> String {
    let mut lines = Vec::new();
    for recipe in recipes {
        let needs = match recipe.needs {
            Needs::Nothing => "",
            Needs::LanguageModel => "; needs scripts/fetch-model",
            Needs::Browser => "; needs node and chromium",
        };
        lines.push(format!("{}  ({}{needs})", recipe.name, recipe.takes));
        lines.extend(recipe.commands.iter().map(|command| {
            if command.starts_with("node ") { format!("    {command}") } else { format!("    dunwu {command}") }
        }));
        lines.extend(recipe.figures.iter().map(|figure| format!("    {} → {}", figure.written_as, figure.image)));
    }
    lines.join("\n")
}

/// Images without a recipe, and recipes whose image is not there or not shown.
fn unlisted(tree: &Tree, recipes: &[Recipe]) -> Vec<Finding> {
    let listed: Vec<&str> = recipes.iter().flat_map(|recipe| recipe.figures).map(|figure| figure.image).collect();
    let shown = linked_files(tree);
    let unlisted = tree.paths().filter(|path| path.starts_with(IMAGES) && !listed.contains(path));
    let says = "no recipe makes this image; add the command that did to xtask/src/gallery/list.rs";
    let mut findings: Vec<Finding> = unlisted.map(|path| Finding::of_file(path, 1, says.to_owned())).collect();
    for image in listed {
        let says = match (tree.has(image), shown.contains(image)) {
            (false, _) => {
                "a recipe in xtask/src/gallery/list.rs makes this image, and it is not here; make it or drop its entry"
            }
            (true, false) => "no document shows this image, and a recipe makes it; show it, or drop both",
            (true, true) => continue,
        };
        findings.push(Finding::of_file(image, 1, says.to_owned()));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::list::Figure;
    use super::*;
    use crate::tidy::has_end;

    #[test]
    fn an_image_and_its_recipe_belong_together() {
        const ONE: &[Recipe] = &[Recipe {
            name: "one",
            commands: &["run"],
            takes: "1 s",
            needs: Needs::Nothing,
            figures: &[Figure { image: "docs/images/a.svg", written_as: "x.svg" }],
        }];
        let check =
            |files: &[(&str, &str)]| unlisted(&Tree::of(files), ONE).into_iter().map(|f| f.path).collect::<Vec<_>>();
        let shown = ("docs/a.md", "![A](images/a.svg)\n");
        assert_eq!(check(&[shown, ("docs/images/a.svg", "")]), Vec::<String>::new());
        assert_eq!(check(&[shown, ("docs/images/a.svg", ""), ("docs/images/b.svg", "")]), ["docs/images/b.svg"]);
        assert_eq!(check(&[shown]), ["docs/images/a.svg"]);
        assert_eq!(check(&[("docs/images/a.svg", "")]), ["docs/images/a.svg"]);
    }

    #[test]
    fn recipes_are_found_by_name_and_by_image() {
        assert_eq!(chosen(&["race"]).map(|found| found[0].name), Ok("race"));
        assert_eq!(chosen(&["docs/images/phase.svg"]).map(|found| found[0].name), Ok("scaling-law"));
        let Err(Failure::Usage(words)) = chosen(&["nothing"]) else { panic!() };
        assert!(words.contains("\"nothing\"") && words.contains("race"), "{words}");
    }

    #[test]
    fn names_and_images_of_recipes_are_their_own() {
        let mut names: Vec<&str> = RECIPES.iter().map(|recipe| recipe.name).collect();
        names.extend(RECIPES.iter().flat_map(|recipe| recipe.figures).map(|figure| figure.image));
        let n = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), n);
    }

    #[test]
    fn a_sweep_of_a_recipe_is_a_file() {
        let root = Checkout::of_this_build();
        for recipe in RECIPES {
            for word in
                recipe.commands.iter().flat_map(|command| command.split(' ')).filter(|word| has_end(word, "toml"))
            {
                assert!(root.root().join(word).is_file(), "{}: {word}", recipe.name);
            }
        }
    }
}
