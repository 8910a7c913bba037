/**
 * Owns what may not travel: keys, tokens and headers that were given to this process in so many words. A
 * reference holds their name alone. New threads of the process inherit what names stand for, those that run are
 * told, and who missed it asks the others. Nothing of it is written anywhere.
 */
import { randomUUID } from "node:crypto";
import { BroadcastChannel, getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";

export type Secret = Readonly<Record<string, string>>;

/**
 * How long an answer is waited for, in milliseconds: the thread that has it may be busy. Names of other processes'
 * secrets are asked for once, and in vain.
 */
const LONGEST_WAIT: number = isMainThread ? 250 : 2000;
const CHANNEL = "hyperslab:secrets";

const known: Map<string, Secret> = new Map();
const names: Map<string, string> = new Map();
/** Questions to the other threads; also those that nobody could answer, as names are given before they travel. */
const asked: Map<string, Promise<Secret | undefined>> = new Map();
let channel: BroadcastChannel | undefined;

interface Question {
  readonly ask: string;
}
interface Answer {
  readonly name: string;
  readonly secret: Secret;
}

if (!isMainThread) listen();

/** Keeps a secret, and names it; the same secret has the same name. Undefined where there is nothing to keep. */
export function keepSecret(parts: Readonly<Record<string, string | undefined>>): string | undefined {
  const given = Object.entries(parts).filter((part): part is [string, string] => part[1] !== undefined);
  if (given.length === 0) return undefined;
  const secret: Secret = Object.fromEntries(given.sort(([a], [b]) => (a < b ? -1 : 1)));
  const text = JSON.stringify(secret);
  let name = names.get(text);
  if (name === undefined) {
    name = randomUUID();
    names.set(text, name);
    known.set(name, secret);
    setEnvironmentData(CHANNEL, new Map(known));
    listen().postMessage({ name, secret } satisfies Answer);
  }
  return name;
}

/** What a name stands for; undefined where no thread of this process was given it. */
export function findSecret(name: string): Promise<Secret | undefined> {
  const inherited = getEnvironmentData(CHANNEL) as ReadonlyMap<string, Secret> | undefined;
  const secret = known.get(name) ?? inherited?.get(name);
  if (secret) return Promise.resolve(secret);
  let question = asked.get(name);
  if (!question) {
    question = askOthers(name);
    asked.set(name, question);
  }
  return question;
}

/** The header that the login in a URL stands for. */
export function basicLogin(url: URL): string {
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(login).toString("base64")}`;
}

/** Learns what other threads tell, and answers what they ask. */
function listen(): BroadcastChannel {
  if (channel) return channel;
  const line = new BroadcastChannel(CHANNEL);
  // it keeps no thread alive (Node has this method; the DOM's type of the same name hasn't)
  (line as BroadcastChannel & { unref(): void }).unref();
  line.onmessage = (event: unknown) => {
    const { data } = event as { readonly data: Question | Answer };
    if ("secret" in data) {
      known.set(data.name, data.secret);
      return;
    }
    const secret = known.get(data.ask);
    if (secret) line.postMessage({ name: data.ask, secret } satisfies Answer);
  };
  channel = line;
  return line;
}

function askOthers(name: string): Promise<Secret | undefined> {
  const line = new BroadcastChannel(CHANNEL);
  return new Promise((found) => {
    const finish = (secret: Secret | undefined): void => {
      clearTimeout(clock);
      line.close();
      if (secret) known.set(name, secret);
      found(secret);
    };
    const clock = setTimeout(() => finish(undefined), LONGEST_WAIT);
    line.onmessage = (event: unknown) => {
      const { data } = event as { readonly data: Question | Answer };
      if ("secret" in data && data.name === name) finish(data.secret);
    };
    line.postMessage({ ask: name } satisfies Question);
  });
}
