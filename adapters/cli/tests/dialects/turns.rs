//! At whatever line a script ends, a port carries nothing that neither what it had nor what
//! it is to have carries.

use crate::{
    carried::more,
    case::{self, plan},
    case_of, dialects, render,
    round_trip::{device, read, visible},
};

#[test]
fn no_line_opens_a_port_to_what_is_not_its() {
    let mut looked = 0;
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case_of(&case, &dialect) else { continue };
            let (running, intended) = (visible(&dialect, &case.running), visible(&dialect, &case.intended));
            for (from, to) in [(&running, &intended), (&intended, &running)] {
                let Ok(script) = render(&dialect, &plan(from, to)) else { continue };
                let Some(start) = device(&dialect, from) else { continue };
                // What waits for a commit is nothing before that.
                let session = &dialect.cli.as_ref().unwrap().session;
                let waits = session.candidate.is_some() || session.waiting.is_some();
                for length in 0..if waits { 0 } else { script.lines.len() } {
                    let mut switch = start.clone();
                    let mut part = script.clone();
                    part.lines.truncate(length);
                    switch.apply(&part);
                    for port in read(&dialect, &switch).interfaces.values() {
                        let more = more(port, from, to);
                        assert!(more.is_empty(), "{} {} carries {more} after\n{part}", dialect.name, case.name);
                        looked += 1;
                    }
                }
            }
        }
    }
    assert!(looked > 500, "only {looked} ports");
}
