/** Owns the use of the `numcodecs` package: compressors in WASM, loaded when first asked for. */
import { CodecError } from "@hyperslab/core/errors";

interface Foreign {
  decode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  encode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

const LOADERS = {
  zstd: async (config: object): Promise<Foreign> =>
    (await import("numcodecs/zstd")).default.fromConfig({ id: "zstd", ...config }),
};

/** A codec of the package, its failures as CodecErrors. The result of `decode` isn't checked. */
export function foreignCodec(kind: keyof typeof LOADERS, name: string, config: object): Foreign {
  let codec: Promise<Foreign> | undefined;
  const run = async (what: "decode" | "encode", bytes: Uint8Array): Promise<Uint8Array> => {
    codec ??= LOADERS[kind](config);
    try {
      return await (await codec)[what](bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CodecError({ codec: name, reason: `${what} failed: ${reason}`, cause: error });
    }
  };
  return { decode: (bytes) => run("decode", bytes), encode: (bytes) => run("encode", bytes) };
}
