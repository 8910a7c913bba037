/**
 * Compiles this folder to WebAssembly and writes it, as base64, to ../src/wasm-binary.ts, which is committed: who
 * builds the project needs no compiler of AssemblyScript. Run it after a change here:
 *
 *     npm run assembly --workspace @hyperslab/codecs
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import binaryen from "binaryen";

const here = fileURLToPath(new URL(".", import.meta.url));
// the memory is the caller's, shared between threads; nothing is put into it until `init` says where
const FLAGS = `--optimizeLevel 0 --noAssert --runtime stub --enable simd,bulk-memory,threads
  --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536`;

/** Functions up to this size are inlined wherever they are called: V8 doesn't do it, and the loops depend on it. */
const INLINE_SIZE = 100;

function optimize(binary) {
  const module = binaryen.readBinary(binary);
  module.setFeatures(
    binaryen.Features.MVP |
      binaryen.Features.SIMD128 |
      binaryen.Features.BulkMemory |
      binaryen.Features.BulkMemoryOpt |
      binaryen.Features.Atomics |
      binaryen.Features.SignExt |
      binaryen.Features.MutableGlobals,
  );
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(INLINE_SIZE);
  binaryen.setFlexibleInlineMaxSize(INLINE_SIZE);
  // loops that were made apart stay apart: each gets its registers to itself
  binaryen.setOneCallerInlineMaxSize(250);
  binaryen.setAllowInliningFunctionsWithLoops(true);
  module.optimize();
  return Buffer.from(module.emitBinary());
}

/** @returns {Promise<string>} the text of src/wasm-binary.ts */
export async function compile() {
  let binary;
  const options = ["module.ts", ...FLAGS.split(/\s+/), "--baseDir", here, "--outFile", "module.wasm"];
  const { error, stderr } = await asc.main(options, {
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) binary = optimize(contents);
    },
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  const lines = binary.toString("base64").match(/.{1,160}/g);
  return [
    "/** Owns the compiled form of ../assembly. Made by assembly/build.mjs: never edited by hand. */",
    "",
    "const LINES: readonly string[] = [",
    ...lines.map((line) => `  "${line}",`),
    "];",
    "",
    "/** The module, in base64. */",
    'export const WASM_BASE64: string = LINES.join("");',
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(new URL("../src/wasm-binary.ts", import.meta.url), await compile());
