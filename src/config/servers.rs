//! Addresses of servers that Mercury itself asks: etcd, Keystone, a collector of traces.

use std::net::IpAddr;

use axum::http::Uri;

/// An address of http or https with a host, and no name or password in it.
pub(super) fn address(text: &str) -> Option<Uri> {
    let uri = text.parse::<Uri>().ok()?;
    let has_host =
        uri.authority().is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    (matches!(uri.scheme_str(), Some("http" | "https")) && has_host).then_some(uri)
}

/// Whether what is said there crosses a network that others hear.
pub(super) fn is_overheard(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    uri.scheme_str() == Some("http") && !is_local
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_no_password_and_plain_http_is_for_this_host() {
        for text in ["", "127.0.0.1:4318", "ftp://localhost", "http://", "http://user:word@localhost", "/v1"] {
            assert!(address(text).is_none(), "{text}");
        }
        for (text, overheard) in [
            ("http://127.0.0.1:4318/v1", false),
            ("http://[::1]:1", false),
            ("http://localhost", false),
            ("https://192.0.2.1", false),
            ("http://192.0.2.1", true),
            ("http://localhost.example.org", true),
        ] {
            assert_eq!(is_overheard(&address(text).unwrap()), overheard, "{text}");
        }
    }
}
