/**
 * Owns the collection of memory outside V8's heap that nobody refers to any more. V8 does not count
 * SharedArrayBuffers as memory that a collection could free, so gigabytes of them may lie about where
 * little else is allocated; plain buffers that live for a moment it collects late, and then by a full collection
 * where a minor one would do. Whoever lets go of some says so here; after enough of them a collection runs.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes let go of after which a collection is worth its milliseconds. */
const ENOUGH = 256 * 2 ** 20;

type Collect = (options: { type: "minor" | "major" }) => void;

/** Undefined until it was looked for; null where the engine does not offer it. */
let collect: Collect | null | undefined;

function collector(): Collect | null {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    const found: unknown = runInNewContext("globalThis.gc");
    collect = typeof found === "function" ? (found as Collect) : null;
  }
  return collect;
}

/** Counts the bytes of buffers that were let go of in this thread. */
export class GarbageMeter {
  readonly #type: "minor" | "major";
  readonly #enough: number;
  #bytes = 0;

  /**
   * @param type `minor` for buffers that were held for one task, `major` for those that were kept longer
   * @param enough bytes after which to collect
   */
  constructor(type: "minor" | "major", enough: number = ENOUGH) {
    this.#type = type;
    this.#enough = enough;
  }

  /** Bytes let go of since the last collection. */
  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes >= this.#enough) this.collect();
  }

  /** Collects now, if there is anything. */
  collect(): void {
    if (this.#bytes === 0) return;
    this.#bytes = 0;
    collector()?.({ type: this.#type });
  }
}
