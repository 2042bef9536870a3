//! What the fuzz targets do, as plain functions: each takes any bytes and
//! panics when a promise is broken. libFuzzer calls them through
//! `targets/`; `cargo test` calls them with the seeds that are checked in.

mod bytes;
mod dialect;
mod dialects;
mod framing;
mod gnmi;
#[cfg(feature = "service")]
mod inventory;
mod prompt;
mod reply;
#[cfg(feature = "service")]
mod rpc;
mod scraper;
mod telnet;

pub use dialect::dialect;
pub use framing::framing;
pub use gnmi::gnmi;
#[cfg(feature = "service")]
pub use inventory::inventory;
pub use prompt::prompt;
pub use reply::reply;
#[cfg(feature = "service")]
pub use rpc::rpc;
pub use scraper::scraper;
pub use telnet::telnet;

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// Runs a target over its seeds and returns how many there were.
    fn replay(name: &str, target: fn(&[u8])) -> usize {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in &files {
            eprintln!("{name}: {}", file.display());
            target(&fs::read(file).unwrap());
        }
        files.len()
    }

    const TARGETS: &[(&str, fn(&[u8]))] = &[
        ("framing", crate::framing),
        ("reply", crate::reply),
        ("gnmi", crate::gnmi),
        #[cfg(feature = "service")]
        ("rpc", crate::rpc),
        ("dialect", crate::dialect),
        #[cfg(feature = "service")]
        ("inventory", crate::inventory),
        ("prompt", crate::prompt),
        ("scraper", crate::scraper),
        ("telnet", crate::telnet),
    ];

    #[test]
    fn every_seed_still_keeps_every_promise() {
        for (name, target) in TARGETS {
            assert!(replay(name, *target) > 0, "{name} has no seeds");
        }
    }

    #[test]
    fn every_target_takes_nothing_at_all() {
        for (_, target) in TARGETS {
            target(b"");
        }
    }
}
