//! A context of libyang, and what it says of a document.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::{LazyLock, Once},
};

use mercury_model::MODULES;
use yang5::{
    context::{Context, ContextFlags, EmbeddedModuleKey, EmbeddedModules},
    data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags},
    ffi,
    logging::LogCallback,
};

use super::{
    Encoding, document,
    expected::{expected, kind},
    set_request,
    sets::{self, Wanted},
    told::Told,
};
use crate::{
    finding::{Code, Finding, Findings},
    registry,
};

/// Mercury's own subset of OpenConfig.
static SUBSET: LazyLock<EmbeddedModules> = LazyLock::new(|| {
    MODULES.iter().map(|(name, text)| (EmbeddedModuleKey::new(name, None, None, None), *text)).collect()
});

thread_local! {
    /// What libyang said since it was last asked.
    static SAID: RefCell<Vec<Told>> = const { RefCell::new(Vec::new()) };
}

/// Takes down what libyang says, with the line that only its log has.
struct Ear;

impl LogCallback for Ear {
    fn log<'a>(
        &'a self,
        level: ffi::LY_LOG_LEVEL::Type,
        message: Option<std::borrow::Cow<'a, str>>,
        data_path: Option<std::borrow::Cow<'a, str>>,
        _: Option<std::borrow::Cow<'a, str>>,
        line: u64,
    ) {
        if level == ffi::LY_LOG_LEVEL::LY_LLERR {
            let line = usize::try_from(line).ok().filter(|line| *line > 0);
            let path = data_path.map(|path| path.into_owned()).unwrap_or_default();
            let told = Told { message: message.unwrap_or_default().into_owned(), path, line };
            SAID.with_borrow_mut(|said| said.push(told));
        }
    }
}

fn said() -> Vec<Told> {
    SAID.with_borrow_mut(std::mem::take)
}

/// Modules, compiled.
pub(in crate::cli::validate) struct Modules(Context);

impl Modules {
    /// Loads what is in these folders, or Mercury's own subset of OpenConfig.
    ///
    /// # Errors
    /// What of it cannot be loaded, in libyang's words.
    pub(in crate::cli::validate) fn load(folders: &[PathBuf]) -> Result<Self, Finding> {
        let failed = |reason: String| Finding::error(Code::SchemaModules, reason);
        for folder in folders {
            let is_sayable = folder.to_str().is_some_and(|text| !text.contains('\0'));
            if !is_sayable || !folder.is_dir() {
                return Err(failed(format!("{} is no folder", folder.display())));
            }
        }
        let selection = (!folders.is_empty()).then(|| sets::wanted(folders)).transpose().map_err(failed)?;
        let is_exact = selection.as_ref().is_some_and(|selection| selection.is_exact);
        // Of ietf-yang-library the switch has its own revision.
        let implements = if is_exact { ContextFlags::NO_YANGLIBRARY } else { ContextFlags::ALL_IMPLEMENTED };
        let mut context = Context::new(ContextFlags::DISABLE_SEARCHDIR_CWD | implements)
            .map_err(|error| failed(error.to_string()))?;
        static HEARS: Once = Once::new();
        // Somebody listens already where this is not the first.
        HEARS.call_once(|| drop(context.init_logger(Ear)));
        for folder in folders {
            context.set_searchdir(folder).map_err(|error| failed(error.to_string()))?;
        }
        let wanted = selection.map(|selection| selection.modules).unwrap_or_else(|| {
            context.set_embedded_modules(&SUBSET);
            let own =
                |(name, _): &(&str, &str)| Wanted { name: (*name).to_owned(), revision: None, features: Vec::new() };
            MODULES.iter().map(own).collect()
        });
        let features: Vec<Vec<&str>> =
            wanted.iter().map(|one| one.features.iter().map(String::as_str).collect()).collect();
        let modules: Vec<_> = wanted
            .iter()
            .zip(&features)
            .map(|(one, own)| (one.name.as_str(), one.revision.as_deref(), own.as_slice()))
            .collect();
        drop(said());
        context.load_modules(&modules).map_err(|error| {
            let words = said().into_iter().map(|told| told.message).collect::<Vec<_>>();
            failed(if words.is_empty() { error.to_string() } else { words.join("; ") })
        })?;
        Ok(Self(context))
    }

