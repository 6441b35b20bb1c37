//! The native engine of weft: QuickJS, and natively what `src/platform/native/host.ts` says it may ask for.
//! No product logic lives here. Nothing that comes from outside may make it panic: a panic ends the gateway.

mod capabilities;
pub mod children;
pub mod client;
pub mod connect;
pub mod crypto;
pub mod dns;
pub mod engine;
pub mod fault;
pub mod files;
mod heap;
mod hiding;
pub mod inflate;
mod landlock;
pub mod pack;
pub mod process;
pub mod responder;
pub mod sandbox;
mod seccomp;
pub mod server;
pub mod signals;
pub mod stream;
pub mod terminal;
pub mod text;
pub mod timers;
pub mod tls;
pub mod url;
pub mod value;
#[cfg(feature = "wasm-plugins")]
pub mod wasm;
#[cfg(feature = "wasm-plugins")]
mod wasm_guest;
pub mod watch;
pub mod websocket;
