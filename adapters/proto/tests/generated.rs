//! What is checked in is what the `.proto` files say. `MERCURY_BLESS=1` writes
//! it anew.

use std::{fs, path::Path};

#[test]
fn the_generated_code_is_what_the_protos_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let files = protox::compile(["github.com/openconfig/gnmi/proto/gnmi/gnmi.proto"], [root.join("proto")]).unwrap();
    tonic_prost_build::configure()
        .server_mod_attribute("gnmi", "#[cfg(feature = \"server\")]")
        .build_transport(false)
        .out_dir(out.path())
        .compile_fds(files)
        .unwrap();
    for name in ["gnmi.rs", "gnmi_ext.rs"] {
        let made = fs::read_to_string(out.path().join(name)).unwrap();
        let kept = root.join("src/generated").join(name);
        if std::env::var_os("MERCURY_BLESS").is_some() {
            fs::write(&kept, &made).unwrap();
        }
        assert!(fs::read_to_string(kept).unwrap() == made, "{name} differs; MERCURY_BLESS=1 writes it anew");
    }
}
