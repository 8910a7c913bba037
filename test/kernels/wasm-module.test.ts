import { Assembler } from "@hyperslab/kernels/simd/assembler";
import { Bytes } from "@hyperslab/kernels/simd/bytes";
import { encodeModule, type WasmFunction } from "@hyperslab/kernels/simd/wasm-module";
import { store, load, resize, promote, demote } from "@hyperslab/kernels/simd/vector";
import { describe, expect, it } from "vitest";
import wabtReady from "wabt";

/** A function that copies eight float32s, through every kind of instruction. */
function sample(): WasmFunction {
  const asm = new Assembler(3);
  const turns = asm.copy(0);
  asm.countdown(turns, () => {
    const value = demote(asm, promote(asm, load(asm, "float32", 1)));
    const far = asm.op("f32x4.gt", value.regs[0], asm.i32(0x7f000000));
    const mended = asm.rarely(far, value.regs[0], () => asm.call("sin", value.regs[0]));
    store(asm, "float32", 2, { bits: 32, regs: [mended, value.regs[1]] });
    resize(asm, load(asm, "int8", 1), 64, true);
    asm.advance(1, 32);
    asm.advance(2, 32);
  });
  return asm.finish("run");
}

describe("the encoder", () => {
  it.each([false, true])("writes modules that WABT reads (shared memory: %s)", async (shared) => {
    const wabt = await wabtReady();
    const bytes = encodeModule([sample()], { shared, maximum: 100 });
    const module = wabt.readWasm(bytes, { readDebugNames: false, threads: true });
    module.applyNames();
    // its validation knows no shared memory; engines do, see below
    if (!shared) module.validate();
    expect(WebAssembly.validate(bytes)).toBe(true);
    const text = module.toText({});
    expect(text).toContain(shared ? "(memory" : '(import "arena" "memory"');
    expect(text).toContain('(export "run"');
    expect(text).toContain("f64x2.promote_low_f32x4");
    expect(text).toContain("v128.bitselect");
    // WABT's own encoding of its text is as long
    expect(wabt.parseWat("sample.wat", text, { threads: true }).toBinary({}).buffer.length).toBe(
      bytes.length,
    );
    module.destroy();
  });
  it("gives modules that run", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const module = new WebAssembly.Module(encodeModule([sample()], { shared: false, maximum: 1 }));
    const math = { sin: Math.sin, cos: Math.cos, tan: Math.tan, remainder: Math.pow };
    const { run } = new WebAssembly.Instance(module, { arena: { memory }, math }).exports;
    const from = new Float32Array(memory.buffer, 64, 16).map((_, i) => i / 3);
    new Float32Array(memory.buffer, 64, 16).set(from);
    (run as (...args: number[]) => void)(2, 64, 512);
    expect([...new Float32Array(memory.buffer, 512, 16)]).toEqual([...from]);
  });
  it("writes LEB128", () => {
    const written = (write: (bytes: Bytes) => void): number[] => {
      const bytes = new Bytes();
      write(bytes);
      return [...bytes.done()];
    };
    expect(written((bytes) => bytes.unsigned(624485))).toEqual([0xe5, 0x8e, 0x26]);
    expect(written((bytes) => bytes.unsigned(0))).toEqual([0]);
    expect(written((bytes) => bytes.signed(-123456n))).toEqual([0xc0, 0xbb, 0x78]);
    expect(written((bytes) => bytes.signed(64n))).toEqual([0xc0, 0x00]);
    expect(written((bytes) => bytes.signed(-1n))).toEqual([0x7f]);
    expect(written((bytes) => bytes.bytes(new Uint8Array(1000))).length).toBe(1000);
  });
});
