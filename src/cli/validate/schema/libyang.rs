//! A context of libyang, and what it says of a document.

use std::{
    borrow::Cow,
    cell::RefCell,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, Once, PoisonError},
};

use mercury_model::MODULES;
use yang5::{
    context::{Context, ContextFlags, EmbeddedModuleKey, EmbeddedModules},
    data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags},
    ffi,
    iter::IterSchemaFlags,
    logging::LogCallback,
    schema::{SchemaNode, SchemaPathFormat},
};

use super::{
    super::{
        place::{self, Counted, Line},
        secret,
    },
    Encoding, document,
    expected::{expected, kind},
    held::Document,
    part, set_request,
    sets::{self, Wanted},
    spoken::Spoken,
    told::Told,
    types::Allowed,
};
use crate::{
    finding::{Code, Finding, Findings},
    registry,
};

/// Mercury's own subset of OpenConfig.
static SUBSET: LazyLock<EmbeddedModules> = LazyLock::new(|| {
    MODULES.iter().map(|(name, text)| (EmbeddedModuleKey::new(name, None, None, None), *text)).collect()
});

/// Of so many findings of one document the columns are looked for.
const MAX_PLACED: usize = 200;
/// So many are told of one.
const MAX_TOLD: usize = 1000;

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
pub(in crate::cli::validate) struct Modules(Context, Mutex<Allowed>);

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
        Ok(Self(context, Mutex::default()))
    }

    /// What of a document is to be checked, without what these modules do not speak of.
    pub(in crate::cli::validate) fn understand(&self, file: &Path, text: &Arc<str>, encoding: Encoding) -> Understood {
        let broken = |reason: String| {
            let (reason, line, column) = place::of_message(&reason);
            let reason = secret::hidden(&reason, text, line);
            let findings = Finding::error(Code::Syntax, reason).at(file, line).column(column).into();
            Understood { findings, part: Part::Nothing }
        };
        if text.contains('\0') {
            return broken("there is a NUL in it".to_owned());
        }
        let (plain, format) = match encoding {
            Encoding::Xml => (document::xml(text, Spoken::of(text, &self.0).as_ref()), DataFormat::XML),
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
        let mut counted = Counted::of(text);
        let mut tell = |finding: Finding, octet: usize| {
            let (line, column) = counted.place(octet);
            findings.push(finding.at(file, Some(line)).column(Some(column)));
        };
        for octet in plain.unqualified {
            let message = "operation without NETCONF's namespace is no operation";
            tell(Finding::error(Code::SchemaOperation, message), octet);
        }
        for (octet, reason) in plain.unknown {
            tell(Finding::error(Code::SchemaOperation, reason), octet);
        }
        if let Some((octet, name)) = plain.nobodys.first() {
            let message = format!("{name:?} is in no module's namespace");
            tell(Finding::error(Code::SchemaNamespace, message), octet + 1);
            return Understood { findings, part: Part::Nothing };
        }
        for (octet, unknown) in self.not_there(&plain.taken) {
            tell(self.finding(unknown, "", file, None, true), octet);
        }
        if !plain.taken.is_empty() && plain.text.trim().is_empty() {
            return Understood { findings, part: Part::Nothing };
        }
        match Document::of(plain.text) {
            Ok(document) => Understood { findings, part: Part::Data(document, format, plain.added) },
            Err(error) => broken(format!("no memory for it: {error}")),
        }
    }

    /// What of that which an edit takes away no module has, and where it is; what is in such a
    /// node is not told of.
    fn not_there(&self, taken: &[document::Taken]) -> Vec<(usize, Told)> {
        let mut found: Vec<Option<SchemaNode<'_>>> = Vec::with_capacity(taken.len());
        let mut unknown = Vec::new();
        for one in taken {
            let above = one.parent.map(|parent| found.get(parent).cloned().flatten());
            let is_it = |node: &SchemaNode<'_>| node.name() == one.name && node.module().namespace() == &*one.namespace;
            let own = match &above {
                Some(None) => None,
                Some(Some(above)) => above.children2(IterSchemaFlags::empty()).find(is_it),
                None => self.0.modules(true).flat_map(|module| module.data().collect::<Vec<_>>()).find(is_it),
            };
            if own.is_none() && !matches!(above, Some(None)) {
                let is_known = self.0.modules(true).any(|module| module.namespace() == &*one.namespace);
                let path = above.flatten().map(|above| above.path(SchemaPathFormat::DATA)).unwrap_or_default();
                let told = match is_known {
                    true => not_found((path, one.name.clone())),
                    false => {
                        let message = format!("No module with namespace \"{}\" in the context", one.namespace);
                        Told { message, path, line: None }
                    }
                };
                unknown.push((one.at + 1, told));
            }
            found.push(own);
        }
        unknown
    }

    /// Whether nothing is in it that modules speak of, and nothing is known to be wrong.
    pub(in crate::cli::validate) fn is_nothing(&self, understood: &Understood) -> bool {
        match &understood.part {
            Part::Nothing => false,
            Part::Data(document, _, _) => document.is_blank(),
            Part::Set(text) => {
                registry::set_request(text).is_ok_and(|set| set.brought.is_empty() && set.deleted.is_empty())
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
                let all = self.told(&document, format, is_whole);
                let text = if all.is_empty() { Cow::default() } else { document.text() };
                for (index, told) in all.into_iter().enumerate() {
                    let place = told.place(&text, index < MAX_PLACED);
                    let written =
                        |(line, column): Line| (line, column.map(|it| document::as_written(line, it, &added)));
                    findings.push(self.finding(told, &text, file, place.map(written), is_whole));
                }
            }
        }
        findings
    }

    fn finding(&self, told: Told, text: &str, file: &Path, place: Option<Line>, is_whole: bool) -> Finding {
        let code = kind(&self.0, &told);
        let mut allowed = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        let help = expected(&self.0, &mut allowed, code, (&told.path, &told.message));
        Finding { help, ..told.hidden(code, text).finding(code, file, place, is_whole) }
    }

    /// Each of what a SetRequest brings by itself; of what it deletes that there are such nodes.
    fn check_set(&self, file: &Path, text: &str, is_whole: bool, findings: &mut Findings) {
        let set = match registry::set_request(text) {
            Ok(set) => set,
            Err(reason) => {
                let (reason, line, column) = place::of_message(&reason);
                let reason = secret::hidden(&reason, text, line);
                findings.push(Finding::error(Code::Syntax, reason).at(file, line).column(column));
                return;
            }
        };
        let decoded = registry::decoded(text).map(|decoded| decoded.text);
        let (mut counted, shown) = (Counted::of(text), decoded.as_deref().unwrap_or(text));
        let mut tell = |told: Told, at: Range<usize>| {
            let (line, column) = counted.place(place::within(shown, at, &told.path, told.quoted()));
            findings.push(self.finding(told, text, file, Some((line, Some(column))), is_whole));
        };
        for one in set.deleted {
            if let Err(unknown) = set_request::nodes(&self.0, &one.path) {
                tell(not_found(unknown), one.at);
            }
        }
        // Together they are what is to be; what each says by itself is told of where it stands.
        let (mut together, mut is_sound) = (DataTree::new(&self.0), true);
        let places: Vec<_> = set.brought.iter().map(|one| (one.path.clone(), one.at.clone())).collect();
        for one in set.brought {
            let made = set_request::document(&self.0, &one.path, one.value).map_err(|unknown| vec![not_found(unknown)]);
            let added = made.and_then(|document| {
                let document = Document::Text(document.to_string());
                let own = self.parsed(&document, DataFormat::JSON).map_err(|error| said_or(&error))?;
                let twice = given_twice(&own)?;
                if !twice.is_empty() {
                    return Err(twice);
                }
                together.merge(&own).map_err(|error| said_or(&error))
            });
            for told in added.err().into_iter().flatten() {
                is_sound = false;
                let top = set_request::nodes(&self.0, &one.path).ok().and_then(|nodes| nodes.into_iter().next());
                let path = match top {
                    Some(top) => part::whole_path(&told.path, &one.path, top.module().name()),
                    None => told.path.clone(),
                };
                tell(Told { path, ..told }, one.at.clone());
            }
        }
        if is_sound && let Ok(first) = together.duplicate() {
            for told in self.judged(first, || together.duplicate(), is_whole) {
                let at = part::place_of(&told.path, &places).unwrap_or(0..text.len());
                tell(told, at);
            }
        }
    }

    fn parsed(&self, document: &Document, format: DataFormat) -> Result<DataTree<'_>, yang5::Error> {
        drop(said());
        document.parsed(&self.0, format, strict() | DataParserFlags::NO_VALIDATION, DataValidationFlags::empty())
    }

    /// What libyang has to say of a document, which is whole or a part.
    fn told(&self, document: &Document, format: DataFormat, is_whole: bool) -> Vec<Told> {
        // At once, as most are in order; what is wrong with the others is told best in two steps.
        if document.is_blank() || document.parsed(&self.0, format, strict(), valid()).is_ok() {
            return Vec::new();
        }
        match self.parsed(document, format) {
            Ok(tree) => self.judged(tree, || self.parsed(document, format), is_whole),
            Err(error) => said_or(&error),
        }
    }

    /// What libyang has to say of data in which each node by itself is in order; `again` makes
    /// the same once more.
    fn judged<'c>(
        &'c self,
        mut tree: DataTree<'c>,
        again: impl Fn() -> Result<DataTree<'c>, yang5::Error>,
        is_whole: bool,
    ) -> Vec<Told> {
        drop(said());
        let Err(error) = tree.validate(valid()) else { return Vec::new() };
        drop(tree);
        let all = said_or(&error);
        if is_whole || !all.iter().any(part::may_be_elsewhere) {
            return all;
        }
        // What a part leaves out may be on the switch: of that it says nothing, and other
        // mistakes may stand behind.
        let Ok(mut tree) = again() else { return all };
        let _each_is_said = tree.validate(valid() | each());
        let each = said();
        let Ok(tree) = again() else { return each };
        let is_known = |told: &Told| !part::may_be_elsewhere(told) || part::is_about(told, &tree);
        each.into_iter().filter(is_known).take(MAX_TOLD).collect()
    }
}

