//! An HTTP/1.1 server. Connections are tasks of their own; requests reach JavaScript through one channel.

use crate::{
    fault::{Fault, OrThrow},
    value::{octets, uint8_array},
    websocket::Socket,
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{
    Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    header::{HeaderName, HeaderValue},
    http::request::Parts,
    server::conn::http1,
    service::service_fn,
    upgrade::OnUpgrade,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rquickjs::{
    CatchResultExt, Class, Ctx, Function, JsLifetime, Object, Promise, Result, Value, class::Trace,
    prelude::Func,
};
use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc, oneshot, watch},
    time::Instant,
};

/// Bytes of a request's head.
const HEAD_MOST: usize = 16 * 1024;
/// For a head to arrive, also the next one on a kept connection.
const HEAD_WAIT: Duration = Duration::from_secs(60);
/// For a request to arrive with all of its body.
const REQUEST_WAIT: Duration = Duration::from_secs(60);
const CONNECTIONS_MOST: usize = 1024;
/// Pieces of an answer that wait for the client.
const PIECES_MOST: usize = 8;

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("listen", Func::from(listen))
}

/// Tells that a client has gone, or that its answer was sent.
#[derive(Default)]
struct Presence {
    ended: Cell<bool>,
    gone: Cell<bool>,
    /// The answer ends here, and is not whole.
    cut: Cell<bool>,
    changed: Notify,
}

impl Presence {
    fn settle(&self, is_gone: bool) {
        if !self.ended.replace(true) {
            self.gone.set(is_gone);
            self.changed.notify_waiters();
        }
    }
}

/// Dropped with the connection when no answer was begun.
struct Unanswered(Option<Rc<Presence>>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(presence) = &self.0 {
            presence.settle(true);
        }
    }
}

enum Answer {
    Whole(Option<Bytes>),
    Pieces(mpsc::Receiver<Bytes>, Rc<Presence>),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Answer::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Answer::Pieces(pieces, presence) => {
                pieces.poll_recv(context).map(|piece| match piece {
                    Some(bytes) => Some(Ok(Frame::data(bytes))),
                    None if presence.cut.get() => Some(Err(io::ErrorKind::BrokenPipe.into())),
                    None => None,
                })
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Answer::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Answer::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Answer::Pieces(..) => SizeHint::default(),
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Answer::Pieces(_, presence) = self {
            presence.settle(true);
        }
    }
}

struct Job {
    parts: Parts,
    body: Incoming,
    upgrade: Option<OnUpgrade>,
    peer: SocketAddr,
    answer: oneshot::Sender<Response<Answer>>,
    presence: Rc<Presence>,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Serving,
    Draining,
    Cut,
}

fn listen<'js>(
    ctx: Ctx<'js>,
    host: String,
    port: u16,
    handler: Function<'js>,
) -> Result<Class<'js, Listener>> {
    let socket = std::net::TcpListener::bind((host.as_str(), port)).or_throw(&ctx)?;
    socket.set_nonblocking(true).or_throw(&ctx)?;
    let socket = TcpListener::from_std(socket).or_throw(&ctx)?;
    let port = socket.local_addr().or_throw(&ctx)?.port();
    let (phase, watching) = watch::channel(Phase::Serving);
    let (jobs, queue) = mpsc::channel(256);
    let count = Rc::new(Count::default());
    tokio::task::spawn_local(accept(socket, watching, jobs, count.clone()));
    let inner = ctx.clone();
    ctx.spawn(dispatch(inner, queue, handler));
    Class::instance(ctx, Listener { port, phase, count })
}

#[derive(Default)]
struct Count {
    open: Cell<usize>,
    changed: Notify,
}

impl Count {
    fn add(self: &Rc<Count>) -> Counted {
        self.open.set(self.open.get() + 1);
        Counted(self.clone())
    }
}

struct Counted(Rc<Count>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
        self.0.changed.notify_waiters();
    }
}

