use std::sync::LazyLock;

use super::*;

/// Dialects take a while to load.
static CONTEXT: LazyLock<Context> = LazyLock::new(Context::default);

proptest::proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "(\\[+(switch|DEFAULT|defaults)(:a)?\\]+|port|name|protocol|gnmi|device_type|gnmi_openconfig|tls_(ca|pins|cert|key)|origin|[=:#;\"'\\[\\]{}, \t\r\n\\\\]|[0-9-]{1,3}|\\PC){0,40}") {
        let file = Path::new("x");
        let mut findings = Findings::default();
        ironic::read(file, &text, &CONTEXT, &mut findings);
        native::read(file, &text, &CONTEXT, &mut findings);
        proptest::prop_assert!(findings.iter().all(|f| f.line.is_none_or(|line| line >= 1)));
    }
}