    /// What is wrong with a document, by these modules; whole or not, as they have
    /// conditions on what a part may leave out.
    pub(in crate::cli::validate) fn check(
        &self,
        file: &Path,
        text: &str,
        encoding: Encoding,
        is_whole: bool,
    ) -> Findings {
        let mut findings = Findings::default();
        if text.contains('\0') {
            findings.push(Finding::error(Code::Syntax, "there is a NUL in it").at(file, None));
            return findings;
        }
        let plain = match encoding {
            Encoding::Xml => document::xml(text),
            Encoding::Json => Ok(document::json(text)),
            Encoding::SetRequest => {
                self.check_set(file, text, is_whole, &mut findings);
                return findings;
            }
        };
        let plain = match plain {
            Ok(plain) => plain,
            Err(reason) => {
                findings.push(Finding::error(Code::Syntax, reason).at(file, None));
                return findings;
            }
        };
        for line in &plain.unqualified {
            let message = "operation without NETCONF's namespace is no operation";
            findings.push(Finding::error(Code::SchemaOperation, message).at(file, Some(*line)));
        }
        if let Some((line, name)) = plain.nobodys.first() {
            let message = format!("{name:?} is in no module's namespace");
            findings.push(Finding::error(Code::SchemaNamespace, message).at(file, Some(*line)));
            return findings;
        }
        for told in self.told(&plain.text, encoding) {
            findings.push(self.finding(told, file, text, is_whole));
        }
        findings
    }

    fn finding(&self, told: Told, file: &Path, text: &str, is_whole: bool) -> Finding {
        let code = kind(&self.0, &told);
        let help = expected(&self.0, code, &told.path, &told.message);
        let finding = told.finding(code, file, text, is_whole);
        match help {
            Some(help) => finding.help(help),
            None => finding,
        }
    }

    /// Each of what a SetRequest brings by itself; of what it deletes that there are such nodes.
    fn check_set(&self, file: &Path, text: &str, is_whole: bool, findings: &mut Findings) {
        let both = registry::brought(text).and_then(|brought| Ok((brought, registry::deleted(text)?)));
        let (brought, deleted) = match both {
            Ok(both) => both,
            Err(reason) => {
                findings.push(Finding::error(Code::Syntax, reason).at(file, None));
                return;
            }
        };
        let unknown = deleted.iter().filter_map(|path| set_request::nodes(&self.0, path).err());
        findings.merge(unknown.map(|unknown| self.finding(not_found(unknown), file, text, is_whole)).collect());
        for (path, value) in brought {
            let all = match set_request::document(&self.0, &path, value) {
                Ok(document) => self.told(&document.to_string(), Encoding::Json),
                Err(unknown) => vec![not_found(unknown)],
            };
            for told in all {
                // Its lines are those of a document that nobody wrote.
                findings.push(self.finding(Told { line: None, ..told }, file, text, is_whole));
            }
        }
    }

    fn told(&self, text: &str, encoding: Encoding) -> Vec<Told> {
        let format = match encoding {
            Encoding::Xml => DataFormat::XML,
            Encoding::Json | Encoding::SetRequest => DataFormat::JSON,
        };
        if text.trim().is_empty() {
            return Vec::new();
        }
        drop(said());
        let strict = DataParserFlags::STRICT | DataParserFlags::NO_STATE | DataParserFlags::NO_VALIDATION;
        let made = DataTree::parse_string(&self.0, text, format, strict, DataValidationFlags::empty());
        let checked =
            made.and_then(|mut tree| tree.validate(DataValidationFlags::NO_STATE | DataValidationFlags::PRESENT));
        let Err(error) = checked else { return Vec::new() };
        let mut all = said();
        if all.is_empty() {
            all.push(Told { message: error.to_string(), path: error.path.unwrap_or_default(), line: None });
        }
        all
    }
}

/// What libyang would say of a path's element that no module has.
fn not_found((path, name): (String, String)) -> Told {
    Told { message: format!("Node \"{name}\" not found as a child of \"{path}\""), path, line: None }
}
