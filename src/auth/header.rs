use super::AuthError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretSlice;

/// The largest header that is looked at, in bytes.
const MAX_HEADER: usize = 8192;

/// The scheme of an `Authorization` header, and what follows it.
///
/// # Errors
/// [`AuthError::Malformed`].
pub(super) fn scheme(header: &[u8]) -> Result<(&str, &str), AuthError> {
    if header.len() > MAX_HEADER {
        return Err(AuthError::Malformed);
    }
    let header = str::from_utf8(header).map_err(|_| AuthError::Malformed)?.trim_matches([' ', '\t']);
    let (scheme, rest) = header.split_once([' ', '\t']).unwrap_or((header, ""));
    if scheme.is_empty() {
        return Err(AuthError::Malformed);
    }
    Ok((scheme, rest.trim_start_matches([' ', '\t'])))
}

/// What a `Basic` header says (RFC 7617 section 2).
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: SecretSlice<u8>,
}

impl Credentials {
    /// From what follows the word `Basic`.
    ///
    /// # Errors
    /// [`AuthError::Malformed`].
    pub(super) fn parse(token: &str) -> Result<Self, AuthError> {
        let pair = STANDARD.decode(token).map_err(|_| AuthError::Malformed)?;
        // The first colon ends the name; a name cannot have one, a password can.
        let colon = pair.iter().position(|&byte| byte == b':').ok_or(AuthError::Malformed)?;
        let (user, password) = pair.split_at_checked(colon).ok_or(AuthError::Malformed)?;
        let password = password.get(1..).ok_or(AuthError::Malformed)?;
        // RFC 7617 forbids control characters; NUL would end the password early in C.
        if pair.iter().any(u8::is_ascii_control) {
            return Err(AuthError::Malformed);
        }
        let user = str::from_utf8(user).map_err(|_| AuthError::Malformed)?.to_owned();
        Ok(Credentials { user, password: password.to_vec().into() })
    }
}
