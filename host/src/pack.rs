//! The program, appended to the executable:
//! `u32 count`, count × (`u16 length`, name, `u8 late`, `u32 length`, bytes), `u64 size`, `WEFTPACK`; all little-endian.
//! It is mapped, not read: chunks that are never used cost no memory. What quick commands load is bytecode; everything
//! else is deflated source (RFC 1951), half as large as its bytecode deflated, and compiled when it is loaded: a
//! millisecond for each 20 KB.

use flate2::{
    Compression,
    write::{DeflateDecoder, DeflateEncoder},
};
use rquickjs::{
    CatchResultExt, Context, Ctx, Error, Module, Result, Runtime, WriteOptions,
    loader::{Loader, Resolver},
    module::Declared,
};
use rustix::mm::{MapFlags, ProtFlags};
use std::{
    ffi::CStr,
    fs::File,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
};

const MARK: &[u8] = b"WEFTPACK";

/// The modules of the program; the first one is where it begins.
#[derive(Clone, Copy)]
pub struct Pack {
    entries: &'static [Entry],
}

struct Entry {
    name: &'static str,
    late: bool,
    bytes: &'static [u8],
}

impl Pack {
    pub fn of_this_executable() -> io::Result<Pack> {
        let bytes = map(&this_executable()?)?;
        Pack::parse(bytes).ok_or_else(|| io::Error::other("this executable has no program in it: build it again"))
    }

    /// None when the bytes do not end in a pack, or in a damaged one.
    pub fn parse(bytes: &'static [u8]) -> Option<Pack> {
        let (rest, mark) = bytes.split_at_checked(bytes.len().checked_sub(MARK.len())?)?;
        let (rest, size) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
        let size = usize::try_from(u64::from_le_bytes(size.try_into().ok()?)).ok()?;
        let mut reader = Reader(rest.get(rest.len().checked_sub(size)?..)?);
        if mark != MARK {
            return None;
        }
        let count = reader.u32()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let length = usize::from(u16::from_le_bytes(reader.take(2)?.try_into().ok()?));
            let name = std::str::from_utf8(reader.take(length)?).ok()?;
            let late = reader.take(1)? != [0];
            let length = usize::try_from(reader.u32()?).ok()?;
            entries.push(Entry { name, late, bytes: reader.take(length)? });
        }
        Some(Pack { entries: Box::leak(entries.into_boxed_slice()) })
    }

    pub fn main(&self) -> Option<&'static str> {
        self.entries.first().map(|entry| entry.name)
    }

    pub fn load<'js>(&self, ctx: &Ctx<'js>, name: &str) -> Result<Module<'js, Declared>> {
        let entry = self.entry(name).ok_or_else(|| Error::new_loading(name))?;
        if entry.late {
            let source = inflated(entry.bytes).ok_or_else(|| Error::new_loading(name))?;
            return Module::declare(ctx.clone(), name, source);
        }
        // SAFETY: the bytecode was written by `write` with this version of the engine and is part of this executable.
        unsafe { Module::load(ctx.clone(), entry.bytes) }
    }

    fn entry(&self, name: &str) -> Option<&'static Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

/// None when it is damaged.
fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = DeflateDecoder::new(Vec::with_capacity(bytes.len() * 4));
    decoder.write_all(bytes).ok()?;
    decoder.finish().ok()
}

struct Reader(&'static [u8]);

impl Reader {
    fn take(&mut self, count: usize) -> Option<&'static [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }
}

/// By /proc, or by the path we were started with where nobody has mounted it.
fn this_executable() -> io::Result<File> {
    File::open("/proc/self/exe").or_else(|_| {
        // SAFETY: AT_EXECFN is the address of a C string that lives as long as the process (getauxval(3)).
        let path = unsafe { CStr::from_ptr(libc::getauxval(libc::AT_EXECFN) as *const libc::c_char) };
        let path = path.to_str().map_err(io::Error::other)?;
        File::options().read(true).custom_flags(libc::O_CLOEXEC).open(path)
    })
}

fn map(file: &File) -> io::Result<&'static [u8]> {
    let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    // SAFETY: a private read-only mapping that is never taken away; nobody writes to a running executable (ETXTBSY).
    unsafe {
        let address = rustix::mm::mmap(std::ptr::null_mut(), length, ProtFlags::READ, MapFlags::PRIVATE, file, 0)?;
        Ok(std::slice::from_raw_parts(address.cast::<u8>(), length))
    }
}

pub struct PackResolver(pub Pack);

impl Resolver for PackResolver {
    fn resolve(&mut self, _: &Ctx<'_>, base: &str, name: &str) -> Result<String> {
        let plain = name.trim_start_matches("./");
        if self.0.entry(plain).is_some() { Ok(plain.to_owned()) } else { Err(Error::new_resolving(base, name)) }
    }
}

