//! Landlock: which files a child may open, and that it may signal and reach nobody outside. See landlock(7).

use crate::hiding::View;
use std::{
    ffi::CString,
    io, mem,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd},
        unix::{ffi::OsStrExt, fs::FileTypeExt},
    },
    path::Path,
};

const EXECUTE: u64 = 1;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
const TRUNCATE: u64 = 1 << 14;
const IOCTL_DEV: u64 = 1 << 15;
/// What can be said of a file that is not a folder.
const OF_FILES: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
const READING: u64 = EXECUTE | READ_FILE | READ_DIR;

#[repr(C)]
struct RulesetAttr {
    handled_access_fs: u64,
    handled_access_net: u64,
    scoped: u64,
}

#[repr(C, packed)]
struct PathBeneathAttr {
    allowed_access: u64,
    parent_fd: i32,
}

/// The version of the kernel's interface; 0 where it has none.
pub fn abi() -> u32 {
    const VERSION: u32 = 1;
    // SAFETY: with this flag the call reads no memory.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, VERSION) };
    u32::try_from(version).unwrap_or(0)
}

/// What may be opened; all else may not.
pub struct Ruleset {
    fd: OwnedFd,
    handled: u64,
}

impl Ruleset {
    pub fn new(network: bool) -> io::Result<Ruleset> {
        let abi = abi();
        let handled = match abi {
            0 | 1 => (1 << 13) - 1,
            2 => (1 << 14) - 1,
            3 | 4 => (1 << 15) - 1,
            _ => (1 << 16) - 1,
        };
        let attr = RulesetAttr {
            handled_access_fs: handled,
            // Binding and connecting of TCP, without a rule for either.
            handled_access_net: if network { 0 } else { 3 },
            // Abstract Unix sockets, and signals.
            scoped: 3,
        };
        let size = match abi {
            0..=3 => 8,
            4 | 5 => 16,
            _ => mem::size_of::<RulesetAttr>(),
        };
        // SAFETY: the kernel reads `size` bytes of the structure, and gives a new descriptor.
        let fd = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, &raw const attr, size, 0_u32) };
        let fd = i32::try_from(fd).ok().filter(|&fd| fd >= 0).ok_or_else(io::Error::last_os_error)?;
        // SAFETY: nobody else has it.
        Ok(Ruleset { fd: unsafe { OwnedFd::from_raw_fd(fd) }, handled })
    }

    /// Everything below `path`; nothing when it is not there.
    pub fn allow(&self, path: &Path, writing: bool) -> io::Result<()> {
        self.allow_these(path, if writing { self.handled } else { READING }, 0)
    }

    /// Everything below `path` but what is hidden, and but changes of what is only read. Rules only ever allow, so what
    /// lies beside it is allowed one by one, and nothing new can be made in the folders between.
    pub fn allow_around(&self, path: &Path, writing: bool, view: &View) -> io::Result<()> {
        let View { hide, read_only, .. } = view;
        if hide.iter().any(|each| path.starts_with(each)) {
            return Ok(());
        }
        let writing = writing && !read_only.iter().any(|each| path.starts_with(each));
        let around = hide.iter().chain(read_only.iter().filter(|_| writing));
        if !around.into_iter().any(|each| each.starts_with(path)) {
            let access = if writing { self.handled } else { READING };
            return self.allow_these(path, access, libc::O_NOFOLLOW);
        }
        self.allow_these(path, READ_DIR, 0)?;
        for entry in std::fs::read_dir(path)?.flatten() {
            self.allow_around(&entry.path(), writing, view)?;
        }
        Ok(())
    }

    fn allow_these(&self, path: &Path, access: u64, flags: i32) -> io::Result<()> {
        let Some((fd, is_folder)) = opened(path, flags)? else {
            return Ok(());
        };
        let access = access & self.handled & if is_folder { u64::MAX } else { OF_FILES };
        if access == 0 {
            return Ok(());
        }
        let attr = PathBeneathAttr { allowed_access: access, parent_fd: fd.as_raw_fd() };
        const PATH_BENEATH: i32 = 1;
        // SAFETY: the kernel reads the structure.
        let done = unsafe {
            libc::syscall(libc::SYS_landlock_add_rule, self.fd.as_raw_fd(), PATH_BENEATH, &raw const attr, 0_u32)
        };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Holds this process back, and all it becomes. Only system calls: it runs between fork and exec.
    pub fn restrict(&self) -> io::Result<()> {
        // SAFETY: no memory is involved.
        let done = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, self.fd.as_raw_fd(), 0_u32) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

/// A descriptor of the place, and whether it is a folder; none of what is not there, may not be seen, or is a link.
fn opened(path: &Path, flags: i32) -> io::Result<Option<(OwnedFd, bool)>> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the name ends in a zero; the result is a new descriptor or -1.
    let fd = unsafe { libc::open(name.as_ptr(), libc::O_PATH | libc::O_CLOEXEC | flags) };
    if fd < 0 {
        return Ok(None);
    }
    // SAFETY: nobody else has it.
    let file = std::fs::File::from(unsafe { OwnedFd::from_raw_fd(fd) });
    let kind = file.metadata()?.file_type();
    if kind.is_symlink() || kind.is_fifo() {
        return Ok(None);
    }
    Ok(Some((file.into(), kind.is_dir())))
}
