//! The names of a client's certificate (RFC 5280 sections 4.1.2.6 and 4.2.1.6).

use std::{fmt, str::FromStr};

use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer as _, X509Certificate},
    x509::{AttributeTypeAndValue, X509Name},
};

/// One name of a certificate, as the settings and the log write it.
///
/// None of them can be the name of a user, which has no colon.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClientName {
    /// `DNS:`: a host, in lower case.
    Dns(String),
    /// `URI:`, as a SPIFFE ID.
    Uri(String),
    /// `email:`.
    Email(String),
    /// `subject:`: a distinguished name as RFC 4514 writes it, the last part of the
    /// certificate's first (`openssl x509 -subject -nameopt RFC2253`).
    Subject(String),
}

/// A text that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be DNS:name, URI:name, email:name or subject:CN=name")]
pub struct NotAName;

impl FromStr for ClientName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let (kind, name) = text.split_once(':').filter(|(_, name)| !name.is_empty()).ok_or(NotAName)?;
        match kind {
            "DNS" => Ok(Self::Dns(name.to_ascii_lowercase())),
            "URI" => Ok(Self::Uri(name.to_owned())),
            "email" => Ok(Self::Email(name.to_owned())),
            "subject" if name.contains('=') => Ok(Self::Subject(name.to_owned())),
            _ => Err(NotAName),
        }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Uri(name) => write!(f, "URI:{name}"),
            Self::Email(name) => write!(f, "email:{name}"),
            Self::Subject(name) => write!(f, "subject:{name}"),
        }
    }
}

/// The names of a certificate (DER), the alternative ones first; none when it
/// cannot be read.
pub(super) fn names(certificate: &[u8]) -> Vec<ClientName> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let alternatives = alternatives.iter().flat_map(|extension| &extension.value.general_names);
    let mut names: Vec<ClientName> = alternatives
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(ClientName::Dns(name.to_ascii_lowercase())),
            GeneralName::URI(name) => Some(ClientName::Uri((*name).to_owned())),
            GeneralName::RFC822Name(name) => Some(ClientName::Email((*name).to_owned())),
            _ => None,
        })
        .collect();
    names.extend(subject(certificate.subject()).map(ClientName::Subject));
    names
}

/// A distinguished name (RFC 4514 section 2); `None` when it is empty, or has a
/// value that is no text.
fn subject(name: &X509Name<'_>) -> Option<String> {
    let parts = name.iter_rdn().map(|part| {
        let values = part.iter().map(attribute).collect::<Option<Vec<_>>>()?;
        Some(values.join("+"))
    });
    let mut parts = parts.collect::<Option<Vec<_>>>()?;
    parts.reverse();
    Some(parts.join(",")).filter(|name| !name.is_empty())
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let oid = attribute.attr_type().to_id_string();
    let word = match oid.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => oid.as_str(),
    };
    Some(format!("{word}={}", escaped(attribute.as_str().ok()?)))
}

/// Two names are never written in one way.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let escaped = value.chars().enumerate().map(|(place, letter)| match letter {
        '\0' => "\\00".to_owned(),
        ',' | '+' | '"' | '\\' | '<' | '>' | ';' => format!("\\{letter}"),
        '#' if place == 0 => "\\#".to_owned(),
        ' ' if place == 0 || place == last => "\\ ".to_owned(),
        other => other.to_string(),
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    #[test]
    fn each_name_of_a_certificate_is_told_and_no_two_alike() {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationName, "Example, Inc.");
        params.distinguished_name.push(DnType::CommonName, " a+b\\,O=Other# ");
        params.subject_alt_names = vec![
            SanType::DnsName("Conductor.Example.org".try_into().unwrap()),
            SanType::URI("spiffe://example.org/ironic".try_into().unwrap()),
            SanType::Rfc822Name("Ironic@example.org".try_into().unwrap()),
            SanType::IpAddress([192, 0, 2, 1].into()),
        ];
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let told: Vec<_> = names(certificate.der()).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "DNS:conductor.example.org",
                "URI:spiffe://example.org/ironic",
                "email:Ironic@example.org",
                "subject:O=Example\\, Inc.,CN=\\ a\\+b\\\\\\,O=Other#\\ ",
            ]
        );
        assert!(told.iter().all(|name| name.parse::<ClientName>().unwrap().to_string() == *name));
        assert_eq!(names(b"no certificate"), []);
    }

    #[test]
    fn what_names_nobody_is_no_name() {
        for text in ["", "ironic", "DNS:", "dns:x", "IP:192.0.2.1", "subject:ironic", ":x"] {
            assert_eq!(text.parse::<ClientName>(), Err(NotAName), "{text}");
        }
        assert_eq!("DNS:A.example".parse(), Ok(ClientName::Dns("a.example".to_owned())));
    }
}
