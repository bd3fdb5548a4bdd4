//! What a command writes besides the run directory: where it goes is settled before anything is computed.

use crate::audience;
use crate::failure::Failure;
use clap::Args;
use dunwu::answer::Answer;
use dunwu::store::{OutputFile, OutputFolder};
use dunwu_report::{draw, skin};
use std::path::{Path, PathBuf};

/// Where what is drawn goes.
#[derive(Args)]
pub(crate) struct Drawn {
    /// Where to write the page (default: named after the command and what it is about, such as race-cyclic-23.html)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Folder for the drawings as SVG, made if it is missing; none are written otherwise
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// Open the page in the browser of this desktop
    #[arg(long)]
    open: bool,
}

/// Places for a page and its drawings that were found to be writable.
pub(crate) struct PageOutput {
    /// None where a program asks that named no file: it has the answer, and makes a page of it when it wants one.
    page: Option<OutputFile>,
    figures: Option<OutputFolder>,
    open: bool,
}

impl Drawn {
    /// Checks that page and drawings can be written, before they are computed. `about` is the page's subject, for its name.
    pub(crate) fn prepare(&self, verb: &str, about: &[&str]) -> Result<PageOutput, Failure> {
        let page = match &self.output {
            None if audience::is_program() => None,
            output => Some(page(output.as_deref(), verb, about)?),
        };
        Ok(PageOutput { page, figures: self.figures.as_deref().map(OutputFolder::at).transpose()?, open: self.open })
    }
}

impl PageOutput {
    /// Whether the page is to be opened when it is there.
    pub(crate) fn is_opened(&self) -> bool {
        self.open
    }

    /// Writes the page and the drawings of an answer; says where the page is.
    pub(crate) fn keep_answer(self, answer: &Answer) -> Result<Option<PathBuf>, Failure> {
        let path = self.page.map(|page| page.write(skin::page(answer).as_bytes())).transpose()?;
        if let Some(folder) = &self.figures {
            folder.make()?;
            for (name, svg) in draw::documents(answer) {
                folder.write(&format!("{name}.svg"), svg.as_bytes())?;
            }
        }
        Ok(path)
    }
}

/// The file that was asked for, or the default one of this command on this subject.
pub(crate) fn page(output: Option<&Path>, verb: &str, about: &[&str]) -> Result<OutputFile, Failure> {
    match output {
        Some(path) => Ok(OutputFile::at(path)?),
        None => Ok(OutputFile::default_page(Path::new(""), verb, about, &request(std::env::args().skip(1)))?),
    }
}

/// Options that decide where something is written or printed; a page does not depend on them.
const FLAGS: [&str; 4] = ["--json", "--quiet", "--restart", "--open"];
const OPTIONS: [&str; 5] = ["--output", "--figures", "--assign", "--threads", "--checkpoint-every"];

/// What was asked for: the words of the command line that decide what is on a page.
fn request(words: impl Iterator<Item = String>) -> String {
    let mut request = Vec::new();
    let mut words = words;
    while let Some(word) = words.next() {
        let option = word.split('=').next().unwrap_or_default();
        if OPTIONS.contains(&option) {
            if !word.contains('=') {
                words.next();
            }
        } else if !FLAGS.contains(&word.as_str()) {
            request.push(word);
        }
    }
    request.join("\n")
}

/// A file's name without folder and extension, or a folder's name.
pub(crate) fn stem(path: &Path) -> String {
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::request;

    #[test]
    fn a_request_is_the_same_wherever_it_goes_and_however_it_is_told() {
        let of = |words: &str| request(words.split(' ').map(str::to_owned));
        let wanted = of("race cyclic:23 n=40");
        for same in [
            "race cyclic:23 n=40 --json",
            "race --quiet cyclic:23 n=40 --figures drawn",
            "race cyclic:23 --figures=drawn n=40 --threads 2",
        ] {
            assert_eq!(of(same), wanted, "{same}");
        }
        for other in ["race cyclic:23 n=41", "race cyclic:23", "peaks cyclic:23 n=40", "race cyclic:23 n=40 --runs b"] {
            assert_ne!(of(other), wanted, "{other}");
        }
    }
}
