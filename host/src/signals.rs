//! Signals, as events.

use crate::{fault::Fault, process};
use rquickjs::{CatchResultExt, Ctx, Function, Object, Result, prelude::Func};
use std::cell::Cell;
use tokio::signal::unix::{SignalKind, signal};

thread_local! {
    /// Whether the program looks after SIGTERM and SIGINT itself.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("onSignal", Func::from(on_signal))
}

/// Calls back at each `SIGTERM`, `SIGINT` or `SIGHUP` with its name, from now on.
fn on_signal<'js>(ctx: Ctx<'js>, listener: Function<'js>) -> Result<()> {
    WATCHED.set(true);
    for (name, kind) in [
        ("SIGTERM", SignalKind::terminate()),
        ("SIGINT", SignalKind::interrupt()),
        ("SIGHUP", SignalKind::hangup()),
    ] {
        let mut arrivals = signal(kind).map_err(|error| Fault::from(error).throw(&ctx))?;
        let (listener, failing) = (listener.clone(), ctx.clone());
        ctx.spawn(async move {
            while arrivals.recv().await.is_some() {
                if let Err(error) = listener.call::<_, ()>((name,)).catch(&failing) {
                    eprintln!("weft: internal error: {error}");
                }
            }
        });
    }
    Ok(())
}

/// The kernel keeps signals from the first process of a container unless it handles them (pid_namespaces(7)).
pub fn when_first_process() {
    if std::process::id() != 1 {
        return;
    }
    for (kind, code) in [
        (SignalKind::terminate(), 143),
        (SignalKind::interrupt(), 130),
    ] {
        let Ok(mut arrivals) = signal(kind) else {
            continue;
        };
        tokio::task::spawn_local(async move {
            while arrivals.recv().await.is_some() {
                if !WATCHED.get() {
                    process::leave(code);
                }
            }
        });
    }
    crate::children::reap();
}
