//! What root keeps: its rights over files, which Landlock bounds. With all of them it would look into other processes.

use std::{io, ptr};

/// CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID.
const KEPT: u32 = 1 | 1 << 1 | 1 << 3 | 1 << 4;
const VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Set {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Only system calls: it runs between fork and exec.
pub fn drop() -> io::Result<()> {
    let header = Header { version: VERSION, pid: 0 };
    let mut sets = [Set::default(); 2];
    // SAFETY: the kernel reads and writes these structures, whose sizes the version names.
    unsafe {
        for capability in (0..64).filter(|&each| KEPT >> each.min(31) & 1 == 0 || each > 31) {
            // Nobody without CAP_SETPCAP can, and nobody else has to.
            libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
        }
        libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        checked(libc::syscall(libc::SYS_capget, &raw const header, sets.as_mut_ptr()))?;
        for (index, set) in sets.iter_mut().enumerate() {
            let kept = if index == 0 { KEPT & set.permitted } else { 0 };
            *set = Set { effective: kept, permitted: kept, inheritable: 0 };
        }
        checked(libc::syscall(libc::SYS_capset, &raw const header, ptr::from_ref(&sets)))
    }
}

fn checked(result: libc::c_long) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
