//! The spec of a recorded run, which has to be the one that the run was made with.
//!
//! A run's id is the hash of its identifying settings and inputs. A `spec.toml` that was edited afterwards would have the
//! recorded numbers judged against a split, a task or a loss that the network never saw, so everybody who opens a run reads its
//! spec through here. Threads identify nothing and may be changed.

use super::entry::Header;
use super::error::StoreError;
use super::id::RunId;
use super::run_dir::RunDir;
use crate::spec_file;
use dunwu_engine::RunSpec;
use dunwu_engine::spec::canonical;
use std::collections::{BTreeMap, BTreeSet};

/// What a recorded run was made with.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedSpec {
    /// Its settings.
    pub spec: RunSpec,
    /// Names and contents of the files that they refer to, sorted by name.
    pub inputs: Vec<(String, String)>,
    /// The hash of both, which the record holds.
    pub id: RunId,
}

impl RecordedSpec {
    /// Reads the spec and the inputs of the run in `dir`; an error names what was changed since the run was begun.
    pub fn read(dir: &RunDir) -> Result<Self, StoreError> {
        let header = Header::read(dir)?;
        let path = dir.path().to_owned();
        if let Some(named) = named_after(&dir.dir_name()).filter(|named| *named != header.id) {
            return Err(StoreError::OtherName { named, held: header.id, path });
        }
        let text = dir.spec_toml()?;
        let spec = match spec_file::read(&text, &RunSpec::default()) {
            Ok(spec) => spec,
            Err(source) => {
                return Err(StoreError::Spec { source: Box::new(source), text, path: path.join("spec.toml") });
            }
        };
        let inputs = dir.inputs()?;
        let changes = changes(&header, &spec, &inputs);
        if !changes.is_empty() {
            return Err(StoreError::ChangedSpec { changes, path });
        }
        let id = id_of(&spec, &inputs);
        if id != header.id {
            return Err(StoreError::OtherIdentity { recorded: header.id, ours: id, version: header.dunwu, path });
        }
        Ok(Self { spec, inputs, id })
    }
}

/// The hash of the identifying settings and of the files that they refer to.
pub(super) fn id_of(spec: &RunSpec, inputs: &[(String, String)]) -> RunId {
    let inputs: Vec<(&str, &str)> = inputs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    spec_file::id(spec, &inputs).parse().expect("a spec's hash is an id")
}

/// The identifying settings as the record's first line holds them.
pub(super) fn settings_of(spec: &RunSpec) -> BTreeMap<String, String> {
    canonical(spec).into_iter().map(|(key, value)| (key.to_owned(), value.to_string())).collect()
}

/// The hashes of the inputs as the record's first line holds them.
pub(super) fn hashes_of(inputs: &[(String, String)]) -> BTreeMap<String, String> {
    inputs.iter().map(|(name, text)| (name.clone(), blake3::hash(text.as_bytes()).to_hex().to_string())).collect()
}

/// What differs from the record, settings before inputs, each by name.
fn changes(header: &Header, spec: &RunSpec, inputs: &[(String, String)]) -> Vec<String> {
    let (settings, hashes) = (settings_of(spec), hashes_of(inputs));
    let settings = differing(&header.settings, &settings).into_iter().map(|(key, was, is)| match (was, is) {
        (Some(was), Some(is)) => format!("{key} is {is} and was {was}"),
        (None, Some(is)) => format!("{key} is {is} and was not set"),
        (was, _) => format!("{key} is not set and was {}", was.unwrap_or_default()),
    });
    let inputs = differing(&header.inputs, &hashes).into_iter().map(|(name, was, is)| match (was, is) {
        (Some(_), Some(_)) => format!("the file inputs/{name} was edited"),
        (None, _) => format!("the file inputs/{name} was put in"),
        (_, None) => format!("the file inputs/{name} is missing"),
    });
    settings.chain(inputs).collect()
}

type Difference<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// Keys of either map whose values differ, with the values of both.
fn differing<'a>(was: &'a BTreeMap<String, String>, is: &'a BTreeMap<String, String>) -> Vec<Difference<'a>> {
    let keys: BTreeSet<&str> = was.keys().chain(is.keys()).map(String::as_str).collect();
    let both = keys.into_iter().map(|key| (key, was.get(key).map(String::as_str), is.get(key).map(String::as_str)));
    both.filter(|(_, was, is)| was != is).collect()
}

