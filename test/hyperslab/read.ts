/** Reads results for comparison: flat lists, without typed arrays. */
import type { DataArray } from "hyperslab";

/** All elements in C order; bigints as numbers. */
export async function listOf(array: DataArray): Promise<(number | string)[]> {
  const { data } = await array.values();
  return Array.from(data as Iterable<number | bigint | string>, (one) =>
    typeof one === "bigint" ? Number(one) : one,
  );
}

/** Names of the coordinates, sorted. */
export function coordNames(object: { readonly coords: ReadonlyMap<string, unknown> }): string[] {
  return [...object.coords.keys()].sort();
}

/** The message of what a function throws or a promise rejects with; fails where it does neither. */
export async function failure(act: () => unknown): Promise<Error & { readonly tag?: string }> {
  try {
    await act();
  } catch (error) {
    return error as Error & { readonly tag?: string };
  }
  throw new Error("nothing was thrown");
}
