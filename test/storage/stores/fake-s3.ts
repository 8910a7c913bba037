/**
 * A strict S3 server in this process: one bucket, path style. It checks every signature from the specification of
 * Signature Version 4 (not with the library that signs), pages its listings, and refuses what S3 refuses.
 */
import { createHash, createHmac } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeS3Options {
  /** Who may; nobody needs to sign where there is none. */
  readonly keys?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly sessionToken?: string;
  readonly region?: string;
  /** Keys of a page of a listing. Default 2: every listing has to be paged. */
  readonly pageSize?: number;
  /** Answers itself and returns true, or leaves it to the server. */
  readonly misbehave?: (request: IncomingMessage, response: ServerResponse, count: number) => boolean;
}

export interface FakeS3 {
  readonly endpoint: string;
  readonly objects: Map<string, Buffer>;
  readonly requests: string[];
  close(): Promise<void>;
}

export const BUCKET = "test.bucket";

export async function fakeS3(options: FakeS3Options = {}): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const url = new URL(request.url ?? "", `http://${request.headers.host}`);
      const what = [request.method, decodeURIComponent(url.pathname), request.headers.range];
      requests.push(what.filter(Boolean).join(" "));
      if (options.misbehave?.(request, response, requests.length)) return;
      const body = Buffer.concat(parts);
      const refusal = authorise(request, url, body, options);
      if (refusal) refuse(response, ...refusal);
      else answer(request, response, url, body, objects, options.pageSize ?? 2);
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

type Refusal = readonly [status: number, code: string, more?: string];

function refuse(response: ServerResponse, status: number, code: string, more = ""): void {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>said so</Message>${more}</Error>`;
  response.writeHead(status, { "content-type": "application/xml" }).end(xml);
}

function authorise(
  request: IncomingMessage,
  url: URL,
  body: Buffer,
  { keys, sessionToken, region = "us-east-1" }: FakeS3Options,
): Refusal | undefined {
  if (!keys) return undefined;
  const header = request.headers.authorization ?? "";
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (!match) return [403, "AccessDenied"];
  const [, id, day, signedRegion, names, signature] = match;
  if (id !== keys.accessKeyId) return [403, "InvalidAccessKeyId"];
  if (signedRegion !== region) return [400, "AuthorizationHeaderMalformed", `<Region>${region}</Region>`];
  const of = (name: string): string => String(request.headers[name] ?? "");
  if (sessionToken !== undefined && of("x-amz-security-token") !== sessionToken) return [400, "ExpiredToken"];
  const signed = names.split(";");
  // whatever speaks of the request's meaning has to be signed
  const mustBe = Object.keys(request.headers).filter((name) => name.startsWith("x-amz-") || name === "host");
  if (mustBe.some((name) => !signed.includes(name))) return [403, "AccessDenied"];
  const digest = createHash("sha256").update(body).digest("hex");
  const told = of("x-amz-content-sha256");
  if (told !== digest) return [400, told === "" ? "MissingContentSHA256" : "XAmzContentSHA256Mismatch"];
  const path = url.pathname.split("/").map((part) => escape3986(decodeURIComponent(part)));
  const query = [...url.searchParams].map((pair) => pair.map(escape3986).join("=")).sort();
  const canonical = [
    request.method,
    path.join("/"),
    query.join("&"),
    ...signed.map((name) => `${name}:${of(name).trim().replace(/ +/g, " ")}`),
    "",
    names,
    told,
  ].join("\n");
  const date = of("x-amz-date");
  if (!date.startsWith(day)) return [403, "AccessDenied"];
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac("sha256", key).update(text).digest();
  const key = [region, "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${keys.secretAccessKey}`, day));
  const hashed = createHash("sha256").update(canonical).digest("hex");
  const text = ["AWS4-HMAC-SHA256", date, `${day}/${region}/s3/aws4_request`, hashed].join("\n");
  return hmac(key, text).toString("hex") === signature ? undefined : [403, "SignatureDoesNotMatch"];
}

