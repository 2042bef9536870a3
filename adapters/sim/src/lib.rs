//! The simulated switch: one datastore, a NETCONF face over SSH, named faults.
