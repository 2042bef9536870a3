//! Spans as OTLP 1 has them in JSON (protobuf's JSON, but with identifiers in hexadecimal).

use serde_json::{Value, json};

use super::{Span, nanoseconds};

/// The longest value of an attribute, in characters.
const MAX_VALUE: usize = 500;
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// An `ExportTraceServiceRequest`.
pub(super) fn request(spans: &[Span]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let resource = attributes(&[("service.name", "mercury"), ("service.version", version)]);
    let spans: Vec<Value> = spans.iter().map(span).collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": {"name": "mercury", "version": version}, "spans": spans}],
    }]})
}

fn span(span: &Span) -> Value {
    let Span { open, name, ended, error, .. } = span;
    let told: Vec<(&str, &str)> = span.attributes.iter().map(|(key, value)| (*key, value.as_str())).collect();
    // An absent parent is an empty text, as protobuf has it.
    let parent = open.parent.map(|parent| format!("{parent:016x}")).unwrap_or_default();
    let status = error.as_ref().map(|error| json!({"code": ERROR, "message": short(error)}));
    json!({
        "traceId": format!("{:032x}", open.context.trace),
        "spanId": format!("{:016x}", open.context.span),
        "parentSpanId": parent,
        "name": name,
        "kind": open.kind as u8,
        "startTimeUnixNano": nanoseconds(open.begun).to_string(),
        "endTimeUnixNano": nanoseconds(*ended).to_string(),
        "attributes": attributes(&told),
        "status": status.unwrap_or_else(|| json!({})),
    })
}

fn attributes(told: &[(&str, &str)]) -> Vec<Value> {
    let attribute = |(key, value): &(&str, &str)| json!({"key": key, "value": {"stringValue": short(value)}});
    told.iter().map(attribute).collect()
}

fn short(text: &str) -> String {
    text.chars().take(MAX_VALUE).collect()
}
