/** Writes ZIP archives, well-formed or not, from the format's specification (APPNOTE). Used by the tests of ZipStore. */
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipPart {
  readonly name: string | Uint8Array;
  readonly value: Uint8Array;
  /** 0: stored (the default); 8: deflated; others are only claimed. */
  readonly method?: number;
  readonly encrypted?: boolean;
  /** False: the name isn't marked as UTF-8. */
  readonly utf8?: boolean;
  /** Fields after the name in the entry's own header, and in the directory. */
  readonly localExtra?: Uint8Array;
  readonly extra?: Uint8Array;
  /** Claims, where they aren't true. */
  readonly size?: number;
  readonly crc?: number;
  readonly header?: number;
}

export interface ZipShape {
  readonly comment?: string;
  /** Sizes and places in ZIP64 fields, whether that is needed or not. */
  readonly zip64?: boolean;
  /** Bytes before the first entry. */
  readonly before?: Uint8Array;
  readonly disk?: number;
}

export function makeZip(parts: readonly ZipPart[], shape: ZipShape = {}): Buffer {
  const pieces: Buffer[] = [Buffer.from(shape.before ?? [])];
  const directory: Buffer[] = [];
  let at = pieces[0].length;
  for (const part of parts) {
    const { value, method = 0, localExtra = new Uint8Array(0) } = part;
    const name = Buffer.from(part.name as Uint8Array);
    const packed = method === 8 ? deflateRawSync(value) : Buffer.from(value);
    const flags = (part.encrypted ? 1 : 0) | (part.utf8 === false ? 0 : 0x800);
    const size = part.size ?? value.length;
    const crc = part.crc ?? crc32(value);
    const header = part.header ?? at;
    const long = shape.zip64 ? zip64Field([size, packed.length, header]) : Buffer.alloc(0);
    const extra = Buffer.concat([Buffer.from(part.extra ?? []), long]);
    const short = (number: number): number => (shape.zip64 ? 0xffffffff : number);

    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(crc, 14);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(localExtra.length, 28);
    pieces.push(local, name, Buffer.from(localExtra), packed);

    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc, 16);
    entry.writeUInt32LE(short(packed.length), 20);
    entry.writeUInt32LE(short(size), 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(short(header), 42);
    directory.push(entry, name, extra);
    at += 30 + name.length + localExtra.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const comment = Buffer.from(shape.comment ?? "");
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(shape.disk ?? 0, 4);
  end.writeUInt16LE(shape.zip64 ? 0xffff : parts.length, 10);
  end.writeUInt32LE(shape.zip64 ? 0xffffffff : listed.length, 12);
  end.writeUInt32LE(shape.zip64 ? 0xffffffff : at, 16);
  end.writeUInt16LE(comment.length, 20);
  const end64 = shape.zip64 ? zip64End(parts.length, listed.length, at) : Buffer.alloc(0);
  return Buffer.concat([...pieces, listed, end64, end, comment]);
}

function zip64Field(numbers: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * numbers.length);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(8 * numbers.length, 2);
  numbers.forEach((number, i) => field.writeBigUInt64LE(BigInt(number), 4 + 8 * i));
  return field;
}

function zip64End(count: number, length: number, start: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(length), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(start + length), 64);
  end.writeUInt32LE(1, 72);
  return end;
}
