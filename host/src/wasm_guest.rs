//! A guest on its own thread: the ABI, and what holds it to its limits.

use crate::fault::Fault;
use bytes::Bytes;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc as threads,
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};
use wasmi::{
    Caller, CompilationMode, Config, Engine, Error, ExternType, Func, FuncType, Instance, Linker,
    Memory, Module, ResourceLimiter, ResumableCall, Store, TrapCode, Val, ValType,
};
use wasmi_core::LimiterError;

/// Fuel between two looks at the clock: some 20 ms.
const SLICE: u64 = 10_000_000;
/// Fuel for the start function of a module, which cannot be interrupted.
const START_FUEL: u64 = 100_000_000;
/// Fuel for an allocation that we ask for on the guest's behalf.
const ALLOCATION_FUEL: u64 = 1_000_000;
const INSTANCES: usize = 10;
const TABLES: usize = 10;
const MEMORIES: usize = 2;

#[derive(Clone, Copy)]
pub struct Limits {
    pub fuel: u64,
    pub deadline: Duration,
}

pub struct Setup {
    pub memory_bytes: usize,
    pub table_elements: usize,
    pub imports: Vec<String>,
    pub calls: mpsc::UnboundedSender<HostCall>,
    pub stop: Arc<AtomicBool>,
}

/// A guest asks; it waits until somebody replies or nobody can any more.
pub struct HostCall {
    pub name: String,
    pub request: Vec<u8>,
    pub reply: threads::Sender<Result<Bytes, String>>,
}

pub struct Command {
    pub name: String,
    pub input: Bytes,
    pub limits: Limits,
    pub answer: oneshot::Sender<Result<Vec<u8>, Fault>>,
}

struct State {
    memory_left: usize,
    table_elements: usize,
    calls: mpsc::UnboundedSender<HostCall>,
    stop: Arc<AtomicBool>,
    until: Instant,
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let more = desired.saturating_sub(current);
        let fits = more <= self.memory_left;
        if fits {
            self.memory_left -= more;
        }
        Ok(fits)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(desired <= self.table_elements)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

pub struct Guest {
    store: Store<State>,
    instance: Instance,
    memory: Memory,
    alloc: Func,
}

fn invalid(what: impl std::fmt::Display) -> Fault {
    Fault::new("ERR_WASM_INVALID", what)
}

impl Guest {
    pub fn start(bytes: &[u8], setup: Setup, limits: Limits) -> Result<Guest, Fault> {
        let mut config = Config::default();
        config
            .consume_fuel(true)
            .compilation_mode(CompilationMode::Eager)
            .wasm_custom_page_sizes(false);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, bytes).map_err(invalid)?;
        check_imports(&module, &setup.imports)?;
        let state = State {
            memory_left: setup.memory_bytes,
            table_elements: setup.table_elements,
            calls: setup.calls,
            stop: setup.stop,
            until: Instant::now() + limits.deadline,
        };
        let mut store = Store::new(&engine, state);
        store.limiter(|state| state);
        store
            .set_fuel(START_FUEL.min(limits.fuel))
            .map_err(invalid)?;
        let linker = linker(&engine, &setup.imports)?;
        let instance = linker
            .instantiate_and_start(&mut store, &module)
            .map_err(|error| fault_of(&error))?;
        let memory = instance
            .get_memory(&store, "memory")
            .ok_or_else(|| invalid("it exports no memory"))?;
        let alloc = instance
            .get_func(&store, "weft_alloc")
            .ok_or_else(|| invalid("it exports no weft_alloc"))?;
        let shape = alloc.ty(&store);
        if shape.params() != [ValType::I32] || shape.results() != [ValType::I32] {
            return Err(invalid("weft_alloc must be (i32) -> i32"));
        }
        let mut guest = Guest {
            store,
            instance,
            memory,
            alloc,
        };
        for name in ["_initialize", "_start"] {
            if let Some(begin) = guest.instance.get_func(&guest.store, name) {
                let mut fuel = limits.fuel;
                guest.run(&begin, &[], &mut [], &mut fuel)?;
            }
        }
        Ok(guest)
    }

    /// Calls, one after the other, until nobody can send one or the guest is dead.
    pub fn serve(mut self, orders: &threads::Receiver<Command>) {
        while let Ok(Command {
            name,
            input,
            limits,
            answer,
        }) = orders.recv()
        {
            let result = self.call(&name, &input, limits);
            let dies = result
                .as_ref()
                .is_err_and(|fault| fault.code != "ERR_WASM_EXPORT");
            // Whoever asked may have gone.
            let _ = answer.send(result);
            if dies {
                return;
            }
        }
    }

