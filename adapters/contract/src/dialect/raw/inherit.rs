//! One dialect's table laid over another's.

use toml::{Table, Value};

use super::{PROTOCOLS, Problems};

/// A dialect's table with those it inherits beneath it.
pub(super) fn inherit(name: &str, texts: &[(&str, &str)], seen: &mut Vec<String>) -> Result<Table, Problems> {
    let (_, text) =
        texts.iter().find(|(other, _)| *other == name).ok_or_else(|| vec![format!("there is no {name}")])?;
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| vec![format!("not TOML: {error}")])?;
    let is_own = table.get_mut("cli").and_then(Value::as_table_mut).and_then(|cli| cli.remove("own"));
    let Some(base) = table.remove("inherits") else { return Ok(table) };
    let base = base.as_str().ok_or_else(|| vec!["inherits: not a text".to_owned()])?.to_owned();
    if seen.contains(&base) {
        return Err(vec![format!("{base} inherits itself")]);
    }
    seen.push(base.clone());
    let mut under = inherit(&base, texts, seen)?;
    // Evidence is about what one dialect renders, so it is not inherited.
    under.remove("evidence");
    // Nor is a command line that has nothing of the base's.
    if is_own == Some(Value::Boolean(true)) {
        under.remove("cli");
    }
    lay_over(&mut under, table);
    Ok(under)
}

/// A dialect and those it inherits from, the last file of each name.
pub(in crate::dialect) fn lineage(name: &str, texts: &[(&str, &str)]) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), Some(name.to_owned()));
    while let Some(name) = next.take().filter(|name| !all.contains(name)) {
        let text = texts.iter().rev().find(|(other, _)| *other == name).map(|(_, text)| *text);
        let table = text.and_then(|text| text.parse::<Table>().ok());
        next = table.and_then(|table| Some(table.get("inherits")?.as_str()?.to_owned()));
        all.push(name);
    }
    all
}

/// Puts `over` over what is there, table by table.
pub(super) fn lay_over(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// `lacp = false` takes away what the base has.
pub(super) fn without_false(table: &mut Table) {
    table.retain(|_, value| *value != Value::Boolean(false));
    table.iter_mut().filter_map(|(_, value)| value.as_table_mut()).for_each(without_false);
}

/// `gnmi = false` says that a protocol of the base is not spoken here.
pub(super) fn without_unspoken(table: &mut Table) {
    for protocol in PROTOCOLS {
        if table.get(protocol) == Some(&Value::Boolean(false)) {
            table.remove(protocol);
        }
    }
}
