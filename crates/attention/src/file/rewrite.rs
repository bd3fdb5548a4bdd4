//! The same model with its matrices in another format.

use super::error::{Flaw, ModelFileError};
use super::format::Format;
use super::write::GgufWriter;
use super::{ModelFile, Weights};
use std::io;
use std::path::Path;

impl ModelFile {
    /// Writes the model with all its matrices in another format, and everything else as it is. A matrix whose rows are not whole
    /// blocks of that format, and vectors, keep theirs.
    pub fn rewrite(&self, path: &Path, format: Format) -> Result<(), ModelFileError> {
        let Weights::Gguf(gguf) = &self.weights else {
            return Err(ModelFileError::NotGguf { path: self.path.clone() });
        };
        if !format.is_written() {
            return Err(ModelFileError::NotWritten { format: format.name() });
        }
        let metadata = gguf
            .source
            .bytes(gguf.metadata.start, gguf.metadata.end - gguf.metadata.start)
            .map_err(|flaw| flaw.of(&self.path))?;
        let mut writer = GgufWriter::with_metadata(metadata, gguf.n_keys(), gguf.alignment);
        for tensor in gguf.tensors() {
            let is_rewritten = tensor.n_rows > 1 && tensor.n_columns.is_multiple_of(format.block_len());
            let format = if is_rewritten { format } else { tensor.format };
            writer.tensor(&tensor.name, format, tensor.n_rows, tensor.n_columns);
        }
        let result = writer.write(path, |name, format| {
            let tensor = gguf.read(gguf.find(name).expect("the names are those of the file"))?;
            if tensor.format == format {
                return Ok(tensor.bytes);
            }
            let mut values = vec![0.0; tensor.n_rows * tensor.n_columns];
            tensor.format.decode(&tensor.bytes, &mut values);
            Ok(format.encode(&values))
        });
        result.map_err(|error| match error {
            Failure::Read(flaw) => flaw.of(&self.path),
            Failure::Write(source) => ModelFileError::Write { path: path.to_owned(), source },
        })
    }
}

enum Failure {
    Read(Flaw),
    Write(io::Error),
}

impl From<Flaw> for Failure {
    fn from(flaw: Flaw) -> Self {
        Self::Read(flaw)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}