async fn accept(
    socket: TcpListener,
    mut phase: watch::Receiver<Phase>,
    jobs: mpsc::Sender<Job>,
    count: Rc<Count>,
) {
    loop {
        while count.open.get() >= CONNECTIONS_MOST {
            count.changed.notified().await;
        }
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = phase.wait_for(|phase| *phase != Phase::Serving) => return,
        };
        match accepted {
            Ok((tcp, peer)) => {
                let _ = tcp.set_nodelay(true);
                tokio::task::spawn_local(converse(
                    tcp,
                    peer,
                    phase.clone(),
                    jobs.clone(),
                    count.add(),
                ));
            }
            // Out of descriptors: some will come free.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn converse(
    tcp: TcpStream,
    peer: SocketAddr,
    mut phase: watch::Receiver<Phase>,
    jobs: mpsc::Sender<Job>,
    _counted: Counted,
) {
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        let jobs = jobs.clone();
        async move {
            let (answer, answered) = oneshot::channel();
            let presence = Rc::<Presence>::default();
            let mut unanswered = Unanswered(Some(presence.clone()));
            let upgrade = request
                .headers()
                .contains_key("upgrade")
                .then(|| hyper::upgrade::on(&mut request));
            let (parts, body) = request.into_parts();
            // When nobody takes it the answer's channel is closed, too.
            let _ = jobs
                .send(Job {
                    parts,
                    body,
                    upgrade,
                    peer,
                    answer,
                    presence,
                })
                .await;
            let response = answered.await.unwrap_or_else(|_| unable());
            unanswered.0 = None;
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_MOST)
        .serve_connection(TokioIo::new(tcp), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = phase.wait_for(|phase| *phase != Phase::Serving) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = phase.wait_for(|phase| *phase == Phase::Cut) => {}
    }
}

fn unable() -> Response<Answer> {
    let mut response = Response::new(Answer::Whole(Some("internal error\n".into())));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

async fn dispatch<'js>(ctx: Ctx<'js>, mut queue: mpsc::Receiver<Job>, handler: Function<'js>) {
    while let Some(job) = queue.recv().await {
        let (method, target) = (job.parts.method.to_string(), job.parts.uri.to_string());
        let responder = Responder {
            answer: RefCell::new(Some(job.answer)),
            pieces: RefCell::default(),
            parts: job.parts,
            body: Rc::new(RefCell::new(Some(job.body))),
            until: Instant::now() + REQUEST_WAIT,
            upgrade: RefCell::new(job.upgrade),
            peer: job.peer,
            presence: job.presence,
        };
        let called = Class::instance(ctx.clone(), responder)
            .and_then(|responder| handler.call::<_, ()>((responder, method, target)));
        if let Err(error) = called.catch(&ctx) {
            eprintln!("weft: internal error: {error}");
        }
    }
}

#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct Listener {
    #[qjs(skip_trace)]
    port: u16,
    #[qjs(skip_trace)]
    phase: watch::Sender<Phase>,
    #[qjs(skip_trace)]
    count: Rc<Count>,
}

#[rquickjs::methods]
impl Listener {
    #[qjs(get)]
    fn port(&self) -> u16 {
        self.port
    }

    /// Takes no connections from now on; resolves when those there are have ended, at the latest after so long.
    fn close<'js>(&self, ctx: Ctx<'js>, within_ms: f64) -> Result<Promise<'js>> {
        let (phase, count) = (self.phase.clone(), self.count.clone());
        let within = Duration::from_millis(within_ms.clamp(0.0, 3.6e6) as u64);
        Promise::wrap_future(&ctx, async move {
            phase.send_replace(Phase::Draining);
            let ended = async {
                while count.open.get() > 0 {
                    count.changed.notified().await;
                }
            };
            if tokio::time::timeout(within, ended).await.is_err() {
                phase.send_replace(Phase::Cut);
            }
            Ok::<_, rquickjs::Error>(())
        })
    }
}

#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct Responder {
    #[qjs(skip_trace)]
    answer: RefCell<Option<oneshot::Sender<Response<Answer>>>>,
    #[qjs(skip_trace)]
    pieces: RefCell<Option<mpsc::Sender<Bytes>>>,
    #[qjs(skip_trace)]
    parts: Parts,
    #[qjs(skip_trace)]
    body: Rc<RefCell<Option<Incoming>>>,
    #[qjs(skip_trace)]
    until: Instant,
    #[qjs(skip_trace)]
    upgrade: RefCell<Option<OnUpgrade>>,
    #[qjs(skip_trace)]
    peer: SocketAddr,
    #[qjs(skip_trace)]
    presence: Rc<Presence>,
}

impl Responder {
    fn begin(&self, ctx: &Ctx<'_>, status: u16, headers: &[String], body: Answer) -> Result<bool> {
        let invalid = |error: &dyn std::fmt::Display| Fault::new("EINVAL", error).throw(ctx);
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).map_err(|error| invalid(&error))?;
        for pair in headers.chunks_exact(2) {
            let name =
                HeaderName::from_bytes(pair[0].as_bytes()).map_err(|error| invalid(&error))?;
            let value =
                HeaderValue::from_bytes(pair[1].as_bytes()).map_err(|error| invalid(&error))?;
            response.headers_mut().append(name, value);
        }
        Ok(self
            .answer
            .take()
            .is_some_and(|answer| answer.send(response).is_ok()))
    }
}

