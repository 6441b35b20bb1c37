//! `chats PORT TOKEN CHATS TURNS KEY`: so many chats at a gateway, each asks again when it is answered, until so many turns
//! are done. Prints turns a second. KEY keeps this run's messages apart from those of others.

use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const BODY: &str = r#"{"model":"weft","messages":[{"role":"user","content":"how are you?"}]}"#;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [port, token, chats, turns, key] = words.as_slice() else {
        return Err(Error::other("usage: chats PORT TOKEN CHATS TURNS KEY"));
    };
    let number = |word: &String| word.parse::<usize>().map_err(Error::other);
    let (chats, turns, next) = (number(chats)?, number(turns)?, AtomicUsize::new(0));
    let began = Instant::now();
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..chats)
            .map(|chat| {
                scope.spawn({
                    let next = &next;
                    move || {
                        talk(&format!("127.0.0.1:{port}"), token, chat, || {
                            let turn = next.fetch_add(1, Ordering::Relaxed);
                            (turn < turns).then(|| format!("{key}-{turn}"))
                        })
                    }
                })
            })
            .collect();
        all.into_iter().try_for_each(|each| each.join().unwrap_or_else(|_| Err(Error::other("a chat broke off"))))
    })?;
    println!("{:.1}", turns as f64 / began.elapsed().as_secs_f64());
    Ok(())
}

fn talk(host: &str, token: &str, chat: usize, mut next: impl FnMut() -> Option<String>) -> Result<()> {
    let stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    let mut output = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    while let Some(key) = next() {
        let length = BODY.len();
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\nx-session-id: chat{chat}\r\nidempotency-key: {key}\r\ncontent-length: {length}\r\n\r\n{BODY}"
        );
        output.write_all(head.as_bytes())?;
        answer(&mut input)?;
    }
    Ok(())
}

/// Reads one answer to its end; another status than 200 is an error.
fn answer(input: &mut BufReader<TcpStream>) -> Result<()> {
    let first = line(input)?;
    let mut length = None;
    loop {
        let header = line(input)?.to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let mut body = Vec::new();
    match length {
        Some(length) => take(input, &mut body, length)?,
        None => loop {
            let size = usize::from_str_radix(&line(input)?, 16).map_err(Error::other)?;
            take(input, &mut body, size)?;
            line(input)?;
            if size == 0 {
                break;
            }
        },
    }
    if first.contains(" 200 ") {
        Ok(())
    } else {
        Err(Error::other(format!("{first}: {}", String::from_utf8_lossy(&body))))
    }
}

fn line(input: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Err(Error::other("the gateway closed the connection"));
    }
    Ok(line.trim_end().to_owned())
}

fn take(input: &mut BufReader<TcpStream>, body: &mut Vec<u8>, length: usize) -> Result<()> {
    let start = body.len();
    body.resize(start + length, 0);
    input.read_exact(&mut body[start..])
}
