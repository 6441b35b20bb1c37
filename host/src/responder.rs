//! One request and its answer, as JavaScript has them in hand.

use crate::{
    fault::Fault,
    value::{octets, uint8_array},
    websocket::Socket,
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{
    Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    header::{CONNECTION, HeaderName, HeaderValue},
    http::request::Parts,
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use rquickjs::{Ctx, JsLifetime, Promise, Result, Value, class::Trace};
use std::{
    cell::{Cell, RefCell},
    io,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::Instant,
};

/// For a request to arrive with all of its body.
const REQUEST_WAIT: Duration = Duration::from_secs(60);
/// Pieces of an answer that wait for the client.
const PIECES_MOST: usize = 8;

/// Tells that a client has gone, or that its answer was sent.
#[derive(Default)]
pub struct Presence {
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
pub struct Unanswered(pub Option<Rc<Presence>>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(presence) = &self.0 {
            presence.settle(true);
        }
    }
}

pub enum Answer {
    Whole(Option<Bytes>),
    Pieces(mpsc::Receiver<Bytes>, Rc<Presence>),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Answer::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Answer::Pieces(pieces, presence) => pieces.poll_recv(context).map(|piece| match piece {
                Some(bytes) => Some(Ok(Frame::data(bytes))),
                None if presence.cut.get() => Some(Err(io::ErrorKind::BrokenPipe.into())),
                None => None,
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Answer::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Answer::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
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

/// A request that waits for its answer.
pub struct Job {
    pub parts: Parts,
    pub body: Incoming,
    pub upgrade: Option<OnUpgrade>,
    pub peer: SocketAddr,
    pub answer: oneshot::Sender<Response<Answer>>,
    pub presence: Rc<Presence>,
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
    pub fn of(job: Job) -> Responder {
        Responder {
            answer: RefCell::new(Some(job.answer)),
            pieces: RefCell::default(),
            parts: job.parts,
            body: Rc::new(RefCell::new(Some(job.body))),
            until: Instant::now() + REQUEST_WAIT,
            upgrade: RefCell::new(job.upgrade),
            peer: job.peer,
            presence: job.presence,
        }
    }

    fn begin(&self, ctx: &Ctx<'_>, status: u16, headers: &[String], body: Answer) -> Result<bool> {
        let invalid = |error: &dyn std::fmt::Display| Fault::new("EINVAL", error).throw(ctx);
        let is_whole = matches!(body, Answer::Whole(_));
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).map_err(|error| invalid(&error))?;
        for pair in headers.chunks_exact(2) {
            let name = HeaderName::from_bytes(pair[0].as_bytes()).map_err(|error| invalid(&error))?;
            let value = HeaderValue::from_bytes(pair[1].as_bytes()).map_err(|error| invalid(&error))?;
            response.headers_mut().append(name, value);
        }
        // What is left of its body would be taken for the next request, or waited for.
        if self.body.borrow().as_ref().is_some_and(|body| !body.is_end_stream()) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let is_there = self.answer.take().is_some_and(|answer| answer.send(response).is_ok());
        if is_whole {
            // Whoever waits for the client to go need not wait any longer.
            self.presence.settle(!is_there);
        }
        Ok(is_there)
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
                [name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()]
            })
            .collect()
    }

    fn header(&self, name: String) -> Option<String> {
        self.parts.headers.get(name.as_str()).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// The whole answer at once; the body is a text, bytes or null. False when the client has gone.
    fn answer<'js>(&self, ctx: Ctx<'js>, status: u16, headers: Vec<String>, body: Value<'js>) -> Result<bool> {
        self.begin(&ctx, status, &headers, Answer::Whole(octets(&body)))
    }

    /// The head of an answer whose body comes by `write`.
    fn start<'js>(&self, ctx: Ctx<'js>, status: u16, headers: Vec<String>) -> Result<bool> {
        let (sender, receiver) = mpsc::channel(PIECES_MOST);
        self.pieces.replace(Some(sender));
        self.begin(&ctx, status, &headers, Answer::Pieces(receiver, self.presence.clone()))
    }

    /// Resolves when there is room for more; false when the client has gone.
    fn write<'js>(&self, ctx: Ctx<'js>, piece: Value<'js>) -> Result<Promise<'js>> {
        let bytes = octets(&piece).ok_or_else(|| Fault::new("EINVAL", "a text or bytes are wanted").throw(&ctx))?;
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
                        return Err(Fault::new("ETIMEDOUT", "the request's body did not arrive in time").throw(&inner));
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
        let asks = self.header("upgrade".to_owned()).is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
        let key = self.header("sec-websocket-key".to_owned()).filter(|_| asks);
        let key = key.ok_or_else(|| refused().throw(&ctx))?;
        let upgrade = self.upgrade.take().ok_or_else(|| refused().throw(&ctx))?;
        let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
        let headers =
            ["upgrade", "websocket", "connection", "Upgrade", "sec-websocket-accept", &accept].map(String::from);
        self.begin(&ctx, 101, &headers, Answer::Whole(None))?;
        let inner = ctx.clone();
        Promise::wrap_future(&ctx, async move {
            let upgraded = upgrade.await.map_err(|error| Fault::new("ECONNRESET", error).throw(&inner))?;
            Socket::of_server(&inner, Box::new(TokioIo::new(upgraded)), most).await
        })
    }
}
