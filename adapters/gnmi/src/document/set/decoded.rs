//! What a SetRequest says in base64, at the place where it says so.

use std::ops::Range;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::value::RawValue;

use super::{Kind, Pairs, offset};

/// A text with its base64 decoded, to look for places in: it is no longer of any format, and
/// every octet beside is where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text; blanks are behind what is shorter than its base64, which it always is.
    pub text: String,
    /// The octets that were base64, in their order.
    pub spans: Vec<Range<usize>>,
}

/// The fields of a value that are octets: base64 in the JSON of protocol buffers.
const OCTETS: [&str; 4] = ["jsonIetfVal", "json_ietf_val", "jsonVal", "json_val"];

/// A SetRequest with what is base64 in it decoded; `None` where nothing is.
#[must_use]
pub fn decoded(text: &str) -> Option<Decoded> {
    let own = text.trim_start_matches('\u{feff}');
    if !own.trim_start().starts_with('{') {
        return None;
    }
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    let Pairs(members) = serde_json::from_str(own).ok()?;
    for (_, list) in members.iter().filter(|(name, _)| Kind::of(name).is_some_and(|kind| kind != Kind::Delete)) {
        let updates: Vec<&RawValue> = serde_json::from_str(list.get()).unwrap_or_default();
        found.extend(updates.into_iter().filter_map(|update| {
            let value = member(update, &["val"])?;
            let written = member(value, &OCTETS)?;
            let octets = STANDARD.decode(serde_json::from_str::<String>(written.get()).ok()?).ok()?;
            let begin = offset(text, written) + 1;
            Some((begin..begin + written.get().len() - 2, String::from_utf8(octets).ok()?))
        }));
    }
    found.sort_by_key(|(at, _)| at.start);
    let (mut shown, mut spans) = (String::with_capacity(text.len()), Vec::with_capacity(found.len()));
    for (at, said) in found {
        shown.push_str(text.get(shown.len()..at.start)?);
        said.chars().for_each(|character| match character {
            // A line is one, and a column is an octet, as in base64.
            character if character.is_ascii_control() => shown.push(' '),
            character if character.is_ascii() => shown.push(character),
            character => shown.extend(std::iter::repeat_n('?', character.len_utf8())),
        });
        shown.extend(std::iter::repeat_n(' ', at.end.checked_sub(shown.len())?));
        spans.push(at);
    }
    shown.push_str(text.get(shown.len()..)?);
    (!spans.is_empty()).then_some(Decoded { text: shown, spans })
}

/// The first member of an object that is called so.
fn member<'t>(object: &'t RawValue, names: &[&str]) -> Option<&'t RawValue> {
    let Pairs(members) = serde_json::from_str(object.get()).ok()?;
    members.into_iter().find_map(|(name, value)| names.contains(&name.as_str()).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_base64_is_read_where_it_stands_and_all_else_stays_where_it_is() {
        let value = "{\"mtu\":\n 1500, \"text\": \"é\"}";
        let encoded = STANDARD.encode(value);
        let text = format!(
            "\u{feff}{{\"update\": [\n{{\"path\": {{}}, \"val\": {{\"jsonIetfVal\": \"{encoded}\"}}}}, {{\"val\": {{\"stringVal\": \"aGk=\"}}}},\n\
             {{\"val\": {{\"json_val\": \"{}\"}}}}], \"delete\": [{{}}]}}",
            encoded.replace('/', "\\/")
        );
        let Decoded { text: shown, spans } = decoded(&text).unwrap();
        assert_eq!((shown.len(), spans.len()), (text.len(), 2));
        for span in &spans {
            assert!(shown[span.clone()].starts_with("{\"mtu\":  1500, \"text\": \"??\"}"), "{shown}");
            assert!(text[..span.start].ends_with('"') && text[span.end..].starts_with('"'));
        }
        let beside =
            |text: &str| [&text[..spans[0].start], &text[spans[0].end..spans[1].start], &text[spans[1].end..]].concat();
        assert_eq!(beside(&shown), beside(&text));
        for text in ["", "{\"updates\": []}", "update { }", "{\"update\": [{\"val\": {\"jsonIetfVal\": \"!\"}}]}", "{"]
        {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
