/**
 * Owns where blocks may be spilled to: a directory on a disk. One that is backed by memory would take the very bytes
 * that spilling is to give back, so it is refused. Knows no blocks.
 */
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { bytesText } from "@hyperslab/core/byte-text";
import { StorageError } from "@hyperslab/core/errors";
import { makeDirectory } from "@hyperslab/storage/make-directory";

/** Where a run may spill, and how much. */
export interface SpillDirectory {
  readonly path: string;
  /** What the file system calls itself, or its number where we have no name. */
  readonly fileSystem: string;
  /** Bytes that may stand there at a time. */
  readonly limit: number;
}

/** `f_type` of statfs(2), from the headers of Linux (linux/magic.h). */
const FILE_SYSTEMS: Readonly<Record<number, { readonly name: string; readonly inMemory?: true }>> = {
  0x01021994: { name: "tmpfs", inMemory: true },
  0x858458f6: { name: "ramfs", inMemory: true },
  0x958458f6: { name: "hugetlbfs", inMemory: true },
  0xef53: { name: "ext4" },
  0x58465342: { name: "xfs" },
  0x9123683e: { name: "btrfs" },
  0x2fc12fc1: { name: "zfs" },
  0x794c7630: { name: "overlayfs" },
  0x6969: { name: "nfs" },
  0xff534d42: { name: "cifs" },
  0x0bd00bd0: { name: "lustre" },
  0x47504653: { name: "gpfs" },
  0x65735546: { name: "fuse" },
};

/** The part of a disk's free space that a run takes at most. */
const SHARE = 0.8;

/** What is asked of statfs. */
export interface FileSystemFacts {
  readonly type: number;
  readonly bsize: number;
  readonly bavail: number;
}

export interface SpillOptions {
  /** Default: `HYPERSLAB_SPILL`, else the system's directory for temporary files. */
  readonly path?: string;
  /** Bytes; default: most of what is free. */
  readonly limit?: number;
  /** For tests: tells what a path is on. */
  readonly statfs?: (path: string) => Promise<FileSystemFacts>;
}

/**
 * Checks where to spill to.
 * @throws StorageError for a directory that can't be made or that is backed by memory
 */
export async function spillDirectory(options: SpillOptions = {}): Promise<SpillDirectory> {
  const path = resolve(options.path ?? process.env["HYPERSLAB_SPILL"] ?? tmpdir());
  let facts: FileSystemFacts;
  try {
    await makeDirectory(path);
    facts = await (options.statfs ?? statfs)(path);
  } catch (cause) {
    throw new StorageError({
      path,
      reason: `blocks can't be spilled there: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "name a directory on a local disk with HYPERSLAB_SPILL",
      cause,
    });
  }
  // the number is signed on some platforms
  const type = facts.type >>> 0;
  const known = FILE_SYSTEMS[type];
  const fileSystem = known?.name ?? `file system 0x${type.toString(16)}`;
  if (known?.inMemory)
    throw new StorageError({
      path,
      reason: `blocks spilled there would stay in memory: it is ${fileSystem}`,
      hint: "name a directory on a local disk with HYPERSLAB_SPILL",
    });
  const free = facts.bsize * facts.bavail;
  return { path, fileSystem, limit: Math.floor(Math.min(options.limit ?? Infinity, SHARE * free)) };
}

/** A directory for people. */
export function spillText({ path, fileSystem, limit }: SpillDirectory): string {
  return `${path} (${fileSystem}, up to ${bytesText(limit)})`;
}
