/**
 * Owns signed requests to an S3-compatible server: where a bucket is, in which region, with whose keys, and what
 * its refusals mean. Knows no store. Signatures are aws4fetch's.
 */
import { createHash } from "node:crypto";
import { StorageError } from "@hyperslab/core/errors";
import type { S3Access } from "@hyperslab/core/source-ref";
import { AwsV4Signer } from "aws4fetch";
import type { RangeQuery } from "../store.js";
import { type AwsKeys, type AwsSettings, type Environment, awsSettings } from "./aws-profile.js";
import { type HttpAnswer, HttpClient, type HttpClientOptions, type HttpRequest } from "./http-client.js";
import { type Secret, findSecret } from "./secrets.js";
import { textOf } from "./s3-xml.js";

export interface S3ClientOptions extends S3Access, HttpClientOptions {
  readonly bucket: string;
  /** Keys of this process; they come before every profile and the environment. */
  readonly keys?: AwsKeys;
  /** Instead of the process's own. */
  readonly environment?: Environment;
}

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** The object; none for the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly range?: RangeQuery;
  readonly sizeOnly?: boolean;
  readonly memory?: HttpRequest["memory"];
  readonly signal?: AbortSignal;
}

/** What a server says of a refusal. */
export interface S3Refusal {
  readonly code: string;
  readonly message: string;
}

/** Where to ask, and as whom. */
interface Account {
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly keys: AwsKeys | undefined;
}

/** Refusals that may mean: another region. */
const ELSEWHERE: ReadonlySet<number> = new Set([301, 307, 308, 400]);
const EMPTY_HASH: string = createHash("sha256").digest("hex");

export class S3Client {
  readonly #options: S3ClientOptions;
  readonly #http: HttpClient;
  /** Signing keys of the day. */
  readonly #derived: Map<string, ArrayBuffer> = new Map();
  #account: Promise<Account> | undefined;
  #region: string | undefined;

  constructor(options: S3ClientOptions) {
    this.#options = options;
    this.#http = new HttpClient(options);
  }

  /** The answer, whatever its status. @throws StorageError, CancelledError */
  async request(request: S3Request): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      const account = await (this.#account ??= this.#findAccount());
      const region = this.#region ?? account.region;
      const answer = await this.#ask(request, account, region);
      if (attempt === 3 || !(ELSEWHERE.has(answer.status) || answer.status === 403)) return answer;
      const elsewhere = regionIn(answer);
      if (ELSEWHERE.has(answer.status) && elsewhere !== undefined && elsewhere !== region)
        this.#region = elsewhere;
      else if (!(await this.#renewed(answer, account))) return answer;
    }
  }

  /** Where an object lies, for messages. */
  label(key: string): string {
    return `s3://${this.#options.bucket}/${key}`;
  }

  #ask(request: S3Request, { endpoint, keys }: Account, region: string): Promise<HttpAnswer> {
    const { method, body, headers = {}, range, sizeOnly, memory, signal } = request;
    const url = this.#address(request, endpoint, region);
    const signed = keys && {
      sign: async (): Promise<Readonly<Record<string, string>>> => {
        const digest = body ? createHash("sha256").update(body).digest("hex") : EMPTY_HASH;
        const signer = new AwsV4Signer({
          ...keys,
          method,
          url,
          region,
          service: "s3",
          headers: { ...headers, "x-amz-content-sha256": digest },
          cache: this.#derived,
        });
        return Object.fromEntries((await signer.sign()).headers);
      },
    };
    return this.#http.request({
      url,
      method,
      headers,
      body,
      range,
      sizeOnly,
      memory,
      signal,
      manual: true,
      ...signed,
    });
  }

  #address(request: S3Request, endpoint: string | undefined, region: string): string {
    const { bucket, pathStyle } = this.#options;
    // Amazon's certificates don't cover buckets with dots; other servers seldom have a name for each bucket
    const inPath = pathStyle ?? (endpoint !== undefined || bucket.includes("."));
    const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    const url = new URL(endpoint ?? `https://s3.${region}.${domain}`);
    if (!inPath) url.hostname = `${bucket}.${url.hostname}`;
    const parts = [...(inPath ? [bucket] : []), ...(request.key ?? "").split("/")];
    url.pathname = [url.pathname.replace(/\/+$/, ""), ...parts.map(encodePart)].join("/");
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    // signatures are of %20, and not of +
    url.search = url.search.replaceAll("+", "%20");
    return url.href;
  }

  async #findAccount(): Promise<Account> {
    const { anonymous, secret, bucket } = this.#options;
    const own = this.#options.keys ?? keysIn(secret === undefined ? undefined : await findSecret(secret));
    // somebody's default profile may be broken: not the business of who brings keys or needs none
    const settings: AwsSettings =
      anonymous || own ? await this.#settings().catch(() => ({})) : await this.#settings();
    const endpoint = this.#options.endpoint ?? settings.endpoint;
    const keys = anonymous ? undefined : (own ?? settings.keys);
    if (!anonymous && !keys)
      throw new StorageError({
        path: `s3://${bucket}`,
        reason: settings.unsupported
          ? `${settings.unsupported}, which isn't done here`
          : "there are no keys: neither given to this process, nor in its environment, nor in a profile",
        hint: settings.unsupported
          ? 'put them into the environment: eval "$(aws configure export-credentials --format env)"'
          : "for public data say anonymous: true; workers don't get the keys of who asks them, but look for their own",
      });
    if (endpoint !== undefined && !/^https?:$/.test(URL.canParse(endpoint) ? new URL(endpoint).protocol : ""))
      throw new StorageError({
        path: `s3://${bucket}`,
        reason: `the endpoint "${endpoint}" is no http(s) URL`,
      });
    return { endpoint, keys, region: this.#options.region ?? settings.region ?? "us-east-1" };
  }

  #settings(): Promise<AwsSettings> {
    return awsSettings(this.#options.profile, this.#options.environment);
  }

  /** True where the keys had run out, and there are new ones. */
  async #renewed(answer: HttpAnswer, account: Account): Promise<boolean> {
    if (refusalOf(answer).code !== "ExpiredToken") return false;
    this.#account = undefined;
    const fresh = await (this.#account = this.#findAccount());
    return fresh.keys?.sessionToken !== account.keys?.sessionToken;
  }
}

function keysIn(secret: Secret | undefined): AwsKeys | undefined {
  if (!secret) return undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = secret;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** What the server says of a refusal; nothing in answers to HEAD. */
export function refusalOf(answer: HttpAnswer): S3Refusal {
  const text = new TextDecoder().decode(answer.body);
  return { code: textOf(text, "Code") ?? "", message: textOf(text, "Message") ?? "" };
}

/** The region that a refusal names. */
function regionIn(answer: HttpAnswer): string | undefined {
  return answer.headers.get("x-amz-bucket-region") ?? textOf(new TextDecoder().decode(answer.body), "Region");
}

/** A part of a path, escaped as signatures want it. */
export function encodePart(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
