/** Owns the filters that store elements in another dtype: astype, and packbits for booleans. */
import type { Codec, CodecSpec } from "./codec.js";
import { bytesOf, castElements, elementsOf, filterDtype } from "./filter-dtype.js";
import { damaged, deliver, outputFor } from "./output.js";

export function astypeCodec(spec: CodecSpec): Codec {
  const name = spec.name;
  const type = filterDtype(spec, "decode_dtype");
  const stored = filterDtype(spec, "encode_dtype");
  return {
    name,
    decode(bytes, size, out) {
      const decoded = castElements(elementsOf(name, bytes, stored), stored.dtype, type.dtype);
      return deliver(name, bytesOf(decoded, type), size, out);
    },
    encode(bytes) {
      return bytesOf(castElements(elementsOf(name, bytes, type), type.dtype, stored.dtype), stored);
    },
    encodedSize: (size) => (size / type.size) * stored.size,
    encodedItemSize: stored.size,
  };
}

/** Booleans as bits, most significant first, after one byte that counts the unused bits at the end. */
export function packbitsCodec(spec: CodecSpec): Codec {
  const name = spec.name;
  return {
    name,
    decode(bytes, size, out) {
      const unused = bytes[0] ?? 8;
      if (unused > 7 || (unused > 0 && bytes.length < 2))
        throw damaged(name, `${bytes.length} bytes with ${unused} unused bits`);
      const target = outputFor(name, (bytes.length - 1) * 8 - unused, size, out);
      for (let i = 0; i < target.length; i++) target[i] = (bytes[1 + (i >> 3)] >> (7 - (i & 7))) & 1;
      return target;
    },
    encode(bytes) {
      const out = new Uint8Array(1 + Math.ceil(bytes.length / 8));
      out[0] = (8 - (bytes.length % 8)) % 8;
      for (let i = 0; i < bytes.length; i++) if (bytes[i]) out[1 + (i >> 3)] |= 128 >> (i & 7);
      return out;
    },
    encodedSize: (size) => 1 + Math.ceil(size / 8),
    encodedItemSize: 1,
  };
}
