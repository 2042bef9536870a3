//! Candidates against YANG modules, by libyang. A build without the cargo feature `yang`
//! says that it has none.

#[cfg(feature = "yang")]
mod document;
#[cfg(feature = "yang")]
mod expected;
#[cfg(feature = "yang")]
mod libyang;
#[cfg(feature = "yang")]
mod set_request;
#[cfg(feature = "yang")]
mod sets;
#[cfg(feature = "yang")]
mod statements;
#[cfg(feature = "yang")]
mod told;

#[cfg(feature = "yang")]
pub(super) use libyang::Modules;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Xml,
    Json,
    SetRequest,
}

/// Why a build without libyang checks nothing.
#[cfg(not(feature = "yang"))]
pub(super) struct Modules;

#[cfg(not(feature = "yang"))]
impl Modules {
    /// Never: this build has no libyang.
    pub(super) fn load(_: &[std::path::PathBuf]) -> Result<Self, crate::finding::Finding> {
        use crate::finding::{Code, Finding};
        let finding = Finding::warning(Code::NotBuilt, "this mercury was built without yang: no schema was checked");
        Err(finding.help("cargo build --release --features yang, which takes cmake and libpcre2-dev"))
    }

    pub(super) fn check(&self, _: &std::path::Path, _: &str, _: Encoding, _: bool) -> crate::finding::Findings {
        crate::finding::Findings::default()
    }
}
