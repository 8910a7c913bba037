/**
 * A namenode and a datanode in this process, that speak WebHDFS as Hadoop documents it: OPEN at the namenode redirects
 * (307) to the datanode, refusals are RemoteExceptions as JSON with Hadoop's statuses. Directories are those of the keys.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeHdfsOptions {
  /** The path that keys are below. */
  readonly root?: string;
  /** `user.name` that may read; else anybody. */
  readonly user?: string;
  /** A token that is wanted. */
  readonly token?: string;
  /** What the namenode throws, instead of an answer. */
  readonly exception?: (
    count: number,
  ) => readonly [status: number, exception: string, message: string] | undefined;
  /** Bytes that the datanode sends less. */
  readonly short?: number;
}

export interface FakeHdfs {
  /** `host:port` of the namenode. */
  readonly namenode: string;
  readonly requests: string[];
  close(): Promise<void>;
}

const PACKAGES: Readonly<Record<string, string>> = {
  FileNotFoundException: "java.io",
  IOException: "java.io",
  SecurityException: "java.lang",
  IllegalArgumentException: "java.lang",
  AccessControlException: "org.apache.hadoop.security",
  StandbyException: "org.apache.hadoop.ipc",
  RetriableException: "org.apache.hadoop.ipc",
};

function refuse(response: ServerResponse, status: number, exception: string, message: string): void {
  const javaClassName = `${PACKAGES[exception] ?? "java.lang"}.${exception}`;
  response
    .writeHead(status, { "content-type": "application/json" })
    .end(JSON.stringify({ RemoteException: { exception, javaClassName, message } }));
}

export async function fakeHdfs(
  values: ReadonlyMap<string, Uint8Array>,
  options: FakeHdfsOptions = {},
): Promise<FakeHdfs> {
  const { root = "/user/data" } = options;
  const files = new Map([...values].map(([key, value]) => [`${root}${key}`, value]));
  const folders = new Set<string>();
  for (const path of files.keys())
    for (let at = path.lastIndexOf("/"); at >= 0; at = at ? path.lastIndexOf("/", at - 1) : -1)
      folders.add(path.slice(0, at) || "/");
  const requests: string[] = [];

  const status = (path: string, pathSuffix: string) => {
    const file = files.get(path);
    return {
      accessTime: 1_320_171_722_771,
      blockSize: file ? 134_217_728 : 0,
      group: "supergroup",
      length: file?.length ?? 0,
      modificationTime: 1_320_171_722_771,
      owner: "webuser",
      pathSuffix,
      permission: file ? "644" : "755",
      replication: file ? 1 : 0,
      type: file ? "FILE" : "DIRECTORY",
    };
  };
  const json = (response: ServerResponse, value: unknown): void =>
    void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));

  const datanode = await listen((request, response) => {
    const url = new URL(request.url ?? "", "http://datanode");
    const path = decodeURIComponent(url.pathname.slice("/webhdfs/v1".length));
    requests.push(`datanode ${url.searchParams.get("op")} ${path}`);
    const file = files.get(path);
    if (!file) return refuse(response, 404, "FileNotFoundException", `Path is not a file: ${path}`);
    const offset = Number(url.searchParams.get("offset") ?? 0);
    const length = url.searchParams.get("length");
    const stop = Math.min(file.length, length === null ? Infinity : offset + Number(length));
    const part = file.subarray(offset, stop - (options.short ?? 0));
    response
      .writeHead(200, { "content-type": "application/octet-stream", "content-length": part.length })
      .end(part);
  });

  const namenode = await listen((request, response) => {
    const url = new URL(request.url ?? "", "http://namenode");
    const query = url.searchParams;
    const op = query.get("op");
    const path = decodeURIComponent(url.pathname.slice("/webhdfs/v1".length)).replace(/(?<=.)\/$/, "");
    requests.push(`namenode ${op} ${path}`);
    if (request.method !== "GET" || !url.pathname.startsWith("/webhdfs/v1"))
      return refuse(response, 400, "IllegalArgumentException", "Invalid value for webhdfs parameter");
    const thrown = options.exception?.(requests.length);
    if (thrown) return refuse(response, ...thrown);
    if (options.token !== undefined && query.get("delegation") !== options.token)
      return refuse(response, 401, "SecurityException", "Failed to obtain user group information: no token");
    if (options.user !== undefined && query.get("user.name") !== options.user)
      return refuse(
        response,
        403,
        "AccessControlException",
        `Permission denied: user=${query.get("user.name") ?? "dr.who"}, access=READ, inode="${path}"\n\tat org.apache.hadoop…`,
      );
    const file = files.get(path);
    if (!file && !folders.has(path))
      return refuse(response, 404, "FileNotFoundException", `File does not exist: ${path}`);
    switch (op) {
      case "GETFILESTATUS":
        return json(response, { FileStatus: status(path, "") });
      case "LISTSTATUS": {
        const under = path === "/" ? "/" : `${path}/`;
        const names = [...files.keys(), ...folders].filter((one) => one.startsWith(under) && one !== under);
        const direct = names.map((one) => one.slice(under.length)).filter((name) => !name.includes("/"));
        const FileStatus = file ? [status(path, "")] : direct.map((name) => status(under + name, name));
        return json(response, { FileStatuses: { FileStatus } });
      }
      case "OPEN": {
        const offset = Number(query.get("offset") ?? 0);
        if (file && (offset < 0 || (offset >= file.length && file.length > 0)))
          return refuse(
            response,
            403,
            "IOException",
            `Offset=${offset} out of the range [0, ${file.length}); OPEN, path=${path}`,
          );
        query.delete("delegation");
        query.set("namenoderpcaddress", "namenode:8020");
        const location = `http://127.0.0.1:${portOf(datanode)}${url.pathname}?${query.toString()}`;
        response.writeHead(307, { location, "content-length": 0 }).end();
        return;
      }
      default:
        refuse(response, 400, "IllegalArgumentException", `Invalid value for webhdfs parameter "op": ${op}`);
    }
  });
  return {
    namenode: `127.0.0.1:${portOf(namenode)}`,
    requests,
    close: async () => void (await Promise.all([namenode, datanode].map(stop))),
  };
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function stop(server: Server): Promise<void> {
  return new Promise((done) => {
    server.closeAllConnections();
    server.close(() => done());
  });
}
