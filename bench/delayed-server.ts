/**
 * Owns a web server over a folder that lets every answer wait, as one far away does, and counts. In the conductor's own
 * process, which has nothing else to do while a side is measured; both sides learn its address from a file.
 */
import { createReadStream, readFileSync, statSync, writeFileSync } from "node:fs";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const ADDRESS = "delayed-server.url";

let listening: Promise<void> | null = null;

/**
 * Starts the server, once. Below `/<who>/` stands the folder under any name, so that no cache knows a file that was asked
 * for before; `/<who>` alone answers, and sets back, how often was asked.
 */
export function startDelayedServer(folder: string, milliseconds: number): Promise<void> {
  listening ??= new Promise((ready) => {
    const counts = new Map<string, number>();
    const server = createServer((request, response) => {
      const [who = "", ...path] = decodeURIComponent(request.url ?? "/")
        .slice(1)
        .split("/");
      if (path.length === 0) {
        response.end(String(counts.get(who) ?? 0));
        counts.set(who, 0);
        return;
      }
      counts.set(who, (counts.get(who) ?? 0) + 1);
      setTimeout(() => answer(join(folder, ...path.slice(1)), request, response), milliseconds);
    });
    server.listen(0, "127.0.0.1", () => {
      writeFileSync(join(folder, ADDRESS), `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      server.unref();
      ready();
    });
  });
  return listening;
}

/** The address of the server over a folder. */
export function delayedServerUrl(folder: string): string {
  return readFileSync(join(folder, ADDRESS), "utf8");
}

function answer(path: string, { method, headers }: IncomingMessage, response: ServerResponse): void {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (!facts?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  const { size } = facts;
  const range = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? "");
  const suffix = range?.[1] === "";
  const start = !range ? 0 : suffix ? Math.max(0, size - Number(range[2])) : Number(range[1]);
  const end = !range || suffix || range[2] === "" ? size - 1 : Math.min(size - 1, Number(range[2]));
  response.writeHead(range ? 206 : 200, {
    "accept-ranges": "bytes",
    "content-length": end - start + 1,
    etag: `"${size}-${facts.mtimeMs}"`,
    ...(range ? { "content-range": `bytes ${start}-${end}/${size}` } : {}),
  });
  if (method === "HEAD") response.end();
  else createReadStream(path, { start, end }).pipe(response);
}
