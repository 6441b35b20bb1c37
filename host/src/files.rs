//! Files by descriptor, as POSIX has them; what makes a write safe is composed of these in `src/platform/posix/`.
//! Short operations run at once; what waits for the disk runs on another thread.

use crate::{
    fault::{Fault, OrThrow},
    value::{Octets, uint8_array},
};
use rquickjs::{Ctx, Object, Promise, Result, Value, prelude::Func};
use rustix::fs::{Access, Mode, OFlags};
use std::{
    cell::RefCell,
    collections::HashMap,
    fs::{self, File, FileType, Metadata, Permissions},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{DirBuilderExt, FileExt, FileTypeExt, MetadataExt, PermissionsExt},
    },
    sync::Arc,
};

/// Up to so many bytes are read or written at once on the engine's own thread.
const AT_ONCE: usize = 256 * 1024;

thread_local! {
    static OPEN: RefCell<HashMap<i32, Arc<File>>> = RefCell::default();
}

pub fn init<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    let flags = Object::new(ctx.clone())?;
    for (name, value) in [
        ("O_RDONLY", OFlags::RDONLY),
        ("O_WRONLY", OFlags::WRONLY),
        ("O_RDWR", OFlags::RDWR),
        ("O_CREAT", OFlags::CREATE),
        ("O_EXCL", OFlags::EXCL),
        ("O_APPEND", OFlags::APPEND),
        ("O_NOFOLLOW", OFlags::NOFOLLOW),
        ("O_DIRECTORY", OFlags::DIRECTORY),
        ("O_NONBLOCK", OFlags::NONBLOCK),
        ("O_NOCTTY", OFlags::NOCTTY),
    ] {
        flags.set(name, value.bits())?;
    }
    host.set("openFlags", flags)?;
    host.set("openFile", Func::from(open_file))?;
    host.set("closeFile", Func::from(close_file))?;
    host.set("readFile", Func::from(read_file))?;
    host.set("writeFile", Func::from(write_file))?;
    host.set("syncFile", Func::from(sync_file))?;
    host.set("statFile", Func::from(stat_file))?;
    host.set("truncateFile", Func::from(truncate_file))?;
    host.set("chmodFile", Func::from(chmod_file))?;
    host.set("chownFile", Func::from(chown_file))?;
    host.set("lockFile", Func::from(lock_file))?;
    host.set(
        "stat",
        Func::from(|ctx: Ctx<'_>, path: String| {
            fs::metadata(path)
                .map(|found| numbers(&found))
                .or_throw(&ctx)
        }),
    )?;
    host.set(
        "lstat",
        Func::from(|ctx: Ctx<'_>, path: String| {
            fs::symlink_metadata(path)
                .map(|found| numbers(&found))
                .or_throw(&ctx)
        }),
    )?;
    host.set(
        "rename",
        Func::from(|ctx: Ctx<'_>, from: String, to: String| fs::rename(from, to).or_throw(&ctx)),
    )?;
    host.set(
        "link",
        Func::from(|ctx: Ctx<'_>, from: String, to: String| fs::hard_link(from, to).or_throw(&ctx)),
    )?;
    host.set(
        "unlink",
        Func::from(|ctx: Ctx<'_>, path: String| fs::remove_file(path).or_throw(&ctx)),
    )?;
    host.set(
        "readlink",
        Func::from(|ctx: Ctx<'_>, path: String| {
            fs::read_link(path)
                .map(|found| shown(&found))
                .or_throw(&ctx)
        }),
    )?;
    host.set(
        "realpath",
        Func::from(|ctx: Ctx<'_>, path: String| {
            fs::canonicalize(path)
                .map(|found| shown(&found))
                .or_throw(&ctx)
        }),
    )?;
    host.set("mkdir", Func::from(make_directory))?;
    host.set("readdir", Func::from(read_directory))?;
    host.set("access", Func::from(access))?;
    host.set("removeTree", Func::from(remove_tree))
}

fn shown(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

/// mode, size, modified (ms), uid, gid, dev, ino.
fn numbers(found: &Metadata) -> Vec<f64> {
    let modified = found.mtime() as f64 * 1e3 + (found.mtime_nsec() / 1_000_000) as f64;
    vec![
        f64::from(found.mode()),
        found.size() as f64,
        modified,
        f64::from(found.uid()),
        f64::from(found.gid()),
        found.dev() as f64,
        found.ino() as f64,
    ]
}

fn opened(ctx: &Ctx<'_>, fd: i32) -> Result<Arc<File>> {
    OPEN.with_borrow(|open| open.get(&fd).cloned())
        .ok_or_else(|| Fault::new("EBADF", "the file is closed").throw(ctx))
}

fn open_file(ctx: Ctx<'_>, path: String, flags: u32, mode: u32) -> Result<i32> {
    let flags = OFlags::from_bits_retain(flags) | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(mode)).or_throw(&ctx)?);
    let fd = file.as_raw_fd();
    OPEN.with_borrow_mut(|open| open.insert(fd, Arc::new(file)));
    Ok(fd)
}

/// False when it was closed before.
fn close_file(fd: i32) -> bool {
    OPEN.with_borrow_mut(|open| open.remove(&fd)).is_some()
}

