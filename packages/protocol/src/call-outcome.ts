/** Owns what comes of a call of a user's function, as the text that a block of strings holds. */
import { type WireError, toWire } from "@hyperslab/core/errors";
import { dataFromBytes, dataToBytes } from "./program-bytes.js";

export type CallOutcome = { readonly value: unknown } | { readonly error: WireError };

/** What can't be sent is an error of the call. */
export function outcomeToText(outcome: CallOutcome): string {
  try {
    return base64(dataToBytes(outcome));
  } catch (error) {
    return base64(dataToBytes({ error: toWire(error) }));
  }
}

/** @throws ProtocolError for texts that are none of {@link outcomeToText} */
export function outcomeFromText(text: string): CallOutcome {
  return dataFromBytes(Buffer.from(text, "base64")) as CallOutcome;
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
