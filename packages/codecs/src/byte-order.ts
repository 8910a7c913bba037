/** Owns byte order: swapping, and typed arrays over bytes of either order. Knows no formats. */
import { endianness } from "node:os";
import { viewOf, type Dtype, type TypedArray, itemSize } from "@hyperslab/core/dtype";

/** True where this machine is little-endian, as all that run Node in earnest are. */
export const NATIVE_LITTLE: boolean = endianness() === "LE";

/** Reverses the bytes of every element of `size` bytes, in place; `size` 1 does nothing. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  if (size === 1) return;
  const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
  else for (let i = 0; i + size <= bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/** A typed array of native order over `bytes`: a view where order and alignment allow, else a copy. */
export function toElements(
  bytes: Uint8Array,
  dtype: Exclude<Dtype, "string">,
  littleEndian: boolean,
): TypedArray {
  const size = itemSize(dtype);
  const native = size === 1 || littleEndian === NATIVE_LITTLE;
  const own = native && bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  if (!native) swapBytes(own, size);
  return viewOf(dtype, own.buffer, own.byteOffset, Math.floor(own.byteLength / size));
}

/** The bytes of a typed array in the given order: a view where that is the native one, else a copy. */
export function fromElements(elements: TypedArray, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  if (elements.BYTES_PER_ELEMENT === 1 || littleEndian === NATIVE_LITTLE) return bytes;
  const swapped = new Uint8Array(bytes);
  swapBytes(swapped, elements.BYTES_PER_ELEMENT);
  return swapped;
}
