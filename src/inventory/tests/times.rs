//! Times that do not fit together.

use super::*;

#[test]
fn times_that_do_not_fit_together_are_told_and_the_switch_is_served() {
    for (times, keys) in [
        ("", &[][..]),
        ("commit_timeout = 90", &["commit_timeout"]),
        ("commit_timeout = 90\nconfirm_timeout = 90", &[]),
        ("commit_timeout = 90\nconfirmed_commit = \"off\"", &[]),
        ("lock_wait = 20", &["lock_wait"]),
        ("confirm_timeout = 10\ncommit_timeout = 10\nbounce_time = 10", &[]),
        ("confirm_timeout = 10\ncommit_timeout = 10\nbounce_time = 10\nbounce_on_attach = true", &["bounce_time"]),
        ("confirm_timeout = 200\nlock_wait = 100", &["lock_wait"]),
    ] {
        let text = toml(&format!("dialect = \"openconfig\"\n{times}"));
        let (inventory, findings) = load(&[("i.toml", &text)], &Context::default());
        let told: Vec<_> = places(&findings).into_iter().map(|(code, _, field)| (code, field)).collect();
        let expected = keys.iter().map(|key| (Code::Conflict, format!("switch.leaf1.{key}")));
        assert_eq!(told, expected.collect::<Vec<_>>(), "{times}");
        assert_eq!(inventory.len(), 1, "{times}");
    }
}