/// What is in data twice, of which a merge would make one.
fn given_twice(tree: &DataTree<'_>) -> Result<Vec<Told>, Vec<Told>> {
    let mut own = tree.duplicate().map_err(|error| said_or(&error))?;
    drop(said());
    let _each_is_said = own.validate(valid() | each());
    Ok(said().into_iter().filter(|told| told.code() == Code::SchemaDuplicate).take(MAX_TOLD).collect())
}

/// All that is wrong is said, not the first of it alone.
fn each() -> DataValidationFlags {
    DataValidationFlags::from_bits_retain(ffi::LYD_VALIDATE_MULTI_ERROR)
}

fn strict() -> DataParserFlags {
    DataParserFlags::STRICT | DataParserFlags::NO_STATE
}

fn valid() -> DataValidationFlags {
    DataValidationFlags::NO_STATE | DataValidationFlags::PRESENT
}

/// What libyang said, or else the error that it ended with.
fn said_or(error: &yang5::Error) -> Vec<Told> {
    let all = said();
    let last = || Told { message: error.to_string(), path: error.path.clone().unwrap_or_default(), line: None };
    if all.is_empty() { vec![last()] } else { all }
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
    fn of_a_part_a_condition_about_what_it_leaves_out_says_nothing() {
        let modules = Modules::load(&[]).unwrap();
        let port = |mode: &str, mtu: &str| {
            let vlans = format!("<config>{mode}<access-vlan>110</access-vlan></config>");
            let text = format!(
                "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet1</name>{mtu}\
                 <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\"><switched-vlan \
                 xmlns=\"http://openconfig.net/yang/vlan\">{vlans}</switched-vlan></ethernet></interface></interfaces>"
            );
            Arc::<str>::from(text)
        };
        let codes = |text: &Arc<str>, is_whole| -> Vec<Code> {
            let understood = modules.understand(Path::new("a.xml"), text, Encoding::Xml);
            modules.check(understood, Path::new("a.xml"), is_whole).iter().map(|one| one.code).collect()
        };
        assert_eq!(codes(&port("", ""), false), []);
        assert_eq!(codes(&port("", ""), true).first(), Some(&Code::SchemaWhen));
        assert_eq!(codes(&port("<interface-mode>TRUNK</interface-mode>", ""), false), [Code::SchemaWhen]);
    }

    #[test]
    fn what_an_edit_does_that_no_module_has_is_found() {
        let modules = Modules::load(&[]).unwrap();
        let edit = |inside: &str| {
            let base = "urn:ietf:params:xml:ns:netconf:base:1.0";
            let around =
                "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet1</name>";
            format!(
                "<edit-config xmlns:nc=\"{base}\">\n<config>\n{around}\n{inside}</interface></interfaces></config></edit-config>"
            )
        };
        for (inside, expected) in [
            ("<config><mtu nc:operation=\"delete\"/></config>", None),
            ("<config nc:operation=\"remove\"><mtu>9</mtu></config>", None),
            ("<config><colour nc:operation=\"delete\"/></config>", Some((Code::SchemaUnknownNode, 10, "colour"))),
            (
                "<config nc:operation=\"remove\"><colour><red/></colour></config>",
                Some((Code::SchemaUnknownNode, 32, "colour")),
            ),
            ("<config xmlns=\"urn:x\" nc:operation=\"remove\"/>", Some((Code::SchemaNamespace, 2, "urn:x"))),
            ("<config nc:operation=\"frobnicate\"/>", Some((Code::SchemaOperation, 23, "frobnicate"))),
        ] {
            let text: Arc<str> = edit(inside).into();
            let understood = modules.understand(Path::new("a.xml"), &text, Encoding::Xml);
            let findings = modules.check(understood, Path::new("a.xml"), false);
            let errors = findings.errors();
            let own = errors.iter().map(|one| (one.code, one.line, one.column.map(|it| it.get()), &one.message)).next();
            let expected = expected.map(|(code, column, word)| (code, Some(4), Some(column), word));
            assert_eq!(
                own.map(|(code, line, column, _)| (code, line, column)),
                expected.map(|(c, l, o, _)| (c, l, o)),
                "{inside}: {findings}"
            );
            assert!(own.is_none_or(|(.., message)| message.contains(expected.unwrap().3)), "{findings}");
        }
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
