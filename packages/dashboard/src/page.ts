/** Owns the place of the dashboard's files, for the server that sends them. The files themselves are static. */
import { fileURLToPath } from "node:url";

/** Absolute path of the folder with the page. */
export function pageFolder(): string {
  return fileURLToPath(new URL("../page/", import.meta.url));
}

/** The files of the page and their media types; `/` is `index.html`. */
export const PAGE_FILES: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "style.css": "text/css; charset=utf-8",
};
