import { PASSING, PassingFailure, pause, retryAfter, waitBefore } from "@hyperslab/storage/stores/retry";
import { describe, expect, it } from "vitest";

describe("retries", () => {
  it("come later each time, and not all together", () => {
    for (let attempt = 1; attempt < 6; attempt++) {
      const waits = Array.from({ length: 50 }, () => waitBefore(attempt, 100, new PassingFailure("x")));
      const middle = 100 * 2 ** (attempt - 1);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(middle / 2);
      expect(Math.max(...waits)).toBeLessThanOrEqual(middle * 1.5);
      expect(new Set(waits).size).toBeGreaterThan(40);
    }
    expect(waitBefore(40, 100, new PassingFailure("x"))).toBeLessThanOrEqual(30_000);
  });
  it("wait as long as the server asks, within reason", () => {
    expect(waitBefore(1, 1, new PassingFailure("x", 5000))).toBe(5000);
    expect(waitBefore(1, 1, new PassingFailure("x", 1e9))).toBe(30_000);
    expect(retryAfter(new Headers())).toBe(0);
    expect(retryAfter(new Headers({ "retry-after": "7" }))).toBe(7000);
    expect(retryAfter(new Headers({ "retry-after": "soon" }))).toBe(0);
    const date = new Date(Date.now() + 60_000).toUTCString();
    expect(retryAfter(new Headers({ "retry-after": date }))).toBeGreaterThan(50_000);
    expect(retryAfter(new Headers({ "retry-after": new Date(0).toUTCString() }))).toBe(0);
  });
  it("are for what may pass", () => {
    expect([...PASSING].sort()).toEqual([408, 425, 429, 500, 502, 503, 504]);
  });
  it("wait no longer than anybody waits for them", async () => {
    const stop = new AbortController();
    const waiting = pause(1e8, stop.signal);
    stop.abort();
    await waiting;
    await pause(1e8, stop.signal);
  });
});
