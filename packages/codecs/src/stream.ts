/**
 * Owns compressed streams as they lie in WebAssembly memory: one call, one stream, and what went wrong in words.
 * Knows nothing of the containers around them.
 */
import { damaged } from "./output.js";
import type { WasmMemory } from "./wasm-memory.js";

export type StreamKind = "lz4" | "blosclz" | "lzf" | "snappy" | "zlib" | "zstd";

/** The error codes of ../assembly/workspace.ts. */
const REASONS: Readonly<Record<number, string>> = {
  [-1]: "ends too early",
  [-2]: "refers to bytes before its start",
  [-3]: "holds more bytes than it should",
  [-4]: "isn't well-formed",
  [-5]: "doesn't match its checksum",
  [-6]: "needs a dictionary, which chunks never have",
};

/** What an error code of a decoder means. */
export function reasonOf(code: number): string {
  return REASONS[code] ?? `failed with code ${code}`;
}

/**
 * Decodes one stream from `source` to `target`, both addresses in `wasm`, into exactly `targetLength` bytes.
 * @throws CodecError
 */
export function decodeStream(
  kind: StreamKind,
  codec: string,
  wasm: WasmMemory,
  source: number,
  sourceLength: number,
  target: number,
  targetLength: number,
): void {
  const found = decoderOf(kind, wasm)(source, sourceLength, target, targetLength);
  if (found === targetLength) return;
  throw damaged(
    codec,
    found < 0
      ? `a ${kind} stream of ${sourceLength} bytes ${reasonOf(found)}`
      : `a ${kind} stream holds ${found} bytes where ${targetLength} belong`,
  );
}

type Decoder = (source: number, sourceLength: number, target: number, targetLength: number) => number;

function decoderOf(kind: StreamKind, { kernels }: WasmMemory): Decoder {
  switch (kind) {
    case "lz4":
      return kernels.lz4Decode;
    case "blosclz":
      return kernels.blosclzDecode;
    case "lzf":
      return kernels.lzfDecode;
    case "snappy":
      return kernels.snappyDecode;
    case "zlib":
      return kernels.zlibDecode;
    case "zstd":
      return kernels.zstdDecode;
  }
}
