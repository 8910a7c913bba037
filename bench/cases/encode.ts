/** Owns the case of encoding chunks, one thread. What we write is decoded by the peer for the comparison. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codecOf } from "@hyperslab/codecs/registry";
import type { Case } from "../case.js";
import { KernelMemory } from "../kernel-memory.js";
import { CHUNK_CODECS, chunkElements, chunkName, ELEMENTS, makeChunk } from "./decode.js";

export const encode: Case = {
  name: "encode",
  title: "one 16.6 MB chunk of the temperature encoded, one thread; the peer decodes what we wrote",
  variants: (scale) =>
    Object.entries(CHUNK_CODECS).map(([name, { name: id, configuration }]) => {
      const work = 4 * chunkElements(scale);
      return {
        name,
        parameters: { file: chunkName(scale), codec: JSON.stringify({ id, ...configuration }), encode: true },
        unit: "GB/s",
        work,
        peer: "codec",
        limit: { name: "native codec, 1 thread", work },
        tolerance: 0,
      };
    }),
  prepare: async (_variant, place) => makeChunk(place),
  async open({ name, parameters }, place) {
    const length = chunkElements(place.scale);
    const elements = new KernelMemory(4 * length).allocate("float32", length);
    const plain = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
    plain.set(readFileSync(join(place.data, String(parameters["file"]))));
    const codec = codecOf(CHUNK_CODECS[name], ELEMENTS);
    let written: Uint8Array = new Uint8Array(0);
    return {
      async run() {
        written = await codec.encode(plain);
      },
      outcome: () => ({ data: elements, facts: { ratio: plain.length / written.length }, bytes: written }),
    };
  },
};
