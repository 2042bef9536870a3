//! What the modules have where something is wrong.

use yang5::{
    context::Context,
    iter::IterSchemaFlags,
    schema::{SchemaNode, SchemaNodeKind, SchemaStmtMust},
};

use super::{super::place::without_keys, told::Told, types::Allowed};
use crate::{config::reader::nearest, finding::Code};

/// So many names are listed.
const MAX_NAMES: usize = 24;
/// So many characters of a description are told.
const MAX_TEXT: usize = 160;

/// The kind of mistake at a data path: modules may have words of their own for a `must`, a
/// range or a pattern (RFC 7950 sections 7.5.4.1 and 9.4.5).
pub(super) fn kind(context: &Context, told: &Told) -> Code {
    let code = told.code();
    let Ok(node) = context.find_path(&without_keys(&told.path)) else { return code };
    let is_own = |must: SchemaStmtMust<'_>| must.error_msg() == Some(told.message.as_str());
    if node.musts().into_iter().flatten().any(is_own) {
        return Code::SchemaMust;
    }
    let is_value = matches!(node.kind(), SchemaNodeKind::Leaf | SchemaNodeKind::LeafList);
    if code == Code::SchemaOther && is_value { Code::SchemaValue } else { code }
}

/// What stands at a data path: of a wrong value its type and what it means, of an unknown
/// node those that there are.
pub(super) fn expected(
    context: &Context,
    allowed: &mut Allowed,
    code: Code,
    (path, message): (&str, &str),
) -> Option<String> {
    let node = context.find_path(&without_keys(path)).ok()?;
    match code {
        Code::SchemaValue => leaf(context, allowed, &node),
        Code::SchemaUnknownNode => {
            let names: Vec<String> =
                node.children2(IterSchemaFlags::empty()).map(|child| child.name().to_owned()).collect();
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            let given = message.split('"').nth(1).unwrap_or_default();
            match nearest(given, &known) {
                Some(near) => Some(format!("did you mean {near}?")),
                None if known.is_empty() => None,
                None => Some(format!("expected: {}", known.into_iter().take(MAX_NAMES).collect::<Vec<_>>().join(", "))),
            }
        }
        _ => None,
    }
}

fn leaf(context: &Context, allowed: &mut Allowed, node: &SchemaNode<'_>) -> Option<String> {
    if !matches!(node.kind(), SchemaNodeKind::Leaf | SchemaNodeKind::LeafList) {
        return None;
    }
    let own = node.leaf_type()?;
    let kind = own.leafref_real_type().map_or_else(|| own.base_type(), |real| real.base_type());
    let units = node.units().map(|units| format!(" in {units}")).unwrap_or_default();
    let description = node.description().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = description.chars().take(MAX_TEXT).collect();
    let meaning = if short.is_empty() { String::new() } else { format!(": {short}") };
    let kind = format!("{kind:?}").to_lowercase();
    let allowed = allowed.of(context, node).map(|allowed| format!(" {allowed}")).unwrap_or_default();
    Some(format!("expected {kind}{allowed}{units}{meaning}"))
}
