/**
 * Owns the greeting: who may talk to whom. The side that dials says hello with its version and
 * role; the other welcomes it, or refuses it with an error that says why.
 */
import { ClusterError, ProtocolError, fromWire, isHyperslabError, toWire } from "@hyperslab/core/errors";
import {
  FEATURES,
  type Hello,
  type Message,
  PROTOCOL,
  type Role,
  VERSION,
  type Welcome,
} from "./messages.js";
import { CLOSE, type Channel } from "./socket.js";

const PATIENCE = 10_000;

/** Says hello, and waits for the welcome. @throws ProtocolError, ClusterError with the other side's reason */
export async function sayHello(channel: Channel<Message, Message>, role: Role): Promise<Welcome> {
  channel.send({ type: "hello", protocol: PROTOCOL, version: VERSION, features: FEATURES, role });
  channel.flush();
  const answer = await channel.greeting(PATIENCE);
  if (answer.type === "welcome") return answer;
  channel.close();
  if (answer.type === "refused") throw fromWire(answer.error);
  throw new ProtocolError({ asked: `greet ${channel.who}`, found: "another hello" });
}

/** Waits for the hello of a dialer; one of another protocol, version or role is refused. @throws ProtocolError */
export async function hearHello(
  channel: Channel<Message, Message>,
  roles: readonly Role["kind"][],
): Promise<Hello> {
  try {
    const hello = await channel.greeting(PATIENCE);
    const fault = helloFault(hello, roles);
    if (fault) throw fault;
    return hello as Hello;
  } catch (error) {
    refuse(
      channel,
      isHyperslabError(error) ? error : new ClusterError({ who: channel.who, reason: String(error) }),
    );
    throw error;
  }
}

/** Lets a dialer in, under the number `id`. */
export function welcome(channel: Channel<Message, Message>, hello: Hello, id: number): void {
  const features = FEATURES.filter((feature) => hello.features.includes(feature));
  channel.send({ type: "welcome", version: VERSION, features, id });
}

/** Turns a dialer away. */
export function refuse(channel: Channel<Message, Message>, error: Error): void {
  const { stack: _stack, ...wire } = toWire(error);
  channel.send({ type: "refused", error: wire });
  channel.close(CLOSE.refused, error.message);
}

function helloFault(hello: Message, roles: readonly Role["kind"][]): ProtocolError | null {
  const asked = "connect";
  if (hello.type !== "hello") return new ProtocolError({ asked, found: `a ${hello.type} before any hello` });
  if (hello.protocol !== PROTOCOL)
    return new ProtocolError({ asked, found: `protocol "${hello.protocol}"`, hint: `this is ${PROTOCOL}` });
  if (hello.version !== VERSION)
    return new ProtocolError({
      asked,
      found: `version ${hello.version} of the protocol where this side speaks ${VERSION}`,
      hint: `install the same release of Hyperslab on both sides; the ${hello.version < VERSION ? "dialing" : "answering"} one is older`,
    });
  const { role } = hello;
  if (!roles.includes(role.kind))
    return new ProtocolError({ asked, found: `a ${role.kind}`, hint: `expected here: ${roles.join(", ")}` });
  if (typeof role.name !== "string") return new ProtocolError({ asked, found: "a dialer without a name" });
  if (role.kind === "client" && typeof role.dials !== "boolean")
    return new ProtocolError({ asked, found: "a client that does not say whether it dials workers" });
  if (role.kind !== "worker") return null;
  const sound = typeof role.address === "string" && role.threads >= 1 && role.memory > 0;
  return sound ? null : new ProtocolError({ asked, found: "a worker without address, threads or memory" });
}