/// The id that a directory's name begins with, if it begins with one.
fn named_after(dir_name: &str) -> Option<RunId> {
    dir_name.split('-').next().unwrap_or_default().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::run_dir::NewRun;
    use super::super::writer::RunWriter;
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn begun() -> (TempDir, RunDir) {
        let root = tempfile::tempdir().unwrap();
        let inputs = [("table".to_owned(), "[[0,1],[1,0]]".to_owned())];
        let spec = RunSpec { threads: 2, ..RunSpec::default() };
        let new = NewRun { name: "cyclic:3", spec: &spec, inputs: &inputs, kernel: "plain" };
        let dir = RunWriter::create(root.path(), &new).unwrap().dir().clone();
        assert_eq!(RecordedSpec::read(&dir).unwrap(), RecordedSpec { id: new.id(), spec, inputs: inputs.to_vec() });
        (root, dir)
    }

    fn edit(dir: &RunDir, from: &str, to: &str) {
        let path = dir.path().join("spec.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }

    fn refusal(dir: &RunDir) -> String {
        let error = RecordedSpec::read(dir).unwrap_err().to_string();
        // Whoever wants to go on with it is refused as well.
        assert_eq!(RunWriter::resume(dir, "plain").unwrap_err().to_string(), error);
        error
    }

    /// Every setting of the default spec that identifies a run and has a number or a flag for a value, one by one.
    #[test]
    fn any_setting_that_was_edited_is_named_with_both_values() {
        let (_root, dir) = begun();
        let path = dir.path().join("spec.toml");
        let whole = fs::read_to_string(&path).unwrap();
        let mut n_tried = 0;
        for (setting, value) in dunwu_engine::spec::values(&RunSpec::default()) {
            let line = format!("\n{} = {value}\n", setting.name());
            let other = match &value {
                dunwu_engine::spec::Value::Int(number) => (number + 1).to_string(),
                dunwu_engine::spec::Value::Bool(flag) => (!flag).to_string(),
                dunwu_engine::spec::Value::Float(number) => format!("{:?}", number * 0.875),
                dunwu_engine::spec::Value::Text(_) => continue,
            };
            let whole_line = format!("\n{whole}");
            let edited = whole_line.replacen(&line, &format!("\n{} = {other}\n", setting.name()), 1);
            if !setting.identifies || edited == whole_line || whole_line.matches(&line).count() > 1 {
                continue;
            }
            fs::write(&path, &edited).unwrap();
            if spec_file::read(&edited, &RunSpec::default()).is_err() {
                continue; // one that contradicts another setting
            }
            let said = refusal(&dir);
            assert!(said.contains(&format!("{} is ", setting.key)), "{}: {said}", setting.key);
            assert!(said.contains(&format!(" and was {value}")), "{}: {said}", setting.key);
            assert!(said.contains("dunwu run ") && said.contains("spec.toml"), "{said}");
            n_tried += 1;
        }
        assert!(n_tried >= 10, "{n_tried} settings were tried");
        fs::write(&path, &whole).unwrap();
        RecordedSpec::read(&dir).unwrap();
    }

    #[test]
    fn what_identifies_nothing_may_be_changed() {
        let (_root, dir) = begun();
        edit(&dir, "threads = 2", "threads = 1  # this machine is busy");
        assert_eq!(RecordedSpec::read(&dir).unwrap().spec.threads, 1);
    }

    #[test]
    fn inputs_that_were_edited_taken_out_or_put_in_are_named() {
        let (_root, dir) = begun();
        let table = dir.path().join("inputs/table");
        fs::write(&table, "[[1,0],[0,1]]").unwrap();
        assert!(refusal(&dir).contains("the file inputs/table was edited"));
        fs::remove_file(&table).unwrap();
        assert!(refusal(&dir).contains("the file inputs/table is missing"));
        fs::remove_dir(dir.path().join("inputs")).unwrap();
        assert!(refusal(&dir).contains("the file inputs/table is missing"));
        fs::create_dir(dir.path().join("inputs")).unwrap();
        fs::write(&table, "[[0,1],[1,0]]").unwrap();
        fs::write(dir.path().join("inputs/split"), "0").unwrap();
        assert!(refusal(&dir).contains("the file inputs/split was put in"));
    }

    #[test]
    fn a_spec_that_is_missing_or_no_toml_is_told_with_what_to_do() {
        let (_root, dir) = begun();
        edit(&dir, "steps", "stops");
        let error = RecordedSpec::read(&dir).unwrap_err();
        assert!(matches!(&error, StoreError::Spec { source, .. } if source.message.contains("stops")), "{error}");
        fs::remove_file(dir.path().join("spec.toml")).unwrap();
        let said = refusal(&dir);
        assert!(said.starts_with("no spec.toml in ") && said.contains("restore it from a copy"), "{said}");
    }

    #[test]
    fn a_directory_under_anothers_id_is_told() {
        let (root, dir) = begun();
        let name = dir.dir_name();
        let free = root.path().join("mine");
        fs::rename(dir.path(), &free).unwrap();
        RecordedSpec::read(&RunDir::open(&free).unwrap()).unwrap();
        let other = root.path().join(format!("0123456789abcdef{}", &name[16..]));
        fs::rename(&free, &other).unwrap();
        let said = refusal(&RunDir::open(&other).unwrap());
        assert!(said.contains("named after run 0123456789abcdef") && said.contains(&name[..16]), "{said}");
    }

    #[test]
    fn a_build_that_hashes_otherwise_is_told_apart_from_an_edit() {
        let (_root, dir) = begun();
        let path = dir.path().join("record.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        let (object, _) = super::super::sealed_line::open_line(text.as_bytes(), "").unwrap();
        let mut header: Header = serde_json::from_slice(&object).unwrap();
        (header.id, header.dunwu) = (RunId::of("another way"), "9.9".to_owned());
        let line = super::super::sealed_line::seal_line(&serde_json::to_string(&header).unwrap(), "");
        fs::write(&path, line + "\n").unwrap();
        let moved = dir.path().with_file_name("mine");
        fs::rename(dir.path(), &moved).unwrap();
        let said = refusal(&RunDir::open(&moved).unwrap());
        assert!(said.contains("begun by dunwu 9.9") && said.contains("open it with that version"), "{said}");
    }
}
