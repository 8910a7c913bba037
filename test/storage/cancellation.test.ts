import { onCancelled } from "@hyperslab/storage/cancellation";
import { describe, expect, it } from "vitest";

describe("onCancelled", () => {
  it("tells once, whoever listens, and nobody who has left", async () => {
    const warnings: string[] = [];
    const listen = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", listen);
    const stop = new AbortController();
    const told: number[] = [];
    const leave = Array.from({ length: 50 }, (_, i) => onCancelled(stop.signal, () => void told.push(i)));
    for (const one of leave.slice(3)) one();
    stop.abort();
    stop.abort();
    expect(told).toEqual([0, 1, 2]);
    onCancelled(stop.signal, () => void told.push(99))();
    onCancelled(undefined, () => void told.push(100))();
    expect(told).toEqual([0, 1, 2, 99]);
    await new Promise(setImmediate);
    process.off("warning", listen);
    expect(warnings).toEqual([]);
  });
});
