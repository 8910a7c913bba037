/** Streams that other programs wrote (fixtures/make-streams.py). */
import { readFileSync } from "node:fs";
import type { CodecSpec } from "@hyperslab/codecs/codec";
import { crc32 } from "@hyperslab/codecs/checksum";
import { type Kind, sample } from "./samples.js";

export interface Stream {
  readonly title: string;
  readonly spec: CodecSpec;
  readonly raw: Uint8Array;
  readonly encoded: Uint8Array;
}

interface Stored {
  readonly title: string;
  readonly spec: CodecSpec;
  readonly sample: Kind;
  readonly length: number;
  readonly crc: number;
  readonly bytes: string;
}

export function encodedByOthers(): Stream[] {
  const stored = JSON.parse(
    readFileSync(new URL("fixtures/streams.json", import.meta.url), "utf8"),
  ) as Stored[];
  return stored.map(({ title, spec, sample: kind, length, crc, bytes }) => {
    const raw = sample(kind, length);
    if (crc32(raw) !== crc)
      throw new Error(`${title}: the sample isn't what it was when the fixture was made`);
    return { title, spec, raw, encoded: new Uint8Array(Buffer.from(bytes, "base64")) };
  });
}
