/**
 * Owns the element types of arrays: their names (NumPy's), their storage in typed arrays, their sizes.
 * Knows nothing of shapes, operators or files.
 */
import { DtypeError } from "./errors.js";

/** Units of `datetime64` and `timedelta64`, as NumPy spells them. */
export type TimeUnit = "D" | "h" | "m" | "s" | "ms" | "us" | "ns";

/** CF calendars, in their canonical spelling (`gregorian`, `365_day` and `366_day` are aliases). */
export type Calendar = "standard" | "proleptic_gregorian" | "julian" | "noleap" | "all_leap" | "360_day";

export type FloatDtype = "float16" | "float32" | "float64";
export type SignedDtype = "int8" | "int16" | "int32" | "int64";
export type UnsignedDtype = "uint8" | "uint16" | "uint32" | "uint64";
export type IntegerDtype = SignedDtype | UnsignedDtype;
/** Dtypes that arithmetic works on directly. */
export type NumericDtype = "bool" | IntegerDtype | FloatDtype;
/**
 * Dtypes stored as int64 counts. `cftime64[calendar]` counts microseconds since
 * 1970-01-01T00:00 *in that calendar*; it stands where xarray uses cftime objects.
 * The smallest int64 is NaT in all of them.
 */
export type TimeDtype = `datetime64[${TimeUnit}]` | `timedelta64[${TimeUnit}]` | `cftime64[${Calendar}]`;
export type Dtype = NumericDtype | TimeDtype | "string";

export type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** What holds the elements of a block: a typed array, or plain strings for `string`. */
export type BlockData = TypedArray | string[];

/** Not-a-time: the smallest int64, as in NumPy. */
export const NAT: bigint = -(2n ** 63n);

type TypedArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray;
};

const STORAGE: Record<NumericDtype, TypedArrayConstructor> = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  // the bits of IEEE binary16: no engine that we support has Float16Array everywhere
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
};

const TIME = /^(datetime64|timedelta64)\[(D|h|m|s|ms|us|ns)\]$/;
const CFTIME = /^cftime64\[(standard|proleptic_gregorian|julian|noleap|all_leap|360_day)\]$/;

/** True for a name in {@link Dtype}. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(STORAGE, name) || name === "string" || TIME.test(name) || CFTIME.test(name);
}

/** Checks a name that came from a user or a file. @throws DtypeError */
export function asDtype(name: string): Dtype {
  if (isDtype(name)) return name;
  throw new DtypeError({ dtype: name, found: `"${name}"`, hint: "use a NumPy name such as float32" });
}

export function isFloat(dtype: Dtype): dtype is FloatDtype {
  return dtype === "float16" || dtype === "float32" || dtype === "float64";
}
export function isSigned(dtype: Dtype): dtype is SignedDtype {
  return dtype === "int8" || dtype === "int16" || dtype === "int32" || dtype === "int64";
}
export function isUnsigned(dtype: Dtype): dtype is UnsignedDtype {
  return dtype === "uint8" || dtype === "uint16" || dtype === "uint32" || dtype === "uint64";
}
export function isInteger(dtype: Dtype): dtype is IntegerDtype {
  return isSigned(dtype) || isUnsigned(dtype);
}
export function isDatetime(dtype: Dtype): boolean {
  return dtype.startsWith("datetime64");
}
export function isTimedelta(dtype: Dtype): boolean {
  return dtype.startsWith("timedelta64");
}
export function isCftime(dtype: Dtype): boolean {
  return dtype.startsWith("cftime64");
}
/** True for every dtype that counts time in an int64. */
export function isTime(dtype: Dtype): dtype is TimeDtype {
  return isDatetime(dtype) || isTimedelta(dtype) || isCftime(dtype);
}
export function isNumeric(dtype: Dtype): dtype is NumericDtype {
  return dtype in STORAGE;
}
/** True where elements are `bigint`s in JavaScript. */
export function isBig(dtype: Dtype): boolean {
  return dtype === "int64" || dtype === "uint64" || isTime(dtype);
}

/** The unit of a `datetime64` or `timedelta64`; `us` for `cftime64`. */
export function unitOf(dtype: TimeDtype): TimeUnit {
  const match = TIME.exec(dtype);
  return match ? (match[2] as TimeUnit) : "us";
}

/** The calendar in which a time dtype counts. */
export function calendarOf(dtype: TimeDtype): Calendar {
  const match = CFTIME.exec(dtype);
  return match ? (match[1] as Calendar) : "proleptic_gregorian";
}

/** The numeric dtype whose typed array stores `dtype`; times are int64. @throws DtypeError for `string` */
export function storageOf(dtype: Dtype): NumericDtype {
  if (isTime(dtype)) return "int64";
  if (dtype === "string")
    throw new DtypeError({ dtype, found: "string", hint: "strings are kept in lists, not in typed arrays" });
  return dtype;
}

/** Bytes of one element. A string counts as 16: a pointer and a short text. */
export function itemSize(dtype: Dtype): number {
  return dtype === "string" ? 16 : STORAGE[storageOf(dtype)].BYTES_PER_ELEMENT;
}

/** Zeroed storage of `length` elements; `shared` puts it into a SharedArrayBuffer. */
export function allocate(dtype: Dtype, length: number, shared = false): BlockData {
  if (dtype === "string") return new Array<string>(length).fill("");
  const type = STORAGE[storageOf(dtype)];
  return shared ? new type(new SharedArrayBuffer(length * type.BYTES_PER_ELEMENT)) : new type(length);
}

/** A typed array over bytes that exist already; `byteOffset` must be a multiple of the item size. */
export function viewOf(
  dtype: Exclude<Dtype, "string">,
  buffer: ArrayBufferLike,
  byteOffset = 0,
  length?: number,
): TypedArray {
  return new STORAGE[storageOf(dtype)](buffer, byteOffset, length);
}
