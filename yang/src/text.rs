//! Names and texts. What a caller gives is bounded and free of control
//! characters, so that no value can break out of the place it is put in; what a
//! device shows is kept as it is. Shared, since a name is a key, in what it is the
//! key of, and in others that refer to it.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or only blanks.
    #[error("it is empty")]
    Empty,
    /// Longer than the type allows.
    #[error("it has {length} characters, more than {limit}")]
    TooLong {
        /// Characters given.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A control character, or one that XML 1.0 cannot carry.
    #[error("it holds the control character U+{0:04X}")]
    Control(u32),
    /// A blank where none may be.
    #[error("it begins or ends with a blank")]
    Blank,
}

fn check(text: &str, limit: usize) -> Result<(), TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Empty);
    }
    let length = text.chars().count();
    if length > limit {
        return Err(TextError::TooLong { length, limit });
    }
    // XML 1.0 section 2.2 leaves out U+FFFE and U+FFFF besides the controls.
    let odd = |c: &char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}');
    match text.chars().find(odd) {
        Some(c) => Err(TextError::Control(c.into())),
        None if text.trim() != text => Err(TextError::Blank),
        None => Ok(()),
    }
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $limit:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest text that can be built, in characters.
            pub const MAX: usize = $limit;

            /// A text as a device shows it, which a caller might not give.
            #[must_use]
            pub fn shown(text: &str) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                check(text, Self::MAX)?;
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_type! {
    /// The name of an interface as the switch spells it, 1 to 255 characters;
    /// `/interfaces/interface/name` of openconfig-interfaces.
    InterfaceName, 255
}

text_type! {
    /// An interface's description, 1 to 255 characters; no description is the
    /// absence of this value, never an empty one.
    Description, 255
}

text_type! {
    /// A VLAN's name, 1 to 255 characters here; a dialect may allow fewer.
    VlanName, 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_bounded_and_has_no_control_characters() {
        assert_eq!("".parse::<InterfaceName>(), Err(TextError::Empty));
        assert_eq!(" \t".parse::<InterfaceName>(), Err(TextError::Empty));
        assert_eq!("a\nb".parse::<InterfaceName>(), Err(TextError::Control(10)));
        assert_eq!("a\u{0}".parse::<InterfaceName>(), Err(TextError::Control(0)));
        assert_eq!("a\u{85}b".parse::<InterfaceName>(), Err(TextError::Control(0x85)));
        assert_eq!(" a".parse::<InterfaceName>(), Err(TextError::Blank));
        assert_eq!("x".repeat(256).parse::<InterfaceName>(), Err(TextError::TooLong { length: 256, limit: 255 }));
        assert_eq!("Ethernet1/1.ü".parse::<InterfaceName>().unwrap().as_str(), "Ethernet1/1.ü");
        assert!("é".repeat(255).parse::<Description>().is_ok());
    }
}
