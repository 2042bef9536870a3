//! An answer's JSON as nodes.

use mercury_adapter::{DataNode, DataTree, JsonUnread, data_json};

use crate::data::Problem;

/// The node of an answer, which is an object. Of members that have one name without their modules',
/// the last one counts.
///
/// # Errors
/// It is not JSON (RFC 8259) or no object, or there is no room for it.
pub(crate) fn read<'a>(made: &mut DataTree<'a, '_>, text: &[u8]) -> Result<&'a DataNode<'a>, Problem> {
    let mut lay = |_: &mut DataTree<'a, '_>, above: &'a DataNode<'a>, below: &'a DataNode<'a>| -> Result<(), Problem> {
        match above.child(below.name())? {
            None => above.push(below),
            Some(old) => old.become_like(below),
        }
        Ok(())
    };
    match data_json(made, ("", text), &[], &mut lay) {
        Ok(node) if node.is_leaf() || node.is_group() => {
            Err(Problem::Unreadable("the answer is no JSON object".to_owned()))
        }
        Ok(node) => Ok(node),
        Err(JsonUnread::Refused(problem)) => Err(problem),
        Err(JsonUnread::Malformed(error)) => Err(Problem::Unreadable(format!("the answer is not JSON: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use mercury_adapter::{Budget, Bump, MAX_REPLY};

    use super::*;

    fn tree(text: &str) -> Result<String, String> {
        let (arena, mut share) = (Bump::new(), Budget::new(usize::MAX).share(MAX_REPLY));
        let node = read(&mut DataTree::new(&arena, &mut share), text.as_bytes());
        node.map(|node| format!("{node:?}")).map_err(|problem| problem.to_string())
    }

    #[test]
    fn json_is_read_whatever_it_holds() {
        let text = r#" {"m:a":-1, "b":1.5, "c":"x\"\u00e9", "d":[null], "e":[1,2], "f":[{"n:g":1}], "@m:a":{"x:b":1}, "h":{}, "o:h":{"i":true}} "#;
        let expected =
            "<><a \"-1\"><b \"1.5\"><c \"x\\\"é\"><d \"\"><e \"1\"><e \"2\"><f><g \"1\"></><h><i \"true\"></></>";
        assert_eq!(tree(text).as_deref(), Ok(expected));
        for (text, problem) in [
            ("[{}]", "the answer is no JSON object"),
            ("5", "the answer is no JSON object"),
            ("{\"a\":1,}", "the answer is not JSON: trailing comma at line 1 column 8"),
            ("{} {}", "the answer is not JSON: trailing characters at line 1 column 4"),
        ] {
            assert_eq!(tree(text).unwrap_err(), problem, "{text}");
        }
        let many: Vec<String> = (0..600).map(|name| format!("\"{name}\":1")).collect();
        let problem = tree(&format!("{{{}}}", many.join(","))).unwrap_err();
        assert_eq!(problem, "a node has more than 512 different children");
    }

    #[test]
    fn what_is_small_as_text_and_large_as_nodes_is_refused_while_it_is_made() {
        let text = format!("{{\"a\":[{}]}}", vec!["{}"; 100_000].join(","));
        let (arena, mut share) = (Bump::new(), Budget::new(1 << 20).share(1 << 20));
        let problem = read(&mut DataTree::new(&arena, &mut share), text.as_bytes()).map(drop).unwrap_err();
        assert!(matches!(problem, Problem::NoRoom(_)), "{problem}");
    }
}
