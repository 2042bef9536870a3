//! The operations of RFC 6241 as elements, in the order of the standard's
//! schema, which strict servers insist on.

use crate::{
    hello::DefaultsMode,
    xml::{BASE_NS, Element},
};

/// The namespace of the `with-defaults` parameter (RFC 6243 section 6).
const WITH_DEFAULTS_NS: &str = "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults";

/// A configuration datastore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// What the device does now.
    Running,
    /// What a commit would make running.
    Candidate,
    /// What the device starts with.
    Startup,
}

impl Store {
    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Candidate => "candidate",
            Self::Startup => "startup",
        }
    }
}

/// What happens to data without `nc:operation` (RFC 6241 section 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultOperation {
    /// Merged; what the standard assumes.
    Merge,
    /// Replaces what is there.
    Replace,
    /// Only points to data that says what to do.
    None,
}

/// What happens after an error (RFC 6241 section 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorOption {
    /// The rest is not done; what the standard assumes.
    StopOnError,
    /// The rest is done.
    ContinueOnError,
    /// All is undone; needs `:rollback-on-error`.
    RollbackOnError,
}

/// Whether to validate (RFC 6241 section 7.2); needs `:validate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestOption {
    /// Validate, then edit; what the standard assumes.
    TestThenSet,
    /// Edit without validating.
    Set,
    /// Validate only; needs `:validate:1.1`.
    TestOnly,
}

/// Options of an `<edit-config>`. What is `None` is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EditOptions {
    /// `default-operation`
    pub default_operation: Option<DefaultOperation>,
    /// `test-option`
    pub test_option: Option<TestOption>,
    /// `error-option`
    pub error_option: Option<ErrorOption>,
}

/// Options of a confirmed `<commit>` (RFC 6241 section 8.4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// Seconds until the device undoes it; its default is 600.
    pub timeout: Option<u32>,
    /// A token with which another session may confirm (1.1 only). Without it
    /// the commit is undone when this session ends.
    pub persist: Option<String>,
    /// The token of an earlier confirmed commit that this one extends.
    pub persist_id: Option<String>,
}

fn operation(name: &str) -> Element {
    Element::new(BASE_NS, name)
}

fn datastore(role: &str, store: Store) -> Element {
    operation(role).empty(store.name())
}

/// `<lock>` (RFC 6241 section 7.5).
#[must_use]
pub fn lock(target: Store) -> Element {
    operation("lock").child(datastore("target", target))
}

/// `<unlock>` (RFC 6241 section 7.6).
#[must_use]
pub fn unlock(target: Store) -> Element {
    operation("unlock").child(datastore("target", target))
}

/// `<discard-changes>` (RFC 6241 section 8.3.4.2).
#[must_use]
pub fn discard_changes() -> Element {
    operation("discard-changes")
}

/// `<get-config>` (RFC 6241 section 7.1). `subtrees` are the top elements of a
/// subtree filter; none means everything, which some servers refuse.
#[must_use]
pub fn get_config(source: Store, subtrees: Vec<Element>, defaults: Option<DefaultsMode>) -> Element {
    operation("get-config")
        .child(datastore("source", source))
        .child_opt(filter(subtrees))
        .child_opt(defaults.map(with_defaults))
}

/// `<get>` (RFC 6241 section 7.7): configuration and state.
#[must_use]
pub fn get(subtrees: Vec<Element>, defaults: Option<DefaultsMode>) -> Element {
    operation("get").child_opt(filter(subtrees)).child_opt(defaults.map(with_defaults))
}

/// A read that selects nothing. A name no model has is the filter, because an
/// empty filter means *everything* to some servers.
pub(crate) fn read_nothing() -> Element {
    get_config(Store::Running, vec![operation("nothing")], None)
}

fn filter(subtrees: Vec<Element>) -> Option<Element> {
    let filter = operation("filter").attr("type", "subtree");
    (!subtrees.is_empty()).then(|| filter.children(subtrees))
}

fn with_defaults(mode: DefaultsMode) -> Element {
    Element::new(WITH_DEFAULTS_NS, "with-defaults").text(mode.name())
}

/// `<edit-config>` (RFC 6241 section 7.2). `content` goes inside `<config>`:
/// one element per top-level node, as a repeated one is refused.
#[must_use]
pub fn edit_config(target: Store, options: EditOptions, content: Vec<Element>) -> Element {
    let option = |name: &str, value: Option<&str>| value.map(|v| operation(name).text(v));
    operation("edit-config")
        .child(datastore("target", target))
        .child_opt(option(
            "default-operation",
            options.default_operation.map(|o| match o {
                DefaultOperation::Merge => "merge",
                DefaultOperation::Replace => "replace",
                DefaultOperation::None => "none",
            }),
        ))
        .child_opt(option(
            "test-option",
            options.test_option.map(|o| match o {
                TestOption::TestThenSet => "test-then-set",
                TestOption::Set => "set",
                TestOption::TestOnly => "test-only",
            }),
        ))
        .child_opt(option(
            "error-option",
            options.error_option.map(|o| match o {
                ErrorOption::StopOnError => "stop-on-error",
                ErrorOption::ContinueOnError => "continue-on-error",
                ErrorOption::RollbackOnError => "rollback-on-error",
            }),
        ))
        .child(operation("config").children(content))
}