    fn call(&mut self, name: &str, input: &[u8], limits: Limits) -> Result<Vec<u8>, Fault> {
        let missing = || Fault::new("ERR_WASM_EXPORT", format!("it exports no function {name}"));
        let function = self
            .instance
            .get_func(&self.store, name)
            .ok_or_else(missing)?;
        let shape = function.ty(&self.store);
        if shape.params() != [ValType::I32, ValType::I32] || shape.results() != [ValType::I64] {
            return Err(missing());
        }
        self.store.data_mut().until = Instant::now() + limits.deadline;
        let mut fuel = limits.fuel;
        let length = i32::try_from(input.len()).map_err(|_| trap("too much input"))?;
        let alloc = self.alloc;
        let mut pointer = [Val::I32(0)];
        self.run(&alloc, &[Val::I32(length)], &mut pointer, &mut fuel)?;
        let [Val::I32(pointer)] = pointer else {
            return Err(trap("weft_alloc gave no pointer"));
        };
        self.memory
            .write(&mut self.store, pointer as u32 as usize, input)
            .map_err(|_| trap("weft_alloc gave a pointer outside the memory"))?;
        let mut result = [Val::I64(0)];
        self.run(
            &function,
            &[Val::I32(pointer), Val::I32(length)],
            &mut result,
            &mut fuel,
        )?;
        let [Val::I64(packed)] = result else {
            return Err(trap("it gave no result"));
        };
        let (at, length) = (
            (packed as u64 >> 32) as usize,
            (packed as u64 & 0xffff_ffff) as usize,
        );
        let bytes = self
            .memory
            .data(&self.store)
            .get(at..at.saturating_add(length));
        bytes
            .map(<[u8]>::to_vec)
            .ok_or_else(|| trap("its result lies outside the memory"))
    }

    /// Runs in slices of fuel, with a look at the clock after each.
    fn run(
        &mut self,
        function: &Func,
        input: &[Val],
        output: &mut [Val],
        fuel: &mut u64,
    ) -> Result<(), Fault> {
        let mut given = SLICE.min(*fuel);
        self.store.set_fuel(given).map_err(trap)?;
        let mut state = function
            .call_resumable(&mut self.store, input, output)
            .map_err(|error| fault_of(&error))?;
        loop {
            *fuel = fuel.saturating_sub(given.saturating_sub(self.store.get_fuel().unwrap_or(0)));
            let paused = match state {
                ResumableCall::Finished => return Ok(()),
                ResumableCall::HostTrap(trapped) => {
                    return Err(fault_of(&trapped.into_host_error()));
                }
                ResumableCall::OutOfFuel(paused) => paused,
            };
            let data = self.store.data();
            if data.stop.load(Ordering::Relaxed) {
                return Err(Fault::new("ERR_ABORTED", "aborted"));
            }
            if Instant::now() >= data.until {
                return Err(Fault::new("ERR_WASM_DEADLINE", "the deadline has passed"));
            }
            given = SLICE.max(paused.required_fuel()).min(*fuel);
            if given < paused.required_fuel() {
                return Err(Fault::new("ERR_WASM_FUEL", "the fuel is used up"));
            }
            self.store.set_fuel(given).map_err(trap)?;
            state = paused
                .resume(&mut self.store, output)
                .map_err(|error| fault_of(&error))?;
        }
    }
}

fn trap(what: impl std::fmt::Display) -> Fault {
    Fault::new("ERR_WASM_TRAP", what)
}

/// A fault that travels through the guest.
#[derive(Debug)]
struct Thrown(&'static str, String);

impl std::fmt::Display for Thrown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.1)
    }
}

impl wasmi::errors::HostError for Thrown {}

fn thrown(code: &'static str, what: impl std::fmt::Display) -> Error {
    Error::host(Thrown(code, what.to_string()))
}

fn fault_of(error: &Error) -> Fault {
    if let Some(Thrown(code, message)) = error.downcast_ref::<Thrown>() {
        return Fault::new(code, message);
    }
    match error.as_trap_code() {
        Some(TrapCode::OutOfFuel) => Fault::new("ERR_WASM_FUEL", "the fuel is used up"),
        Some(code) => trap(code),
        None => invalid(error),
    }
}

fn host_shape() -> FuncType {
    FuncType::new([ValType::I32, ValType::I32], [ValType::I64])
}

fn abort_shape() -> FuncType {
    FuncType::new([ValType::I32; 4], [])
}

fn check_imports(module: &Module, offered: &[String]) -> Result<(), Fault> {
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        let wanted = match from {
            "weft" if offered.iter().any(|each| each == name) => host_shape(),
            "env" if name == "abort" => abort_shape(),
            _ => {
                return Err(invalid(format!(
                    "it imports {from}.{name}, which nobody offers"
                )));
            }
        };
        if !matches!(import.ty(), ExternType::Func(shape) if *shape == wanted) {
            return Err(invalid(format!(
                "it imports {from}.{name} in another shape than it has"
            )));
        }
    }
    Ok(())
}

