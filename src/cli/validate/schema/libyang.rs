//! A context of libyang, and what it says of a document.

use std::{
    borrow::Cow,
    cell::RefCell,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Once},
};

use mercury_model::MODULES;
use yang5::{
    context::{Context, ContextFlags, EmbeddedModuleKey, EmbeddedModules},
    data::{DataFormat, DataParserFlags, DataValidationFlags},
    ffi,
    logging::LogCallback,
};

use super::{
    super::place,
    Encoding, document,
    expected::{expected, kind},
    held::Document,
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

/// What is to be checked of a document, and what is wrong with the rest.
pub(in crate::cli::validate) struct Understood {
    findings: Findings,
    part: Part,
}

enum Part {
    Nothing,
    Data(Document, DataFormat, Vec<document::Added>),
    /// A SetRequest, as it is.
    Set(Arc<str>),
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
            let words = if words.is_empty() { error.to_string() } else { words.join("; ") };
            match way_round(&words) {
                Some(way) => failed(words).help(way),
                None => failed(words),
            }
        })?;
        Ok(Self(context))
    }

    /// What of a document is to be checked, without what these modules do not speak of.
    pub(in crate::cli::validate) fn understand(&self, file: &Path, text: &Arc<str>, encoding: Encoding) -> Understood {
        let broken = |reason: String| {
            let (reason, line, column) = place::of_message(&reason);
            let findings = Finding::error(Code::Syntax, reason).at(file, line).column(column).into();
            Understood { findings, part: Part::Nothing }
        };
        if text.contains('\0') {
            return broken("there is a NUL in it".to_owned());
        }
        let (plain, format) = match encoding {
            Encoding::Xml => (document::xml(text), DataFormat::XML),
            Encoding::Json => (document::json(text), DataFormat::JSON),
            Encoding::SetRequest => {
                return Understood { findings: Findings::default(), part: Part::Set(Arc::clone(text)) };
            }
        };
        let plain = match plain {
            Ok(plain) => plain,
            Err(reason) => return broken(reason),
        };
        let mut findings = Findings::default();
        for line in &plain.unqualified {
            let message = "operation without NETCONF's namespace is no operation";
            findings.push(Finding::error(Code::SchemaOperation, message).at(file, Some(*line)));
        }
        if let Some((line, name)) = plain.nobodys.first() {
            let message = format!("{name:?} is in no module's namespace");
            findings.push(Finding::error(Code::SchemaNamespace, message).at(file, Some(*line)));
            return Understood { findings, part: Part::Nothing };
        }
        match Document::of(plain.text) {
            Ok(document) => Understood { findings, part: Part::Data(document, format, plain.added) },
            Err(error) => broken(format!("no memory for it: {error}")),
        }
    }

    /// Whether nothing is in it that modules speak of, and nothing is known to be wrong.
    pub(in crate::cli::validate) fn is_nothing(&self, understood: &Understood) -> bool {
        match &understood.part {
            Part::Nothing => false,
            Part::Data(document, _, _) => document.is_blank(),
            Part::Set(text) => {
                let is_empty = |brought: Vec<_>, deleted: Vec<_>| brought.is_empty() && deleted.is_empty();
                registry::brought(text).ok().zip(registry::deleted(text).ok()).is_some_and(|(b, d)| is_empty(b, d))
            }
        }
    }

    /// What is wrong with a document, by these modules; whole or not, as they have
    /// conditions on what a part may leave out.
    pub(in crate::cli::validate) fn check(&self, understood: Understood, file: &Path, is_whole: bool) -> Findings {
        let Understood { mut findings, part } = understood;
        match part {
            Part::Nothing => {}
            Part::Set(text) => self.check_set(file, &text, is_whole, &mut findings),
            Part::Data(document, format, added) => {
                let all = self.told(&document, format);
                let text = if all.is_empty() { Cow::default() } else { document.text() };
                for told in all {
                    let finding = self.finding(told, file, &text, is_whole);
                    let column = finding.column.and_then(|column| usize::try_from(column.get()).ok());
                    let own = finding.line.zip(column).map(|(line, column)| document::as_written(line, column, &added));
                    findings.push(finding.column(own));
                }
            }
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
                Ok(document) => self.told(&Document::Text(document.to_string()), DataFormat::JSON),
                Err(unknown) => vec![not_found(unknown)],
            };
            for told in all {
                // Its lines are those of a document that nobody wrote.
                findings.push(self.finding(Told { line: None, ..told }, file, text, is_whole));
            }
        }
    }

    fn told(&self, document: &Document, format: DataFormat) -> Vec<Told> {
        if document.is_blank() {
            return Vec::new();
        }
        let strict = || DataParserFlags::STRICT | DataParserFlags::NO_STATE;
        let valid = || DataValidationFlags::NO_STATE | DataValidationFlags::PRESENT;
        // At once, as most are in order; what is wrong with the others is told best in two steps.
        if document.parsed(&self.0, format, strict(), valid()).is_ok() {
            return Vec::new();
        }
        drop(said());
        let unjudged = strict() | DataParserFlags::NO_VALIDATION;
        let made = document.parsed(&self.0, format, unjudged, DataValidationFlags::empty());
        let Err(error) = made.and_then(|mut tree| tree.validate(valid())) else { return Vec::new() };
        let mut all = said();
        if all.is_empty() {
            all.push(Told { message: error.to_string(), path: error.path.unwrap_or_default(), line: None });
        }
        all
    }
}

/// What to do about modules that cannot be loaded.
fn way_round(words: &str) -> Option<&'static str> {
    if words.contains("leafref") && words.contains("disabled") {
        return Some(
            "a deviation takes away what the leafref refers to, which the vendor's own system does not mind: leave the \
             module that deviates out of load.json, or that statement out of a copy of it",
        );
    }
    words.contains("not found").then_some("each module that another imports must be in a --yang-dir")
}

/// What libyang would say of a path's element that no module has.
fn not_found((path, name): (String, String)) -> Told {
    Told { message: format!("Node \"{name}\" not found as a child of \"{path}\""), path, line: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With what is around its data, and so much that nobody has words for.
    fn padded(mtu: &str, octets: usize) -> Arc<str> {
        let inside = format!(
            "<interface><name>Ethernet1</name><config><name>Ethernet1</name>\
             <type xmlns:i=\"urn:ietf:params:xml:ns:yang:iana-if-type\">i:ethernetCsmacd</type><mtu>{mtu}</mtu></config>\
             </interface>"
        );
        let text = format!(
            "<data>\n<interfaces xmlns=\"http://openconfig.net/yang/interfaces\">\n{inside}</interfaces></data>"
        );
        let padding = octets - text.len() - "<!---->".len();
        format!("<!--{}-->{text}", " ".repeat(padding)).into()
    }

    #[test]
    fn a_large_document_is_judged_where_it_lies_as_a_small_one_is() {
        let modules = Modules::load(&[]).unwrap();
        let file = Path::new("a.xml");
        // libyang maps whole pages in another way.
        for octets in [1000, 1 << 20, (1 << 20) + 1] {
            for (mtu, expected) in [("9000", None), ("70000", Some((Code::SchemaValue, Some(3))))] {
                let understood = modules.understand(file, &padded(mtu, octets), Encoding::Xml);
                let is_copied = matches!(&understood.part, Part::Data(Document::Text(_), ..));
                assert_eq!(is_copied, octets < 1 << 20);
                let findings = modules.check(understood, file, true);
                let found = findings.iter().map(|finding| (finding.code, finding.line)).next();
                assert_eq!(found, expected, "{octets}: {findings}");
            }
        }
    }
}
