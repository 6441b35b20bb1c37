//! `setTimeout`. A timer that is cleared or has fired keeps nothing.

use rquickjs::{CatchResultExt, Ctx, Function, Object, Result, prelude::Func};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::Duration,
};
use tokio::sync::oneshot;

thread_local! {
    static NEXT: Cell<u32> = const { Cell::new(1) };
    static RUNNING: RefCell<HashMap<u32, oneshot::Sender<()>>> = RefCell::default();
}

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("setTimer", Func::from(set_timer))?;
    host.set("clearTimer", Func::from(clear_timer))
}

/// Longest time a timer may run, as in browsers (HTML, 8.6 Timers): 2^31 - 1 ms.
const LONGEST: f64 = 2_147_483_647.0;

fn set_timer<'js>(ctx: Ctx<'js>, callback: Function<'js>, ms: f64) -> u32 {
    let id = NEXT.get();
    NEXT.set(id.checked_add(1).unwrap_or(1));
    let wait = Duration::from_micros((ms.clamp(0.0, LONGEST) * 1e3) as u64);
    let (cancel, cancelled) = oneshot::channel();
    RUNNING.with_borrow_mut(|running| running.insert(id, cancel));
    let failing = ctx.clone();
    ctx.spawn(async move {
        tokio::select! {
            biased;
            _ = cancelled => return,
            () = tokio::time::sleep(wait) => {}
        }
        RUNNING.with_borrow_mut(|running| running.remove(&id));
        if let Err(error) = callback.call::<_, ()>(()).catch(&failing) {
            eprintln!("weft: internal error: {error}");
        }
    });
    id
}

fn clear_timer(id: u32) {
    let cancel = RUNNING.with_borrow_mut(|running| running.remove(&id));
    drop(cancel);
}
