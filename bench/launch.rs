//! Runs whole processes in turn, A B A B, and prints for each run its milliseconds and the most memory it held: a
//! program this small starts others ten times as fast as Node does, and watches none of them while they run.
//!
//! `launch ROUNDS < COMMANDS`: a command is a line of `HOME`, `PATH` and its words, with 0x1f between them. Prints
//! `INDEX MILLISECONDS BYTES` a run, a first round of each uncounted.

use std::io::{BufRead, stdin};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// getrusage(2) on 64-bit Linux: two times of two words each, then `ru_maxrss` in KiB, then 13 more words.
type Usage = [i64; 18];
const MAXRSS: usize = 4;

unsafe extern "C" {
    fn wait4(pid: i32, status: *mut i32, options: i32, usage: *mut Usage) -> i32;
}

fn main() -> ExitCode {
    let rounds = std::env::args().nth(1).and_then(|word| word.parse::<usize>().ok()).unwrap_or(25);
    let lines: Vec<String> = stdin().lock().lines().map_while(Result::ok).collect();
    for round in 0..=rounds {
        for (index, line) in lines.iter().enumerate() {
            let words: Vec<&str> = line.split('\x1f').collect();
            match run(&words) {
                Ok((ms, bytes)) if round > 0 => println!("{index} {ms:.3} {bytes}"),
                Ok(_) => {}
                Err(why) => {
                    eprintln!("{}: {why}", words[2..].join(" "));
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    ExitCode::SUCCESS
}

fn run(words: &[&str]) -> Result<(f64, i64), String> {
    let [home, path, file, arguments @ ..] = words else {
        return Err("not a command".to_owned());
    };
    let mut command = Command::new(file);
    command.args(arguments).env_clear().env("HOME", home).env("PATH", path);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let began = Instant::now();
    let child = command.spawn().map_err(|error| error.to_string())?;
    let (mut status, mut usage) = (0, Usage::default());
    // SAFETY: both point to values of ours that outlive the call; the child is ours and nobody else waits for it.
    let ended = unsafe { wait4(child.id() as i32, &raw mut status, 0, &raw mut usage) };
    let ms = began.elapsed().as_secs_f64() * 1000.0;
    if ended < 0 || status != 0 {
        return Err(format!("ended with wait status {status}"));
    }
    Ok((ms, usage[MAXRSS] * 1024))
}
