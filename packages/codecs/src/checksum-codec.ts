/** Owns the codecs that add four bytes of checksum before or after the bytes, and verify them. */
import type { Codec, CodecSpec } from "./codec.js";
import { adler32, crc32, crc32c, fletcher32 } from "./checksum.js";
import { choiceOf } from "./configuration.js";
import { damaged, deliver } from "./output.js";

type Location = "start" | "end";

/** @param isToo whether another sum than the right one is taken as well: a known mistake of a writer */
function checksumCodec(
  name: string,
  sum: (bytes: Uint8Array) => number,
  location: Location,
  isToo: (stored: number, found: number) => boolean = () => false,
): Codec {
  return {
    name,
    inWasm: true,
    isView: true,
    decode(bytes, size, out) {
      if (bytes.length < 4) throw damaged(name, `${bytes.length} bytes can't hold a checksum of four`);
      const split = location === "start" ? 4 : bytes.length - 4;
      const body = location === "start" ? bytes.subarray(4) : bytes.subarray(0, split);
      const at = location === "start" ? 0 : split;
      const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
      const found = sum(body);
      if (stored !== found && !isToo(stored, found))
        throw damaged(name, `checksum is ${hex(found)} where ${hex(stored)} was stored`);
      return deliver(name, body, size, out);
    },
    encode(bytes) {
      const out = new Uint8Array(bytes.length + 4);
      out.set(bytes, location === "start" ? 4 : 0);
      new DataView(out.buffer).setUint32(location === "start" ? 0 : bytes.length, sum(bytes), true);
      return out;
    },
    encodedSize: (size) => size + 4,
  };
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
const LOCATIONS: readonly Location[] = ["start", "end"];

export function crc32cCodec(spec: CodecSpec): Codec {
  return checksumCodec(spec.name, crc32c, choiceOf(spec, "location", LOCATIONS, "end"));
}
export function crc32Codec(spec: CodecSpec): Codec {
  return checksumCodec(spec.name, crc32, choiceOf(spec, "location", LOCATIONS, "start"));
}
export function adler32Codec(spec: CodecSpec): Codec {
  return checksumCodec(spec.name, adler32, choiceOf(spec, "location", LOCATIONS, "start"));
}
export function fletcher32Codec(spec: CodecSpec): Codec {
  return checksumCodec(spec.name, fletcher32, "end", isSwapped);
}

/** Up to version 1.6.2, HDF5 swapped the bytes of both halves on little-endian machines. */
function isSwapped(stored: number, found: number): boolean {
  return stored === (((found & 0x00ff00ff) << 8) | ((found >>> 8) & 0x00ff00ff)) >>> 0;
}