#[rquickjs::methods]
impl Responder {
    #[qjs(get)]
    fn peer(&self) -> String {
        self.peer.ip().to_canonical().to_string()
    }

    /// name, value, name, value, ...
    fn headers(&self) -> Vec<String> {
        let pairs = self.parts.headers.iter();
        pairs
            .flat_map(|(name, value)| {
                [
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                ]
            })
            .collect()
    }

    fn header(&self, name: String) -> Option<String> {
        self.parts
            .headers
            .get(name.as_str())
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// The whole answer at once; the body is a text, bytes or null. False when the client has gone.
    fn answer<'js>(
        &self,
        ctx: Ctx<'js>,
        status: u16,
        headers: Vec<String>,
        body: Value<'js>,
    ) -> Result<bool> {
        self.begin(&ctx, status, &headers, Answer::Whole(octets(&body)))
    }

    /// The head of an answer whose body comes by `write`.
    fn start<'js>(&self, ctx: Ctx<'js>, status: u16, headers: Vec<String>) -> Result<bool> {
        let (sender, receiver) = mpsc::channel(PIECES_MOST);
        self.pieces.replace(Some(sender));
        self.begin(
            &ctx,
            status,
            &headers,
            Answer::Pieces(receiver, self.presence.clone()),
        )
    }

    /// Resolves when there is room for more; false when the client has gone.
    fn write<'js>(&self, ctx: Ctx<'js>, piece: Value<'js>) -> Result<Promise<'js>> {
        let bytes = octets(&piece)
            .ok_or_else(|| Fault::new("EINVAL", "a text or bytes are wanted").throw(&ctx))?;
        let pieces = self.pieces.borrow().clone();
        Promise::wrap_future(&ctx, async move {
            Ok::<_, rquickjs::Error>(match pieces {
                Some(pieces) => pieces.send(bytes).await.is_ok(),
                None => false,
            })
        })
    }

    fn end(&self) {
        self.presence.settle(false);
        self.pieces.take();
    }

    /// Cuts the connection: the client sees that the answer is not whole.
    fn abandon(&self) {
        self.presence.cut.set(true);
        self.answer.take();
        self.pieces.take();
    }

    /// True when the client has gone, false when it has its answer.
    fn gone<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let presence = self.presence.clone();
        Promise::wrap_future(&ctx, async move {
            while !presence.ended.get() {
                presence.changed.notified().await;
            }
            Ok::<_, rquickjs::Error>(presence.gone.get())
        })
    }

    /// The next piece of the request's body; null at its end. Throws `ETIMEDOUT` when it takes too long.
    fn read<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let (slot, until, inner) = (self.body.clone(), self.until, ctx.clone());
        Promise::wrap_future(&ctx, async move {
            let Some(mut body) = slot.take() else {
                return Ok(Value::new_null(inner));
            };
            loop {
                let frame = match tokio::time::timeout_at(until, body.frame()).await {
                    Ok(frame) => frame,
                    Err(_) => {
                        return Err(Fault::new(
                            "ETIMEDOUT",
                            "the request's body did not arrive in time",
                        )
                        .throw(&inner));
                    }
                };
                match frame {
                    None => return Ok(Value::new_null(inner)),
                    Some(Err(error)) => return Err(Fault::new("ERR_BODY", error).throw(&inner)),
                    Some(Ok(frame)) => {
                        if let Ok(bytes) = frame.into_data() {
                            slot.replace(Some(body));
                            return uint8_array(&inner, bytes);
                        }
                    }
                }
            }
        })
    }

    /// Answers 101 and gives the WebSocket (RFC 6455). Throws `EINVAL` when the request does not ask for one.
    fn upgrade<'js>(&self, ctx: Ctx<'js>, most: usize) -> Result<Promise<'js>> {
        let refused = || Fault::new("EINVAL", "the request does not ask for a WebSocket");
        let asks = self
            .header("upgrade".to_owned())
            .is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
        let key = self.header("sec-websocket-key".to_owned()).filter(|_| asks);
        let key = key.ok_or_else(|| refused().throw(&ctx))?;
        let upgrade = self.upgrade.take().ok_or_else(|| refused().throw(&ctx))?;
        let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
        let headers = [
            "upgrade",
            "websocket",
            "connection",
            "Upgrade",
            "sec-websocket-accept",
            &accept,
        ]
        .map(String::from);
        self.begin(&ctx, 101, &headers, Answer::Whole(None))?;
        let inner = ctx.clone();
        Promise::wrap_future(&ctx, async move {
            let upgraded = upgrade
                .await
                .map_err(|error| Fault::new("ECONNRESET", error).throw(&inner))?;
            Socket::of_server(&inner, Box::new(TokioIo::new(upgraded)), most).await
        })
    }
}