function escape3986(text: string): string {
  const escaped = encodeURIComponent(text);
  return escaped.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: Buffer,
  objects: Map<string, Buffer>,
  pageSize: number,
): void {
  const [bucket, ...rest] = decodeURIComponent(url.pathname).slice(1).split("/");
  const key = rest.join("/");
  if (bucket !== BUCKET) return refuse(response, 404, "NoSuchBucket");
  switch (request.method) {
    case "PUT": {
      const source = request.headers["x-amz-copy-source"];
      const copied = source && objects.get(decodeURIComponent(String(source)).slice(BUCKET.length + 2));
      if (source && !copied) return refuse(response, 404, "NoSuchKey");
      objects.set(key, copied || body);
      response.writeHead(200).end(source ? "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>" : "");
      return;
    }
    case "POST": {
      if (!url.searchParams.has("delete")) return refuse(response, 405, "MethodNotAllowed");
      if (createHash("md5").update(body).digest("base64") !== request.headers["content-md5"])
        return refuse(response, 400, "BadDigest");
      const names = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)];
      for (const [, name] of names)
        objects.delete(name.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))));
      response.writeHead(200).end("<DeleteResult></DeleteResult>");
      return;
    }
    case "GET":
    case "HEAD":
      if (key === "") list(response, url.searchParams, objects, pageSize);
      else read(request, response, objects.get(key));
      return;
    default:
      refuse(response, 405, "MethodNotAllowed");
  }
}

function read(request: IncomingMessage, response: ServerResponse, value: Buffer | undefined): void {
  const isHead = request.method === "HEAD";
  if (!value) {
    if (isHead) response.writeHead(404).end();
    else refuse(response, 404, "NoSuchKey");
    return;
  }
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (!match) {
    response.writeHead(200, { "content-length": value.length }).end(isHead ? undefined : value);
    return;
  }
  const isSuffix = match[1] === "";
  const start = isSuffix ? Math.max(0, value.length - Number(match[2])) : Number(match[1]);
  const stop = isSuffix || match[2] === "" ? value.length : Math.min(value.length, Number(match[2]) + 1);
  if (start >= stop) {
    response.setHeader("content-range", `bytes */${value.length}`);
    return refuse(response, 416, "InvalidRange");
  }
  response.setHeader("content-range", `bytes ${start}-${stop - 1}/${value.length}`);
  response.writeHead(206, { "content-length": stop - start }).end(value.subarray(start, stop));
}

function list(
  response: ServerResponse,
  query: URLSearchParams,
  objects: ReadonlyMap<string, Buffer>,
  pageSize: number,
): void {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const after = Buffer.from(query.get("continuation-token") ?? "", "base64").toString();
  if (query.get("list-type") !== "2" || query.get("encoding-type") !== "url")
    return refuse(response, 400, "InvalidArgument");
  const names = new Set<string>();
  for (const key of [...objects.keys()].sort()) {
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    names.add(cut < 0 ? key : key.slice(0, cut + 1));
  }
  const left = [...names].filter((name) => name > after);
  const page = left.slice(0, pageSize);
  const encode = (text: string): string =>
    encodeURIComponent(text).replaceAll("%20", "+").replaceAll("%2F", "/");
  const entries = page.map((name) =>
    delimiter !== "" && name.length > prefix.length && name.endsWith(delimiter)
      ? `<CommonPrefixes><Prefix>${encode(name)}</Prefix></CommonPrefixes>`
      : `<Contents><Key>${encode(name)}</Key><Size>${objects.get(name)?.length}</Size></Contents>`,
  );
  const isCut = left.length > page.length;
  const token = Buffer.from(page.at(-1) ?? "").toString("base64");
  response
    .writeHead(200, { "content-type": "application/xml" })
    .end(
      `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isCut}</IsTruncated>${isCut ? `<NextContinuationToken>${token}</NextContinuationToken>` : ""}${entries.join("")}</ListBucketResult>`,
    );
}
