/** Owns the recognition of file formats by their first bytes. Reads nothing itself. */

/** A format that a file can be in; `hint` says what to do about those that aren't read here. */
export interface FileFormat {
  readonly name: string;
  readonly supported: boolean;
  readonly hint?: string;
}

/** Bytes of a file's beginning that {@link formatOf} wants to see. */
export const SIGNATURE_BYTES: number = 64;

const CONVERT = "convert it to Zarr or NetCDF first (in Python: xarray.open_dataset(…).to_zarr(…))";

/** Also where the signature comes later, behind a user block. */
export const HDF5: FileFormat = { name: "HDF5 or NetCDF-4", supported: true };

export const GRIB: FileFormat = { name: "GRIB", supported: true };
export const TIFF: FileFormat = { name: "TIFF", supported: true };

/** Signatures as latin-1 text, and where they stand. */
const SIGNATURES: ReadonlyArray<readonly [text: string, offset: number, format: FileFormat]> = [
  ["CDF\x01", 0, { name: "NetCDF-3 (classic)", supported: true }],
  ["CDF\x02", 0, { name: "NetCDF-3 (64-bit offset)", supported: true }],
  ["CDF\x05", 0, { name: "NetCDF-3 (64-bit data)", supported: true }],
  ["\x89HDF\r\n\x1a\n", 0, HDF5],
  ["\x0e\x03\x13\x01", 0, unsupported("HDF4")],
  ["GRIB", 0, GRIB],
  ["BUFR", 0, unsupported("BUFR")],
  ["II*\0", 0, TIFF],
  ["MM\0*", 0, TIFF],
  ["II+\0", 0, TIFF],
  ["MM\0+", 0, TIFF],
  ["PAR1", 0, unsupported("Parquet")],
  ["\x93NUMPY", 0, unsupported("a NumPy array (.npy)")],
  ["SIMPLE  =", 0, unsupported("FITS")],
  ["\x1f\x8b", 0, { name: "gzip", supported: false, hint: "unpack it first" }],
  ["BZh", 0, { name: "bzip2", supported: false, hint: "unpack it first" }],
  ["\x28\xb5\x2f\xfd", 0, { name: "zstd", supported: false, hint: "unpack it first" }],
  ["\xfd7zXZ\0", 0, { name: "xz", supported: false, hint: "unpack it first" }],
  ["PK\x03\x04", 0, { name: "a ZIP archive", supported: false, hint: "unpack it first" }],
  // one without entries
  ["PK\x05\x06", 0, { name: "a ZIP archive", supported: false, hint: "unpack it first" }],
];

function unsupported(name: string): FileFormat {
  return { name, supported: false, hint: CONVERT };
}

/** The format that a file's first bytes show; undefined where they show none that is known. */
export function formatOf(start: Uint8Array): FileFormat | undefined {
  const text = Buffer.from(start.buffer, start.byteOffset, start.byteLength).toString("latin1");
  const found = SIGNATURES.find(([signature, offset]) => text.startsWith(signature, offset));
  if (found) return found[2];
  if (/^\s*[{[]/.test(text))
    return {
      name: "JSON",
      supported: false,
      hint: "open the Zarr store itself",
    };
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text))
    return {
      name: "a web page",
      supported: false,
      hint: "the server answers with a page: look at the URL",
    };
  return undefined;
}
