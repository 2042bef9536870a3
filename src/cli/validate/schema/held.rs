//! A document as libyang is given it.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
    os::fd::AsRawFd as _,
};

use rustix::fs::{MemfdFlags, memfd_create};
use yang5::{
    context::Context,
    data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags},
};

/// From so many octets on libyang reads a document where it lies, and no copy of it.
const LARGE: usize = 1 << 20;

/// A document.
pub(super) enum Document {
    Text(String),
    /// In a file that is nowhere but in memory.
    File(File),
}

impl Document {
    /// # Errors
    /// There is no such file to be had.
    pub(super) fn of(text: String) -> io::Result<Self> {
        if text.len() < LARGE || text.trim().is_empty() {
            return Ok(Self::Text(text));
        }
        let mut file = File::from(memfd_create("candidate", MemfdFlags::CLOEXEC)?);
        file.write_all(text.as_bytes())?;
        Ok(Self::File(file))
    }

    /// Whether nothing is in it, or an object of JSON without members.
    pub(super) fn is_blank(&self) -> bool {
        let is_empty = |text: &str| text.chars().filter(|one| !one.is_whitespace()).all(|one| matches!(one, '{' | '}'));
        matches!(self, Self::Text(text) if is_empty(text))
    }

    /// For whoever has to tell of it.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::File(file) => {
                let (mut file, mut text) = (file, String::new());
                // It is in memory, and was written from a text.
                let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
                if read.is_ok() { text.into() } else { Cow::default() }
            }
        }
    }

    /// # Errors
    /// What libyang says, of which its log has more.
    pub(super) fn parsed<'c>(
        &self,
        context: &'c Context,
        format: DataFormat,
        parser: DataParserFlags,
        validation: DataValidationFlags,
    ) -> Result<DataTree<'c>, yang5::Error> {
        match self {
            Self::Text(text) => DataTree::parse_string(context, text, format, parser, validation),
            Self::File(file) => DataTree::parse_file(context, file.as_raw_fd(), format, parser, validation),
        }
    }
}
