//! The socket of a door.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use socket2::{Domain, Protocol, Socket, Type};

/// How many callers may wait to be taken.
const BACKLOG: i32 = 1024;

/// Listens on this address and no other: one of IPv6 takes no calls over IPv4, for which
/// there may be another door at the same port.
///
/// # Errors
/// The address cannot be had.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use socket2::SockRef;

    use super::*;

    #[test]
    fn a_door_of_ipv6_leaves_its_port_to_one_of_ipv4() {
        listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        match listen((Ipv6Addr::LOCALHOST, 0).into()) {
            Ok(six) => assert!(SockRef::from(&six).only_v6().unwrap()),
            Err(error) => println!("skipped: this machine has no IPv6: {error}"),
        }
    }
}
