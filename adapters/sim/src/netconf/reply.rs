//! What the switch sends: its hello and its replies.

use std::fmt::Write as _;

use quick_xml::escape::{escape, partial_escape};

use super::{BASE, junos, monitoring, xml::Element};
use crate::{
    Options,
    refusal::{Layer, Path, Reason, Refused},
};

/// The content of a positive answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Ok,
    /// XML that goes into `<data>`.
    Data(String),
    /// XML of an operation's own.
    Own(String),
}

pub(crate) fn hello(options: &Options, session: u32) -> String {
    let mut xml = format!("<hello xmlns=\"{BASE}\"><capabilities>");
    let mut add = |urn: &str| {
        let _ = write!(xml, "<capability>{}</capability>", partial_escape(urn));
    };
    add("urn:ietf:params:netconf:base:1.0");
    if options.base_11 {
        add("urn:ietf:params:netconf:base:1.1");
    }
    for name in capabilities(options) {
        add(&format!("urn:ietf:params:netconf:capability:{name}"));
    }
    if options.mode.junos() {
        add(junos::CAPABILITY);
    }
    for module in options.schema.announced {
        let revision = module.revision.map(|date| format!("&revision={date}")).unwrap_or_default();
        add(&format!("{}?module={}{revision}", module.namespace, module.name));
    }
    if options.lists_sessions {
        add(&format!("{}?module=ietf-netconf-monitoring&revision=2010-10-04", monitoring::NS));
    }
    let _ = write!(xml, "</capabilities><session-id>{session}</session-id></hello>");
    xml
}

fn capabilities(options: &Options) -> Vec<&'static str> {
    let mode = options.mode;
    [
        (mode.candidate(), "candidate:1.0"),
        (mode.confirmed_commit(), "confirmed-commit:1.0"),
        (mode.confirmed_commit() && !mode.junos(), "confirmed-commit:1.1"),
        (mode.writable_running(), "writable-running:1.0"),
        (!mode.junos() && !options.quirks.no_rollback_on_error, "rollback-on-error:1.0"),
        (mode.validate(), "validate:1.0"),
        (mode.validate(), "validate:1.1"),
        (mode.startup(), "startup:1.0"),
        (options.quirks.report_all_defaults, "with-defaults:1.0?basic-mode=report-all"),
        (options.quirks.trims_defaults, "with-defaults:1.0?basic-mode=trim"),
    ]
    .into_iter()
    .filter_map(|(has, name)| has.then_some(name))
    .collect()
}

/// Answers a request; `rpc` is `None` if it could not even be read.
pub(crate) fn reply(rpc: Option<&Element>, result: &Result<Body, Refused>, message_id: bool) -> String {
    let mut xml = format!("<rpc-reply xmlns=\"{BASE}\"");
    if let Some(rpc) = rpc {
        // All attributes of the request come back (RFC 6241 section 4.1), and
        // with them the prefixes they use.
        for (prefix, namespace) in rpc.declarations.iter().filter(|(prefix, _)| !prefix.is_empty()) {
            let _ = write!(xml, " xmlns:{prefix}=\"{}\"", escape(namespace));
        }
        for attribute in &rpc.attributes {
            if message_id || attribute.written != "message-id" {
                let _ = write!(xml, " {}=\"{}\"", attribute.written, escape(&attribute.value));
            }
        }
    }
    xml.push('>');
    match result {
        Ok(Body::Ok) => xml.push_str("<ok/>"),
        Ok(Body::Data(data)) => {
            let _ = write!(xml, "<data>{data}</data>");
        }
        Ok(Body::Own(own)) => xml.push_str(own),
        Err(Refused(reasons)) => reasons.iter().for_each(|reason| error(&mut xml, reason)),
    }
    xml.push_str("</rpc-reply>");
    xml
}

fn error(xml: &mut String, reason: &Reason) {
    let layer = match reason.layer {
        Layer::Rpc => "rpc",
        Layer::Protocol => "protocol",
        Layer::Application => "application",
    };
    let _ = write!(
        xml,
        "<rpc-error><error-type>{layer}</error-type><error-tag>{}</error-tag>\
         <error-severity>error</error-severity>",
        reason.tag.as_str()
    );
    if let Some(tag) = reason.app_tag {
        let _ = write!(xml, "<error-app-tag>{tag}</error-app-tag>");
    }
    if let Some(path) = reason.path.as_ref().filter(|path| !path.0.is_empty()) {
        error_path(xml, path);
    }
    let _ = write!(xml, "<error-message xml:lang=\"en\">{}</error-message>", partial_escape(&reason.message));
    if !reason.info.is_empty() {
        xml.push_str("<error-info>");
        for (name, value) in &reason.info {
            let _ = write!(xml, "<{name}>{}</{name}>", partial_escape(value));
        }
        xml.push_str("</error-info>");
    }
    xml.push_str("</rpc-error>");
}

/// An instance-identifier with its prefixes declared (RFC 7950 section 9.13.2).
fn error_path(xml: &mut String, path: &Path) {
    let mut modules: Vec<_> = path.0.iter().filter_map(|step| step.module).collect();
    modules.sort();
    modules.dedup();
    xml.push_str("<error-path");
    for module in modules {
        let _ = write!(xml, " xmlns:{}=\"{}\"", module.prefix, module.namespace);
    }
    xml.push('>');
    for step in &path.0 {
        let prefix = step.module.map(|module| format!("{}:", module.prefix)).unwrap_or_default();
        let _ = write!(xml, "/{prefix}{}", partial_escape(&step.name));
        if let Some((leaf, key)) = &step.key {
            let quote = if key.as_str().contains('\'') { "&quot;" } else { "'" };
            let _ = write!(xml, "[{prefix}{leaf}={quote}{}{quote}]", partial_escape(key.as_str()));
        }
    }
    xml.push_str("</error-path>");
}
