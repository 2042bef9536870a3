//! Candidates against YANG modules, by libyang. A build without the cargo feature `yang`
//! says that it has none.

#[cfg(feature = "yang")]
mod document;
#[cfg(feature = "yang")]
mod expected;
#[cfg(feature = "yang")]
mod held;
#[cfg(feature = "yang")]
mod libyang;
#[cfg(feature = "yang")]
mod part;
#[cfg(feature = "yang")]
mod set_request;
#[cfg(feature = "yang")]
mod sets;
#[cfg(feature = "yang")]
mod spoken;
#[cfg(feature = "yang")]
mod statements;
#[cfg(feature = "yang")]
mod told;
#[cfg(feature = "yang")]
mod types;

use crate::registry::Form;

#[cfg(feature = "yang")]
pub(super) use libyang::Modules;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Xml,
    Json,
    SetRequest,
}

impl Encoding {
    /// None is of a command line's.
    pub(super) const fn of(form: Form) -> Option<Self> {
        match form {
            Form::Xml => Some(Self::Xml),
            Form::Json => Some(Self::Json),
            Form::SetRequest => Some(Self::SetRequest),
            Form::Lines => None,
        }
    }
}

/// What a build without libyang says of itself.
#[cfg(any(test, not(feature = "yang")))]
fn not_built() -> crate::finding::Finding {
    use crate::finding::{Code, Finding};
    let finding = Finding::warning(Code::NotBuilt, "this mercury was built without yang: no schema was checked");
    finding.help("cargo build --release --features yang, which takes cmake and libpcre2-dev")
}

/// Why a build without libyang checks nothing.
#[cfg(not(feature = "yang"))]
pub(super) struct Modules;

#[cfg(not(feature = "yang"))]
impl Modules {
    /// Never: this build has no libyang.
    pub(super) fn load(_: &[std::path::PathBuf]) -> Result<Self, crate::finding::Finding> {
        Err(not_built())
    }

    pub(super) fn understand(&self, _: &std::path::Path, _: &std::sync::Arc<str>, _: Encoding) {}

    pub(super) fn is_nothing(&self, (): &()) -> bool {
        true
    }

    pub(super) fn check(&self, (): (), _: &std::path::Path, _: bool) -> crate::finding::Findings {
        crate::finding::Findings::default()
    }
}

#[cfg(test)]
#[cfg(feature = "yang")]
mod part_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_libyang_says_so_and_how_to_make_one_with_it() {
        let told = not_built();
        assert_eq!(told.code, crate::finding::Code::NotBuilt);
        assert!(told.message.contains("built without yang"), "{told}");
        assert!(told.help.is_some_and(|help| help.contains("--features yang")));
        #[cfg(not(feature = "yang"))]
        assert_eq!(Modules::load(&[]).err(), Some(not_built()));
    }
}
