//! An HTTP/1.1 server. Connections are tasks of their own; requests reach JavaScript through one channel.

use crate::{
    fault::OrThrow,
    responder::{Answer, Job, Presence, Responder, Unanswered},
};
use hyper::{Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rquickjs::{
    CatchResultExt, Class, Ctx, Function, JsLifetime, Object, Promise, Result, class::Trace, prelude::Func,
};
use std::{cell::Cell, convert::Infallible, net::SocketAddr, rc::Rc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc, oneshot, watch},
};

/// Bytes of a request's head.
const HEAD_MOST: usize = 16 * 1024;
/// For a head to arrive, also the next one on a kept connection.
const HEAD_WAIT: Duration = Duration::from_secs(60);
const CONNECTIONS_MOST: usize = 1024;

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("listen", Func::from(listen))
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Serving,
    Draining,
    Cut,
}

fn listen<'js>(ctx: Ctx<'js>, host: String, port: u16, handler: Function<'js>) -> Result<Class<'js, Listener>> {
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

async fn accept(socket: TcpListener, mut phase: watch::Receiver<Phase>, jobs: mpsc::Sender<Job>, count: Rc<Count>) {
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
                tokio::task::spawn_local(converse(tcp, peer, phase.clone(), jobs.clone(), count.add()));
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
            let upgrade = request.headers().contains_key("upgrade").then(|| hyper::upgrade::on(&mut request));
            let (parts, body) = request.into_parts();
            // When nobody takes it the answer's channel is closed, too.
            let _ = jobs.send(Job { parts, body, upgrade, peer, answer, presence }).await;
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
        let responder = Responder::of(job);
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
