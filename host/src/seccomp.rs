//! A filter of system calls: what no command needs, and what would lead around the other limits. See seccomp(2).

use libc::{c_long, sock_filter};
use std::io;

/// The kernel runs the filter as it is given; it is made before the fork.
pub struct Filter(Vec<sock_filter>);

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;

/// Places in `struct seccomp_data`; the lower half of an argument, on a little-endian machine.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;
const SECOND_ARGUMENT: u32 = 24;

const ALLOW: u32 = 0x7FFF_0000;
const ERRNO: u32 = 0x0005_0000;
const REFUSED: u32 = ERRNO | libc::EPERM as u32;
/// For those who then try something older.
const ABSENT: u32 = ERRNO | libc::ENOSYS as u32;

/// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
const NAMESPACES: u32 = 0x7E02_0000;

/// Other processes' memory, mounts and namespaces, the kernel itself, keys, and handles that pass by paths.
const NEVER: &[c_long] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_open_by_handle_at,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// `io_uring` opens sockets past this filter, and the flags of `clone3` lie where no filter sees them.
const NEWER: &[c_long] =
    &[libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register, libc::SYS_clone3];

#[cfg(target_arch = "x86_64")]
const PORTS: &[c_long] = &[libc::SYS_iopl, libc::SYS_ioperm];
#[cfg(not(target_arch = "x86_64"))]
const PORTS: &[c_long] = &[];

/// Whether this kernel takes filters.
pub fn is_there() -> bool {
    // SAFETY: without a filter the call only fails: by EFAULT where filters are known.
    let done = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, std::ptr::null::<u8>(), 0, 0) };
    done < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}

impl Filter {
    pub fn new(network: bool) -> Filter {
        let mut code =
            vec![load(ARCH), unless_equal(ARCHITECTURE, ABSENT).0, unless_equal(ARCHITECTURE, ABSENT).1, load(NUMBER)];
        // The numbers of x32, a second set on the same architecture.
        #[cfg(target_arch = "x86_64")]
        code.extend([jump(libc::BPF_JGE, 0x4000_0000, 0, 1), answer(ABSENT)]);
        for (numbers, result) in [(NEVER, REFUSED), (PORTS, REFUSED), (NEWER, ABSENT)] {
            for &number in numbers {
                code.extend([jump(libc::BPF_JEQ, number as u32, 0, 1), answer(result)]);
            }
        }
        let clone = [load(FIRST_ARGUMENT), jump(libc::BPF_JSET, NAMESPACES, 0, 1), answer(REFUSED), answer(ALLOW)];
        code.push(jump(libc::BPF_JEQ, libc::SYS_clone as u32, 0, clone.len() as u8));
        code.extend(clone);
        code.push(jump(libc::BPF_JEQ, libc::SYS_socket as u32, 1, 0));
        code.push(answer(ALLOW));
        code.extend(socket(network));
        Filter(code)
    }

    /// Holds this process back, and all it becomes. Only system calls: it runs between fork and exec.
    pub fn install(&self) -> io::Result<()> {
        let Ok(len) = u16::try_from(self.0.len()) else {
            return Err(io::Error::from_raw_os_error(libc::E2BIG));
        };
        let program = libc::sock_fprog { len, filter: self.0.as_ptr().cast_mut() };
        // SAFETY: the kernel copies the program, which lives longer than the call.
        let done = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program, 0, 0) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

/// Unix sockets, TCP and UDP; nothing raw, and nothing that speaks to the kernel.
fn socket(network: bool) -> Vec<sock_filter> {
    if !network {
        return vec![answer(ERRNO | libc::EACCES as u32)];
    }
    let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];
    let mut code = vec![load(FIRST_ARGUMENT)];
    for (index, &family) in families.iter().enumerate() {
        // Over the rest of them and the refusal.
        code.push(jump(libc::BPF_JEQ, family as u32, (families.len() - index) as u8, 0));
    }
    code.push(answer(ERRNO | libc::EACCES as u32));
    code.push(load(SECOND_ARGUMENT));
    code.push(sock_filter { code: (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16, jt: 0, jf: 0, k: 0xF });
    code.extend([jump(libc::BPF_JEQ, libc::SOCK_RAW as u32, 0, 1), answer(ERRNO | libc::EACCES as u32), answer(ALLOW)]);
    code
}

fn load(place: u32) -> sock_filter {
    sock_filter { code: (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, jt: 0, jf: 0, k: place }
}

fn jump(condition: u32, value: u32, met: u8, otherwise: u8) -> sock_filter {
    sock_filter { code: (libc::BPF_JMP | condition | libc::BPF_K) as u16, jt: met, jf: otherwise, k: value }
}

fn answer(result: u32) -> sock_filter {
    sock_filter { code: (libc::BPF_RET | libc::BPF_K) as u16, jt: 0, jf: 0, k: result }
}

fn unless_equal(value: u32, result: u32) -> (sock_filter, sock_filter) {
    (jump(libc::BPF_JEQ, value, 1, 0), answer(result))
}
