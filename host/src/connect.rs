//! A connection: name, TCP, perhaps a proxy, perhaps TLS.

use crate::{
    dns,
    fault::Fault,
    stream::{BoxIo, Connection},
    tls,
};
use futures_util::stream::{FuturesUnordered, StreamExt};
use rquickjs::{Ctx, FromJs, Object, Promise, Result, Value, prelude::Func};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("connect", Func::from(connect_js))
}

/// Where to, and how. See `Route` in `src/platform/native/host.ts`.
#[derive(Clone)]
pub struct Route {
    pub host: String,
    pub port: u16,
    pub tls: bool,
    /// Instead of what the name resolves to.
    pub address: Option<String>,
    pub proxy: Option<Proxy>,
    /// Whether the proxy is asked for a tunnel; else it is sent requests in absolute form.
    pub tunnel: bool,
    pub timeout: Option<Duration>,
}

#[derive(Clone)]
pub struct Proxy {
    pub host: String,
    pub port: u16,
    pub tls: bool,
    /// The value of `Proxy-Authorization`.
    pub authorization: Option<String>,
}

impl<'js> FromJs<'js> for Route {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Route> {
        let object = Object::from_js(ctx, value)?;
        let timeout: Option<f64> = object.get("timeoutMs")?;
        Ok(Route {
            host: object.get("host")?,
            port: object.get("port")?,
            tls: object.get("tls")?,
            address: object.get("address")?,
            proxy: object.get("proxy")?,
            tunnel: object.get("tunnel")?,
            timeout: timeout.map(|ms| Duration::from_millis(ms.max(0.0) as u64)),
        })
    }
}

impl<'js> FromJs<'js> for Proxy {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Proxy> {
        let object = Object::from_js(ctx, value)?;
        Ok(Proxy {
            host: object.get("host")?,
            port: object.get("port")?,
            tls: object.get("tls")?,
            authorization: object.get("authorization")?,
        })
    }
}

fn connect_js<'js>(ctx: Ctx<'js>, route: Route) -> Result<Promise<'js>> {
    let inner = ctx.clone();
    Promise::wrap_future(&ctx, async move {
        let io = connect(&route).await.map_err(|fault| fault.throw(&inner))?;
        Connection::instance(&inner, io)
    })
}

/// Throws `ENOTFOUND`, `EAI_AGAIN`, an error of TCP, `ERR_PROXY`, `ERR_TLS`, or `ERR_CONNECT_TIMEOUT`.
pub async fn connect(route: &Route) -> std::result::Result<BoxIo, Fault> {
    let Some(limit) = route.timeout else {
        return establish(route).await;
    };
    match tokio::time::timeout(limit, establish(route)).await {
        Ok(result) => result,
        Err(_) => Err(Fault::new("ERR_CONNECT_TIMEOUT", "no connection in time")),
    }
}

async fn establish(route: &Route) -> std::result::Result<BoxIo, Fault> {
    let Some(proxy) = &route.proxy else {
        let tcp = reach(route.address.as_deref().unwrap_or(&route.host), route.port).await?;
        return if route.tls { Ok(Box::new(tls::secure(tcp, &route.host).await?)) } else { Ok(Box::new(tcp)) };
    };
    let tcp = reach(&proxy.host, proxy.port).await?;
    if proxy.tls {
        return Err(Fault::new("ERR_PROXY", "a proxy that wants TLS itself is not supported: give its http address"));
    }
    if !route.tunnel {
        return Ok(Box::new(tcp));
    }
    let tcp = tunnel(tcp, route, proxy).await?;
    if route.tls { Ok(Box::new(tls::secure(tcp, &route.host).await?)) } else { Ok(Box::new(tcp)) }
}

/// Between two attempts (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Each address after the other, without waiting long for any (RFC 8305); the first that answers is taken.
async fn reach(host: &str, port: u16) -> std::result::Result<TcpStream, Fault> {
    let addresses = dns::addresses(host).await?;
    let mut attempts: FuturesUnordered<_> = (0..)
        .zip(interleaved(addresses))
        .map(|(turn, address)| async move {
            // Even no time at all would be rounded up to the timer's next millisecond.
            if turn > 0 {
                tokio::time::sleep(STAGGER * turn).await;
            }
            TcpStream::connect(SocketAddr::new(address, port)).await
        })
        .collect();
    let mut failure = Fault::new("ENOTFOUND", "no such host");
    while let Some(attempt) = attempts.next().await {
        match attempt {
            Ok(tcp) => {
                // Small writes at once; where that cannot be set the connection still works.
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
}

/// IPv6 and IPv4 by turns, beginning with what the system prefers; no more than eight.
fn interleaved(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let first_is_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (first, second): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let longest = first.len().max(second.len());
    (0..longest).flat_map(|index| [first.get(index), second.get(index)]).flatten().copied().take(8).collect()
}

/// CONNECT (RFC 9110, section 9.3.6).
async fn tunnel(mut tcp: TcpStream, route: &Route, proxy: &Proxy) -> std::result::Result<TcpStream, Fault> {
    let host = if route.host.contains(':') { format!("[{}]", route.host) } else { route.host.clone() };
    let target = format!("{host}:{}", route.port);
    let authorization =
        proxy.authorization.as_ref().map_or(String::new(), |value| format!("Proxy-Authorization: {value}\r\n"));
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n");
    tcp.write_all(request.as_bytes()).await?;
    const LONGEST: usize = 16 * 1024;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= LONGEST {
            return Err(Fault::new("ERR_PROXY", "the proxy's answer is too long"));
        }
        answer.push(tcp.read_u8().await.map_err(|_| Fault::new("ERR_PROXY", "the proxy closed the connection"))?);
    }
    let line = String::from_utf8_lossy(&answer);
    let status = line.split(' ').nth(1).unwrap_or_default();
    match status {
        "200" => Ok(tcp),
        // Some say 401 to a wrong password.
        "401" | "407" => Err(Fault::new(
            "ERR_PROXY",
            format!("it wants another user or password ({status}): correct them in HTTP_PROXY or HTTPS_PROXY"),
        )),
        _ => Err(Fault::new("ERR_PROXY", format!("it refused ({})", line.lines().next().unwrap_or_default()))),
    }
}
