/**
 * Owns the WebAssembly instances that codecs run in, and the memory they work in: one private instance a thread,
 * and one for every memory that the thread's owner attached, so that chunks are decoded right where kernels
 * want them. Knows no format.
 */
import { copyBytes } from "@hyperslab/core/copy-bytes";
import { MemoryError } from "@hyperslab/core/errors";
import { WASM_BASE64 } from "./wasm-binary.js";

/** What ../assembly exports. Addresses and lengths in bytes; decoders return a length, or an error below 0. */
export interface Kernels {
  init(base: number): number;
  /** Bytes that don't overlap. */
  copy(to: number, from: number, length: number): void;
  lz4Decode(source: number, sourceLength: number, target: number, targetLength: number): number;
  blosclzDecode(source: number, sourceLength: number, target: number, targetLength: number): number;
  lzfDecode(source: number, sourceLength: number, target: number, targetLength: number): number;
  snappyDecode(source: number, sourceLength: number, target: number, targetLength: number): number;
  zstdDecode(source: number, sourceLength: number, target: number, targetLength: number): number;
  zlibDecode(source: number, sourceLength: number, target: number, targetLength: number): number;
  gzipDecode(source: number, sourceLength: number, target: number, targetLength: number): number;
  /** Bytes of work that `zstdEncode` needs for as many bytes, or fewer. */
  zstdEncodeWork(level: number, length: number): number;
  /** @param targetLength at least 256 more than `sourceLength` and its 128th part. @returns 0 where it is less */
  zstdEncode(
    source: number,
    sourceLength: number,
    target: number,
    targetLength: number,
    work: number,
    level: number,
  ): number;
  /** @param kind 0: CRC-32C, 1: CRC-32. @param crc that of what came before, 0 at first. Signed */
  crc32(kind: number, crc: number, at: number, length: number): number;
  /** @param sum that of what came before, 1 at first. Signed */
  adler32(sum: number, at: number, length: number): number;
  /** The sum goes on unless `first`; pieces but the last have a multiple of 720 bytes. Signed. */
  fletcher32(first: number, at: number, length: number): number;
  /** The checksum that a frame of these bytes ends with, as a signed number. */
  zstdChecksum(source: number, length: number): number;
  /** Matches may reach back to `first`, before `target`. */
  lz4DecodeAfter(
    source: number,
    sourceLength: number,
    target: number,
    targetLength: number,
    first: number,
  ): number;
  lz4Encode(
    source: number,
    sourceLength: number,
    target: number,
    targetLength: number,
    acceleration: number,
  ): number;
  lz4EncodeThorough(
    source: number,
    sourceLength: number,
    target: number,
    targetLength: number,
    depth: number,
  ): number;
  shuffle(size: number, source: number, target: number, length: number): void;
  unshuffle(size: number, source: number, target: number, length: number): void;
  /**
   * The entropy code of szip: `count` samples of `bits` bits (1 … 32) into 1, 2 or 4 bytes each; `interval`: blocks
   * after which a sample stands for itself. @returns 0, or an error code
   */
  aecDecode(
    source: number,
    sourceLength: number,
    target: number,
    count: number,
    bits: number,
    block: number,
    interval: number,
    preprocess: number,
    bigEndian: number,
  ): number;
  /**
   * Numbers of `width` bits (1 … 64), highest bit first, into elements of `size` bytes, shifted left. The source holds
   * them all.
   */
  unpackFields(
    source: number,
    width: number,
    shift: number,
    target: number,
    size: number,
    count: number,
  ): void;
  /** Adds `least` to integers of so many bits; where `hasFill`, all bits set become `fill`. */
  offsetIntegers(
    at: number,
    size: number,
    count: number,
    width: number,
    least: bigint,
    hasFill: number,
    fill: bigint,
  ): void;
  /** Turns integers into floats, over `scale` and plus `least`; where `hasFill`, all bits set become the bits `fill`. */
  scaleFloats(
    at: number,
    size: number,
    count: number,
    width: number,
    scale: number,
    least: number,
    hasFill: number,
    fill: bigint,
  ): void;
  joinBits(size: number, source: number, target: number, count: number): void;
  splitBits(size: number, source: number, target: number, count: number): void;
}

