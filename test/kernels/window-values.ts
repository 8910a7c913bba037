/** Reads the values that `fixtures/make_windows.py` wrote. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { ScanName } from "@hyperslab/kernels/scan-source";
import type { WindowName, WindowOptions } from "@hyperslab/kernels/window-options";
import type { NumpyValues } from "./numpy-values.js";

export interface WindowValues extends Pick<NumpyValues, "arrays"> {
  readonly scans: readonly {
    name: ScanName;
    skipna: boolean;
    arg: number;
    axis: number;
    result: number;
  }[];
  readonly windows: readonly {
    name: WindowName;
    arg: number;
    axis: number;
    options: WindowOptions;
    source: string;
    result: number;
  }[];
}

export function readWindowValues(): WindowValues {
  const path = new URL("fixtures/windows.json.gz", import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(path)).toString()) as WindowValues;
}
