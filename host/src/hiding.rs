//! A view of the files of its own for a child, in which some are covered and some are only read: by mounts in a
//! namespace, where the system lets us make one. See mount_namespaces(7).

use std::{
    ffi::{CStr, CString},
    io, mem,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    ptr,
};

/// How we get one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// We may mount.
    Own,
    /// Within a user namespace, in which we are the same user.
    User,
}

/// What differs in it. What is not there is passed over.
pub struct View {
    /// Folders that are neither renamed nor removed.
    pub pin: Vec<PathBuf>,
    pub read_only: Vec<PathBuf>,
    pub hide: Vec<PathBuf>,
}

impl View {
    pub fn is_plain(&self) -> bool {
        self.hide.is_empty() && self.read_only.is_empty()
    }
}

/// The same, prepared before the fork.
pub struct Cover {
    way: Way,
    pinned: Vec<CString>,
    read_only: Vec<CString>,
    folders: Vec<CString>,
    files: Vec<CString>,
    uids: CString,
    gids: CString,
}

impl Cover {
    pub fn new(way: Way, view: &View) -> io::Result<Cover> {
        let named = |path: &Path| CString::new(path.as_os_str().as_bytes());
        let there = |paths: &[PathBuf]| -> io::Result<Vec<CString>> {
            paths.iter().filter(|path| path.exists()).map(|path| Ok(named(path)?)).collect()
        };
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        for path in &view.hide {
            match std::fs::metadata(path) {
                Ok(stat) if stat.is_dir() => folders.push(named(path)?),
                Ok(_) => files.push(named(path)?),
                Err(_) => {}
            }
        }
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Ok(Cover {
            way,
            pinned: there(&view.pin)?,
            read_only: there(&view.read_only)?,
            folders,
            files,
            uids: CString::new(format!("{uid} {uid} 1"))?,
            gids: CString::new(format!("{gid} {gid} 1"))?,
        })
    }

    /// Only system calls: it runs between fork and exec.
    pub fn make(&self) -> io::Result<()> {
        let mut here = [0_u8; libc::PATH_MAX as usize];
        // SAFETY: all texts end in a zero and live longer than the calls, and so do the structures.
        unsafe {
            checked(libc::syscall(libc::SYS_getcwd, here.as_mut_ptr(), here.len()))?;
            match self.way {
                Way::Own => checked(libc::unshare(libc::CLONE_NEWNS))?,
                Way::User => {
                    checked(libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS))?;
                    write(c"/proc/self/setgroups", c"deny")?;
                    write(c"/proc/self/uid_map", &self.uids)?;
                    write(c"/proc/self/gid_map", &self.gids)?;
                }
            }
            let none = ptr::null();
            checked(libc::mount(none, c"/".as_ptr(), none, libc::MS_REC | libc::MS_PRIVATE, ptr::null()))?;
            // What is a mount is neither renamed nor removed.
            for path in self.pinned.iter().chain(&self.read_only) {
                let path = path.as_ptr();
                checked(libc::mount(path, path, none, libc::MS_BIND | libc::MS_REC, ptr::null()))?;
            }
            for path in &self.read_only {
                checked(libc::syscall(
                    libc::SYS_mount_setattr,
                    libc::AT_FDCWD,
                    path.as_ptr(),
                    libc::AT_RECURSIVE,
                    &raw const READ_ONLY,
                    mem::size_of::<MountAttr>(),
                ))?;
            }
            let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC | libc::MS_RDONLY;
            let how = c"size=4k,mode=000";
            for folder in &self.folders {
                checked(libc::mount(c"none".as_ptr(), folder.as_ptr(), c"tmpfs".as_ptr(), flags, how.as_ptr().cast()))?;
            }
            for file in &self.files {
                checked(libc::mount(c"/dev/null".as_ptr(), file.as_ptr(), none, libc::MS_BIND, ptr::null()))?;
            }
            // Where we are may be below one of these mounts by now.
            checked(libc::chdir(here.as_ptr().cast()))?;
        }
        Ok(())
    }
}

/// See mount_setattr(2).
#[repr(C)]
struct MountAttr {
    attr_set: u64,
    attr_clr: u64,
    propagation: u64,
    userns_fd: u64,
}

const MOUNT_ATTR_RDONLY: u64 = 1;
static READ_ONLY: MountAttr = MountAttr { attr_set: MOUNT_ATTR_RDONLY, attr_clr: 0, propagation: 0, userns_fd: 0 };

fn checked(result: impl Into<i64>) -> io::Result<()> {
    if result.into() < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// SAFETY: only system calls.
unsafe fn write(path: &CStr, text: &CStr) -> io::Result<()> {
    // SAFETY: both texts end in a zero; the descriptor is ours.
    unsafe {
        let fd = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        checked(fd)?;
        let length = text.to_bytes().len();
        let written = libc::write(fd, text.as_ptr().cast(), length);
        libc::close(fd);
        if usize::try_from(written) == Ok(length) { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

/// Tries it, in a child that ends at once.
pub fn way() -> Option<Way> {
    [Way::Own, Way::User].into_iter().find(|&way| works(way))
}

fn works(way: Way) -> bool {
    let proc = || vec![PathBuf::from("/proc")];
    let Ok(cover) = Cover::new(way, &View { pin: proc(), read_only: proc(), hide: proc() }) else {
        return false;
    };
    // SAFETY: the child makes system calls only, and ends without running anything of ours.
    unsafe {
        match libc::fork() {
            -1 => false,
            0 => libc::_exit(i32::from(cover.make().is_err())),
            pid => {
                let mut status = 0;
                while libc::waitpid(pid, &raw mut status, 0) < 0 {
                    if io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
                        return false;
                    }
                }
                libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
            }
        }
    }
}
