/** Owns what is said of damaged TIFF files. */
import { FormatError } from "@hyperslab/core/errors";

export function formatError(path: string, reason: string, cause?: unknown): FormatError {
  return new FormatError({
    path,
    format: "TIFF",
    reason: reason.slice(0, 500),
    hint: "the file is damaged, or of a kind that isn't known",
    ...(cause === undefined ? {} : { cause }),
  });
}
