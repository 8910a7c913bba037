"""NumPy's dtype rules and element values, and xarray's reductions of small arrays of every dtype.

    python test/golden/make_numpy.py

Answers go to fixtures/numpy/: promotion.json, signatures.json, scalars.json, elementwise.json, reductions.json.
Operators have our names; null stands where NumPy raises.
"""

import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
import numpy as np
import xarray as xr

import reference

OUT = pathlib.Path(__file__).parent / reference.FIXTURES / "numpy"

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "float32", "float64"]
NUMERIC = ["bool", *INTEGERS, *FLOATS]
TIMES = ["datetime64[D]", "datetime64[s]", "datetime64[ns]", "timedelta64[D]", "timedelta64[s]", "timedelta64[ns]"]

RENAMED = {
    "floorDivide": np.floor_divide, "atan2": np.arctan2, "notEqual": np.not_equal, "lessEqual": np.less_equal,
    "greaterEqual": np.greater_equal, "logicalAnd": np.logical_and, "logicalOr": np.logical_or,
    "logicalXor": np.logical_xor, "logicalNot": np.logical_not, "bitwiseAnd": np.bitwise_and,
    "bitwiseOr": np.bitwise_or, "bitwiseXor": np.bitwise_xor, "bitwiseNot": np.invert, "leftShift": np.left_shift,
    "rightShift": np.right_shift, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "round": np.round,
}  # fmt: skip
BINARY = [
    "add", "subtract", "multiply", "divide", "floorDivide", "remainder", "power", "minimum", "maximum", "fmin", "fmax",
    "hypot", "atan2", "equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual", "logicalAnd", "logicalOr",
    "logicalXor", "bitwiseAnd", "bitwiseOr", "bitwiseXor", "leftShift", "rightShift",
]  # fmt: skip
UNARY = [
    "logicalNot", "bitwiseNot", "negative", "absolute", "sign", "square", "floor", "ceil", "trunc", "round", "sqrt",
    "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
    "degrees", "radians", "isnan", "isfinite", "isinf",
]  # fmt: skip
REDUCTIONS = ["sum", "prod", "mean", "var", "std", "min", "max", "argmin", "argmax", "any", "all", "count"]


def function(name):
    return RENAMED.get(name) or getattr(np, name)


def attempt(call, *args):
    """The answer, or None where the reference refuses."""
    try:
        return call(*args)
    except (TypeError, ValueError, OverflowError):
        return None


def result_dtype(name, *dtypes):
    # one element, not none: some refusals come with the values
    answer = attempt(function(name), *(np.ones(1, "int64").astype(dtype) for dtype in dtypes))
    return None if answer is None else answer.dtype.name


def promotion():
    dtypes = NUMERIC + TIMES
    table = []
    for a in dtypes:
        row = [attempt(np.promote_types, a, b) for b in dtypes]
        table.append([None if common is None else common.name for common in row])
    return {"dtypes": dtypes, "table": table}


def signatures():
    dtypes = NUMERIC + TIMES
    binary = {name: [[result_dtype(name, a, b) for b in dtypes] for a in dtypes] for name in BINARY}
    unary = {name: [result_dtype(name, dtype) for dtype in dtypes] for name in UNARY}
    return {"dtypes": dtypes, "binary": binary, "unary": unary}


def scalars():
    """Dtype of `array + scalar` for Python scalars (NEP 50)."""
    values = [True, 0, 5, -1, 127, 128, 255, 256, 300, 32768, 65536, 2**31, 2**32, 2**53, 1.5, -0.25]
    table = []
    for dtype in NUMERIC:
        answers = [attempt(np.add, np.ones(1, dtype), value) for value in values]
        table.append([None if answer is None else answer.dtype.name for answer in answers])
    return {"dtypes": NUMERIC, "scalars": values, "add": table}


def operands(dtype):
    if dtype == "bool":
        return np.array([False, True])
    if dtype in FLOATS:
        return np.array([1.5, -2.25, 0.0, -0.0, np.nan, np.inf, 3.0], dtype)
    info = np.iinfo(dtype)
    return np.array([0, 1, 3, 7 if info.min == 0 else -7, info.min, info.max], dtype)


