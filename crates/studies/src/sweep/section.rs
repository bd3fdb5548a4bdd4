//! The section `[sweep]` of a file: axes, what goes together, what is left out, what is kept.

use super::plan::{Axis, Keep, Origin, Plan, SourceText, mistake, written};
use super::values::Written;
use dunwu::spec_file::{self, Place, SpecFileError};
use dunwu_engine::spec::{Value, nearest};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

impl Plan {
    pub(super) fn read_section(&mut self, sweep: &Spanned<DeValue<'_>>) -> Result<(), SpecFileError> {
        let Some(section) = sweep.get_ref().as_table() else {
            return Err(mistake(sweep.span(), "`sweep` is a section", "write [sweep] on a line of its own"));
        };
        if let Some(zip) = section.get("zip").filter(|zip| zip.get_ref().is_table()) {
            return Err(not_zipped(zip.span()));
        }
        let mut entries = Vec::new();
        flatten("", section, &mut entries);
        entries.sort_by_key(|entry| entry.place.key.start); // the parser sorts by name
        for Entry { key, value, place } in entries {
            let origin = Origin { text: SourceText::File, place };
            match (key.as_str(), value) {
                ("keep", value) => self.keep = keep(value, origin.place.value)?,
                ("exclude", value) => {
                    for (text, span) in texts(value, &origin.place.value)? {
                        let origin = Origin { place: Place { key: span.clone(), value: span }, ..origin.clone() };
                        self.exclude(&text, origin).map_err(|refused| refused.error)?;
                    }
                }
                ("zip", value) => {
                    for (table, span) in tables(value, &origin.place.value)? {
                        let axis = zipped(table, span)?;
                        self.add(axis).map_err(|refused| refused.error)?;
                    }
                }
                (key, value) => self.read_entry(key, value, origin)?,
            }
        }
        Ok(())
    }

    fn read_entry(&mut self, key: &str, value: &DeValue<'_>, origin: Origin) -> Result<(), SpecFileError> {
        let written = match value {
            DeValue::String(text) => written(key, text, &origin)?,
            DeValue::Array(items) => {
                let mut points = Vec::new();
                for item in items {
                    points.push(scalar(key, item.get_ref(), &item.span())?);
                }
                Written::Values(points)
            }
            value => Written::Values(vec![scalar(key, value, &origin.place.value)?]),
        };
        self.add_written(key, written, origin).map_err(|refused| refused.error)
    }
}

/// The lists of one `[[sweep.zip]]`, which go together.
fn zipped(table: &DeTable<'_>, span: Range<usize>) -> Result<Axis, SpecFileError> {
    let mut entries = Vec::new();
    flatten("", table, &mut entries);
    entries.sort_by_key(|entry| entry.place.key.start);
    let mut keys = Vec::new();
    let mut columns: Vec<Vec<Value>> = Vec::new();
    for Entry { key, value, place } in entries {
        let origin = Origin { text: SourceText::File, place: place.clone() };
        let column = match value {
            DeValue::String(text) => match written(&key, text, &origin)? {
                Written::Values(values) => values,
                Written::Formula(_) => {
                    return Err(mistake(place.value, "a formula goes with everything", "move it to [sweep]"));
                }
            },
            DeValue::Array(items) => {
                items.iter().map(|item| scalar(&key, item.get_ref(), &item.span())).collect::<Result<_, _>>()?
            }
            _ => return Err(mistake(place.value, "what goes together needs lists", "write a list of values")),
        };
        if columns.first().is_some_and(|first| first.len() != column.len()) {
            let message = format!("`{key}` has {} values and `{}` has {}", column.len(), keys[0], columns[0].len());
            return Err(mistake(place.value, &message, "lists that go together are of one length"));
        }
        keys.push(key);
        columns.push(column);
    }
    let n_points = columns.first().map_or(0, Vec::len);
    let points = (0..n_points).map(|index| columns.iter().map(|column| column[index].clone()).collect()).collect();
    Ok(Axis {
        keys,
        points,
        origin: Origin { text: SourceText::File, place: Place { key: span.clone(), value: span } },
    })
}

struct Entry<'a> {
    key: String,
    value: &'a DeValue<'a>,
    place: Place,
}

/// `task.order = …` and `"task.order" = …` alike, under their dotted names.
fn flatten<'a>(prefix: &str, table: &'a DeTable<'a>, entries: &mut Vec<Entry<'a>>) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        match value.get_ref().as_table() {
            Some(table) => flatten(&format!("{name}."), table, entries),
            None => {
                entries.push(Entry {
                    key: name,
                    value: value.get_ref(),
                    place: Place { key: key.span(), value: value.span() },
                });
            }
        }
    }
}

fn scalar(key: &str, value: &DeValue<'_>, span: &Range<usize>) -> Result<Value, SpecFileError> {
    spec_file::value_from_toml(value).map_err(|found| {
        mistake(span.clone(), &format!("a value of `{key}` cannot be {found}"), "write numbers, texts, true or false")
    })
}

fn keep(value: &DeValue<'_>, span: Range<usize>) -> Result<Keep, SpecFileError> {
    let name = value.as_str().unwrap_or("");
    let names = Keep::ALL.map(Keep::name);
    Keep::named(name).ok_or_else(|| {
        let meant = nearest(name, names).map(|name| format!("did you mean {name:?}? ")).unwrap_or_default();
        mistake(span, &format!("`keep` cannot be {name:?}"), &format!("{meant}there are {}", names.join(", ")))
    })
}

fn texts(value: &DeValue<'_>, span: &Range<usize>) -> Result<Vec<(String, Range<usize>)>, SpecFileError> {
    let refused =
        || mistake(span.clone(), "`exclude` is a condition or a list of them", "write \"M > 71 and seed = 0\"");
    match value {
        DeValue::String(text) => Ok(vec![(text.to_string(), span.clone())]),
        DeValue::Array(items) => {
            let text = |item: &Spanned<DeValue<'_>>| Some((item.get_ref().as_str()?.to_owned(), item.span()));
            items.iter().map(|item| text(item).ok_or_else(refused)).collect()
        }
        _ => Err(refused()),
    }
}

fn not_zipped(span: Range<usize>) -> SpecFileError {
    mistake(span, "`zip` is a list of sections", "write [[sweep.zip]] on a line of its own")
}

fn tables<'a>(
    value: &'a DeValue<'a>,
    span: &Range<usize>,
) -> Result<Vec<(&'a DeTable<'a>, Range<usize>)>, SpecFileError> {
    let refused = || not_zipped(span.clone());
    let items = value.as_array().ok_or_else(refused)?;
    items.iter().map(|item| Ok((item.get_ref().as_table().ok_or_else(refused)?, item.span()))).collect()
}
