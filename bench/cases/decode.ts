/** Owns the case of decoding stored chunks, one thread. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CodecSpec } from "@hyperslab/codecs/codec";
import { codecOf } from "@hyperslab/codecs/registry";
import type { Case, Place, Scale } from "../case.js";
import { temperatureShape, temperatureValues } from "../data/temperature.js";
import { KernelMemory } from "../kernel-memory.js";

/** Codecs as numcodecs configures them; names of the variants. */
export const CHUNK_CODECS: Readonly<Record<string, CodecSpec>> = {
  "blosc-lz4-shuffle": blosc("lz4", 1),
  "blosc-lz4-bitshuffle": blosc("lz4", 2),
  "blosc-zstd": blosc("zstd", 1),
  zstd: { name: "zstd", configuration: { level: 1 } },
  gzip: { name: "gzip", configuration: { level: 1 } },
};

function blosc(cname: string, shuffle: number): CodecSpec {
  return { name: "blosc", configuration: { cname, clevel: 5, shuffle, blocksize: 0 } };
}

/** One chunk of the temperature, 16.6 MB at any scale but the tiny one. */
export function chunkElements(scale: Scale): number {
  const { shape, chunk } = temperatureShape(scale);
  return chunk * shape[1] * shape[2];
}

export const ELEMENTS = { itemSize: 4, littleEndian: true };
const PROGRAM = fileURLToPath(new URL("../../peers/make_chunk.py", import.meta.url));

/** Where the chunk lies, plain or as a codec's. */
export function chunkName(scale: Scale, codec?: string): string {
  return `chunk-${chunkElements(scale)}${codec ? `-${codec}` : ""}.bin`;
}

/** Makes the plain chunk. */
export function makeChunk({ data, scale }: Place): void {
  const path = join(data, chunkName(scale));
  if (existsSync(path)) return;
  const { shape, chunk } = temperatureShape(scale);
  const values = temperatureValues([chunk, shape[1], shape[2]]);
  writeWhole(path, new Uint8Array(values.buffer));
}

/** Makes the encoded chunk: by the native codec where it is there, else by ours. */
async function makeEncoded(place: Place, name: string): Promise<void> {
  makeChunk(place);
  const path = join(place.data, chunkName(place.scale, name));
  if (existsSync(path)) return;
  const plain = join(place.data, chunkName(place.scale));
  if (place.python) {
    const { name: id, configuration } = CHUNK_CODECS[name];
    const config = JSON.stringify({ id, ...configuration });
    execFileSync(place.python, [PROGRAM, plain, `${path}.part`, config], { stdio: "inherit" });
    renameSync(`${path}.part`, path);
  } else writeWhole(path, await codecOf(CHUNK_CODECS[name], ELEMENTS).encode(readFileSync(plain)));
}

function writeWhole(path: string, bytes: Uint8Array): void {
  rmSync(`${path}.part`, { force: true });
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
}

export const decode: Case = {
  name: "decode",
  title: "one 16.6 MB chunk of the temperature decoded, one thread, as a compute thread does",
  variants: (scale) =>
    Object.keys(CHUNK_CODECS).map((name) => {
      const work = 4 * chunkElements(scale);
      const { name: id, configuration } = CHUNK_CODECS[name];
      return {
        name,
        parameters: {
          file: chunkName(scale, name),
          codec: JSON.stringify({ id, ...configuration }),
          encode: false,
        },
        unit: "GB/s",
        work,
        peer: "codec",
        limit: { name: "native codec, 1 thread", work },
        tolerance: 0,
      };
    }),
  prepare: (variant, place) => makeEncoded(place, variant.name),
  async open({ name, parameters }, place) {
    const stored = readFileSync(join(place.data, String(parameters["file"])));
    const length = chunkElements(place.scale);
    const memory = new KernelMemory(4 * length + stored.length);
    const from = memory.allocate("uint8", stored.length) as Uint8Array;
    from.set(stored);
    const elements = memory.allocate("float32", length);
    const out = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
    const codec = codecOf(CHUNK_CODECS[name], ELEMENTS);
    return {
      run: () => codec.decode(from, out.length, out),
      outcome: () => ({ data: elements, facts: { ratio: out.length / stored.length } }),
    };
  },
};
