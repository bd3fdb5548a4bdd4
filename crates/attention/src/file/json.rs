//! JSON of strangers, read as a stream: what is not wanted is skipped, and lists, texts and trees have a bound.

use super::error::Flaw;
use super::source::Cursor;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::io::{self, BufReader, Read};
use std::marker::PhantomData;

/// Reads one JSON value from the next `n_bytes` of a file, in which no text may be longer than `most_text_bytes`: the parser
/// holds a text two or three times over.
pub(super) fn read<'c, T>(
    cursor: &'c mut Cursor<'_>,
    n_bytes: u64,
    most_text_bytes: usize,
    seed: impl for<'de> DeserializeSeed<'de, Value = T>,
) -> Result<T, Flaw> {
    let reader = JsonReader { cursor, left: n_bytes, most_text_bytes, text_bytes: None, is_escaped: false };
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::with_capacity(4096, reader));
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The bytes of a file, and where in a text they are.
struct JsonReader<'c, 's> {
    cursor: &'c mut Cursor<'s>,
    left: u64,
    most_text_bytes: usize,
    /// Bytes since the quotation mark; `None` outside of texts.
    text_bytes: Option<usize>,
    is_escaped: bool,
}

impl Read for JsonReader<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.left.min(out.len() as u64).min(4096);
        let bytes = self.cursor.take(n).map_err(io::Error::other)?;
        out[..n as usize].copy_from_slice(bytes);
        self.left -= n;
        for &byte in &out[..n as usize] {
            match (self.text_bytes, byte) {
                (None, b'"') => self.text_bytes = Some(0),
                (Some(_), b'"') if !self.is_escaped => self.text_bytes = None,
                (Some(text_bytes), _) if text_bytes == self.most_text_bytes => {
                    return Err(io::Error::other(format!("a text of more than {text_bytes} bytes")));
                }
                (text_bytes, _) => self.text_bytes = text_bytes.map(|text_bytes| text_bytes + 1),
            }
            self.is_escaped = self.text_bytes.is_some() && byte == b'\\' && !self.is_escaped;
        }
        Ok(n as usize)
    }
}

/// A list of at most `N`.
#[derive(Debug)]
pub(super) struct Few<T, const N: usize>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Few<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T, const N: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for List<T, N> {
            type Value = Few<T, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {N}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Few<T, N>, A::Error> {
                let mut few = Vec::new();
                while let Some(value) = list.next_element()? {
                    if few.len() == N {
                        return Err(A::Error::invalid_length(N + 1, &self));
                    }
                    few.push(value);
                }
                Ok(Few(few))
            }
        }
        deserializer.deserialize_seq(List(PhantomData))
    }
}

/// One number, or a list of them.
#[derive(Debug, Default)]
pub(super) struct OneOrFew(pub(super) Vec<u32>);

impl<'de> Deserialize<'de> for OneOrFew {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrFew;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a token or a list of tokens")
            }

            fn visit_u64<E: Error>(self, token: u64) -> Result<OneOrFew, E> {
                let token = u32::try_from(token).map_err(|error| E::custom(format_args!("token {token}: {error}")))?;
                Ok(OneOrFew(vec![token]))
            }

            fn visit_unit<E>(self) -> Result<OneOrFew, E> {
                Ok(OneOrFew::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrFew, A::Error> {
                let list = serde::de::value::SeqAccessDeserializer::new(list);
                Ok(OneOrFew(Few::<u32, 64>::deserialize(list)?.0))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Values of a tree that is kept as it is: a value takes 32 bytes and more, and may have two bytes in the file.
const MOST_VALUES: usize = 1024;

/// Any JSON, if it is small.
#[derive(Debug, Default)]
pub(super) struct SmallTree(pub(super) Value);

impl<'de> Deserialize<'de> for SmallTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut left = MOST_VALUES;
        Ok(Self(Tree { left: &mut left }.deserialize(deserializer)?))
    }
}

struct Tree<'l> {
    left: &'l mut usize,
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if *self.left == 0 {
            return Err(D::Error::custom(format_args!("a tree of more than {MOST_VALUES} values")));
        }
        *self.left -= 1;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Tree { left: self.left })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            values.insert(key, map.next_value_seed(Tree { left: self.left })?);
        }
        Ok(Value::Object(values))
    }
}
