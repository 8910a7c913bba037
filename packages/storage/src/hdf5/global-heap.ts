/** Owns global heaps: collections of objects of any length, such as texts, that elements point to. */
import { damaged } from "./cursor.js";
import type { Hdf5File } from "./hdf5-file.js";

/** Where an object is: the collection, and its number within. */
export interface HeapReference {
  readonly address: number;
  readonly index: number;
}

const PREFIX = 16;

/** Reads objects of global heaps; a collection is read once for each reader. */
export class GlobalHeaps {
  readonly #file: Hdf5File;
  readonly #collections: Map<number, Promise<ReadonlyMap<number, Uint8Array>>> = new Map();

  constructor(file: Hdf5File) {
    this.#file = file;
  }

  /** The bytes of an object. @throws FormatError where there is none */
  async object({ address, index }: HeapReference): Promise<Uint8Array> {
    return this.in(await this.collection(address), { address, index });
  }

  /** An object of a collection that was read. @throws FormatError where it has none of this number */
  in(collection: ReadonlyMap<number, Uint8Array>, { address, index }: HeapReference): Uint8Array {
    const found = collection.get(index);
    if (found) return found;
    throw damagedHeap(this.#file, address, `the global heap has no object ${index}`);
  }

  /** All objects of the collection at `address`, by their number. */
  collection(address: number): Promise<ReadonlyMap<number, Uint8Array>> {
    let collection = this.#collections.get(address);
    if (!collection) this.#collections.set(address, (collection = readCollection(this.#file, address)));
    return collection;
  }
}

async function readCollection(file: Hdf5File, address: number): Promise<ReadonlyMap<number, Uint8Array>> {
  const prefix = await file.cursor(address, PREFIX, "a global heap");
  prefix.signature("GCOL");
  prefix.version("a global heap", 1);
  prefix.skip(3);
  const collectionSize = prefix.length();
  const cursor = await file.cursor(address, collectionSize, "a global heap");
  cursor.skip(8 + file.lengthSize);
  cursor.align(8);
  const objects = new Map<number, Uint8Array>();
  const head = 8 + file.lengthSize;
  while (cursor.left >= head) {
    const index = cursor.uint16();
    if (index === 0) break;
    cursor.skip(6);
    const size = cursor.length();
    cursor.align(8);
    objects.set(index, cursor.take(size));
    cursor.align(8);
  }
  return objects;
}

function damagedHeap(file: Hdf5File, address: number, reason: string): Error {
  return damaged(file.path, file.base + address, reason);
}
