//! At which step each file was written: as its name says, or as the user does.

use super::error::ImportError;
use std::path::Path;

/// Words before a number in a file's name that say that the number is a step.
const WORDS: [&str; 8] = ["step", "steps", "epoch", "iter", "iteration", "ckpt", "checkpoint", "model"];

/// The step of every file, in the order of the files; `last` is where a single file without a number is put.
pub(super) fn steps_of(paths: &[&Path], asked: &[u64], last: u64) -> Result<Vec<u64>, ImportError> {
    let steps: Vec<u64> = if asked.is_empty() {
        match paths {
            [path] => vec![step_in_name(path).unwrap_or(last)],
            paths => {
                let step =
                    |path: &&Path| step_in_name(path).ok_or_else(|| ImportError::NoStep { path: path.to_path_buf() });
                paths.iter().map(step).collect::<Result<_, _>>()?
            }
        }
    } else if asked.len() == paths.len() {
        asked.to_vec()
    } else {
        return Err(ImportError::OtherNumberOfSteps { n_steps: asked.len(), n_files: paths.len() });
    };
    for (i, step) in steps.iter().enumerate() {
        if let Some(earlier) = steps[..i].iter().position(|other| other == step) {
            let paths = [earlier, i].map(|place| paths[place].to_path_buf());
            return Err(ImportError::SameStep { step: *step, paths });
        }
    }
    Ok(steps)
}

/// The last number of a file's name that stands alone or behind a word such as `step`: 3000 of `model-3000.safetensors`.
pub(super) fn step_in_name(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?.to_ascii_lowercase();
    stem.split(['-', '_', '.', '=', ' ']).rev().find_map(|part| {
        let digits = part.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let word = &part[..part.len() - digits.len()];
        if word.is_empty() || WORDS.contains(&word) { digits.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_name_says_its_step_where_a_number_stands_alone() {
        for (name, step) in [
            ("model-3000.safetensors", Some(3000)),
            ("0000003000.safetensors", Some(3000)),
            ("step_200.safetensors", Some(200)),
            ("run1/ckpt5.safetensors", Some(5)),
            ("mlp2-step40-best.safetensors", Some(40)),
            ("model.safetensors", None),
            ("gpt2.safetensors", None),
            ("99999999999999999999999.safetensors", None),
        ] {
            assert_eq!(step_in_name(Path::new(name)), step, "{name}");
        }
    }

    #[test]
    fn every_file_has_a_step_of_its_own() {
        let paths = ["a-10.safetensors", "b-20.safetensors"].map(PathBuf::from);
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        assert_eq!(steps_of(&paths, &[], 7).unwrap(), [10, 20]);
        assert_eq!(steps_of(&paths, &[3, 1], 7).unwrap(), [3, 1]);
        assert!(steps_of(&paths, &[3], 7).unwrap_err().to_string().contains("1 step for 2 files"));
        assert!(steps_of(&paths, &[3, 3], 7).unwrap_err().to_string().contains("step 3"));
        let lone = PathBuf::from("model.safetensors");
        assert_eq!(steps_of(&[&lone], &[], 7).unwrap(), [7]);
        let said = steps_of(&[&lone, paths[0]], &[], 7).unwrap_err().to_string();
        assert!(said.contains("model.safetensors") && said.contains("--steps"), "{said}");
    }
}
