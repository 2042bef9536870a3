//! Configurations of many ports: what is counted while they are read.

use mercury_adapter::{Budget, MAX_REPLY};
use mercury_model::Scope;

use crate::{
    dialect,
    forms::{FORMS, answers, text},
};

/// Octets that are taken of a share when all ports were read of so large an answer, in one part.
fn taken(name: &str, around: [&str; 2], port: &str, octets: usize) -> usize {
    let dialect = dialect(name);
    let cli = dialect.cli.as_ref().unwrap();
    let answers = answers(cli, text(around, port, octets));
    let mut share = Budget::new(4 * MAX_REPLY).share(4 * MAX_REPLY);
    let running = mercury_cli::running(cli, &Scope::all(), &answers, &mut share).unwrap();
    assert!(running.interfaces.len() > 50, "{name}: {} ports", running.interfaces.len());
    share.used()
}

#[test]
fn twice_as_much_takes_twice_as_much() {
    for (name, around, port) in FORMS {
        let [once, twice] = [14 << 10, 28 << 10].map(|octets| taken(name, around, port, octets));
        assert!(once > 0 && twice <= once * 9 / 4, "{name}: {once} and {twice} octets");
    }
}