/// Runs on another thread; what it gives becomes the promise's value.
pub fn elsewhere<'js, T, F>(ctx: &Ctx<'js>, task: F) -> Result<Value<'js>>
where
    T: for<'a> rquickjs::IntoJs<'a> + Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    let inner = ctx.clone();
    let promise = Promise::wrap_future(ctx, async move {
        match tokio::task::spawn_blocking(task).await {
            Ok(result) => result.or_throw(&inner),
            Err(_) => Err(Fault::new("EIO", "the task was given up").throw(&inner)),
        }
    })?;
    Ok(promise.into_inner().into_value())
}

/// Bytes for JavaScript, made on another thread.
struct Read(Vec<u8>);

impl<'js> rquickjs::IntoJs<'js> for Read {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        uint8_array(ctx, self.0)
    }
}

/// At most `length` bytes from `position`; fewer, down to none, at the end.
fn read_file(ctx: Ctx<'_>, fd: i32, length: usize, position: f64) -> Result<Value<'_>> {
    let file = opened(&ctx, fd)?;
    if length > AT_ONCE {
        return elsewhere(&ctx, move || read_at(&file, length, position).map(Read));
    }
    let bytes = read_at(&file, length, position).or_throw(&ctx)?;
    uint8_array(&ctx, bytes)
}

fn read_at(file: &File, length: usize, position: f64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(length)
        .map_err(|_| io::Error::from_raw_os_error(libc::ENOMEM))?;
    bytes.resize(length, 0);
    let count = loop {
        match file.read_at(&mut bytes, position as u64) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    bytes.truncate(count);
    Ok(bytes)
}

/// How many bytes were written, at the file's own position: at its end when it was opened to append.
fn write_file<'js>(ctx: Ctx<'js>, fd: i32, bytes: Octets) -> Result<Value<'js>> {
    let file = opened(&ctx, fd)?;
    if bytes.0.len() > AT_ONCE {
        return elsewhere(&ctx, move || write_some(&file, &bytes.0));
    }
    let count = write_some(&file, &bytes.0).or_throw(&ctx)?;
    Ok(Value::new_number(ctx, count))
}

fn write_some(mut file: &File, bytes: &[u8]) -> io::Result<f64> {
    use io::Write;
    loop {
        match file.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map(|count| count as f64),
        }
    }
}

/// `whole`: times and all (fsync); else what is needed to read the content again (fdatasync).
fn sync_file(ctx: Ctx<'_>, fd: i32, whole: bool) -> Result<Value<'_>> {
    let file = opened(&ctx, fd)?;
    elsewhere(&ctx, move || {
        if whole {
            file.sync_all()
        } else {
            file.sync_data()
        }
    })
}

fn stat_file(ctx: Ctx<'_>, fd: i32) -> Result<Vec<f64>> {
    opened(&ctx, fd)?
        .metadata()
        .map(|found| numbers(&found))
        .or_throw(&ctx)
}

fn truncate_file(ctx: Ctx<'_>, fd: i32, size: f64) -> Result<()> {
    opened(&ctx, fd)?.set_len(size as u64).or_throw(&ctx)
}

fn chmod_file(ctx: Ctx<'_>, fd: i32, mode: u32) -> Result<()> {
    opened(&ctx, fd)?
        .set_permissions(Permissions::from_mode(mode))
        .or_throw(&ctx)
}

fn chown_file(ctx: Ctx<'_>, fd: i32, uid: u32, gid: u32) -> Result<()> {
    std::os::unix::fs::fchown(&*opened(&ctx, fd)?, Some(uid), Some(gid)).or_throw(&ctx)
}

/// A write lock on a range of bytes that belongs to this descriptor (fcntl(2), "Open file description locks"); false
/// when another one holds part of it.
fn lock_file(ctx: Ctx<'_>, fd: i32, start: f64, length: f64) -> Result<bool> {
    let file = opened(&ctx, fd)?;
    // SAFETY: all zero is a valid flock.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = start as libc::off_t;
    lock.l_len = length as libc::off_t;
    // SAFETY: the descriptor is open and `lock` outlives the call.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &lock) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EACCES) => Ok(false),
        _ => Err(Fault::from(error).throw(&ctx)),
    }
}

fn make_directory(ctx: Ctx<'_>, path: String, mode: u32) -> Result<()> {
    fs::DirBuilder::new().mode(mode).create(path).or_throw(&ctx)
}

/// name, kind, name, kind, ...; kinds as in `core/platform.ts`. Links are not followed.
fn read_directory(ctx: Ctx<'_>, path: String) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).or_throw(&ctx)? {
        let entry = entry.or_throw(&ctx)?;
        let kind = entry.file_type().map_or("other", kind_of);
        names.push(entry.file_name().to_string_lossy().into_owned());
        names.push(kind.to_owned());
    }
    Ok(names)
}

fn kind_of(kind: FileType) -> &'static str {
    if kind.is_file() {
        "file"
    } else if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "link"
    } else {
        debug_assert!(
            kind.is_fifo() || kind.is_socket() || kind.is_block_device() || kind.is_char_device()
        );
        "other"
    }
}

/// Whether this process may: bits of `access(2)`, 4 read, 2 write, 1 execute, 0 see.
fn access(path: String, bits: u32) -> bool {
    rustix::fs::access(path, Access::from_bits_retain(bits)).is_ok()
}

fn remove_tree(ctx: Ctx<'_>, path: String) -> Result<Value<'_>> {
    elsewhere(&ctx, move || {
        if fs::symlink_metadata(&path)?.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        }
    })
}
