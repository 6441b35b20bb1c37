//! `ready HOME PATH PORT WORD...`: starts a gateway and prints the milliseconds until it says that it can serve.

use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [home, path, port, file, arguments @ ..] = words.as_slice() else {
        return Err(Error::other("usage: ready HOME PATH PORT WORD..."));
    };
    let mut command = Command::new(file);
    command.args(arguments).env_clear().envs([("HOME", home), ("PATH", path), ("CLAWFT__gateway__port", port)]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn()?;
    while !can_serve(port) {
        if child.try_wait()?.is_some() || began.elapsed() > Duration::from_secs(20) {
            return Err(Error::other("the gateway did not become ready"));
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    println!("{:.3}", began.elapsed().as_secs_f64() * 1000.0);
    child.kill()?;
    child.wait().map(|_| ())
}

fn can_serve(port: &str) -> bool {
    let asked = || -> Result<String> {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
