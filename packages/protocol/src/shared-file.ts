/**
 * Owns the short way between two processes of one machine: a file in memory through which large blocks pass, with
 * words about them on the channel. The file is removed as soon as both have opened it. Where there is no file
 * system in memory, or the other side is elsewhere, there is no short way, and blocks go over the socket.
 */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { type FileHandle, mkdtemp, open, rm, rmdir, statfs, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A file system in memory; on Linux. */
const FOLDER = "/dev/shm";
/** Bytes of one slot, and their number. */
const SLOT = 2 ** 23;
const SLOTS = 4;
/** The first bytes of the file: whoever reads them there is on the same machine. */
const CHECK = 16;
/** The slots begin at a page. */
const START = 4096;

/** Pieces that pass through a file are no larger. */
export const FILE_PIECE: number = SLOT;

/** Folders that still have a name: gone with the process, however early it ends. */
const named = new Set<string>();
let watching = false;

function watchExit(): void {
  if (watching) return;
  watching = true;
  process.on("exit", () => {
    for (const folder of named) rmSync(folder, { recursive: true, force: true });
  });
}

/** The side that has the blocks. */
export class SharedFileWriter {
  readonly path: string;
  readonly check: string;
  readonly #file: FileHandle;
  readonly #free: number[] = Array.from({ length: SLOTS }, (_, i) => START + i * SLOT);
  #wake: (() => void) | null = null;
  #closed = false;

  private constructor(path: string, check: string, file: FileHandle) {
    this.path = path;
    this.check = check;
    this.#file = file;
  }

  /** Null where there is no file system in memory, or too little room in it. */
  static async create(): Promise<SharedFileWriter | null> {
    let folder: string | null = null;
    try {
      const { bavail, bsize } = await statfs(FOLDER);
      // a container often has 64 MB there, for all
      if (bavail * bsize < 8 * SLOT * SLOTS) return null;
      watchExit();
      folder = await mkdtemp(join(FOLDER, "hyperslab-"));
      named.add(folder);
      const path = join(folder, "blocks");
      const file = await open(path, "wx+", 0o600);
      const check = randomBytes(CHECK);
      await file.write(check, 0, CHECK, 0);
      return new SharedFileWriter(path, check.toString("hex"), file);
    } catch {
      if (folder) await rm(folder, { recursive: true, force: true });
      return null;
    }
  }

  /** Removes the name: the file lives on as long as it is open. */
  async hide(): Promise<void> {
    await removeName(this.path);
    named.delete(dirname(this.path));
  }

  /** Writes at most {@link FILE_PIECE} bytes to a free slot, once there is one. Null once it is closed. */
  async write(parts: readonly Uint8Array[]): Promise<number | null> {
    while (this.#free.length === 0 && !this.#closed) await new Promise<void>((wake) => (this.#wake = wake));
    const slot = this.#closed ? undefined : this.#free.pop();
    if (slot === undefined) return null;
    let at = slot;
    for (const part of parts) {
      for (let done = 0; done < part.length;) {
        const { bytesWritten } = await this.#file.write(part, done, part.length - done, at);
        done += bytesWritten;
        at += bytesWritten;
      }
    }
    return slot;
  }

  /** The other side has read a slot. */
  free(slot: number): void {
    if (slot < START || (slot - START) % SLOT !== 0 || this.#free.includes(slot)) return;
    this.#free.push(slot);
    this.#wake?.();
    this.#wake = null;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake?.();
    await this.hide();
    await this.#file.close().catch(() => undefined);
  }
}

async function removeName(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
  await rmdir(dirname(path)).catch(() => undefined);
}

/** The side that wants the blocks. */
export class SharedFileReader {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Null where the file is not the one that was meant: it is another machine's. */
  static async open(path: string, check: string): Promise<SharedFileReader | null> {
    if (!path.startsWith(`${FOLDER}/hyperslab-`) || path.includes("..")) return null;
    const file = await open(path, "r").catch(() => null);
    if (!file) return null;
    const found = new Uint8Array(CHECK);
    await file.read(found, 0, CHECK, 0).catch(() => undefined);
    if (Buffer.from(found).toString("hex") === check) {
      await removeName(path);
      return new SharedFileReader(file);
    }
    await file.close();
    return null;
  }

  /** Reads what was written to a slot. @throws where the file ends before */
  async read(slot: number, into: Uint8Array): Promise<void> {
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await this.#file.read(into, done, into.length - done, slot + done);
      if (bytesRead === 0) throw new Error(`the shared file ends at ${slot + done}`);
      done += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }
}
