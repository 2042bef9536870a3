//! TCP to a host of several addresses, some of which may be dead.

use std::{
    io,
    net::{Ipv6Addr, SocketAddr},
    time::Duration,
};

use futures_util::TryFutureExt as _;
use tokio::{net::TcpStream, time::timeout};

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

/// Connects to the first address that answers; each has the time `within`, so
/// that a dead one does not use up the others'.
///
/// # Errors
/// Of the last address that was tried; of kind `TimedOut` if it did not answer.
pub async fn dial(addresses: impl IntoIterator<Item = SocketAddr>, within: Duration) -> io::Result<TcpStream> {
    first(addresses, within, TcpStream::connect).await
}

/// An address without the zone of RFC 4007 section 11 (`fe80::1%eth0`), which names
/// an interface of this machine: nobody else is told of it (RFC 9110 section 4.2.1 has
/// no place for it, a certificate neither). Anything else as it is.
pub fn without_zone(address: &str) -> &str {
    match address.split_once('%') {
        Some((host, _)) if host.parse::<Ipv6Addr>().is_ok() => host,
        _ => address,
    }
}

async fn first<T, F>(
    addresses: impl IntoIterator<Item = SocketAddr>,
    within: Duration,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses.into_iter().take(MAX_ADDRESSES) {
        let silent = || io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {within:?}"));
        match timeout(within, connect(address)).unwrap_or_else(|_| Err(silent())).await {
            Ok(connected) => return Ok(connected),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(10);

    fn addresses(ports: &[u16]) -> Vec<SocketAddr> {
        ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port))).collect()
    }

    #[tokio::test]
    async fn a_zone_is_for_this_machine_alone() {
        for (address, host) in [("fe80::1%lo", "fe80::1"), ("fe80::1", "fe80::1"), ("leaf%1", "leaf%1"), ("", "")] {
            assert_eq!(without_zone(address), host);
        }
        let found: Vec<_> = tokio::net::lookup_host(("fe80::1%1", 830)).await.unwrap().collect();
        assert!(matches!(found[..], [SocketAddr::V6(address)] if address.scope_id() > 0), "{found:?}");
    }

    /// Port 1 never answers, 2 refuses, and the others answer after 9 s.
    async fn connect(address: SocketAddr) -> io::Result<u16> {
        match address.port() {
            1 => std::future::pending().await,
            2 => Err(io::ErrorKind::ConnectionRefused.into()),
            port => {
                tokio::time::sleep(WITHIN - Duration::from_secs(1)).await;
                Ok(port)
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_address_leaves_the_others_their_time() {
        assert_eq!(first(addresses(&[1, 2, 1, 3, 4]), WITHIN, connect).await.unwrap(), 3);
        let refused = first(addresses(&[1, 2]), WITHIN, connect).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let silent = first(addresses(&[2, 1]), WITHIN, connect).await.unwrap_err();
        assert!(silent.kind() == io::ErrorKind::TimedOut && silent.to_string().contains("10s"), "{silent}");
        assert_eq!(first(addresses(&[1; 20]), WITHIN, connect).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(first(addresses(&[]), WITHIN, connect).await.is_err());
    }
}