def elementwise():
    cases = []
    for dtype in NUMERIC:
        data = operands(dtype)
        a, b = np.repeat(data, data.size), np.tile(data, data.size)
        record = {"dtype": dtype, "operands": reference.values(data), "binary": {}, "unary": {}}
        for name in BINARY:
            # NumPy refuses negative powers of integers as a whole: ask for the rest
            left, right = (a[b >= 0], b[b >= 0]) if name == "power" and dtype.startswith("int") else (a, b)
            answer = attempt(function(name), left, right)
            if answer is not None:
                record["binary"][name] = {"dtype": answer.dtype.name, "values": reference.values(answer)}
        for name in UNARY:
            answer = attempt(function(name), data)
            if answer is not None:
                record["unary"][name] = {"dtype": answer.dtype.name, "values": reference.values(answer)}
        record["casts"] = {
            to: reference.values(data.astype(to))
            for to in NUMERIC
            # a float out of the integer's range has no defined cast
            if not (dtype in FLOATS and to in INTEGERS)
        }
        if dtype in FLOATS:
            whole = np.array([0.0, 1.9, -1.9 if dtype else 0, 100.5], dtype)
            record["truncations"] = {
                "operands": reference.values(whole),
                "casts": {to: reference.values(whole.astype(to)) for to in INTEGERS if to.startswith("int")},
            }
        cases.append(record)
    return {"order": "binary: every operand with every operand, the second one fastest", "cases": cases}


def samples(dtype):
    """Named 2-d arrays of a dtype; the second axis is reduced, the first one, and both."""
    rng = np.random.default_rng(3)
    if dtype == "bool":
        return {"plain": rng.random((3, 5)) > 0.4, "true": np.ones((2, 2), bool), "empty": np.empty((0, 2), bool)}
    if dtype in FLOATS:
        plain = (rng.integers(-64, 64, (3, 5)) / 8).astype(dtype)
        holes = plain.copy()
        holes[0, 1] = holes[2, :] = holes[1, 0] = np.nan
        infinite = np.array([[1, np.inf, 2], [-np.inf, np.inf, 1], [np.nan, -np.inf, 0]], dtype)
        large = np.array([[60000, 60000], [1, 1]] if dtype == "float16" else [[1e7, 1.25], [1e7 + 1, -1e7]], dtype)
        return {
            "plain": plain, "holes": holes, "infinite": infinite, "large": large,
            "all-nan": np.full((2, 2), np.nan, dtype), "empty": np.empty((0, 2), dtype),
        }  # fmt: skip
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        low = 0 if info.min == 0 else -20
        return {
            "plain": rng.integers(low, 20, (3, 5)).astype(dtype),
            "extremes": np.array([[info.max, info.max, 1], [info.min, 0, 1]], dtype),
            "empty": np.empty((0, 2), dtype),
        }
    counts = rng.integers(-(10**6), 10**6, (3, 5))
    holes = counts.copy()
    holes[0, 1] = holes[2, :] = reference.NAT
    return {"plain": counts.view(dtype), "holes": holes.view(dtype)}


def options(name, dtype):
    skips = [True, False] if dtype in FLOATS or dtype in TIMES else [None]
    if name in ("any", "all", "count"):
        return [{}]
    found = [{} if skip is None else {"skipna": skip} for skip in skips]
    if name in ("var", "std"):
        found += [one | {"ddof": 1} for one in found]
    if name in ("sum", "prod"):
        found += [one | {"min_count": 2} for one in found if one.get("skipna")]
    return found


def reductions():
    cases = []
    for dtype in [*NUMERIC, "datetime64[s]", "datetime64[ns]", "timedelta64[s]", "timedelta64[ns]"]:
        for which, data in samples(dtype).items():
            array = xr.DataArray(data, dims=("y", "x"))
            answers = []
            for name in REDUCTIONS:
                for dims in (["y"], ["x"], ["y", "x"]):
                    if name.startswith("arg") and len(dims) == 2:
                        continue
                    for option in options(name, dtype):
                        dim = dims[0] if len(dims) == 1 else dims
                        answer = attempt(lambda: getattr(array, name)(dim, **option))
                        answers.append(
                            {"name": name, "dims": dims, "options": option}
                            | ({"error": True} if answer is None else reference.content(answer.values))
                        )
            cases.append({"dtype": dtype, "which": which} | reference.content(data) | {"reductions": answers})
    return {"dims": ["y", "x"], "cases": cases}


def main():
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    for make, depth in [(promotion, 1), (signatures, 3), (scalars, 1), (elementwise, 4), (reductions, 4)]:
        reference.dump(make(), OUT / f"{make.__name__}.json", depth)


main()
