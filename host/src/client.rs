//! An HTTP/1.1 client: one exchange at a time on a connection, connections kept for the next one.

use crate::{
    connect::{self, Route},
    fault::Fault,
    inflate::Inflate,
    value::{octets, uint8_array},
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use rquickjs::{
    Class, Ctx, FromJs, JsLifetime, Object, Promise, Result, Value, class::Trace, prelude::Func,
};
use std::{
    cell::RefCell,
    collections::HashMap,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("exchange", Func::from(exchange))
}

type Sender = SendRequest<Full<Bytes>>;

struct Kept {
    sender: Sender,
    since: Instant,
}

/// How long a connection is kept for the next request, and how many to one place.
const KEEP: Duration = Duration::from_secs(30);
const KEEP_MOST: usize = 32;

thread_local! {
    static POOL: RefCell<HashMap<String, Vec<Kept>>> = RefCell::default();
}

struct Options {
    route: Route,
    method: String,
    target: String,
    headers: Vec<String>,
    body: Option<Bytes>,
    /// Connections are shared by exchanges with the same key; none: this one is for itself.
    pool: Option<String>,
}

impl<'js> FromJs<'js> for Options {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Options> {
        let object = Object::from_js(ctx, value)?;
        Ok(Options {
            route: object.get("route")?,
            method: object.get("method")?,
            target: object.get("target")?,
            headers: object.get("headers")?,
            body: octets(&object.get("body")?),
            pool: object.get("pool")?,
        })
    }
}

fn exchange<'js>(ctx: Ctx<'js>, options: Options) -> Result<Class<'js, Exchange>> {
    let exchange = Exchange {
        options: Rc::new(options),
        answer: Rc::default(),
        stop: Rc::default(),
    };
    Class::instance(ctx, exchange)
}

struct Answer {
    pool: Option<String>,
    sender: Sender,
    body: Incoming,
    inflate: Option<Inflate>,
}

#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct Exchange {
    #[qjs(skip_trace)]
    options: Rc<Options>,
    #[qjs(skip_trace)]
    answer: Rc<RefCell<Option<Answer>>>,
    #[qjs(skip_trace)]
    stop: Rc<Notify>,
}

#[rquickjs::methods]
impl Exchange {
    /// status, name, value, name, value, ... Throws as `connect` does, or `ECONNRESET`, `ERR_ABORTED`, `ERR_HTTP`.
    fn send<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let (options, slot, stop, inner) = (
            self.options.clone(),
            self.answer.clone(),
            self.stop.clone(),
            ctx.clone(),
        );
        Promise::wrap_future(&ctx, async move {
            let sent = tokio::select! {
                biased;
                () = stop.notified() => Err(Fault::new("ERR_ABORTED", "aborted")),
                sent = send(&options) => sent,
            };
            let (head, answer) = sent.map_err(|fault| fault.throw(&inner))?;
            slot.replace(Some(answer));
            Ok::<_, rquickjs::Error>(head)
        })
    }

    /// The next piece of the body as soon as it is there; null at the end. Throws `ERR_BODY` when it was cut.
    fn read<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let (slot, stop, inner) = (self.answer.clone(), self.stop.clone(), ctx.clone());
        Promise::wrap_future(&ctx, async move {
            let Some(answer) = slot.take() else {
                return Ok(Value::new_null(inner));
            };
            let read = tokio::select! {
                biased;
                () = stop.notified() => Err(Fault::new("ERR_ABORTED", "aborted")),
                read = read(answer) => read,
            };
            match read.map_err(|fault| fault.throw(&inner))? {
                None => Ok(Value::new_null(inner)),
                Some((bytes, answer)) => {
                    slot.replace(Some(answer));
                    uint8_array(&inner, bytes)
                }
            }
        })
    }

    /// Gives up, whatever is going on; the connection is closed.
    fn cancel(&self) {
        self.stop.notify_one();
        self.answer.take();
    }
}

