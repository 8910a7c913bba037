/** Owns the opening of a whole hierarchy: a group and all that lie below it. */
import { ArgumentError } from "@hyperslab/core/errors";
import { type OpenGroupOptions, openGroup } from "./open-group.js";
import type { StoredGroup } from "./source.js";

/** More groups than this are taken for a mistake, such as a link that leads back. */
const MOST_GROUPS = 10_000;

/**
 * All groups by their paths from the one that is opened: `/`, `/forecasts`, `/forecasts/mean`; parents first.
 * @throws what {@link openGroup} throws; ArgumentError for more groups than can be meant
 */
export async function openGroupTree(
  from: Parameters<typeof openGroup>[0],
  options: OpenGroupOptions = {},
): Promise<Map<string, StoredGroup>> {
  const found = new Map<string, StoredGroup>();
  const add = async (path: string): Promise<void> => {
    if (found.size === MOST_GROUPS)
      throw new ArgumentError({
        asked: `all groups of ${String(from)}`,
        found: `more than ${MOST_GROUPS}`,
        hint: "open one of them with its path as group",
      });
    const place = [options.group ?? "", path]
      .join("/")
      .replace(/\/+/g, "/")
      .replace(/^\/|\/$/g, "");
    const group = await openGroup(from, { ...options, ...(place ? { group: place } : {}) });
    found.set(path || "/", group);
    for (const name of [...(group.groups ?? [])].sort()) await add(`${path}/${name}`);
  };
  await add("");
  return found;
}
