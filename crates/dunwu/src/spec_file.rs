//! A spec as TOML: reading with the place of every mistake, writing.
