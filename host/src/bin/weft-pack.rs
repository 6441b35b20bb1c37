//! `weft-pack HOST OUT MAIN.js [CHUNK.js ...] [--late CHUNK.js ...]`: writes HOST with ES modules appended, those that are
//! loaded late as source; see `pack`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, out, modules @ ..] = arguments.as_slice() else {
        eprintln!("usage: weft-pack HOST OUT MAIN.js [CHUNK.js ...] [--late CHUNK.js ...]");
        return ExitCode::from(2);
    };
    let (quick, late) = match modules.iter().position(|word| word == "--late") {
        Some(at) => (&modules[..at], &modules[at + 1..]),
        None => (modules, &[][..]),
    };
    match weft_host::pack::write(host, out, quick, late) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("weft-pack: {error}");
            ExitCode::FAILURE
        }
    }
}
