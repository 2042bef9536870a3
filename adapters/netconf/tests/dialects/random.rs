//! Any two configurations, in plain OpenConfig: the edit between them leads
//! from one to the other.

use proptest::prelude::*;

use crate::{
    case::plan,
    configs::config,
    dialect, render,
    round_trip::{device, read},
};

proptest! {
    #[test]
    fn an_edit_leads_from_running_to_intended((running, intended) in (config(), config())) {
        let dialect = dialect("openconfig");
        let mut switch = device(&dialect, &running);
        let edit = render(&dialect, &plan(&running, &intended)).unwrap();
        switch.apply(&edit.content()).unwrap();
        let arrived = read(&dialect, &switch);
        prop_assert_eq!(&arrived, &intended, "{}", edit);
        prop_assert!(plan(&arrived, &intended).is_empty());
    }

    #[test]
    fn what_is_sent_parses_back_to_what_was_rendered((running, intended) in (config(), config())) {
        use mercury_netconf::xml::{Element, Limits};
        let edit = render(&dialect("openconfig"), &plan(&running, &intended)).unwrap();
        for node in edit.content() {
            let read = Element::parse(node.to_xml().unwrap().as_bytes(), Limits::default()).unwrap();
            prop_assert_eq!(read, node);
        }
    }
}
