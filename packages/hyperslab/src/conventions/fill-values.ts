/**
 * Owns the attributes that mark missing values (`_FillValue`, `missing_value`, `_Unsigned`): which
 * stored values they name. Knows no scaling and no time.
 */
import {
  type Dtype,
  type IntegerDtype,
  isInteger,
  isNumeric,
  isSigned,
  isUnsigned,
  itemSize,
} from "@hyperslab/core/dtype";
import type { Attribute } from "@hyperslab/storage/source";

/** Stored values that stand for "missing", and the attributes that said so. */
export interface FillValues {
  readonly mask: readonly (number | bigint)[];
  /** Attributes to keep as encoding. */
  readonly raw: Readonly<Record<string, Attribute>>;
  /** The integer dtype that the stored bits really have, where `_Unsigned` says so. */
  readonly view: IntegerDtype | null;
  readonly warnings: readonly string[];
}

const PARTNERS: Readonly<Record<IntegerDtype, IntegerDtype>> = {
  int8: "uint8",
  int16: "uint16",
  int32: "uint32",
  int64: "uint64",
  uint8: "int8",
  uint16: "int16",
  uint32: "int32",
  uint64: "int64",
};

/** Reads the fill values of a variable of a numeric dtype. */
export function readFillValues(
  name: string,
  dtype: Dtype,
  attributes: Readonly<Record<string, Attribute>>,
): FillValues {
  const warnings: string[] = [];
  const raw: Record<string, Attribute> = {};
  const mask = new Set<number | bigint>();
  const view = viewOf(name, dtype, attributes["_Unsigned"], warnings);
  for (const key of ["missing_value", "_FillValue"]) {
    const value = attributes[key];
    if (value === undefined || value === null) continue;
    const list = Array.isArray(value) ? (value as readonly Attribute[]) : [value];
    const values = list.filter(isNumber).filter((one) => !Number.isNaN(one));
    if (values.length === 0 && isInteger(dtype)) {
      warnings.push(
        `variable "${name}": ${key} is ${String(value)}, which no ${dtype} can be; it is ignored`,
      );
      continue;
    }
    raw[key] = value;
    if (list.some((one) => !isNumber(one)))
      warnings.push(`variable "${name}": ${key} is ${String(value)}, which is no number; it masks nothing`);
    if (!isNumeric(dtype) || dtype === "bool") {
      if (values.length)
        warnings.push(`variable "${name}": ${dtype} has no missing values; ${key} masks nothing`);
      continue;
    }
    // `_FillValue` is of the stored dtype, and is seen as the data are
    for (const one of values) mask.add(key === "_FillValue" && view ? reinterpret(one, view) : one);
  }
  if (mask.size > 1)
    warnings.push(
      `variable "${name}": several fill values (${[...mask].join(", ")}); all of them are missing`,
    );
  return { mask: [...mask], raw, view, warnings };
}

function isNumber(value: Attribute): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function viewOf(
  name: string,
  dtype: Dtype,
  flag: Attribute | undefined,
  warnings: string[],
): IntegerDtype | null {
  if (flag === undefined || flag === null) return null;
  if (!isInteger(dtype)) {
    warnings.push(`variable "${name}": _Unsigned is of no meaning for ${dtype}; it is ignored`);
    return null;
  }
  const differs = (flag === "true" && isSigned(dtype)) || (flag === "false" && isUnsigned(dtype));
  return differs ? PARTNERS[dtype] : null;
}

/** An integer by the bits it has in `view`. */
function reinterpret(value: number | bigint, view: IntegerDtype): number | bigint {
  if (typeof value === "number" && !Number.isInteger(value)) return value;
  const bits = itemSize(view) * 8;
  const seen = isSigned(view) ? BigInt.asIntN(bits, BigInt(value)) : BigInt.asUintN(bits, BigInt(value));
  return Number.isSafeInteger(Number(seen)) ? Number(seen) : seen;
}
