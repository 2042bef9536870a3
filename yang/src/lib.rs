//! Mercury's typed interface and VLAN model: values, checks, diff; no async, no I/O, no clock.