fn linker(engine: &Engine, imports: &[String]) -> Result<Linker<State>, Fault> {
    let mut linker = Linker::new(engine);
    for name in imports {
        let called = name.clone();
        linker
            .func_new("weft", name, host_shape(), move |caller, input, output| {
                let (pointer, length) = match input {
                    [Val::I32(pointer), Val::I32(length)] => {
                        (*pointer as u32 as usize, *length as u32 as usize)
                    }
                    _ => return Err(thrown("ERR_WASM_TRAP", "wrong arguments")),
                };
                let packed = ask(caller, &called, pointer, length)?;
                if let Some(first) = output.first_mut() {
                    *first = Val::I64(packed);
                }
                Ok(())
            })
            .map_err(invalid)?;
    }
    linker
        .func_new("env", "abort", abort_shape(), |caller, input, _| {
            Err(aborted(&caller, input))
        })
        .map_err(invalid)?;
    Ok(linker)
}

/// Takes the request out of the guest's memory, and puts the answer there.
fn ask(
    mut caller: Caller<'_, State>,
    name: &str,
    pointer: usize,
    length: usize,
) -> Result<i64, Error> {
    let outside = || {
        thrown(
            "ERR_WASM_TRAP",
            format!("it called {name} with a pointer outside its memory"),
        )
    };
    let memory = caller
        .get_export("memory")
        .and_then(wasmi::Extern::into_memory)
        .ok_or_else(outside)?;
    let request = memory
        .data(&caller)
        .get(pointer..pointer.saturating_add(length))
        .ok_or_else(outside)?
        .to_vec();
    let (reply, replied) = threads::channel();
    let state = caller.data();
    let left = state.until.saturating_duration_since(Instant::now());
    let stopped = || thrown("ERR_ABORTED", "aborted");
    state
        .calls
        .send(HostCall {
            name: name.to_owned(),
            request,
            reply,
        })
        .map_err(|_| stopped())?;
    let answer = match replied.recv_timeout(left) {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) if state.stop.load(Ordering::Relaxed) => return Err(stopped()),
        Ok(Err(message)) => return Err(thrown("ERR_WASM_TRAP", message)),
        Err(threads::RecvTimeoutError::Timeout) => {
            return Err(thrown("ERR_WASM_DEADLINE", "the deadline has passed"));
        }
        Err(threads::RecvTimeoutError::Disconnected) => return Err(stopped()),
    };
    if answer.is_empty() {
        return Ok(0);
    }
    let length = i32::try_from(answer.len())
        .map_err(|_| thrown("ERR_WASM_TRAP", "the answer is too long"))?;
    let at = allocate(&mut caller, length)?;
    memory
        .write(&mut caller, at as usize, &answer)
        .map_err(|_| {
            thrown(
                "ERR_WASM_TRAP",
                "weft_alloc gave a pointer outside the memory",
            )
        })?;
    Ok(((u64::from(at) << 32) | answer.len() as u64) as i64)
}

/// By the guest's own allocator, with fuel that suffices for it and is charged all the same.
fn allocate(caller: &mut Caller<'_, State>, length: i32) -> Result<u32, Error> {
    let missing = || thrown("ERR_WASM_TRAP", "it exports no weft_alloc");
    let alloc = caller
        .get_export("weft_alloc")
        .and_then(wasmi::Extern::into_func)
        .ok_or_else(missing)?;
    let before = caller.get_fuel()?;
    let given = before.max(ALLOCATION_FUEL);
    caller.set_fuel(given)?;
    let mut pointer = [Val::I32(0)];
    alloc.call(&mut *caller, &[Val::I32(length)], &mut pointer)?;
    let used = given.saturating_sub(caller.get_fuel()?);
    caller.set_fuel(before.saturating_sub(used))?;
    match pointer {
        [Val::I32(pointer)] => Ok(pointer as u32),
        _ => Err(missing()),
    }
}

/// AssemblyScript's `abort(message, file, line, column)`; its texts are UTF-16 with their length in bytes before them.
fn aborted(caller: &Caller<'_, State>, input: &[Val]) -> Error {
    let number = |index: usize| match input.get(index) {
        Some(Val::I32(value)) => *value as u32,
        _ => 0,
    };
    let text = |pointer: u32| -> Option<String> {
        let memory = caller.get_export("memory")?.into_memory()?;
        let data = memory.data(caller);
        let at = usize::try_from(pointer).ok()?;
        let length =
            u32::from_le_bytes(data.get(at.checked_sub(4)?..at)?.try_into().ok()?).min(2000);
        let bytes = data.get(at..at.checked_add(length as usize)?)?;
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        Some(String::from_utf16_lossy(&units))
    };
    let message = text(number(0)).unwrap_or_default();
    let place = text(number(1)).map_or_else(String::new, |file| {
        format!(" ({file}:{}:{})", number(2), number(3))
    });
    thrown("ERR_WASM_TRAP", format!("it gave up: {message}{place}"))
}
