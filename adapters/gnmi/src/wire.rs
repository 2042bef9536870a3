//! Protocol buffers as they came, field by field: what prost would make of a
//! large answer takes many times its size.

use prost::encoding::{WireType, decode_key, decode_varint};

/// One field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    /// A message, a text or octets.
    Octets(&'a [u8]),
}

/// The message is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is no protocol buffer: {0}")]
pub(crate) struct Garbled(String);

/// The fields of a message, in the order they came, with their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a>(&'a [u8]);

pub(crate) fn fields(message: &[u8]) -> Fields<'_> {
    Fields(message)
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<(u32, Field<'a>), Garbled> {
        let garbled = |error: prost::DecodeError| Garbled(error.to_string());
        let (number, form) = decode_key(&mut self.0).map_err(garbled)?;
        let field = match form {
            WireType::Varint => Field::Varint(decode_varint(&mut self.0).map_err(garbled)?),
            WireType::SixtyFourBit => Field::Fixed64(u64::from_le_bytes(self.array()?)),
            WireType::ThirtyTwoBit => Field::Fixed32(u32::from_le_bytes(self.array()?)),
            WireType::LengthDelimited => {
                let length = decode_varint(&mut self.0).map_err(garbled)?;
                Field::Octets(self.take(usize::try_from(length).unwrap_or(usize::MAX))?)
            }
            WireType::StartGroup | WireType::EndGroup => return Err(Garbled("a group".to_owned())),
        };
        Ok((number, field))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Garbled> {
        let short = || Garbled(format!("it ends {} octets early", length - self.0.len()));
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Garbled> {
        self.take(N)?.try_into().map_err(|_| Garbled("a number".to_owned()))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Field<'a>), Garbled>;

    /// Nothing comes after an error.
    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

/// A text must be UTF-8.
pub(crate) fn text(octets: &[u8]) -> Result<&str, Garbled> {
    std::str::from_utf8(octets).map_err(|error| Garbled(error.to_string()))
}

/// The notifications of an answer: those of a `GetResponse`, or the one of a
/// `SubscribeResponse`, which have the same number.
pub(crate) fn notifications(answer: &[u8]) -> impl Iterator<Item = Result<&[u8], Garbled>> {
    messages(answer, 1)
}

/// How many updates with a value an answer holds.
pub(crate) fn values(answer: &[u8]) -> Result<usize, Garbled> {
    let mut found = 0;
    for notification in notifications(answer) {
        for update in messages(notification?, 4) {
            for value in messages(update?, 3) {
                found += usize::from(!value?.is_empty());
            }
        }
    }
    Ok(found)
}

fn messages(message: &[u8], wanted: u32) -> impl Iterator<Item = Result<&[u8], Garbled>> {
    fields(message).filter_map(move |field| match field {
        Ok((number, Field::Octets(octets))) if number == wanted => Some(Ok(octets)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_field_is_read_and_rubbish_ends_the_message() {
        let message = [&[8, 0x96, 1][..], &[0x12, 2, b'h', b'i'], &[0x1d, 1, 0, 0, 0], &[0x21, 2, 0, 0, 0, 0, 0, 0, 0]];
        let found: Vec<_> = fields(&message.concat()).map(Result::unwrap).map(|(number, _)| number).collect();
        assert_eq!(found, [1, 2, 3, 4]);
        for rubbish in [&[0x12, 200, 1, b'x'][..], &[0x80], &[0x0b], &[0x1d, 1], &[8]] {
            let found: Vec<_> = fields(rubbish).collect();
            assert!(matches!(found.as_slice(), [Err(_)]), "{rubbish:?}: {found:?}");
        }
    }
}
