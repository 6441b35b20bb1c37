//! WebSockets (RFC 6455), as client and as the server's end of an upgraded request.

use crate::{
    connect::{self, Route},
    fault::Fault,
    stream::BoxIo,
    value::{octets, uint8_array},
};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use hyper::header::{HeaderName, HeaderValue};
use rquickjs::{Class, Ctx, FromJs, IntoJs, JsLifetime, Object, Promise, Result, Value, class::Trace, prelude::Func};
use std::{rc::Rc, time::Duration};
use tokio::sync::Mutex;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

type Stream = WebSocketStream<BoxIo>;

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("openSocket", Func::from(open_socket))
}

struct Options {
    route: Route,
    url: String,
    headers: Vec<String>,
    /// Bytes of one message.
    most: usize,
}

impl<'js> FromJs<'js> for Options {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Options> {
        let object = Object::from_js(ctx, value)?;
        Ok(Options {
            route: object.get("route")?,
            url: object.get("url")?,
            headers: object.get("headers")?,
            most: object.get("most")?,
        })
    }
}

/// Throws as `connect` does, or `ERR_WEBSOCKET` when the other side does not open one.
fn open_socket<'js>(ctx: Ctx<'js>, options: Options) -> Result<Promise<'js>> {
    let inner = ctx.clone();
    Promise::wrap_future(&ctx, async move {
        let stream = open(options).await.map_err(|fault| fault.throw(&inner))?;
        Socket::instance(&inner, stream)
    })
}

async fn open(options: Options) -> std::result::Result<Stream, Fault> {
    let invalid = |error: &dyn std::fmt::Display| Fault::new("EINVAL", error);
    let mut request = options.url.as_str().into_client_request().map_err(|error| invalid(&error))?;
    for pair in options.headers.chunks_exact(2) {
        let name = HeaderName::from_bytes(pair[0].as_bytes()).map_err(|error| invalid(&error))?;
        request.headers_mut().append(name, HeaderValue::from_str(&pair[1]).map_err(|error| invalid(&error))?);
    }
    let io = connect::connect(&options.route).await?;
    let shaking = client_async_with_config(request, io, Some(limits(options.most)));
    let wait = options.route.timeout.unwrap_or(Duration::from_secs(60));
    match tokio::time::timeout(wait, shaking).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(tungstenite::Error::Http(response))) => {
            Err(Fault::new("ERR_WEBSOCKET", format!("the server answered HTTP {}", response.status().as_u16())))
        }
        Ok(Err(error)) => Err(Fault::new("ERR_WEBSOCKET", error)),
        Err(_) => Err(Fault::new("ERR_CONNECT_TIMEOUT", "no connection in time")),
    }
}

fn limits(most: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(most))
        .max_frame_size(Some(most))
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(most.saturating_mul(2))
}

#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct Socket {
    #[qjs(skip_trace)]
    sink: Rc<Mutex<SplitSink<Stream, Message>>>,
    #[qjs(skip_trace)]
    stream: Rc<Mutex<SplitStream<Stream>>>,
}

impl Socket {
    fn instance<'js>(ctx: &Ctx<'js>, stream: Stream) -> Result<Class<'js, Socket>> {
        let (sink, stream) = stream.split();
        Class::instance(ctx.clone(), Socket { sink: Rc::new(Mutex::new(sink)), stream: Rc::new(Mutex::new(stream)) })
    }

    pub async fn of_server<'js>(ctx: &Ctx<'js>, io: BoxIo, most: usize) -> Result<Class<'js, Socket>> {
        Socket::instance(ctx, WebSocketStream::from_raw_socket(io, Role::Server, Some(limits(most))).await)
    }
}

#[rquickjs::methods]
impl Socket {
    /// A text or bytes; resolves when it is on its way.
    fn send<'js>(&self, ctx: Ctx<'js>, message: Value<'js>) -> Result<Promise<'js>> {
        let bytes = octets(&message).ok_or_else(|| Fault::new("EINVAL", "a text or bytes are wanted").throw(&ctx))?;
        let message = if message.is_string() {
            let text =
                tungstenite::Utf8Bytes::try_from(bytes).map_err(|error| Fault::new("EINVAL", error).throw(&ctx))?;
            Message::Text(text)
        } else {
            Message::Binary(bytes)
        };
        let (sink, inner) = (self.sink.clone(), ctx.clone());
        Promise::wrap_future(&ctx, async move {
            let sent = sink.lock().await.send(message).await;
            sent.map_err(|error| Fault::new("ERR_WEBSOCKET", error).throw(&inner))
        })
    }

    /// A text, bytes, or at the end `[code, reason]`: 1005 without a code, 1006 when the connection broke.
    fn receive<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let (stream, sink, inner) = (self.stream.clone(), self.sink.clone(), ctx.clone());
        Promise::wrap_future(&ctx, async move {
            let ended = |code: u16, reason: &str| vec![code.to_string(), reason.to_owned()].into_js(&inner);
            loop {
                let next = stream.lock().await.next().await;
                return match next {
                    Some(Ok(Message::Text(text))) => text.as_str().into_js(&inner),
                    Some(Ok(Message::Binary(bytes))) => uint8_array(&inner, bytes),
                    Some(Ok(Message::Close(frame))) => {
                        // Sends the answer to the other side's goodbye.
                        let _ = sink.lock().await.flush().await;
                        frame.map_or_else(|| ended(1005, ""), |frame| ended(frame.code.into(), frame.reason.as_str()))
                    }
                    Some(Ok(_)) => {
                        let _ = sink.lock().await.flush().await;
                        continue;
                    }
                    Some(Err(error)) => ended(1006, &error.to_string()),
                    None => ended(1006, ""),
                };
            }
        })
    }

    fn close<'js>(&self, ctx: Ctx<'js>, code: u16, reason: String) -> Result<Promise<'js>> {
        let sink = self.sink.clone();
        Promise::wrap_future(&ctx, async move {
            let frame = CloseFrame { code: code.into(), reason: reason.into() };
            // It may be closed already.
            let _ = sink.lock().await.send(Message::Close(Some(frame))).await;
            Ok::<_, rquickjs::Error>(())
        })
    }
}
