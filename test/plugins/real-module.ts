import loadWabt from "wabt";

/** A module whose exports answer with fixed texts; `execute_tool` first asks `get_env` for CITY. */
export async function realModule(answers: { readonly describe: string; readonly execute_tool: string }) {
  const request = '{"name":"CITY"}';
  const texts = [
    { at: 1024, text: request },
    { at: 2048, text: answers.describe },
    { at: 8192, text: answers.execute_tool },
  ];
  const data = texts.map(({ at, text }) => `(data (i32.const ${at}) "${text.replaceAll('"', "\\22")}")`);
  const packed = (at: number, text: string) => `(i64.const ${(BigInt(at) << 32n) | BigInt(text.length)})`;
  const wabt = await loadWabt();
  const module = wabt.parseWat(
    "plugin.wat",
    `(module
      (import "weft" "get_env" (func $env (param i32 i32) (result i64)))
      (memory (export "memory") 1)
      (global $top (mut i32) (i32.const 32768))
      (func (export "weft_alloc") (param $n i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $top))
        (global.set $top (i32.add (global.get $top) (local.get $n)))
        (local.get $at))
      (func (export "describe") (param i32 i32) (result i64) ${packed(2048, answers.describe)})
      (func (export "execute_tool") (param i32 i32) (result i64)
        (drop (call $env (i32.const 1024) (i32.const ${request.length})))
        ${packed(8192, answers.execute_tool)})
      ${data.join("\n")})`,
  );
  const { buffer } = module.toBinary({});
  module.destroy();
  return buffer.slice();
}
