//! This process: arguments, environment, identity, memory, its end.

use crate::terminal;
use rquickjs::{Ctx, Object, Result, prelude::Func};
use std::{sync::OnceLock, time::Instant};

pub fn init<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    started();
    let texts = |words: Vec<std::ffi::OsString>| -> Vec<String> {
        words
            .into_iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    };
    let env = Object::new(ctx.clone())?;
    for (name, value) in std::env::vars_os() {
        env.set(
            name.to_string_lossy().as_ref(),
            value.to_string_lossy().as_ref(),
        )?;
    }
    host.set("args", texts(std::env::args_os().skip(1).collect()))?;
    host.set("env", env)?;
    host.set(
        "cwd",
        std::env::current_dir().map_or_else(
            |_| "/".to_owned(),
            |path| path.to_string_lossy().into_owned(),
        ),
    )?;
    host.set("pid", std::process::id())?;
    host.set("uid", rustix::process::geteuid().as_raw())?;
    host.set(
        "engine",
        concat!("native ", env!("CARGO_PKG_VERSION"), " (QuickJS-ng)"),
    )?;
    host.set(
        "monotonic",
        Func::from(|| started().elapsed().as_secs_f64() * 1e3),
    )?;
    host.set("residentBytes", Func::from(resident_bytes))?;
    host.set("collect", Func::from(|ctx: Ctx<'_>| ctx.run_gc()))?;
    host.set("exit", Func::from(|code: i32| -> () { leave(code) }))
}

fn started() -> &'static Instant {
    static STARTED: OnceLock<Instant> = OnceLock::new();
    STARTED.get_or_init(Instant::now)
}

/// Ends the process at once; a terminal in raw mode is put back first.
pub fn leave(code: i32) -> ! {
    terminal::restore();
    std::process::exit(code)
}

fn resident_bytes() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<f64>().ok());
    pages.unwrap_or(0.0) * rustix::param::page_size() as f64
}

/// As many open files as the system lets us have; each connection and child needs some.
pub fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // A system that forbids it leaves us with what we have.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
}

/// Bytes that JavaScript may use: three quarters of what the control group allows, at most 1 GiB. More throws, so that
/// one turn fails instead of the kernel ending all of them.
pub fn memory_limit() -> usize {
    const MOST: usize = 1 << 30;
    let limits = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let allowed = limits.iter().find_map(|path| {
        std::fs::read_to_string(path)
            .ok()?
            .trim()
            .parse::<usize>()
            .ok()
    });
    allowed.map_or(MOST, |bytes| (bytes / 4 * 3).min(MOST))
}
