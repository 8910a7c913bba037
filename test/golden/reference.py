"""Turns what the reference implementations answer into JSON that a TypeScript test compares exactly.

Owns the form of the golden files:
- dtypes by NumPy's names in native order; objects of cftime are `cftime64[calendar]`; every kind of text is `string`
- `values`: a flat list in C order. int64, uint64 and times are decimal strings; NaN, infinities and NaT are words
- times count: datetime64 and timedelta64 in their own unit; cftime64 in microseconds since
  1970-01-01T00:00 of its calendar
- long arrays: SHA-256 of their little-endian bytes with every NaN as the canonical one, and a few samples
Knows nothing of what is being asked of the references.
"""

import datetime
import hashlib
import json
import math

import cftime
import numpy as np

FIXTURES = "fixtures"
NAT = np.iinfo(np.int64).min
SHORT = 400
CALENDARS = {"gregorian": "standard", "365_day": "noleap", "366_day": "all_leap"}


def is_cftime(array):
    return array.dtype == object and any(isinstance(item, cftime.datetime) for item in array.flat)


def dtype_name(array):
    """Our name of an array's dtype."""
    array = np.asarray(array)
    if is_cftime(array):
        first = next(item for item in array.flat if isinstance(item, cftime.datetime))
        return f"cftime64[{CALENDARS.get(first.calendar, first.calendar)}]"
    if array.dtype.kind in "OUST":
        return "string"
    return array.dtype.name


def cftime_microseconds(item):
    """Microseconds since 1970-01-01 in the date's own calendar; anything that is no date is NaT."""
    if not isinstance(item, cftime.datetime):
        return NAT
    epoch = cftime.datetime(1970, 1, 1, calendar=item.calendar, has_year_zero=item.has_year_zero)
    return (item - epoch) // datetime.timedelta(microseconds=1)


def storage(array):
    """The array as numbers: times as int64; text is left alone."""
    array = np.asarray(array)
    if is_cftime(array):
        return np.array([cftime_microseconds(item) for item in array.flat], "int64").reshape(array.shape)
    if array.dtype.kind in "mM":
        return array.astype(array.dtype.newbyteorder("=")).view("int64")
    return array


def text(item):
    return item.decode("utf-8") if isinstance(item, bytes) else str(item)


def word(value, dtype):
    """One element as JSON."""
    if dtype == "string":
        return text(value)
    if dtype == "bool":
        return bool(value)
    if "64[" in dtype:
        return "NaT" if int(value) == NAT else str(int(value))
    if dtype in ("int64", "uint64"):
        return str(int(value))
    if dtype.startswith("float"):
        number = float(value)
        if math.isnan(number):
            return "NaN"
        if math.isinf(number):
            return "Infinity" if number > 0 else "-Infinity"
        return number
    if dtype.startswith("complex"):
        return [word(value.real, "float64"), word(value.imag, "float64")]
    return str(value) if dtype.startswith("void") else int(value)


def values(array):
    dtype = dtype_name(array)
    return [word(item, dtype) for item in storage(array).flat]


def checksum(array):
    """SHA-256 of the little-endian bytes in C order; text: of each string's UTF-8 and a zero byte."""
    data = storage(array)
    if data.dtype.kind in "OUST":
        return hashlib.sha256(b"".join(text(item).encode() + b"\0" for item in data.flat)).hexdigest()
    data = np.ascontiguousarray(data, data.dtype.newbyteorder("<"))
    if data.dtype.kind == "f":
        data = np.where(np.isnan(data), data.dtype.type(np.nan), data).astype(data.dtype)
    return hashlib.sha256(data.tobytes()).hexdigest()


def statistics(array):
    """What helps to see why a checksum differs."""
    dtype = dtype_name(array)
    data = storage(array)
    flat = data.reshape(-1)
    places = sorted({int(i) for i in np.linspace(0, flat.size - 1, 10)}) if flat.size else []
    found = {"samples": {str(i): word(flat[i], dtype) for i in places}}
    if dtype.startswith("float"):
        good = flat[~np.isnan(flat)]
        found["nan"] = int(flat.size - good.size)
        if good.size:
            found |= {"min": float(good.min()), "max": float(good.max()), "mean": float(good.mean(dtype="float64"))}
    return found


def content(array, short=SHORT):
    """Dtype and elements: all of them where few."""
    array = np.asarray(array)
    record = {"dtype": dtype_name(array), "shape": list(array.shape)}
    if array.size <= short:
        return record | {"values": values(array)}
    return record | {"sha256": checksum(array)} | statistics(array)


def attribute(value):
    """An attribute with the reference's type beside it."""
    if isinstance(value, np.ndarray):
        kind = "string" if value.dtype.kind in "OUST" else value.dtype.name
        return {"type": f"{kind}[]", "value": [word(item, kind) for item in value.flat]}
    if isinstance(value, np.generic):
        kind = "string" if value.dtype.kind in "US" else value.dtype.name
        return {"type": kind, "value": word(value, kind)}
    if isinstance(value, bytes):
        return {"type": "string", "value": text(value)}
    if isinstance(value, float):
        return {"type": "float", "value": word(value, "float64")}
    if isinstance(value, int) and abs(value) >= 2**53:
        return {"type": "int64", "value": str(value)}
    kind = {bool: "bool", int: "int", str: "string", list: "list", tuple: "list", dict: "object", type(None): "null"}
    return {"type": kind[type(value)], "value": value}


def attributes(attrs):
    return {str(name): attribute(value) for name, value in attrs.items()}


def variable(var, short=SHORT):
    """A variable of xarray: dims, attributes and content."""
    return {"dims": list(var.dims)} | content(var.values, short) | {"attributes": attributes(var.attrs)}


def data_array(array, short=SHORT):
    coords = {str(name): variable(coord.variable, short) for name, coord in array.coords.items()}
    name = None if array.name is None else str(array.name)
    indexes = [str(key) for key in array.xindexes]
    return (
        {"kind": "DataArray", "name": name} | variable(array.variable, short) | {"coords": coords, "indexes": indexes}
    )


def dataset(data, short=SHORT):
    return {
        "kind": "Dataset",
        "sizes": {str(name): int(length) for name, length in data.sizes.items()},
        "attributes": attributes(data.attrs),
        "coords": {str(name): variable(coord.variable, short) for name, coord in data.coords.items()},
        "data": {str(name): variable(var.variable, short) for name, var in data.data_vars.items()},
        "indexes": [str(key) for key in data.xindexes],
    }


def dump(record, path, depth=3):
    """Writes JSON whose outer levels are indented, and whose inner ones stand on a line each."""

    def lines(item, level):
        if level < depth and isinstance(item, dict) and item:
            pad = " " * (level + 1)
            body = (f"{pad}{json.dumps(str(key))}: {lines(value, level + 1)}" for key, value in item.items())
            return "{\n" + ",\n".join(body) + "\n" + " " * level + "}"
        if level < depth and isinstance(item, list) and item and isinstance(item[0], dict):
            pad = " " * (level + 1)
            body = (pad + lines(value, level + 1) for value in item)
            return "[\n" + ",\n".join(body) + "\n" + " " * level + "]"
        return json.dumps(item, ensure_ascii=False, allow_nan=False)

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lines(record, 0) + "\n")