const PAGE = 65536;
/** Kept free around everything in scratch: fast copies run over. */
const MARGIN = 64;
/** Memory is imported with the maximum that a module may declare; where the system refuses to reserve that, with less. */
const MAXIMA: readonly number[] = [65536, 32768, 8192, 2048];

/** Private memory beyond this many bytes is kept only for as long as chunks need it. */
const GIANT = 2 ** 28;

let compiled: WebAssembly.Module | undefined;

function kernelsIn(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(new Uint8Array(Buffer.from(WASM_BASE64, "base64")));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}

/**
 * An instance with its memory and the scratch in it. Use is synchronous and from `begin()` on: nobody's scratch
 * outlives a call.
 */
export class WasmMemory {
  readonly kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  /** Where scratch begins. */
  #first: number;
  #isLent = false;
  /** End of scratch; null where the memory may grow. */
  readonly #end: number | null;
  #next: number;
  #view: Uint8Array;

  /** @param length bytes from `base` that are the instance's alone; null: all, and more by growing */
  constructor(memory: WebAssembly.Memory, base: number, length: number | null) {
    this.#memory = memory;
    this.kernels = kernelsIn(memory);
    this.#view = new Uint8Array(memory.buffer);
    if (length === null) growTo(memory, base + WORKSPACE_BYTES);
    this.#first = align(base + this.kernels.init(align(base))) + MARGIN;
    this.#end = length === null ? null : base + length;
    this.#next = this.#first;
  }

  /** Forgets all scratch. */
  begin(): this {
    this.#next = this.#first;
    return this;
  }

