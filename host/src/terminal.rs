//! Standard input, output and error, and a terminal's raw mode.

use crate::{
    fault::{Fault, OrThrow},
    files::elsewhere,
    value::uint8_array,
};
use rquickjs::{Ctx, IntoJs, Object, Result, Value, prelude::Func};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::BorrowedFd,
    stdio,
    termios::{self, OptionalActions, Termios},
};
use std::{io, sync::Mutex};

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set(
        "isTerminal",
        Func::from(|fd: i32| termios::isatty(standard(fd))),
    )?;
    host.set("columns", Func::from(columns))?;
    host.set("put", Func::from(put))?;
    host.set("readInput", Func::from(read_input))?;
    host.set("setRaw", Func::from(set_raw))
}

fn standard(fd: i32) -> BorrowedFd<'static> {
    match fd {
        0 => stdio::stdin(),
        1 => stdio::stdout(),
        _ => stdio::stderr(),
    }
}

/// Characters in a line of the terminal; 0 where there is none.
fn columns() -> u16 {
    [1, 2, 0]
        .iter()
        .find_map(|fd| termios::tcgetwinsize(standard(*fd)).ok())
        .map_or(0, |size| size.ws_col)
}

/// Writes that a pipe takes whole (PIPE_BUF, pipe(7)).
const SMALL: usize = 4096;

/// Writes all of it to standard output (1) or error (2); a promise when that may wait for a reader. Calls must wait for
/// one another.
fn put(ctx: Ctx<'_>, fd: i32, text: String) -> Result<Value<'_>> {
    let takes_it = text.len() <= SMALL && {
        let mut fds = [PollFd::from_borrowed_fd(standard(fd), PollFlags::OUT)];
        poll(&mut fds, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    };
    if !takes_it {
        return elsewhere(&ctx, move || write_all(fd, text.as_bytes()));
    }
    write_all(fd, text.as_bytes()).or_throw(&ctx)?;
    Ok(Value::new_undefined(ctx))
}

fn write_all(fd: i32, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(standard(fd), bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                let mut fds = [PollFd::from_borrowed_fd(standard(fd), PollFlags::OUT)];
                poll(&mut fds, None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

struct Piece(Vec<u8>);

impl<'js> IntoJs<'js> for Piece {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        uint8_array(ctx, self.0)
    }
}

/// What standard input has next; empty at its end.
fn read_input(ctx: Ctx<'_>) -> Result<Value<'_>> {
    elsewhere(&ctx, || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match rustix::io::read(stdio::stdin(), &mut buffer[..]) {
                Ok(count) => {
                    buffer.truncate(count);
                    return Ok(Piece(buffer));
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => {
                    let mut fds = [PollFd::from_borrowed_fd(stdio::stdin(), PollFlags::IN)];
                    poll(&mut fds, None)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    })
}

/// How the terminal was before raw mode.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Keys one by one, without echo; line feeds on output stay as they are.
fn set_raw(ctx: Ctx<'_>, raw: bool) -> Result<()> {
    if !raw {
        restore();
        return Ok(());
    }
    let now = termios::tcgetattr(stdio::stdin()).or_throw(&ctx)?;
    let mut wanted = now.clone();
    wanted.make_raw();
    wanted.output_modes = now.output_modes;
    termios::tcsetattr(stdio::stdin(), OptionalActions::Now, &wanted).or_throw(&ctx)?;
    let mut before = BEFORE
        .lock()
        .map_err(|_| Fault::new("EIO", "the terminal's state is lost").throw(&ctx))?;
    before.get_or_insert(now);
    Ok(())
}

pub fn restore() {
    if let Ok(mut before) = BEFORE.lock()
        && let Some(before) = before.take()
    {
        // A terminal that has gone needs nothing.
        let _ = termios::tcsetattr(stdio::stdin(), OptionalActions::Now, &before);
    }
}
