//! What Junos' `outbound-ssh` says before SSH begins: lines of `NAME: value`, without a
//! mark at their end. Nothing of it is believed: the host key tells who calls.

use std::{io, time::Duration};

use tokio::{io::AsyncReadExt as _, net::TcpStream, time::timeout};

/// Octets that it may have: a host key of RSA is some 1,000.
const MOST: usize = 8 << 10;
/// How SSH begins (RFC 4253 section 4.2).
const SSH: &[u8] = b"SSH-";
/// What a name may have, for the log.
const MOST_NAME: usize = 64;

/// What was said, as far as it is told to people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Preamble {
    /// `DEVICE-ID`, printable and short.
    pub(crate) device_id: Option<String>,
}

/// Takes the lines before SSH off a connection, if there are any; and what has come of
/// SSH already.
///
/// # Errors
/// The connection ended, nothing came for `within`, or what came is too long or no such
/// lines.
pub(crate) async fn peel(socket: &mut TcpStream, within: Duration) -> io::Result<(Preamble, Vec<u8>)> {
    let (mut said, mut came, mut total) = (Preamble::default(), Vec::new(), 0);
    loop {
        if came.starts_with(SSH) {
            return Ok((said, came));
        }
        if !SSH.starts_with(&came)
            && let Some(end) = came.iter().position(|octet| *octet == b'\n')
        {
            said.note(came.get(..end).unwrap_or_default())?;
            came.drain(..=end);
            continue;
        }
        let mut piece = [0; 256];
        let reading = socket.read(&mut piece);
        let read = match total {
            0 => timeout(within, reading).await.map_err(|_| silent(within))??,
            _ => reading.await?,
        };
        total += read;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if total > MOST {
            return Err(wrong("more than 8 KiB came before SSH"));
        }
        came.extend_from_slice(piece.get(..read).unwrap_or_default());
    }
}

impl Preamble {
    fn note(&mut self, line: &[u8]) -> io::Result<()> {
        let line = String::from_utf8_lossy(line);
        let line = line.trim();
        if line.is_empty() {
            return Ok(());
        }
        let (name, value) =
            line.split_once(':').ok_or_else(|| wrong("what came is neither SSH nor a line before it"))?;
        if name == "DEVICE-ID" {
            // Some print `DEVICE-ID: : name`.
            let value = value.trim_start_matches([' ', ':']);
            self.device_id = Some(value.chars().filter(|c| !c.is_control()).take(MOST_NAME).collect());
        }
        Ok(())
    }
}

/// That nothing came.
pub(crate) fn silent(within: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("it said nothing within {} s", within.as_secs()))
}

fn wrong(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt as _, net::TcpListener};

    use super::*;

    /// What is peeled off, and what is left.
    async fn peeled(pieces: &[&[u8]]) -> io::Result<(Preamble, Vec<u8>)> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut caller = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        caller.set_nodelay(true).unwrap();
        let (mut called, _) = listener.accept().await.unwrap();
        let say = async {
            for piece in pieces {
                // Who is turned away may have hung up.
                let _ = caller.write_all(piece).await;
                tokio::task::yield_now().await;
            }
            let _ = caller.shutdown().await;
        };
        let (said, ()) = tokio::join!(peel(&mut called, Duration::from_secs(60)), say);
        let (said, mut rest) = said?;
        called.read_to_end(&mut rest).await?;
        Ok((said, rest))
    }

    #[tokio::test]
    async fn lines_before_ssh_are_taken_off_and_ssh_is_left() {
        let plain = "MSG-ID: DEVICE-CONN-INFO\r\nMSG-VER: V1\r\nDEVICE-ID: leaf1\r\n";
        let long = format!("{plain}HOST-KEY: {}\r\nHMAC: {}\r\n", "A".repeat(1000), "0".repeat(40));
        let odd = plain.replace("ID: leaf1", "ID: : leaf1");
        for said in [plain.to_owned(), long, odd] {
            let whole = format!("{said}SSH-2.0-OpenSSH_9.2\r\nmore");
            let pieces: Vec<&[u8]> = whole.as_bytes().chunks(7).collect();
            for pieces in [vec![whole.as_bytes()], pieces] {
                let (found, rest) = peeled(&pieces).await.unwrap();
                assert_eq!(found.device_id.as_deref(), Some("leaf1"), "{said}");
                assert_eq!(rest, b"SSH-2.0-OpenSSH_9.2\r\nmore");
            }
        }
        for pieces in [&[b"SSH-2.0-x\r\n".as_slice()][..], &[b"S", b"S", b"H-2.0-x\r\n"]] {
            let (found, rest) = peeled(pieces).await.unwrap();
            assert_eq!((found, rest.as_slice()), (Preamble::default(), b"SSH-2.0-x\r\n".as_slice()));
        }
    }

    #[tokio::test]
    async fn what_is_no_such_line_ends_it_soon() {
        for said in [b"GET / HTTP/1.1\r\n\r\n".to_vec(), b"\n".repeat(9 << 10), vec![b'x'; 9 << 10], b"SS".to_vec()] {
            let found = peeled(&[&said]).await;
            assert!(found.is_err(), "{:?}", String::from_utf8_lossy(&said).get(..8));
        }
    }

    #[tokio::test]
    async fn what_is_told_of_a_device_is_short_and_printable() {
        let said = format!("DEVICE-ID: a\u{1b}[31m{}\nSSH-2.0-x\n", "b".repeat(500));
        let (found, _) = peeled(&[said.as_bytes()]).await.unwrap();
        let name = found.device_id.unwrap();
        assert!(name.len() <= MOST_NAME && !name.contains('\u{1b}'), "{name:?}");
    }
}
