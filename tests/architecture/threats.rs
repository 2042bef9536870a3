//! The threat model names tests, which are there.

use std::fs;

use super::{root, sources};

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let text = fs::read_to_string(root().join("config/threats.md")).unwrap();
    let folders = ["src", "adapters", "tests"].map(|folder| sources(&root().join(folder)));
    let code: String = folders.into_iter().flatten().map(|(_, text)| text).collect();
    let (mut named, mut rows) = (0, 0);
    for row in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| attacker")) {
        let tests: Vec<&str> = row.split('|').nth(4).unwrap().split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "no test shows this: {row}");
        rows += 1;
        for test in tests {
            named += 1;
            assert!(code.contains(&format!("fn {test}(")), "there is no test {test}");
        }
    }
    assert!(rows > 15 && named > 25, "{rows} rows, {named} tests");
}
