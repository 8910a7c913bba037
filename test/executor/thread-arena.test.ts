/** The memory of a thread: regions, their reuse, and what kernels and codecs find in it. */
import { threadArena, trimArena } from "@hyperslab/executor/thread-arena";
import { currentArena, placeInArena } from "@hyperslab/kernels/simd/arena";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

// without WebAssembly there is none
describe.skipIf(threadArena() === null)("the arena of a thread", () => {
  it("is the memory of kernels, and shared as codecs need it", () => {
    const arena = threadArena();
    expect(arena).toBe(threadArena());
    expect(arena && currentArena().memory).toBe(arena?.memory);
    expect(arena?.memory.buffer).toBeInstanceOf(SharedArrayBuffer);
    const region = arena?.take(1000);
    if (!arena || !region) throw new Error("a region was due");
    const data = new Float32Array(region.buffer, region.byteOffset, 250);
    expect(placeInArena(currentArena(), data)).toBe(region.byteOffset);
    arena.give(region);
    expect(arena.held).toBe(0);
  });

  it("hands out regions that don't touch, and those that came back before any higher ones", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 100_000 })), { maxLength: 60 }),
        (moves) => {
          const arena = threadArena();
          if (!arena) return;
          const held: { byteOffset: number; byteLength: number; buffer: ArrayBufferLike }[] = [];
          let most = 0;
          for (const [take, size] of moves) {
            if (take || held.length === 0) {
              const region = arena.take(size);
              if (!region) throw new Error("there is room");
              expect(region.byteOffset % 128).toBe(0);
              for (const other of held)
                expect(
                  region.byteOffset >= other.byteOffset + other.byteLength + 64 ||
                    other.byteOffset >= region.byteOffset + region.byteLength + 64,
                ).toBe(true);
              held.push(region);
            } else arena.give(held.splice(size % held.length, 1)[0]);
            const bytes = held.reduce((sum, region) => sum + region.byteLength, 0);
            expect(arena.held).toBe(bytes);
            most = Math.max(most, bytes);
          }
          for (const region of held) arena.give(region);
          expect(arena.held).toBe(0);
        },
      ),
    );
  });

  it("says no where there is no room", () => {
    const arena = threadArena();
    expect(arena?.take(2 ** 33) ?? null).toBe(null);
    expect(arena?.held ?? 0).toBe(0);
  });

  it("gives back what grew large", () => {
    const arena = threadArena();
    const region = arena?.take(300 * 2 ** 20);
    if (!arena || !region) return;
    arena.give(region);
    expect(threadArena()).toBe(arena);
    trimArena();
    expect(threadArena()).not.toBe(arena);
    expect(threadArena()?.highWater).toBe(0);
  });
});
