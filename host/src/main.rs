//! Runs the bytecode that is appended to this executable (see `pack`).

use weft_host::{engine, pack::Pack, process};

fn main() {
    let pack = match Pack::of_this_executable() {
        Ok(pack) => pack,
        Err(error) => {
            eprintln!("weft: {error}");
            process::leave(70);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("weft: cannot start: {error}");
            process::leave(70);
        }
    };
    let local = tokio::task::LocalSet::new();
    let code = local.block_on(&runtime, engine::run(pack));
    process::leave(code);
}
