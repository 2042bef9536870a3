//! NETCONF adapter: edit-config rendering and sessions over SSH.
