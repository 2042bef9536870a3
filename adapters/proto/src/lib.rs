//! The gNMI messages Mercury speaks, generated from `proto/`.
//!
//! What is generated is checked in, so that a build needs neither `protoc` nor
//! a generator; `tests/generated.rs` makes it anew and compares.

/// `gnmi.proto`: the service and its messages (gNMI 0.10.0).
pub mod gnmi {
    include!("generated/gnmi.rs");
}

/// `gnmi_ext.proto`: extensions.
pub mod gnmi_ext {
    include!("generated/gnmi_ext.rs");
}
