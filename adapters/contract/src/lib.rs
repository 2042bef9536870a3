//! What every adapter offers the service: dialects, sessions, the error vocabulary.
