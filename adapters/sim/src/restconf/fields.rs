//! `fields` (RFC 8040 section 4.8.3): of a resource only what is named.

use serde_json::Value as Json;

/// One node and what of it is meant; nothing more is all.
#[derive(Debug)]
struct Field<'a> {
    name: &'a str,
    below: Vec<Field<'a>>,
}

/// What is left of a resource; `None` where the text is no fields.
pub(super) fn only(resource: Json, text: &str) -> Option<Json> {
    let (fields, rest) = several(text)?;
    rest.is_empty().then(|| keep(resource, &fields.iter().collect::<Vec<_>>()))
}

/// A node that is named twice is all that is meant of it.
fn keep(value: Json, fields: &[&Field<'_>]) -> Json {
    match value {
        _ if fields.is_empty() => value,
        Json::Array(entries) => entries.into_iter().map(|entry| keep(entry, fields)).collect(),
        Json::Object(members) => {
            let kept = members.into_iter().filter_map(|(name, value)| {
                let bare = name.rsplit_once(':').map_or(name.as_str(), |(_, bare)| bare);
                let meant = |field: &&Field<'_>| field.name == name || field.name == bare && !field.name.contains(':');
                let all: Vec<&Field<'_>> = fields.iter().copied().filter(meant).collect();
                let is_whole = all.iter().any(|field| field.below.is_empty());
                let below: Vec<&Field<'_>> = all.iter().filter(|_| !is_whole).flat_map(|field| &field.below).collect();
                let kept = if all.is_empty() { return None } else { keep(value, &below) };
                Some((name, kept))
            });
            Json::Object(kept.collect())
        }
        other => other,
    }
}

/// Fields, and what follows them.
fn several(text: &str) -> Option<(Vec<Field<'_>>, &str)> {
    let (first, mut rest) = one(text)?;
    let mut fields = vec![first];
    while let Some(more) = rest.strip_prefix(';') {
        let (next, after) = one(more)?;
        fields.push(next);
        rest = after;
    }
    Some((fields, rest))
}

fn one(text: &str) -> Option<(Field<'_>, &str)> {
    let end = text.find(['/', ';', '(', ')']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    if name.is_empty() {
        return None;
    }
    if let Some(below) = rest.strip_prefix('/') {
        let (below, rest) = one(below)?;
        return Some((Field { name, below: vec![below] }, rest));
    }
    if let Some(below) = rest.strip_prefix('(') {
        let (below, rest) = several(below)?;
        return Some((Field { name, below }, rest.strip_prefix(')')?));
    }
    Some((Field { name, below: Vec::new() }, rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_named_is_left_out_keys_too() {
        let resource = json!({"m:top": {"list": [{"key": 1, "x": {"y": 2, "z": 3}}], "n:other": 4, "third": 5}});
        let left = |fields: &str| only(resource.clone(), fields);
        assert_eq!(left("m:top/list(key;x/y)").unwrap(), json!({"m:top": {"list": [{"key": 1, "x": {"y": 2}}]}}));
        assert_eq!(left("m:top(n:other;list/x)").unwrap()["m:top"]["list"], json!([{"x": {"y": 2, "z": 3}}]));
        let twice = left("m:top/list(key;x/y);m:top/list/x/z;m:top/third").unwrap();
        assert_eq!(twice, json!({"m:top": {"list": [{"key": 1, "x": {"y": 2, "z": 3}}], "third": 5}}));
        assert_eq!(left("m:top;m:top/third").unwrap(), resource);
        assert!(left("m:top(list").is_none() && left("m:top)").is_none() && left("").is_none());
    }
}
