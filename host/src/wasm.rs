//! WASM guests by wasmi: each on a thread of its own, with fuel, a deadline and a cap on memory. See `core/wasm.ts`.

use crate::{
    fault::Fault,
    value::{Octets, octets, uint8_array},
    wasm_guest::{Command, Guest, HostCall, Limits, Setup},
};
use bytes::Bytes;
use rquickjs::{
    CatchResultExt, Class, Ctx, FromJs, Function, JsLifetime, Object, Promise, Result, Value,
    class::Trace, prelude::Func, promise::MaybePromise,
};
use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc as threads,
    },
    time::Duration,
};
use tokio::sync::{Notify, mpsc, oneshot};

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("startGuest", Func::from(start))
}

struct Options {
    memory_bytes: usize,
    table_elements: usize,
    imports: Vec<String>,
    limits: Limits,
}

impl<'js> FromJs<'js> for Options {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Options> {
        let object = Object::from_js(ctx, value)?;
        Ok(Options {
            memory_bytes: object.get::<_, f64>("memoryBytes")? as usize,
            table_elements: object.get::<_, f64>("tableElements")? as usize,
            imports: object.get("imports")?,
            limits: object.get("limits")?,
        })
    }
}

impl<'js> FromJs<'js> for Limits {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Limits> {
        let object = Object::from_js(ctx, value)?;
        Ok(Limits {
            fuel: object.get::<_, f64>("fuel")? as u64,
            deadline: Duration::from_millis(object.get::<_, f64>("deadlineMs")? as u64),
        })
    }
}

/// `answer(name, bytes)` gives bytes or a promise of them. Throws `ERR_WASM_INVALID`, or as a call does.
fn start<'js>(
    ctx: Ctx<'js>,
    module: Octets,
    options: Options,
    answer: Function<'js>,
) -> Result<Promise<'js>> {
    let (commands, orders) = threads::channel();
    let (calls, waiting) = mpsc::unbounded_channel();
    let (ready, started) = oneshot::channel();
    let stop = Arc::new(AtomicBool::new(false));
    let given_up = Arc::new(Notify::new());
    let setup = Setup {
        memory_bytes: options.memory_bytes,
        table_elements: options.table_elements,
        imports: options.imports,
        calls,
        stop: stop.clone(),
    };
    let thread = std::thread::Builder::new()
        .name("guest".to_owned())
        .spawn(
            move || match Guest::start(&module.0, setup, options.limits) {
                Ok(guest) => {
                    if ready.send(Ok(())).is_ok() {
                        guest.serve(&orders);
                    }
                }
                Err(fault) => drop(ready.send(Err(fault))),
            },
        );
    thread.map_err(|error| Fault::from(error).throw(&ctx))?;
    ctx.spawn(answer_calls(ctx.clone(), waiting, answer, given_up.clone()));
    let inner = ctx.clone();
    Promise::wrap_future(&ctx, async move {
        let gone = || Err(Fault::new("ERR_WASM_TRAP", "the guest's thread ended"));
        started
            .await
            .unwrap_or_else(|_| gone())
            .map_err(|fault| fault.throw(&inner))?;
        Class::instance(
            inner,
            GuestHandle {
                commands: RefCell::new(Some(commands)),
                stop,
                given_up,
            },
        )
    })
}

async fn answer_calls<'js>(
    ctx: Ctx<'js>,
    mut waiting: mpsc::UnboundedReceiver<HostCall>,
    answer: Function<'js>,
    given_up: Arc<Notify>,
) {
    while let Some(HostCall {
        name,
        request,
        reply,
    }) = waiting.recv().await
    {
        let answered = tokio::select! {
            biased;
            () = given_up.notified() => Err("aborted".to_owned()),
            answered = ask(&ctx, &answer, name, request) => answered,
        };
        // The guest may have been given up meanwhile.
        let _ = reply.send(answered);
    }
}

async fn ask<'js>(
    ctx: &Ctx<'js>,
    answer: &Function<'js>,
    name: String,
    request: Vec<u8>,
) -> std::result::Result<Bytes, String> {
    let asked =
        uint8_array(ctx, request).and_then(|bytes| answer.call::<_, MaybePromise>((name, bytes)));
    let answered = match asked.catch(ctx) {
        Ok(promise) => promise
            .into_future::<Value>()
            .await
            .catch(ctx)
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    octets(&answered?).ok_or_else(|| "the host gave no bytes".to_owned())
}

#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct GuestHandle {
    #[qjs(skip_trace)]
    commands: RefCell<Option<threads::Sender<Command>>>,
    #[qjs(skip_trace)]
    stop: Arc<AtomicBool>,
    #[qjs(skip_trace)]
    given_up: Arc<Notify>,
}

#[rquickjs::methods]
impl GuestHandle {
    /// Throws `ERR_WASM_EXPORT`, `ERR_WASM_FUEL`, `ERR_WASM_DEADLINE`, `ERR_WASM_TRAP` or `ERR_ABORTED`.
    fn call<'js>(
        &self,
        ctx: Ctx<'js>,
        name: String,
        input: Octets,
        limits: Limits,
    ) -> Result<Promise<'js>> {
        let (answer, answered) = oneshot::channel();
        let sent = match self.commands.borrow().as_ref() {
            Some(commands) => commands
                .send(Command {
                    name,
                    input: input.0,
                    limits,
                    answer,
                })
                .is_ok(),
            None => false,
        };
        let inner = ctx.clone();
        Promise::wrap_future(&ctx, async move {
            let dead = || Err(Fault::new("ERR_WASM_TRAP", "the guest has ended"));
            let result = if sent {
                answered.await.unwrap_or_else(|_| dead())
            } else {
                dead()
            };
            uint8_array(&inner, result.map_err(|fault| fault.throw(&inner))?)
        })
    }

    /// Ends what runs, and the guest with it.
    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.given_up.notify_one();
        self.commands.take();
    }
}
