/**
 * Owns the places of small blocks: which parts of a worker's memory for them are free. Counted in units of
 * 8 bytes, page after page; a block never lies across two pages. Pure: the memory itself is the server's.
 */

/** Units in a page: 1 MiB. */
export const PAGE_UNITS: number = 2 ** 17;
/** Blocks up to so many bytes have a place here; larger ones have memory of their own. */
export const SMALL_BYTES = 4096;

export interface SmallPlaces {
  /** Pages that exist. */
  pages: number;
  /** First unit that was never used. */
  top: number;
  /** By size in units: places that were given back. */
  readonly free: Map<number, number[]>;
}

export function newPlaces(): SmallPlaces {
  return { pages: 0, top: 0, free: new Map() };
}

/** A place of so many units. */
export function takePlace(places: SmallPlaces, units: number): number {
  const free = places.free.get(units)?.pop();
  if (free !== undefined) return free;
  const left = PAGE_UNITS - (places.top % PAGE_UNITS);
  if (units > left) places.top += left;
  const place = places.top;
  places.top += units;
  places.pages = Math.ceil(places.top / PAGE_UNITS);
  return place;
}

export function givePlace(places: SmallPlaces, place: number, units: number): void {
  const free = places.free.get(units);
  if (free) free.push(place);
  else places.free.set(units, [place]);
}

/** No small block is left: all places are free again. Pages stay. */
export function clearPlaces(places: SmallPlaces): void {
  places.top = 0;
  places.free.clear();
}
