//! What the conformance kit in `tests/dialects` needs of the insides, and nothing else.
