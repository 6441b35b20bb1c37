//! Changes of files, by inotify(7).

use crate::fault::OrThrow;
use rquickjs::{CatchResultExt, Ctx, Function, Object, Result, prelude::Func};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::{cell::RefCell, mem::MaybeUninit, os::fd::OwnedFd};
use tokio::{io::unix::AsyncFd, sync::oneshot};

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("watch", Func::from(watch))
}

/// Calls back after changes of a file, or of what lies directly in a directory; gives what ends it.
fn watch<'js>(ctx: Ctx<'js>, path: String, changed: Function<'js>) -> Result<Function<'js>> {
    let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).or_throw(&ctx)?;
    let kinds = WatchFlags::ATTRIB
        | WatchFlags::CREATE
        | WatchFlags::DELETE
        | WatchFlags::DELETE_SELF
        | WatchFlags::MODIFY
        | WatchFlags::MOVE
        | WatchFlags::MOVE_SELF;
    inotify::add_watch(&fd, path, kinds).or_throw(&ctx)?;
    // SAFETY: the descriptor is owned by `events`, and nobody else closes it.
    let events = unsafe { AsyncFd::register(fd) }
        .map_err(|error| error.into_parts().1)
        .or_throw(&ctx)?;
    let (stop, mut stopped) = oneshot::channel::<()>();
    let failing = ctx.clone();
    ctx.spawn(async move {
        loop {
            let ready = tokio::select! {
                _ = &mut stopped => return,
                ready = events.readable() => ready,
            };
            let Ok(mut ready) = ready else { return };
            drain(&events);
            ready.clear_ready();
            if let Err(error) = changed.call::<_, ()>(()).catch(&failing) {
                eprintln!("weft: internal error: {error}");
            }
        }
    });
    let stop = RefCell::new(Some(stop));
    Function::new(ctx, move || drop(stop.take()))
}

/// What exactly was changed does not matter: whoever asked looks for himself.
fn drain(events: &AsyncFd<OwnedFd>) {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(events.get_ref(), &mut buffer);
    while reader.next().is_ok() {}
}
