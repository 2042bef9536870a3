//! What a `Digest` header says (RFC 7616 section 3.4, RFC 7235 section 2.1).

use super::Algorithm;
use crate::auth::AuthError;
use std::collections::BTreeMap;

/// An answer to a challenge, well formed and not judged.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The name, or its hash.
    pub(super) user: String,
    /// Whether it is the hash.
    pub(super) hashed: bool,
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) target: String,
    pub(super) algorithm: Algorithm,
    pub(super) client_nonce: String,
    /// As it was written: eight hexadecimal digits.
    pub(super) count_text: String,
    pub(super) count: u32,
    pub(super) with_body: bool,
    pub(super) response: String,
}

impl Answer {
    /// From what follows the word `Digest`.
    ///
    /// # Errors
    /// [`AuthError::Malformed`]: also without `qop`, which every challenge asks for.
    pub(super) fn parse(text: &str) -> Result<Self, AuthError> {
        let mut fields = fields(text).ok_or(AuthError::Malformed)?;
        let mut take = |name: &str| fields.remove(name);
        let (user, extended) = (take("username"), take("username*"));
        let mut need = |name: &str| fields.remove(name).ok_or(AuthError::Malformed);
        let count_text = need("nc")?;
        let digits = count_text.len() == 8 && count_text.bytes().all(|octet| octet.is_ascii_hexdigit());
        let count = digits.then(|| u32::from_str_radix(&count_text, 16).ok()).flatten();
        let with_body = match need("qop")?.as_str() {
            "auth" => false,
            "auth-int" => true,
            _ => return Err(AuthError::Malformed),
        };
        let (realm, nonce, target) = (need("realm")?, need("nonce")?, need("uri")?);
        let (client_nonce, response) = (need("cnonce")?, need("response")?);
        let algorithm = fields.remove("algorithm").unwrap_or_else(|| Algorithm::Md5.word().to_owned());
        let hashed = match fields.remove("userhash").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(AuthError::Malformed),
        };
        let user = match (user, extended) {
            (Some(user), None) => user,
            // A hash needs no extended notation.
            (None, Some(extended)) if !hashed => utf8(&extended).ok_or(AuthError::Malformed)?,
            _ => return Err(AuthError::Malformed),
        };
        Ok(Self {
            user,
            hashed,
            realm,
            nonce,
            target,
            algorithm: algorithm.parse().map_err(|()| AuthError::Malformed)?,
            client_nonce: Some(client_nonce).filter(|nonce| !nonce.is_empty()).ok_or(AuthError::Malformed)?,
            count: count.filter(|count| *count > 0).ok_or(AuthError::Malformed)?,
            count_text,
            with_body,
            response: Some(response.to_ascii_lowercase())
                .filter(|response| response.bytes().all(|octet| octet.is_ascii_hexdigit()))
                .ok_or(AuthError::Malformed)?,
        })
    }
}

/// Names, in lower case, and values; none is there twice.
fn fields(text: &str) -> Option<BTreeMap<String, String>> {
    let mut fields = BTreeMap::new();
    let mut rest = text.trim_matches(BLANK);
    loop {
        let (name, after) = rest.split_once('=')?;
        let (name, after) = (name.trim_matches(BLANK), after.trim_start_matches(BLANK));
        if name.is_empty() || !name.bytes().all(is_token) {
            return None;
        }
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = after.find([',', ' ', '\t']).unwrap_or(after.len());
                let (value, after) = after.split_at_checked(end)?;
                (Some(value.to_owned()).filter(|value| !value.is_empty() && value.bytes().all(is_token))?, after)
            }
        };
        if fields.insert(name.to_ascii_lowercase(), value).is_some() {
            return None;
        }
        let after = after.trim_start_matches(BLANK);
        if after.is_empty() {
            return Some(fields);
        }
        // Empty elements between commas are passed over.
        rest = after.strip_prefix(',')?.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return Some(fields);
        }
    }
}

const BLANK: [char; 2] = [' ', '\t'];

/// A value whose opening quote is behind, and what follows its closing one.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(place + 1..)?)),
            '\\' => value.push(letters.next()?.1),
            other if other.is_control() && other != '\t' => return None,
            other => value.push(other),
        }
    }
    None
}

/// RFC 9110 section 5.6.2, and the apostrophe and percent of extended values.
fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

/// `UTF-8''J%C3%A4s` (RFC 8187).
fn utf8(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, '\'');
    if !parts.next()?.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let _language = parts.next()?;
    let mut octets = Vec::new();
    let mut rest = parts.next()?.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(octets).ok()
}
