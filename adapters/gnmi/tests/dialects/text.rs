//! A SetRequest as people read it: one operation a line, in the order it is
//! carried out, with the field of `TypedValue` that carries each value.

use mercury_gnmi_proto::gnmi::{Path, PathElem, SetRequest, TypedValue, Update, typed_value::Value};

pub(crate) fn shown(request: &SetRequest) -> String {
    let mut lines = Vec::new();
    if let Some(prefix) = &request.prefix {
        lines.push(format!("prefix target={:?} origin={:?} {}", prefix.target, prefix.origin, elems(&prefix.elem)));
    }
    lines.extend(request.delete.iter().map(|node| format!("delete {}", path(node))));
    lines.extend(request.replace.iter().map(|one| format!("replace {}", update(one))));
    lines.extend(request.update.iter().map(|one| format!("update {}", update(one))));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn update(update: &Update) -> String {
    format!("{} {}", path(update.path.as_ref().unwrap()), value(update.val.as_ref().unwrap()))
}

/// With the origin before it, as gnmic writes it.
fn path(path: &Path) -> String {
    let origin = if path.origin.is_empty() { String::new() } else { format!("{}:", path.origin) };
    format!("{origin}{}", elems(&path.elem))
}

fn elems(elems: &[PathElem]) -> String {
    let elem = |elem: &PathElem| {
        let mut keys: Vec<_> = elem.key.iter().map(|(key, value)| format!("[{key}={value}]")).collect();
        keys.sort();
        format!("/{}{}", elem.name, keys.concat())
    };
    if elems.is_empty() { "/".to_owned() } else { elems.iter().map(elem).collect() }
}

fn value(typed: &TypedValue) -> String {
    match typed.value.as_ref().unwrap() {
        Value::JsonIetfVal(json) => format!("json_ietf_val {}", String::from_utf8(json.clone()).unwrap()),
        Value::JsonVal(json) => format!("json_val {}", String::from_utf8(json.clone()).unwrap()),
        Value::StringVal(text) => format!("string_val {text:?}"),
        Value::UintVal(number) => format!("uint_val {number}"),
        Value::BoolVal(value) => format!("bool_val {value}"),
        Value::LeaflistVal(list) => {
            format!("leaflist_val [{}]", list.element.iter().map(value).collect::<Vec<_>>().join(", "))
        }
        other => panic!("{other:?} is never sent"),
    }
}
