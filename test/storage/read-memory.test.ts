/** Reading into memory that the caller lends: the same elements, and everything given back. */
import { attachMemory, detachMemory, WORKSPACE_BYTES } from "@hyperslab/codecs/wasm-memory";
import { allocateBlock } from "@hyperslab/core/block";
import { selectionLength, slice } from "@hyperslab/core/box";
import { registerStore } from "@hyperslab/storage/stores/process-store";
import type { ArraySource, ReadMemory } from "@hyperslab/storage/source";
import type { GetOptions, ReadableStore } from "@hyperslab/storage/store";
import { openZarrGroup } from "@hyperslab/storage/zarr/zarr-group";
import { afterAll, describe, expect, it } from "vitest";
import { packedZarr, pick, texts, whole } from "./packed-zarr.js";

const PAGE = 65536;
const PAGES = 200;
const attached = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
attachMemory(attached, PAGE, WORKSPACE_BYTES + 60 * PAGE);
afterAll(() => detachMemory(attached));

/** Lends memory, and spoils what comes back. */
class Lender implements ReadMemory {
  readonly out = new Set<Uint8Array>();
  taken = 0;
  #next = 100 * PAGE;

  take(length: number, inAttached: boolean): Uint8Array {
    const bytes = inAttached
      ? new Uint8Array(attached.buffer, this.#next, length)
      : new Uint8Array(length).fill(0xdd);
    if (inAttached) this.#next += Math.ceil((length + 256) / 128) * 128;
    this.out.add(bytes);
    this.taken++;
    return bytes;
  }

  give(bytes: Uint8Array): void {
    if (!this.out.delete(bytes)) throw new Error("that was not lent");
    bytes.fill(0xee);
  }
}

/** The store, which puts values where it is told, as files are read. */
function placing(store: ReadableStore, prompt: boolean): ReadableStore {
  const placed = (value: Uint8Array | undefined, options?: GetOptions): Uint8Array | undefined => {
    const memory = value && options?.memory?.(value.length);
    memory?.set(value as Uint8Array);
    return memory ?? value;
  };
  return {
    label: "placing:",
    prompt,
    get: async (key, options) => placed(await store.get(key, options), options),
    getRange: async (key, range, options) => placed(await store.getRange(key, range, options), options),
    sizeOf: (key, options) => store.sizeOf(key, options),
    list: (prefix, options) => store.list?.(prefix, options) ?? Promise.resolve([]),
  };
}

async function arrayOf(store: ReadableStore, name: string): Promise<ArraySource> {
  const source = (await openZarrGroup(store, registerStore(store), "/"))?.arrays.get(name);
  if (!source) throw new Error(`no ${name}`);
  return source;
}

describe.each([2, 3] as const)("arrays of version %i", (version) => {
  const packed = packedZarr(version);
  const names = Object.keys(packed.arrays).filter((name) => name !== "strange");
  it.each(names)("%s is read the same, whole and in part", async (name) => {
    const { shape, values } = packed.arrays[name];
    for (const prompt of [true, false]) {
      const source = await arrayOf(placing(packed.store(), prompt), name);
      const { dtype, shape: found } = source.describe();
      const part = found.map((length) => slice(Math.floor(length / 3), Math.ceil(length / 2)));
      for (const selection of [whole(found), part]) {
        const memory = new Lender();
        const block = allocateBlock(dtype, selection.map(selectionLength));
        await source.readBlock(selection, block, { memory });
        expect(memory.out.size).toBe(0);
        expect(texts(block)).toEqual(pick(values, shape, selection));
      }
    }
  });
});

it("gives memory back where a chunk is damaged or can't be read", async () => {
  const store = packedZarr(3).store();
  const failing: ReadableStore = {
    ...placing(store, false),
    get: async (key, options) => {
      const value = await placing(store, false).get(key, options);
      if (!value || !/cube\/c/.test(key)) return value;
      if (key.endsWith("0")) throw new Error("no");
      value.fill(0xff);
      return value;
    },
  };
  const source = await arrayOf(failing, "cube");
  const { dtype, shape } = source.describe();
  const memory = new Lender();
  const block = allocateBlock(dtype, shape);
  await expect(source.readBlock(whole(shape), block, { memory })).rejects.toThrow();
  expect(memory.out.size).toBe(0);
  expect(memory.taken).toBeGreaterThan(0);
});
