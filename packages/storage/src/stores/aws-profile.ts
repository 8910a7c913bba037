/**
 * Owns what AWS's own tools would find of keys and places: the environment, `~/.aws/credentials` and
 * `~/.aws/config`. Knows nothing of requests.
 */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { StorageError } from "@hyperslab/core/errors";

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What stands in the environment and the profile. */
export interface AwsSettings {
  readonly keys?: AwsKeys;
  readonly region?: string;
  readonly endpoint?: string;
  /** How the profile gets its keys, where that is nothing that is done here. */
  readonly unsupported?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Settings that give keys in ways of AWS's own tools. */
const OTHER_WAYS = [
  "role_arn",
  "sso_session",
  "sso_start_url",
  "credential_process",
  "web_identity_token_file",
];

/**
 * What an AWS tool would use. A profile that was asked for comes before the keys in the environment, as with
 * the `aws` command; `AWS_PROFILE` comes after them.
 * @param asked the profile that was asked for
 * @throws StorageError for a profile that isn't there
 */
export async function awsSettings(
  asked: string | undefined,
  environment: Environment = process.env,
): Promise<AwsSettings> {
  const name = asked ?? environment["AWS_PROFILE"] ?? "default";
  const folder = join(environment["HOME"] ?? homedir(), ".aws");
  const credentialsPath = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? join(folder, "credentials");
  const configPath = environment["AWS_CONFIG_FILE"] ?? join(folder, "config");
  const [credentials, config] = await Promise.all([readSections(credentialsPath), readSections(configPath)]);
  const secret = credentials.get(name);
  const facts = config.get(name === "default" ? "default" : `profile ${name}`);
  const isNamed = asked !== undefined || environment["AWS_PROFILE"] !== undefined;
  const fromEnvironment = asked === undefined ? keysOf((key) => environment[ENVIRONMENT[key]]) : undefined;
  if (isNamed && !secret && !facts && !fromEnvironment)
    throw new StorageError({
      path: credentialsPath,
      reason: `there is no profile "${name}", nor in ${configPath}`,
      hint: `there are ${[...credentials.keys()].join(", ") || "none"}`,
    });
  const find = (key: string): string | undefined => secret?.get(key) ?? facts?.get(key);
  const keys = fromEnvironment ?? keysOf((key) => find(PROFILE[key]));
  const other = OTHER_WAYS.find((way) => find(way) !== undefined);
  return {
    keys,
    region: environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? find("region"),
    endpoint:
      environment["AWS_ENDPOINT_URL_S3"] ??
      environment["AWS_ENDPOINT_URL"] ??
      serviceEndpoint(config, find("services")) ??
      find("endpoint_url"),
    ...(!keys && other ? { unsupported: `profile "${name}" gets its keys through ${other}` } : {}),
  };
}

const ENVIRONMENT = {
  accessKeyId: "AWS_ACCESS_KEY_ID",
  secretAccessKey: "AWS_SECRET_ACCESS_KEY",
  sessionToken: "AWS_SESSION_TOKEN",
} as const;
const PROFILE = {
  accessKeyId: "aws_access_key_id",
  secretAccessKey: "aws_secret_access_key",
  sessionToken: "aws_session_token",
} as const;

function keysOf(find: (key: keyof typeof PROFILE) => string | undefined): AwsKeys | undefined {
  const accessKeyId = find("accessKeyId");
  const secretAccessKey = find("secretAccessKey");
  if (!accessKeyId || !secretAccessKey) return undefined;
  const sessionToken = find("sessionToken");
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

function serviceEndpoint(config: Sections, services: string | undefined): string | undefined {
  return services === undefined ? undefined : config.get(`services ${services}`)?.get("s3.endpoint_url");
}

async function readSections(path: string): Promise<Sections> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return "";
    throw new StorageError({ path, reason: `can't be read: ${error.message}`, cause: error });
  });
  return parseSections(text);
}

/** The sections of an AWS file, and their settings; a nested one (`s3 =` and indented lines) as `s3.name`. */
export function parseSections(text: string): Sections {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let parent = "";
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/\s+[#;].*$/, "");
    if (/^\s*(?:[#;].*)?$/.test(line)) continue;
    const head = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line);
    if (head) {
      const name = head[1].replace(/\s+/g, " ");
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
      parent = "";
      continue;
    }
    const setting = /^(\s*)([^=\s]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (!setting || !section) continue;
    const [, indent, key, value] = setting;
    if (indent === "" || parent === "") {
      section.set(key, value);
      parent = value === "" ? key : "";
    } else section.set(`${parent}.${key}`, value);
  }
  return sections;
}
