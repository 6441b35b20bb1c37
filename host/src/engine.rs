//! One QuickJS runtime on one thread: makes it, gives it the natives, and runs the program to its end.

use crate::{
    children, client, connect, crypto, dns, files,
    heap::Heap,
    pack::{Pack, PackLoader, PackResolver},
    process, sandbox, server, signals, terminal, text, timers, url, watch, websocket,
};
use rquickjs::{
    AsyncContext, AsyncRuntime, CatchResultExt, Ctx, Function, Module, Object, Promise, Result, Value, prelude::Func,
};
use std::sync::OnceLock;

/// Bytes of stack for JavaScript; deeper recursion throws.
const STACK: usize = 2 * 1024 * 1024;
/// Bytes allocated between two collections.
const GC_THRESHOLD: usize = 4 * 1024 * 1024;

/// The exit code of a program that ended without `exit`: something it waits for will never come.
const STUCK: i32 = 70;

pub async fn run(pack: Pack) -> i32 {
    process::raise_open_files();
    signals::when_first_process();
    match start(pack).await {
        Ok(runtime) => {
            runtime.idle().await;
            eprintln!("weft: internal error: the program waits for something that cannot come");
            STUCK
        }
        Err(message) => {
            eprintln!("weft: internal error: {message}");
            STUCK
        }
    }
}

static PACK: OnceLock<Pack> = OnceLock::new();

async fn start(pack: Pack) -> std::result::Result<AsyncRuntime, String> {
    let runtime = AsyncRuntime::new_with_alloc(Heap::new()).map_err(|error| error.to_string())?;
    runtime.set_max_stack_size(STACK).await;
    runtime.set_gc_threshold(GC_THRESHOLD).await;
    runtime.set_memory_limit(process::memory_limit()).await;
    runtime.set_loader(PackResolver(pack), PackLoader(pack)).await;
    runtime.set_host_promise_rejection_tracker(Some(Box::new(rejection))).await;
    let context = AsyncContext::full(&runtime).await.map_err(|error| error.to_string())?;
    context
        .with(|ctx| {
            let begun = begin(&ctx, pack);
            begun.catch(&ctx).map_err(|error| error.to_string())
        })
        .await?;
    // The context lives as long as the process.
    std::mem::forget(context);
    Ok(runtime)
}

fn begin(ctx: &Ctx<'_>, pack: Pack) -> Result<()> {
    let host = Object::new(ctx.clone())?;
    for init in [
        children::init,
        sandbox::init,
        client::init,
        connect::init,
        crypto::init,
        dns::init,
        files::init,
        process::init,
        server::init,
        signals::init,
        terminal::init,
        text::init,
        timers::init,
        url::init,
        watch::init,
        websocket::init,
    ] {
        init(ctx, &host)?;
    }
    #[cfg(feature = "wasm-plugins")]
    crate::wasm::init(ctx, &host)?;
    host.set("load", Func::from(load))?;
    ctx.globals().set("__host", host)?;
    ctx.globals().set("__import", Func::from(import))?;
    let pack = PACK.get_or_init(|| pack);
    let main = pack.main().ok_or_else(|| rquickjs::Error::new_loading("main"))?;
    let (_, done) = pack.load(ctx, main)?.eval()?;
    let failing = ctx.clone();
    ctx.spawn(async move {
        if let Err(error) = Promise::into_future::<Value>(done).await.catch(&failing) {
            eprintln!("weft: internal error: {error}");
            process::leave(STUCK);
        }
    });
    Ok(())
}

/// What the bundle has in place of `import()`, which would have to know where it is called from: in no bytecode of ours
/// is anything about its source.
fn import<'js>(ctx: Ctx<'js>, name: String) -> Result<Promise<'js>> {
    Module::import(&ctx, name)
}

/// Evaluates a module that waits for nothing, at once.
fn load<'js>(ctx: Ctx<'js>, name: String) -> Result<Object<'js>> {
    let pack = PACK.get().ok_or_else(|| rquickjs::Error::new_loading(&name))?;
    let (module, done) = pack.load(&ctx, &name)?.eval()?;
    done.finish::<Value>()?;
    module.namespace()
}

/// Tells the program about a rejection nobody handles, and again when somebody does after all.
fn rejection<'js>(ctx: Ctx<'js>, promise: Value<'js>, reason: Value<'js>, handled: bool) {
    let listener: Result<Function<'js>> = ctx.globals().get("__rejection");
    if let Ok(listener) = listener
        && let Err(error) = listener.call::<_, ()>((promise, reason, handled)).catch(&ctx)
    {
        eprintln!("weft: internal error: {error}");
    }
}
