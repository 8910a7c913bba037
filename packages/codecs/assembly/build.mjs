/**
 * Compiles this folder to WebAssembly and writes it, as base64, to ../src/wasm-binary.ts, which is committed: who
 * builds the project needs no compiler of AssemblyScript. Run it after a change here:
 *
 *     npm run assembly --workspace @hyperslab/codecs
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = fileURLToPath(new URL(".", import.meta.url));
const FLAGS = [
  ...["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd,bulk-memory,threads"],
  // the memory is the caller's, shared between threads; nothing is put into it until `init` says where
  ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
];

/** @returns {Promise<string>} the text of src/wasm-binary.ts */
export async function compile() {
  let binary;
  const { error, stderr } = await asc.main(
    ["module.ts", ...FLAGS, "--baseDir", here, "--outFile", "module.wasm"],
    {
      writeFile: (name, contents) => {
        if (name.endsWith(".wasm")) binary = Buffer.from(contents);
      },
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  const lines = binary.toString("base64").match(/.{1,100}/g);
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
