/** Guests in the text format, for `wasmContract`: good ones and attackers. */

/** A bump allocator and what every guest must export. */
const base = `
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (func $alloc (export "weft_alloc") (param $n i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top (i32.add (global.get $top) (local.get $n)))
    (block $fits (loop $more
      (br_if $fits (i32.le_u (global.get $top) (i32.mul (memory.size) (i32.const 65536))))
      (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
      (unreachable)))
    (local.get $at))
  (func $pack (param $at i32) (param $n i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32)) (i64.extend_i32_u (local.get $n))))`;

const guest = (imports: string, body: string) => `(module ${imports} ${base} ${body})`;
const called = (instructions: string) =>
  `(func (export "run") (param $at i32) (param $n i32) (result i64) ${instructions})`;

export const wasmModules: Readonly<Record<string, string>> = {
  echo: guest(
    "",
    `${called("(call $pack (local.get $at) (local.get $n))")}
     (func (export "nothing") (param i32 i32) (result i64) (i64.const 0))
     (func (export "other") (param i32) (result i32) (i32.const 0))`,
  ),
  asks: guest(
    `(import "weft" "shout" (func $shout (param i32 i32) (result i64)))`,
    called("(call $shout (local.get $at) (local.get $n))"),
  ),
  begins: guest(
    "",
    `(global $begun (mut i32) (i32.const 0))
     (func (export "_initialize") (global.set $begun (i32.const 7)))
     ${called("(i32.store8 (local.get $at) (global.get $begun)) (call $pack (local.get $at) (i32.const 1))")}`,
  ),
  loops: guest("", called("(loop $for (br $for)) (i64.const 0)")),
  "loops at the start": `(module ${base} (func $go (loop $for (br $for))) (start $go) ${called("(i64.const 0)")})`,
  "eats memory": guest(
    "",
    called(`(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
            (i32.store (local.get $at) (memory.size)) (call $pack (local.get $at) (i32.const 4))`),
  ),
  "begins with too much memory": `(module (memory (export "memory") 4000)
    (func (export "weft_alloc") (param i32) (result i32) (i32.const 0)))`,
  "eats tables": guest(
    "(table $t 1 funcref)",
    called(`(loop $more (br_if $more (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))
            (i32.store (local.get $at) (table.size $t)) (call $pack (local.get $at) (i32.const 4))`),
  ),
  recurses: guest("", `(func $deep (call $deep)) ${called("(call $deep) (i64.const 0)")}`),
  traps: guest("", called("(unreachable)")),
  "divides by zero": guest(
    "",
    called("(i64.div_s (i64.const 1) (i64.extend_i32_u (i32.sub (local.get $n) (local.get $n))))"),
  ),
  "answers from outside": guest("", called("(call $pack (i32.const -16) (i32.const 1000))")),
  "answers too much": guest("", called("(call $pack (i32.const 0) (i32.const -1))")),
  "asks from outside": guest(
    `(import "weft" "shout" (func $shout (param i32 i32) (result i64)))`,
    called("(call $shout (i32.const -4) (i32.const 400))"),
  ),
  "allocates outside": `(module (memory (export "memory") 1)
    (func (export "weft_alloc") (param i32) (result i32) (i32.const -1))
    ${called("(i64.const 0)")})`,
  "wants more": guest(`(import "weft" "secrets" (func (param i32 i32) (result i64)))`, called("(i64.const 0)")),
  "wants WASI": guest(
    `(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))`,
    called("(i64.const 0)"),
  ),
  "wants another shape": guest(`(import "weft" "shout" (func (param i64) (result i64)))`, called("(i64.const 0)")),
  "wants memory": `(module (import "env" "memory" (memory 1))
    (func (export "weft_alloc") (param i32) (result i32) (i32.const 0)))`,
  "has no memory": `(module (func (export "weft_alloc") (param i32) (result i32) (i32.const 0)))`,
  "has no alloc": `(module (memory (export "memory") 1))`,
  "gives up": guest(
    `(import "env" "abort" (func $abort (param i32 i32 i32 i32)))`,
    `(data (i32.const 512) "\\06\\00\\00\\00n\\00o\\00!\\00") (data (i32.const 560) "\\02\\00\\00\\00f\\00")
     ${called("(call $abort (i32.const 516) (i32.const 564) (i32.const 3) (i32.const 4)) (i64.const 0)")}`,
  ),
};