/// `<validate>` (RFC 6241 section 8.6.4.1).
#[must_use]
pub fn validate(source: Store) -> Element {
    operation("validate").child(datastore("source", source))
}

/// `<commit>` (RFC 6241 section 8.3.4.1); with the token of a confirmed commit
/// it confirms that one.
#[must_use]
pub fn commit(persist_id: Option<&str>) -> Element {
    operation("commit").child_opt(persist_id.map(|id| operation("persist-id").text(id)))
}

/// A `<commit>` the device undoes unless confirmed (RFC 6241 section 8.4.5.1).
#[must_use]
pub fn commit_confirmed(options: &Confirmed) -> Element {
    let option = |name: &str, value: Option<&String>| value.map(|v| operation(name).text(v));
    operation("commit")
        .empty("confirmed")
        .child_opt(option("confirm-timeout", options.timeout.map(|s| s.to_string()).as_ref()))
        .child_opt(option("persist", options.persist.as_ref()))
        .child_opt(option("persist-id", options.persist_id.as_ref()))
}

/// `<cancel-commit>` (RFC 6241 section 8.4.4.1); with the token if the commit
/// was made with one.
#[must_use]
pub fn cancel_commit(persist_id: Option<&str>) -> Element {
    operation("cancel-commit").child_opt(persist_id.map(|id| operation("persist-id").text(id)))
}

/// `<copy-config>` (RFC 6241 section 7.3), such as running to startup.
#[must_use]
pub fn copy_config(source: Store, target: Store) -> Element {
    operation("copy-config").child(datastore("target", target)).child(datastore("source", source))
}

/// `<close-session>` (RFC 6241 section 7.8).
#[must_use]
pub fn close_session() -> Element {
    operation("close-session")
}

/// `<kill-session>` (RFC 6241 section 7.9).
#[must_use]
pub fn kill_session(session_id: u64) -> Element {
    operation("kill-session").child(operation("session-id").text(session_id.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(operation: &Element) -> String {
        operation.to_xml().unwrap().replace(&format!(" xmlns=\"{BASE_NS}\""), "")
    }

    #[test]
    fn operations_are_written_as_the_standard_shows_them() {
        for (operation, expected) in [
            (lock(Store::Candidate), "<lock><target><candidate/></target></lock>"),
            (unlock(Store::Running), "<unlock><target><running/></target></unlock>"),
            (discard_changes(), "<discard-changes/>"),
            (validate(Store::Candidate), "<validate><source><candidate/></source></validate>"),
            (commit(None), "<commit/>"),
            (commit(Some("t")), "<commit><persist-id>t</persist-id></commit>"),
            (cancel_commit(None), "<cancel-commit/>"),
            (cancel_commit(Some("t")), "<cancel-commit><persist-id>t</persist-id></cancel-commit>"),
            (
                copy_config(Store::Running, Store::Startup),
                "<copy-config><target><startup/></target><source><running/></source></copy-config>",
            ),
            (close_session(), "<close-session/>"),
            (kill_session(4), "<kill-session><session-id>4</session-id></kill-session>"),
            (get_config(Store::Running, Vec::new(), None), "<get-config><source><running/></source></get-config>"),
        ] {
            assert_eq!(xml(&operation), expected);
        }
    }

    #[test]
    fn a_confirmed_commit_keeps_persist_and_persist_id_apart() {
        let options = Confirmed { timeout: Some(60), persist: Some("a".to_owned()), persist_id: Some("b".to_owned()) };
        assert_eq!(
            xml(&commit_confirmed(&options)),
            "<commit><confirmed/><confirm-timeout>60</confirm-timeout>\
             <persist>a</persist><persist-id>b</persist-id></commit>"
        );
        assert_eq!(xml(&commit_confirmed(&Confirmed::default())), "<commit><confirmed/></commit>");
    }

    #[test]
    fn an_edit_carries_its_options_before_the_configuration() {
        let options = EditOptions {
            default_operation: Some(DefaultOperation::None),
            test_option: Some(TestOption::TestThenSet),
            error_option: Some(ErrorOption::RollbackOnError),
        };
        let vlans = Element::new("urn:v", "vlans").child(Element::new("urn:v", "vlan").operation("remove"));
        assert_eq!(
            edit_config(Store::Candidate, options, vec![vlans]).to_xml().unwrap(),
            format!(
                "<edit-config xmlns=\"{BASE_NS}\"><target><candidate/></target>\
                 <default-operation>none</default-operation><test-option>test-then-set</test-option>\
                 <error-option>rollback-on-error</error-option><config><vlans xmlns=\"urn:v\">\
                 <vlan xmlns:nc=\"{BASE_NS}\" nc:operation=\"remove\"/></vlans></config></edit-config>"
            )
        );
    }

    #[test]
    fn a_filtered_read_names_its_subtrees_and_its_defaults() {
        let filtered = get_config(
            Store::Candidate,
            vec![Element::new("urn:a", "a"), Element::new("urn:b", "b")],
            Some(DefaultsMode::Explicit),
        );
        assert_eq!(
            xml(&filtered),
            "<get-config><source><candidate/></source><filter type=\"subtree\"><a xmlns=\"urn:a\"/>\
             <b xmlns=\"urn:b\"/></filter><with-defaults \
             xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">explicit</with-defaults></get-config>"
        );
    }
}
