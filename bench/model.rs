//! An OpenAI-compatible server that answers at once, or after the delay named in the model: `mock-500`. `mock-tool` calls
//! a tool first. Prints its port; a thread a connection, so that it is never what is measured.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}"#;
const TEXT: &str =
    r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"All is well."},"finish_reason":null}]}"#;
const END: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const CALL: &str = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"read_file","arguments":"{\"path\":\"notes.md\"}"}}]},"finish_reason":"tool_calls"}]}"#;

fn main() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let stream = stream?;
        // A client that goes away ends its thread.
        std::thread::spawn(move || serve(stream));
    }
    Ok(())
}

fn serve(stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut output = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    while let Some((is_post, body)) = request(&mut input)? {
        if !is_post {
            output.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?;
            continue;
        }
        std::thread::sleep(Duration::from_millis(delay_in(&body)));
        let events = events_for(&body).map(|event| format!("data: {event}\n\n")).concat();
        let length = events.len();
        write!(
            output,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n{events}"
        )?;
    }
    Ok(())
}

/// Whether it is a POST, and its body; none at the end.
fn request(input: &mut BufReader<TcpStream>) -> Result<Option<(bool, String)>> {
    let (mut length, mut is_post, mut line) = (0, None, String::new());
    while line != "\r\n" {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        is_post.get_or_insert(line.starts_with("POST"));
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(Some((is_post.unwrap_or(false), String::from_utf8_lossy(&body).into_owned())))
}

fn delay_in(body: &str) -> u64 {
    let digits = body.split_once(r#""model":"mock-"#).map_or("", |(_, rest)| rest);
    digits.split('"').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn events_for(body: &str) -> [&'static str; 4] {
    let answered = body.rfind(r#""role":"tool""#) > body.rfind(r#""role":"user""#);
    let asks = body.contains(r#""model":"mock-tool""#) && !answered;
    if asks { [CALL, USAGE, "[DONE]", "[DONE]"] } else { [TEXT, END, USAGE, "[DONE]"] }
}
