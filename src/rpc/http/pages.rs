//! Requests that a web page has a browser send. A page may send anything to
//! anywhere, as long as it does not look like JSON, and a name of its own may
//! lead to loopback (DNS rebinding); so whoever sends JSON to a loopback name
//! and comes from no page is no page.

use std::net::IpAddr;

use axum::http::{HeaderValue, StatusCode, header, request::Parts, uri::Authority};

/// Refuses what a page could have sent; with `open`, nobody is asked for
/// credentials at this loopback address, so the host must be a loopback one.
pub(super) fn refused(head: &Parts, open: bool) -> Result<(), (StatusCode, &'static str)> {
    refused_to_look(head, open)?;
    let mut types = head.headers.get_all(header::CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (Some(only), None) if is_json(only) => Ok(()),
        _ => Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "the Content-Type must be application/json")),
    }
}

/// The same of one that only looks, which people do with a browser: no other page can read
/// what it is answered, but for one whose name leads here.
pub(super) fn refused_to_look(head: &Parts, open: bool) -> Result<(), (StatusCode, &'static str)> {
    if head.headers.contains_key(header::ORIGIN) {
        return Err((StatusCode::FORBIDDEN, "requests of web pages (with an Origin) are not taken"));
    }
    if open && !is_loopback(head) {
        let message = "without authentication the Host must be localhost or a loopback address";
        return Err((StatusCode::FORBIDDEN, message));
    }
    Ok(())
}

fn is_json(content_type: &HeaderValue) -> bool {
    let essence = content_type.to_str().ok().and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// What the request is addressed to: the target, if it says, or the Host (RFC
/// 9112 section 3.2.2).
fn is_loopback(head: &Parts) -> bool {
    let named = |host: &str| {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let literal = host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
        literal || host == "localhost" || host.ends_with(".localhost")
    };
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let said = match (hosts.next(), hosts.next()) {
        (Some(only), None) => only.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
        _ => None,
    };
    let target = head.uri.host().is_none_or(named);
    target && said.is_some_and(|said| named(said.host()))
}
