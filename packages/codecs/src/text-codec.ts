/** Owns the codecs for texts of any length: vlen-utf8 (and vlen-bytes, read as UTF-8 or else Latin-1) and json2. */
import { CodecError } from "@hyperslab/core/errors";
import type { CodecSpec } from "./codec.js";
import { textOfBytes } from "./element-bytes.js";
import { damaged } from "./output.js";

/** Texts ↔ bytes; `count` texts are expected. */
export interface TextCodec {
  readonly name: string;
  decode(bytes: Uint8Array, count: number): string[];
  encode(texts: readonly string[]): Uint8Array;
}

const NAMES = ["vlen-utf8", "vlen-bytes", "json2"];

export function isTextCodec(name: string): boolean {
  return NAMES.includes(name.replace(/^numcodecs\./, ""));
}

/** @throws CodecError for any other name */
export function textCodecOf(spec: CodecSpec): TextCodec {
  const name = spec.name.replace(/^numcodecs\./, "");
  if (name === "vlen-utf8" || name === "vlen-bytes") return vlen(spec.name);
  if (name === "json2") return json2(spec.name);
  throw new CodecError({
    codec: spec.name,
    reason: "doesn't hold texts",
    hint: `arrays of texts are stored with ${NAMES.join(" or ")}`,
  });
}

/** A count, then each text's length in bytes and its bytes; all numbers uint32, little-endian. */
function vlen(name: string): TextCodec {
  return {
    name,
    decode(bytes, count) {
      const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
      if (buffer.length < 4) throw damaged(name, `${buffer.length} bytes can't hold a count`);
      const found = buffer.readUInt32LE(0);
      if (found !== count) throw damaged(name, `holds ${found} texts where the chunk has ${count}`);
      const texts = new Array<string>(count);
      let at = 4;
      for (let i = 0; i < count; i++) {
        const room = buffer.length - at - 4;
        const length = room < 0 ? 0 : buffer.readUInt32LE(at);
        if (room < 0 || length > room) throw damaged(name, `ends within text ${i} of ${count}`);
        texts[i] = textOfBytes(buffer, at + 4, at + 4 + length);
        at += 4 + length;
      }
      if (at !== buffer.length) throw damaged(name, `${buffer.length - at} bytes after the last text`);
      return texts;
    },
    encode(texts) {
      let length = 4;
      for (const text of texts) length += 4 + Buffer.byteLength(text);
      const out = Buffer.alloc(length);
      let at = out.writeUInt32LE(texts.length, 0);
      for (const text of texts) {
        const written = out.write(text, at + 4);
        out.writeUInt32LE(written, at);
        at += 4 + written;
      }
      return out;
    },
  };
}

/** A JSON list: the (nested) elements, then the dtype and the shape. */
function json2(name: string): TextCodec {
  return {
    name,
    decode(bytes, count) {
      let list: unknown;
      try {
        list = JSON.parse(
          Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length).toString(),
        );
      } catch (error) {
        throw damaged(name, "isn't JSON", error);
      }
      if (!Array.isArray(list) || list.length < 2)
        throw damaged(name, "isn't a list of elements, dtype and shape");
      const items = list.slice(0, -2).flat(64);
      if (items.length !== count)
        throw damaged(name, `holds ${items.length} elements where the chunk has ${count}`);
      return items.map((item) =>
        item === null ? "" : typeof item === "string" ? item : JSON.stringify(item),
      );
    },
    encode(texts) {
      return new Uint8Array(Buffer.from(JSON.stringify([...texts, "|O", [texts.length]])));
    },
  };
}
