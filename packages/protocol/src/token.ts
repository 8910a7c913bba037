/** Owns tokens: how they are made, found in a request, and compared. Who asks: not known here. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** The environment variable that schedulers, workers and clients read. */
export const TOKEN_VARIABLE = "HYPERSLAB_TOKEN";

/** A fresh token of 128 random bits. */
export function newToken(): string {
  return randomBytes(16).toString("hex");
}

/** True where a request brings the token: as `Authorization: Bearer`, or as `?token=`, which browsers can do. */
export function hasToken(request: IncomingMessage, token: string): boolean {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const given = bearer ?? new URL(request.url ?? "/", "http://localhost").searchParams.get("token") ?? "";
  // digests have one length, so that comparing them tells nothing of the token's
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
