/** Owns the reading of small Parquet files, with the package hyparquet. Knows nothing of what their columns mean. */
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { zstdDecode } from "@hyperslab/codecs/zstd";
import { type Compressors, parquetMetadataAsync, parquetRead } from "hyparquet";

/** More rows than this aren't read into memory. */
const MOST_ROWS = 50_000_000;

const COMPRESSORS: Compressors = {
  ZSTD: (bytes, size) => zstdDecode("zstd", bytes, size),
  GZIP: (bytes) => gunzipSync(bytes),
  BROTLI: (bytes) => brotliDecompressSync(bytes),
};

export interface ParquetTable {
  readonly rows: number;
  /** The values of a column; undefined where there is no such column. Bytes stay bytes, int64 is bigint. */
  column(name: string): ArrayLike<unknown> | undefined;
}

/** Reads these columns, those of them that are there. @throws Error as hyparquet says it */
export async function readParquet(bytes: Uint8Array, columns: readonly string[]): Promise<ParquetTable> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = await parquetMetadataAsync(file);
  const rows = Number(metadata.num_rows);
  if (!(rows <= MOST_ROWS)) throw new RangeError(`it is said to have ${rows} rows`);
  const there = new Set(metadata.schema.slice(1).map(({ name }) => name));
  const found = new Map<string, unknown[]>();
  const wanted = columns.filter((name) => there.has(name));
  for (const name of wanted) found.set(name, []);
  await parquetRead({
    file,
    metadata,
    columns: wanted,
    compressors: COMPRESSORS,
    utf8: false,
    onChunk({ columnName, columnData, rowStart }) {
      const values = found.get(columnName);
      if (values) for (let i = 0; i < columnData.length; i++) values[rowStart + i] = columnData[i];
    },
  });
  return { rows, column: (name) => found.get(name) };
}
