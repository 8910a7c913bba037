/**
 * Owns spilled bytes: a log in a few files ("segments") that are only ever appended to. A segment is unlinked as soon
 * as it is open, so that nothing is left however the process ends, and closed when nobody needs anything of it any
 * more. Where the disk's budget runs short, what is left of the emptiest segment is moved to the end of the log; for
 * that moment it stands there twice.
 * Every entry has a checksum. Knows bytes, no blocks.
 */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32c } from "@hyperslab/codecs/checksum";
import { bytesText } from "@hyperslab/core/byte-text";
import { StorageError } from "@hyperslab/core/errors";
import type { SpillDirectory } from "./spill-directory.js";

/** Bytes after which a new segment is begun. */
const SEGMENT = 256 * 2 ** 20;

interface Segment {
  readonly file: FileHandle;
  readonly entries: Set<SpillEntry>;
  /** Appended so far; bytes that entries still need. */
  size: number;
  live: number;
  /** Nothing is appended any more. */
  sealed: boolean;
}

/** Bytes in the log; valid until it is freed. */
export interface SpillEntry {
  readonly length: number;
  readonly checksum: number;
  /** Where it stands now: the cleaner may move it. */
  place: { readonly segment: Segment; readonly offset: number };
}

/** Spilled bytes of one run. Calls may overlap. */
export class SpillLog {
  readonly #directory: SpillDirectory;
  readonly #segmentBytes: number;
  #folder: string | null = null;
  #segments: Segment[] = [];
  #made = 0;
  /** Appends are made one after another: each begins where the last one ends. */
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(directory: SpillDirectory, segmentBytes: number = SEGMENT) {
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
  }

  /** Bytes on the disk now, those that nobody needs any more included. */
  get size(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** Bytes that are needed. */
  get live(): number {
    return this.#segments.reduce((sum, { live }) => sum + live, 0);
  }

  /** Appends `bytes`; they may be changed once the promise is settled. @throws StorageError where the disk is full */
  append(bytes: Uint8Array): Promise<SpillEntry> {
    const write = this.#tail.then(async () => {
      await this.#makeRoom(bytes.length);
      const entry: SpillEntry = {
        length: bytes.length,
        checksum: crc32c(bytes),
        place: await this.#write(bytes),
      };
      entry.place.segment.entries.add(entry);
      return entry;
    });
    this.#tail = write.catch(() => undefined);
    return write;
  }

  /** Reads an entry into `into`, which is as long. @throws StorageError where its checksum is not what it was */
  async read(entry: SpillEntry, into: Uint8Array): Promise<void> {
    for (let place = entry.place; ; place = entry.place) {
      try {
        await this.#read(place.segment, place.offset, into);
        break;
      } catch (error) {
        // moved meanwhile, and its old segment closed
        if (entry.place === place) throw error;
      }
    }
    if (crc32c(into) !== entry.checksum)
      throw this.#error("spilled bytes changed on the disk", "the disk is failing: spill elsewhere");
  }

  /** Nobody needs the entry any more. */
  free(entry: SpillEntry): void {
    const { segment } = entry.place;
    if (!segment.entries.delete(entry)) return;
    segment.live -= entry.length;
    if (segment.entries.size === 0 && segment !== this.#segments.at(-1)) this.#drop(segment);
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#tail;
    const segments = this.#segments;
    this.#segments = [];
    await Promise.all(segments.map(({ file }) => file.close()));
    if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true });
  }

  async #write(bytes: Uint8Array): Promise<SpillEntry["place"]> {
    const segment = await this.#lastSegment();
    const offset = segment.size;
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await segment.file.write(bytes, at, bytes.length - at, offset + at);
        at += bytesWritten;
      }
    } catch (cause) {
      throw this.#error(
        `writing failed: ${cause instanceof Error ? cause.message : String(cause)}`,
        "spill to a disk with more room, or give the run more memory",
        cause,
      );
    }
    segment.size += bytes.length;
    segment.live += bytes.length;
    return { segment, offset };
  }

  async #read(segment: Segment, offset: number, into: Uint8Array): Promise<void> {
    for (let at = 0; at < into.length;) {
      const { bytesRead } = await segment.file.read(into, at, into.length - at, offset + at);
      if (bytesRead === 0)
        throw this.#error("spilled bytes are gone", "somebody else has changed the files: spill elsewhere");
      at += bytesRead;
    }
  }

  async #lastSegment(): Promise<Segment> {
    if (this.#closed) throw this.#error("it was closed", "the run has ended");
    const last = this.#segments.at(-1);
    if (last && !last.sealed && last.size < this.#segmentBytes) return last;
    try {
      this.#folder ??= await mkdtemp(join(this.#directory.path, "hyperslab-spill-"));
      const path = join(this.#folder, `segment-${this.#made++}`);
      const file = await open(path, "wx+", 0o600);
      await rm(path, { force: true });
      const segment = { file, entries: new Set<SpillEntry>(), size: 0, live: 0, sealed: false };
      this.#segments.push(segment);
      if (last && last.entries.size === 0) this.#drop(last);
      return segment;
    } catch (cause) {
      throw this.#error("no file can be made there", "name another directory with HYPERSLAB_SPILL", cause);
    }
  }

  /** Moves what is left of sparse segments until `bytes` more fit. */
  async #makeRoom(bytes: number): Promise<void> {
    const { limit } = this.#directory;
    while (this.size + bytes > limit) {
      const sparse = this.#segments.reduce<Segment | null>(
        (best, one) => (one.live < one.size && (!best || one.live < best.live) ? one : best),
        null,
      );
      if (!sparse || this.live + bytes > limit)
        throw this.#error(
          `${bytesText(bytes)} more don't fit: ${bytesText(this.live)} of ${bytesText(limit)} hold blocks that are still needed`,
          "allow more disk, spill to a larger one, or give the run more memory",
        );
      await this.#clean(sparse);
    }
  }

  async #clean(segment: Segment): Promise<void> {
    segment.sealed = true;
    const entries = [...segment.entries];
    for (const entry of entries) {
      const bytes = new Uint8Array(entry.length);
      await this.#read(segment, entry.place.offset, bytes);
      if (!segment.entries.has(entry)) continue;
      const place = await this.#write(bytes);
      if (!segment.entries.delete(entry)) {
        // freed while it was moved
        place.segment.live -= entry.length;
        continue;
      }
      segment.live -= entry.length;
      entry.place = place;
      place.segment.entries.add(entry);
    }
    this.#drop(segment);
  }

  #drop(segment: Segment): void {
    const at = this.#segments.indexOf(segment);
    if (at === -1) return;
    this.#segments.splice(at, 1);
    // a read that began before goes on with the handle until it is closed; entries of it are gone
    void segment.file.close().catch(() => undefined);
  }

  #error(reason: string, hint: string, cause?: unknown): StorageError {
    return new StorageError({
      path: this.#directory.path,
      reason: `the spill: ${reason}`,
      hint,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
