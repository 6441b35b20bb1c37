//! Child processes. Each leads a process group of its own, so that all it starts can be ended with it.

use crate::{
    fault::{Fault, OrThrow},
    sandbox::{Rules, Sandbox},
    value::uint8_array,
};
use bytes::Bytes;
use rquickjs::{
    CatchResultExt, Class, Ctx, FromJs, Function, JsLifetime, Object, Promise, Result, Value, class::Trace,
    prelude::Func,
};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Command, Stdio},
    rc::Rc,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
    signal::unix::{SignalKind, signal},
    sync::{Notify, oneshot},
};

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("spawn", Func::from(spawn))
}

thread_local! {
    static WAITING: RefCell<HashMap<i32, oneshot::Sender<WaitStatus>>> = RefCell::default();
    static REAPING: Cell<bool> = const { Cell::new(false) };
}

/// Takes in every child that ends, also those that others left to the first process of a container.
pub fn reap() {
    if REAPING.replace(true) {
        return;
    }
    let mut ended = match signal(SignalKind::child()) {
        Ok(ended) => ended,
        Err(error) => return eprintln!("weft: cannot watch child processes: {error}"),
    };
    tokio::task::spawn_local(async move {
        while ended.recv().await.is_some() {
            while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
                let waiting = WAITING.with_borrow_mut(|waiting| waiting.remove(&pid.as_raw_nonzero().get()));
                if let Some(waiting) = waiting {
                    // Nobody may wait for it any more.
                    let _ = waiting.send(status);
                }
            }
        }
    });
}

struct Options {
    file: String,
    arguments: Vec<String>,
    cwd: String,
    env: Vec<String>,
    stdin: Option<Bytes>,
    sandbox: Option<Rules>,
}

impl<'js> FromJs<'js> for Options {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Options> {
        let object = Object::from_js(ctx, value)?;
        Ok(Options {
            file: object.get("file")?,
            arguments: object.get("args")?,
            cwd: object.get("cwd")?,
            env: object.get("env")?,
            stdin: crate::value::octets(&object.get("stdin")?),
            sandbox: object.get("sandbox")?,
        })
    }
}

/// `env`: name, value, ...; `output` is called with 1 or 2 and bytes as they arrive. Throws the error of fork or exec.
fn spawn<'js>(ctx: Ctx<'js>, options: Options, output: Function<'js>) -> Result<Class<'js, Child>> {
    reap();
    let mut child = start(&options).or_throw(&ctx)?;
    let pid = i32::try_from(child.id()).map_err(|_| Fault::new("EIO", "no process id").throw(&ctx))?;
    let (sender, exited) = oneshot::channel();
    WAITING.with_borrow_mut(|waiting| waiting.insert(pid, sender));
    let stop = Rc::new(Notify::new());
    feed(child.stdin.take().map(OwnedFd::from), options.stdin, stop.clone());
    let open = Rc::new(Streams { open: Cell::new(0), closed: Notify::new() });
    for (stream, fd) in [(1, child.stdout.take().map(OwnedFd::from)), (2, child.stderr.take().map(OwnedFd::from))] {
        let Some(fd) = fd else { continue };
        let receiver = pipe::Receiver::from_owned_fd(fd).or_throw(&ctx)?;
        open.open.set(open.open.get() + 1);
        let (inner, output, stop, open) = (ctx.clone(), output.clone(), stop.clone(), open.clone());
        ctx.spawn(async move {
            tokio::select! {
                () = pump(&inner, receiver, stream, &output) => {}
                () = stop.notified() => {}
            }
            open.open.set(open.open.get() - 1);
            open.closed.notify_waiters();
        });
    }
    Class::instance(ctx, Child { pid, exited: RefCell::new(Some(exited)), open, stop })
}

struct Streams {
    open: Cell<u8>,
    closed: Notify,
}

fn start(options: &Options) -> io::Result<std::process::Child> {
    let sandbox = options.sandbox.as_ref().map(Sandbox::new).transpose()?;
    let mut command = Command::new(&options.file);
    command
        .args(&options.arguments)
        .current_dir(&options.cwd)
        .env_clear()
        .envs(options.env.chunks_exact(2).map(|pair| (&pair[0], &pair[1])))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // SAFETY: system calls only, which are async-signal-safe (signal-safety(7)), and no memory is asked for.
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            sandbox.as_ref().map_or(Ok(()), Sandbox::apply)
        });
    }
    command.spawn()
}

/// A child may end, or close its input, before it has read all of it.
fn feed(fd: Option<OwnedFd>, bytes: Option<Bytes>, stop: Rc<Notify>) {
    let (Some(fd), Some(bytes)) = (fd, bytes) else {
        return;
    };
    let Ok(mut sender) = pipe::Sender::from_owned_fd(fd) else {
        return;
    };
    tokio::task::spawn_local(async move {
        tokio::select! {
            _ = sender.write_all(&bytes) => {}
            () = stop.notified() => {}
        }
    });
}

async fn pump<'js>(ctx: &Ctx<'js>, mut receiver: pipe::Receiver, stream: u8, output: &Function<'js>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = receiver.read(&mut buffer).await {
        let given = uint8_array(ctx, &buffer[..count]).and_then(|bytes| output.call::<_, ()>((stream, bytes)));
        if let Err(error) = given.catch(ctx) {
            eprintln!("weft: internal error: {error}");
        }
    }
}

#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct Child {
    #[qjs(skip_trace)]
    pid: i32,
    #[qjs(skip_trace)]
    exited: RefCell<Option<oneshot::Receiver<WaitStatus>>>,
    #[qjs(skip_trace)]
    open: Rc<Streams>,
    #[qjs(skip_trace)]
    stop: Rc<Notify>,
}

#[rquickjs::methods]
impl Child {
    /// When the process has ended: its exit code, or -1 and the number of the signal that ended it. Once.
    fn exited<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let (receiver, inner) = (self.exited.take(), ctx.clone());
        Promise::wrap_future(&ctx, async move {
            let gone = || Fault::new("ECHILD", "the child is not ours").throw(&inner);
            let status = receiver.ok_or_else(gone)?.await.map_err(|_| gone())?;
            Ok::<_, rquickjs::Error>(match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => vec![code, 0],
                (None, signal) => vec![-1, signal.unwrap_or(0)],
            })
        })
    }

    /// When both output streams have ended.
    fn closed<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let open = self.open.clone();
        Promise::wrap_future(&ctx, async move {
            while open.open.get() > 0 {
                open.closed.notified().await;
            }
            Ok::<_, rquickjs::Error>(())
        })
    }

    /// Gives up the streams, whoever still holds their other ends.
    fn destroy(&self) {
        self.stop.notify_waiters();
    }

    /// Sends a signal, by number, to the whole process group; nothing when all of it has ended.
    fn kill(&self, signal: i32) {
        let signal = match signal {
            libc::SIGKILL => Signal::KILL,
            _ => Signal::TERM,
        };
        if let Some(group) = Pid::from_raw(self.pid) {
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }
}