  /**
   * Takes `length` bytes of scratch out of reach of `begin()` until they are given back: for what one codec leaves to
   * the next. Null where there is no room, or some is lent already.
   */
  lend(length: number): Lent | null {
    if (this.#isLent || !this.hasRoom(length)) return null;
    const first = this.#first;
    const address = this.begin().scratch(length);
    this.#first = this.#next;
    this.#isLent = true;
    return {
      bytes: this.bytes.subarray(address, address + length),
      giveBack: () => {
        this.#first = first;
        this.#isLent = false;
      },
    };
  }

  /** True where scratch of this many bytes in all, in at most eight pieces, is to be had. */
  hasRoom(bytes: number): boolean {
    return this.#end === null || this.#first + bytes + 8 * 2 * MARGIN <= this.#end;
  }

  /** The memory's bytes as they are now. */
  get bytes(): Uint8Array {
    const { buffer } = this.#memory;
    if (this.#view.buffer !== buffer) this.#view = new Uint8Array(buffer);
    return this.#view;
  }

  /** Address of `length` bytes of scratch, aligned to 16, with a margin on both sides. @throws MemoryError */
  scratch(length: number): number {
    const address = align(this.#next);
    const next = address + length + MARGIN;
    const limit = this.#end ?? MAXIMA[0] * PAGE;
    if (next > limit || (this.#end === null && !growTo(this.#memory, next)))
      throw new MemoryError({ what: "scratch of a codec", needed: length, available: limit - address });
    this.#next = next + MARGIN;
    return address;
  }

  /** Where `bytes` lie in this memory; null where they don't, or too near its end for fast copies. */
  addressOf(bytes: Uint8Array): number | null {
    const inside = bytes.buffer === this.#memory.buffer;
    const { byteOffset, byteLength } = bytes;
    return inside && byteOffset >= MARGIN && byteOffset + byteLength + MARGIN <= bytes.buffer.byteLength
      ? byteOffset
      : null;
  }

  /** Address of `bytes`: where they are, or of a copy in scratch. */
  place(bytes: Uint8Array): number {
    return this.addressOf(bytes) ?? this.placeAt(bytes, this.scratch(bytes.length + 8));
  }

  /**
   * Copies `bytes` to `scratch`, which has eight bytes to spare. Between shared memory and any other, V8 copies
   * by words only where both are aligned alike, and else byte by byte: so the copy is.
   * @returns the address of the copy, up to seven bytes on
   */
  placeAt(bytes: Uint8Array, scratch: number): number {
    const address = scratch + (bytes.byteOffset & 7);
    copyBytes(bytes, this.bytes.subarray(address, address + bytes.length));
    return address;
  }

  /** Copies from this memory to `out`, unless it lies there already. */
  take(address: number, out: Uint8Array): void {
    if (this.addressOf(out) !== address) copyBytes(this.bytes.subarray(address, address + out.length), out);
  }
}

/** Scratch that outlives a call, and how to end that. */
export interface Lent {
  readonly bytes: Uint8Array;
  giveBack(): void;
}

const align = (address: number): number => Math.ceil(address / 16) * 16;

function growTo(memory: WebAssembly.Memory, bytes: number): boolean {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing <= 0) return true;
  try {
    memory.grow(missing);
    return true;
  } catch {
    return false;
  }
}

let own: WasmMemory | undefined;
let attached: { readonly memory: WebAssembly.Memory; readonly wasm: WasmMemory }[] = [];

/**
 * Lets this thread's codecs decode straight into `memory`: whatever `out` lies in it is written in place, and
 * compressed bytes in it are read in place.
 * @param memory shared, its maximum at most 65,536 pages
 * @param base start of the codecs' workspace in it
 * @param length bytes of workspace: {@link WORKSPACE_BYTES} and, for Blosc, three blocks more. Where it is too
 *   short for a chunk, that chunk goes through the thread's private memory and is copied. So is an `out` that was
 *   made before the memory grew: its buffer isn't the memory's any more
 */
export function attachMemory(memory: WebAssembly.Memory, base: number, length: number): void {
  if (length < WORKSPACE_BYTES || base + length > memory.buffer.byteLength)
    throw new MemoryError({ what: "workspace for codecs", needed: WORKSPACE_BYTES, available: length });
  detachMemory(memory);
  attached.push({ memory, wasm: new WasmMemory(memory, base, length) });
}

/** Undoes {@link attachMemory}. */
export function detachMemory(memory: WebAssembly.Memory): void {
  attached = attached.filter((one) => one.memory !== memory);
}

/** The least workspace that {@link attachMemory} takes. */
export const WORKSPACE_BYTES: number = 1 << 19;

/**
 * The instance to decode into `out` with: that of its memory or else of the memory of the `stored` bytes, if its
 * scratch suffices, else the thread's own.
 */
export function memoryFor(out: Uint8Array | undefined, scratch: number, stored?: Uint8Array): WasmMemory {
  for (const bytes of [out, stored])
    for (const { memory, wasm } of attached)
      if (bytes?.buffer === memory.buffer && wasm.hasRoom(scratch)) return wasm.begin();
  // memory never shrinks: what grew for one giant chunk is given back by starting anew
  if (own !== undefined && own.bytes.length > GIANT && scratch < GIANT / 4) own = undefined;
  own ??= new WasmMemory(privateMemory(), 1024, null);
  return own.begin();
}

function privateMemory(): WebAssembly.Memory {
  for (const maximum of MAXIMA)
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared: true });
    } catch {
      // address space is limited: less may do
    }
  throw new MemoryError({
    what: "address space for the codecs",
    needed: MAXIMA[MAXIMA.length - 1] * PAGE,
    available: 0,
    hint: "the system limits it (ulimit -v): lift the limit, or start node with --disable-wasm-trap-handler",
  });
}