pub struct PackLoader(pub Pack);

impl Loader for PackLoader {
    fn load<'js>(&mut self, ctx: &Ctx<'js>, name: &str) -> Result<Module<'js, Declared>> {
        self.0.load(ctx, name)
    }
}

/// Writes `host` with the modules, `quick` (the first is the main one) and `late`, appended to `out`.
pub fn write(host: &str, out: &str, quick: &[String], late: &[String]) -> std::result::Result<(), String> {
    let executable = std::fs::read(host).map_err(|error| format!("{host}: {error}"))?;
    let pack = packed(quick, late)?;
    let size = (pack.len() as u64).to_le_bytes();
    std::fs::write(out, [&executable, &pack, &size[..], MARK].concat()).map_err(|error| format!("{out}: {error}"))
}

fn packed(quick: &[String], late: &[String]) -> std::result::Result<Vec<u8>, String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    runtime.set_loader(Anything, Anything);
    let context = Context::full(&runtime).map_err(|error| error.to_string())?;
    let count = u32::try_from(quick.len() + late.len()).map_err(|error| error.to_string())?;
    let mut pack = count.to_le_bytes().to_vec();
    context.with(|ctx| {
        for (index, path) in quick.iter().chain(late).enumerate() {
            let source = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
            let name = path.rsplit('/').next().unwrap_or(path);
            // Also of what is kept as source: a mistake in it is found now.
            let bytecode = bytecode_of(&ctx, name, source.clone()).map_err(|error| format!("{path}: {error}"))?;
            let is_late = index >= quick.len();
            let bytes = if is_late { deflated(&source).map_err(|error| error.to_string())? } else { bytecode };
            let length = u32::try_from(bytes.len()).map_err(|error| error.to_string())?;
            pack.extend(u16::try_from(name.len()).map_err(|error| error.to_string())?.to_le_bytes());
            pack.extend(name.as_bytes());
            pack.push(u8::from(is_late));
            pack.extend(length.to_le_bytes());
            pack.extend(bytes);
        }
        Ok(pack)
    })
}

fn deflated(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn bytecode_of(ctx: &Ctx<'_>, name: &str, source: Vec<u8>) -> std::result::Result<Vec<u8>, String> {
    let module = Module::declare(ctx.clone(), name, source).catch(ctx).map_err(|error| error.to_string())?;
    let options = WriteOptions { strip_source: true, strip_debug: true, ..Default::default() };
    module.write(options).catch(ctx).map_err(|error| error.to_string())
}

/// Lets modules that import others be compiled one by one.
struct Anything;

impl Resolver for Anything {
    fn resolve(&mut self, _: &Ctx<'_>, _: &str, name: &str) -> Result<String> {
        Ok(name.to_owned())
    }
}

impl Loader for Anything {
    fn load<'js>(&mut self, ctx: &Ctx<'js>, name: &str) -> Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, "")
    }
}

#[cfg(test)]
mod tests {
    use super::{MARK, Pack, deflated, inflated};

    fn example() -> Vec<u8> {
        let three = deflated(b"three").unwrap_or_default();
        let entries: [(&str, bool, &[u8]); 3] =
            [("main.js", false, b"one"), ("b.js", false, b"two"), ("d.js", true, &three)];
        let mut pack = (entries.len() as u32).to_le_bytes().to_vec();
        for (name, late, code) in entries {
            pack.extend((name.len() as u16).to_le_bytes());
            pack.extend(name.as_bytes());
            pack.push(u8::from(late));
            pack.extend((code.len() as u32).to_le_bytes());
            pack.extend(code);
        }
        let size = (pack.len() as u64).to_le_bytes();
        [b"ELF", &pack[..], &size, MARK].concat()
    }

    #[test]
    fn gives_back_what_was_packed() {
        let pack = Pack::parse(example().leak());
        assert_eq!(pack.and_then(|pack| pack.main()), Some("main.js"));
        let found = ["b.js", "c.js", "d.js"].map(|name| {
            let entry = pack.and_then(|pack| pack.entry(name))?;
            if entry.late { inflated(entry.bytes) } else { Some(entry.bytes.to_vec()) }
        });
        assert_eq!(found, [Some(b"two".to_vec()), None, Some(b"three".to_vec())]);
    }

    #[test]
    fn damaged_packs_are_refused_or_read_never_worse() {
        let whole = example();
        for length in 0..whole.len() {
            let cut: &'static [u8] = whole[..length].to_vec().leak();
            assert!(Pack::parse(cut).is_none());
        }
        for position in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bent = whole.clone();
                bent[position] = value;
                let pack = Pack::parse(bent.leak());
                let _ = pack.and_then(|pack| pack.entry("d.js")).map(|entry| inflated(entry.bytes));
            }
        }
    }
}
