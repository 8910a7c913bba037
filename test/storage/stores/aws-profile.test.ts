import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsSettings, parseSections } from "@hyperslab/storage/stores/aws-profile";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const CREDENTIALS = `
# whose keys
[default]
aws_access_key_id = DEFAULT
aws_secret_access_key=default/secret=+x

[work]
aws_access_key_id = WORK   ; not the whole truth
aws_secret_access_key = work secret
aws_session_token = token==
`;
const CONFIG = `
[default]
region = eu-west-1
[profile work]
region = us-west-2
endpoint_url = https://general.example
services = mine
s3 =
  addressing_style = path
output = json
[profile keys in config]
aws_access_key_id = CONFIG
aws_secret_access_key = c
[profile sso]
sso_session = me
[services mine]
s3 =
  endpoint_url = https://s3.example
dynamodb =
  endpoint_url = https://other.example
`;

describe("awsSettings", () => {
  let HOME = "";
  beforeAll(async () => {
    HOME = await mkdtemp(join(tmpdir(), "hyperslab-aws-"));
    await mkdir(join(HOME, ".aws"));
    await writeFile(join(HOME, ".aws", "credentials"), CREDENTIALS);
    await writeFile(join(HOME, ".aws", "config"), CONFIG.replaceAll("\n", "\r\n"));
  });
  afterAll(() => rm(HOME, { recursive: true }));

  it("reads the default profile", async () => {
    expect(await awsSettings(undefined, { HOME })).toEqual({
      keys: { accessKeyId: "DEFAULT", secretAccessKey: "default/secret=+x" },
      region: "eu-west-1",
      endpoint: undefined,
    });
  });
  it("reads the profile that was asked for, though the environment has keys", async () => {
    const environment = { HOME, AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "e", AWS_PROFILE: "default" };
    expect(await awsSettings("work", environment)).toEqual({
      keys: { accessKeyId: "WORK", secretAccessKey: "work secret", sessionToken: "token==" },
      region: "us-west-2",
      endpoint: "https://s3.example",
    });
    expect((await awsSettings("keys in config", { HOME })).keys?.accessKeyId).toBe("CONFIG");
  });
  it("prefers the environment's keys to AWS_PROFILE", async () => {
    const environment = { HOME, AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "e", AWS_SESSION_TOKEN: "s" };
    const settings = await awsSettings(undefined, { ...environment, AWS_PROFILE: "work", AWS_REGION: "r" });
    expect(settings.keys).toEqual({ accessKeyId: "E", secretAccessKey: "e", sessionToken: "s" });
    expect(settings.region).toBe("r");
    const profile = await awsSettings(undefined, { HOME, AWS_PROFILE: "work", AWS_DEFAULT_REGION: "d" });
    expect(profile).toMatchObject({ keys: { accessKeyId: "WORK" }, region: "d" });
    const endpoint = await awsSettings(undefined, { ...environment, AWS_ENDPOINT_URL: "https://e" });
    expect(endpoint.endpoint).toBe("https://e");
  });
  it("says what it doesn't do, and what isn't there", async () => {
    expect((await awsSettings("sso", { HOME })).unsupported).toBe(
      'profile "sso" gets its keys through sso_session',
    );
    await expect(awsSettings("none", { HOME })).rejects.toThrow(/no profile "none".*there are default, work/);
    expect(await awsSettings(undefined, { HOME: "/nonexistent" })).toEqual({});
  });
  it("finds the files where the environment says", async () => {
    const moved = { HOME: "/nonexistent", AWS_SHARED_CREDENTIALS_FILE: join(HOME, ".aws", "credentials") };
    expect((await awsSettings("work", moved)).keys?.accessKeyId).toBe("WORK");
  });
});

describe("parseSections", () => {
  it("takes what AWS's tools take", () => {
    const sections = parseSections(
      "x = before any section\n[ a  b ]\nk=v=w\n  indented = 1\n[a b]\nm = #not a comment",
    );
    expect(Object.fromEntries(sections.get("a b") ?? [])).toEqual({ k: "v=w", indented: "1", m: "" });
  });
});
