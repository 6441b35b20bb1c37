//! What holds a child back, as far as this kernel can: Landlock, a filter of system calls, covered files and limits.
//! All of it is prepared before the fork; what runs in the child is system calls only.

use crate::{
    capabilities,
    hiding::{self, Cover, View, Way},
    landlock::{self, Ruleset},
    seccomp::{self, Filter},
};
use rquickjs::{Ctx, FromJs, Object, Result, Value, prelude::Func};
use std::{io, path::PathBuf, sync::OnceLock};

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("sandbox", Func::from(support))
}

/// Landlock's version or 0; whether system calls can be filtered; whether files can be covered.
fn support() -> Vec<u32> {
    vec![landlock::abi(), u32::from(seccomp::is_there()), u32::from(way().is_some())]
}

fn way() -> Option<Way> {
    static WAY: OnceLock<Option<Way>> = OnceLock::new();
    *WAY.get_or_init(hiding::way)
}

/// The rules for one child; see `Sandbox` in `core/platform.ts`.
pub struct Rules {
    read: Vec<PathBuf>,
    write: Vec<PathBuf>,
    view: View,
    network: bool,
    limits: Vec<(u32, u64)>,
}

impl<'js> FromJs<'js> for Rules {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Rules> {
        let object = Object::from_js(ctx, value)?;
        let paths = |name: &str| -> Result<Vec<PathBuf>> {
            Ok(object.get::<_, Vec<String>>(name)?.into_iter().map(PathBuf::from).collect())
        };
        let limits: Object = object.get("limits")?;
        let known = [
            ("memoryBytes", libc::RLIMIT_DATA),
            ("processes", libc::RLIMIT_NPROC),
            ("fileBytes", libc::RLIMIT_FSIZE),
            ("openFiles", libc::RLIMIT_NOFILE),
            ("cpuSeconds", libc::RLIMIT_CPU),
        ];
        let mut given = Vec::new();
        for (name, resource) in known {
            if let Some(most) = limits.get::<_, Option<f64>>(name)? {
                given.push((resource, most as u64));
            }
        }
        Ok(Rules {
            read: paths("read")?,
            write: paths("write")?,
            view: View { pin: paths("pin")?, read_only: with_targets(paths("readOnly")?), hide: paths("hide")? },
            network: object.get("network")?,
            limits: given,
        })
    }
}

/// And what they lead to, where links do.
fn with_targets(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let real = paths.iter().filter_map(|path| path.canonicalize().ok());
    let targets: Vec<_> = real.filter(|path| !paths.contains(path)).collect();
    [paths, targets].concat()
}

/// Ready to be applied.
pub struct Sandbox {
    cover: Option<Cover>,
    ruleset: Option<Ruleset>,
    filter: Option<Filter>,
    limits: Vec<(u32, libc::rlimit)>,
}

impl Sandbox {
    pub fn new(rules: &Rules) -> io::Result<Sandbox> {
        let cover = way().filter(|_| !rules.view.is_plain()).map(|way| Cover::new(way, &rules.view)).transpose()?;
        let ruleset = (landlock::abi() > 0).then(|| ruleset(rules, cover.is_some())).transpose()?;
        let filter = seccomp::is_there().then(|| Filter::new(rules.network));
        let limits = rules.limits.iter().map(|&(resource, most)| Ok((resource, lowered(resource, most)?)));
        Ok(Sandbox { cover, ruleset, filter, limits: limits.collect::<io::Result<_>>()? })
    }

    /// In the child, before exec. What mounts comes first: the others forbid it.
    pub fn apply(&self) -> io::Result<()> {
        for (resource, limit) in &self.limits {
            // SAFETY: the kernel reads the structure.
            checked(unsafe { libc::setrlimit(*resource as _, limit) })?;
        }
        if let Some(cover) = &self.cover {
            cover.make()?;
        }
        capabilities::drop()?;
        // SAFETY: no memory is involved.
        checked(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
        if let Some(ruleset) = &self.ruleset {
            ruleset.restrict()?;
        }
        match &self.filter {
            Some(filter) => filter.install(),
            None => Ok(()),
        }
    }
}

fn ruleset(rules: &Rules, covered: bool) -> io::Result<Ruleset> {
    let ruleset = Ruleset::new(rules.network)?;
    for (paths, writing) in [(&rules.read, false), (&rules.write, true)] {
        for path in paths {
            if covered {
                ruleset.allow(path, writing)?;
            } else {
                ruleset.allow_around(path, writing, &rules.view)?;
            }
        }
    }
    Ok(ruleset)
}

/// Never above what this process may have itself.
fn lowered(resource: u32, most: u64) -> io::Result<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel fills the structure.
    checked(unsafe { libc::getrlimit(resource as _, &raw mut limit) })?;
    let most = limit.rlim_max.min(most as libc::rlim_t);
    Ok(libc::rlimit { rlim_cur: most, rlim_max: most })
}

fn checked(result: i32) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
