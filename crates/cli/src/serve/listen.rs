//! Addresses to listen on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::net::{TcpListener, TcpSocket};

/// What the kernel holds for a client that does not read; the rest is held back here, where it is counted.
const SEND_BUFFER: u32 = 64 << 10;

/// An address as it is written on the command line.
pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    let localhost = (text == "localhost").then_some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    localhost.or_else(|| text.parse().ok()).ok_or_else(|| "write an address such as 127.0.0.1 or ::1".to_owned())
}

/// Listens; only within a runtime.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(cfg!(unix))?; // elsewhere it would let two servers have one port
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(128)
}

/// Whether `name` or `name:port` is a name of this machine for itself.
pub(super) fn is_local(authority: &[u8]) -> bool {
    let Ok(authority) = std::str::from_utf8(authority) else { return false };
    let (name, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, rest)) => (name, rest),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    is_port
        && (name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        for local in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:0", "127.8.9.1:80", "[::1]", "[::1]:8080"]
        {
            assert!(is_local(local.as_bytes()), "{local}");
        }
        for foreign in [
            "",
            ":80",
            "example.com",
            "localhost.example.com",
            "localhost:example.com",
            "127.0.0.1.example.com:80",
            "[::2]:80",
            "[::1]x",
            "10.0.0.1",
            "0.0.0.0:8080",
            "127.0.0.1@example.com",
            "2130706433",
            "::1:x",
            "\u{e9}",
        ] {
            assert!(!is_local(foreign.as_bytes()), "{foreign}");
        }
    }
}
