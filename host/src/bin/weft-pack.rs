//! `weft-pack HOST OUT MAIN.js [CHUNK.js ...] [--deflate CHUNK.js ...]`: compiles ES modules to bytecode and writes HOST
//! with them appended.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, out, modules @ ..] = arguments.as_slice() else {
        eprintln!("usage: weft-pack HOST OUT MAIN.js [CHUNK.js ...] [--deflate CHUNK.js ...]");
        return ExitCode::from(2);
    };
    let (plain, deflated) = match modules.iter().position(|word| word == "--deflate") {
        Some(at) => (&modules[..at], &modules[at + 1..]),
        None => (modules, &[][..]),
    };
    match weft_host::pack::write(host, out, plain, deflated) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("weft-pack: {error}");
            ExitCode::FAILURE
        }
    }
}