async fn send(options: &Options) -> std::result::Result<(Vec<String>, Answer), Fault> {
    loop {
        let (mut sender, reused) = match take(options.pool.as_deref()) {
            Some(sender) => (sender, true),
            None => (open(&options.route).await?, false),
        };
        match sender.send_request(request(options)?).await {
            Ok(response) => return Ok(answer(options, sender, response)),
            // The other side closed a kept connection just as we used it: nothing was received.
            Err(error)
                if reused
                    && (error.is_canceled()
                        || error.is_closed()
                        || error.is_incomplete_message()) => {}
            Err(error) => return Err(lost(&error)),
        }
    }
}

async fn open(route: &Route) -> std::result::Result<Sender, Fault> {
    let io = connect::connect(route).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(io))
        .await
        .map_err(|error| Fault::new("ERR_HTTP", error))?;
    tokio::task::spawn_local(async move {
        // What goes wrong here is told by the exchange that runs.
        let _ = connection.await;
    });
    Ok(sender)
}

fn request(options: &Options) -> std::result::Result<Request<Full<Bytes>>, Fault> {
    let mut builder = Request::builder()
        .method(options.method.as_str())
        .uri(&options.target);
    for pair in options.headers.chunks_exact(2) {
        builder = builder.header(&pair[0], &pair[1]);
    }
    builder
        .body(Full::new(options.body.clone().unwrap_or_default()))
        .map_err(|error| Fault::new("EINVAL", error))
}

fn lost(error: &hyper::Error) -> Fault {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Fault::new("ECONNRESET", "the connection was closed without an answer");
    }
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && io.raw_os_error().is_some()
        {
            return std::io::Error::from_raw_os_error(io.raw_os_error().unwrap_or_default()).into();
        }
        cause = inner.source();
    }
    Fault::new("ERR_HTTP", error)
}

fn answer(
    options: &Options,
    sender: Sender,
    response: Response<Incoming>,
) -> (Vec<String>, Answer) {
    let (parts, body) = response.into_parts();
    let mut head = vec![parts.status.as_u16().to_string()];
    let inflate = parts
        .headers
        .get("content-encoding")
        .and_then(|value| Inflate::of(value.to_str().ok()?));
    for (name, value) in &parts.headers {
        let describes_packed = name == "content-encoding" || name == "content-length";
        if inflate.is_none() || !describes_packed {
            head.push(name.as_str().to_owned());
            head.push(String::from_utf8_lossy(value.as_bytes()).into_owned());
        }
    }
    (
        head,
        Answer {
            pool: options.pool.clone(),
            sender,
            body,
            inflate,
        },
    )
}

async fn read(mut answer: Answer) -> std::result::Result<Option<(Vec<u8>, Answer)>, Fault> {
    loop {
        let Some(frame) = answer.body.frame().await else {
            keep(answer.pool, answer.sender);
            return Ok(None);
        };
        let cut = |error: &dyn std::fmt::Display| Fault::new("ERR_BODY", error);
        let Ok(data) = frame.map_err(|error| cut(&error))?.into_data() else {
            continue;
        };
        let bytes = match &mut answer.inflate {
            Some(inflate) => inflate.push(&data).map_err(|error| cut(&error))?,
            None => data.to_vec(),
        };
        if !bytes.is_empty() {
            return Ok(Some((bytes, answer)));
        }
    }
}

fn take(pool: Option<&str>) -> Option<Sender> {
    POOL.with_borrow_mut(|pools| {
        let kept = pools.get_mut(pool?)?;
        kept.retain(|each| !each.sender.is_closed() && each.since.elapsed() < KEEP);
        // The one used last is the least likely to be closed by the other side.
        let ready = kept.iter().rposition(|each| each.sender.is_ready())?;
        Some(kept.remove(ready).sender)
    })
}

fn keep(pool: Option<String>, sender: Sender) {
    let Some(pool) = pool else { return };
    POOL.with_borrow_mut(|pools| {
        let kept = pools.entry(pool.clone()).or_default();
        if kept.len() < KEEP_MOST {
            kept.push(Kept {
                sender,
                since: Instant::now(),
            });
        }
    });
    tokio::task::spawn_local(async move {
        tokio::time::sleep(KEEP).await;
        POOL.with_borrow_mut(|pools| {
            let Some(kept) = pools.get_mut(&pool) else {
                return;
            };
            kept.retain(|each| !each.sender.is_closed() && each.since.elapsed() < KEEP);
            if kept.is_empty() {
                pools.remove(&pool);
            }
        });
    });
}
