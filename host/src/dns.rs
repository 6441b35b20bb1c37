//! Names to addresses, by the C library: /etc/hosts, /etc/resolv.conf, and nothing else that must be there.

use crate::fault::Fault;
use rquickjs::{Ctx, Object, Promise, Result, prelude::Func};
use std::{
    ffi::{CStr, CString},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("resolve", Func::from(resolve))
}

/// All addresses; throws `ENOTFOUND` when there are none, `EAI_AGAIN` when nobody could say.
fn resolve<'js>(ctx: Ctx<'js>, name: String) -> Result<Promise<'js>> {
    let inner = ctx.clone();
    Promise::wrap_future(&ctx, async move {
        let found = addresses(&name)
            .await
            .map_err(|fault| fault.throw(&inner))?;
        Ok::<_, rquickjs::Error>(found.iter().map(IpAddr::to_string).collect::<Vec<_>>())
    })
}

pub async fn addresses(name: &str) -> std::result::Result<Vec<IpAddr>, Fault> {
    if let Ok(address) = name.parse() {
        return Ok(vec![address]);
    }
    let Ok(name) = CString::new(name) else {
        return Err(Fault::new("ENOTFOUND", "a NUL byte in a host name"));
    };
    let asked = tokio::task::spawn_blocking(move || ask(&name)).await;
    asked.unwrap_or_else(|_| Err(Fault::new("EAI_AGAIN", "the lookup was given up")))
}

/// getaddrinfo(3).
fn ask(name: &CStr) -> std::result::Result<Vec<IpAddr>, Fault> {
    // SAFETY: all zero is a valid addrinfo: no flags, any family.
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut list: *mut libc::addrinfo = std::ptr::null_mut();
    // SAFETY: `name` ends in NUL; `hints` and `list` outlive the call.
    let code = unsafe { libc::getaddrinfo(name.as_ptr(), std::ptr::null(), &hints, &mut list) };
    match code {
        0 => {}
        libc::EAI_NONAME | libc::EAI_NODATA => return Err(Fault::new("ENOTFOUND", "no such host")),
        _ => return Err(Fault::new("EAI_AGAIN", "the name server did not answer")),
    }
    let mut found = Vec::new();
    let mut at = list;
    while !at.is_null() {
        // SAFETY: getaddrinfo gives a list of valid nodes that ends in null, each with an address of its family.
        unsafe {
            found.extend(address_of((*at).ai_addr));
            at = (*at).ai_next;
        }
    }
    // SAFETY: the list came from getaddrinfo and is freed once.
    unsafe { libc::freeaddrinfo(list) };
    found.dedup();
    if found.is_empty() {
        Err(Fault::new("ENOTFOUND", "no such host"))
    } else {
        Ok(found)
    }
}

/// SAFETY: `socket` must be null or point to a socket address that is as long as its family says.
unsafe fn address_of(socket: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: by the contract above.
    unsafe {
        match i32::from(socket.as_ref()?.sa_family) {
            libc::AF_INET => {
                let address = (*socket.cast::<libc::sockaddr_in>()).sin_addr.s_addr;
                Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(address))))
            }
            libc::AF_INET6 => {
                let address = (*socket.cast::<libc::sockaddr_in6>()).sin6_addr.s6_addr;
                Some(IpAddr::V6(Ipv6Addr::from(address)))
            }
            _ => None,
        }
    }
}
