/** A small HTTP server over a map of values, well-behaved or not. Used by the tests of remote stores. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Served {
  readonly url: string;
  /** `METHOD path range` of each request. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Answers a request itself and returns true, or leaves it to the plain server. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, count: number) => boolean;

export async function serve(
  values: ReadonlyMap<string, Uint8Array>,
  options: { ignoreRange?: boolean; misbehave?: Misbehaviour } = {},
): Promise<Served> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://host").pathname);
    requests.push([request.method, path, request.headers.range].filter(Boolean).join(" "));
    if (options.misbehave?.(request, response, requests.length)) return;
    const value = values.get(path);
    if (!value) {
      response.writeHead(404).end("nothing here");
      return;
    }
    const range = options.ignoreRange ? undefined : request.headers.range;
    const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? "");
    if (!match) {
      response.writeHead(200, { "content-length": value.length }).end(request.method === "HEAD" ? "" : value);
      return;
    }
    const suffix = match[1] === "";
    const start = suffix ? Math.max(0, value.length - Number(match[2])) : Number(match[1]);
    const stop = suffix || match[2] === "" ? value.length : Math.min(value.length, Number(match[2]) + 1);
    if (start >= stop) {
      response.writeHead(416, { "content-range": `bytes */${value.length}` }).end();
      return;
    }
    const part = value.subarray(start, stop);
    const headers = {
      "content-range": `bytes ${start}-${stop - 1}/${value.length}`,
      "content-length": part.length,
    };
    response.writeHead(206, headers).end(part);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
