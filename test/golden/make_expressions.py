"""Fixed labelled expressions and xarray's answers to them: values, dtypes, dims, coordinates, names, attributes.

    python test/golden/make_expressions.py

The dataset is written to fixtures/expressions/data.zarr, the answers to fixtures/expressions/<section>.json, texts of
xarray's own representations to fixtures/expressions/representations.json. What is asked stands in expressions.py; its
TypeScript is written to expressions/<section>.ts, so that it is type-checked and run (format them with oxfmt).
"""

import pathlib
import re
import shutil
import sys
import warnings

sys.dont_write_bytecode = True
import cftime
import numpy as np
import pandas as pd
import xarray as xr

import expressions
import reference

OUT = pathlib.Path(__file__).parent / reference.FIXTURES / "expressions"


def make_dataset():
    """Numbers are eighths, so that sums are exact in any order."""
    i, j, k = np.ogrid[:36, :3, :4]
    t = 270 + (i * 37 + j * 11 + k * 7) % 97 / 8
    t = np.where((i * 5 + j * 3 + k) % 13 == 0, np.nan, t).astype("float32")
    # one cell without any value, and one month without any
    t[:, 2, 3] = np.nan
    t[7] = np.nan
    p = ((i * 13 + j * 29) % 41 / 4)[:, :, 0]
    count = ((j * 5 + k * 3) % 9)[0].astype("int16")
    n = np.arange(90)
    rain = np.where(n % 11 == 4, np.nan, n * 7 % 23 / 8).astype("float32")
    months = pd.date_range("2000-01-15", periods=36, freq=pd.DateOffset(months=1), unit="ns")
    old = [cftime.datetime(1 + n // 12, 1 + n % 12, 15, calendar="noleap") for n in range(24)]
    return xr.Dataset(
        {
            "t": (("time", "lat", "lon"), t, {"units": "K", "long_name": "temperature", "levels": [1, 2]}),
            "p": (("time", "lat"), p, {"units": "hPa"}),
            "count": (("lat", "lon"), count, {"units": "1"}),
            "mask": (("lat", "lon"), count % 3 > 0),
            "big": ("time", 2**53 + np.arange(36), {"long_name": "beyond doubles"}),
            "tiny": ("lon", np.array([0, 100, 200, 255], "uint8"), {"units": "1"}),
            "weight": ("lat", np.array([0.5, 1.0, 0.25])),
            "rain": ("day", rain, {"units": "mm"}),
            "old": ("month", np.arange(24) ** 2 / 4),
            "flow": ("basin", np.array([1.5, 2.5, 3.5])),
        },
        {
            "time": ("time", months, {"axis": "T"}),
            "lat": ("lat", [45.0, 0.0, -45.0], {"units": "degrees_north"}),
            "lon": ("lon", np.array([0, 90, 180, 270], "float32"), {"units": "degrees_east"}),
            "day": pd.date_range("2000-12-20", periods=90, unit="ns"),
            "month": old,
            "basin": ["atlantic", "pacific", "indian"],
            "name": ("lat", ["north", "equator", "south"]),
            "zone": ("lat", [1, 0, 1]),
            "height": ((), 2.0, {"units": "m"}),
        },
        {"title": "small", "Conventions": "CF-1.11"},
    )


def describe(answer):
    if isinstance(answer, xr.Dataset):
        record = reference.dataset(answer, short=600)
        # a set in xarray's sense: a Zarr group has no order that a test could expect
        return record | {key: dict(sorted(record[key].items())) for key in ("sizes", "coords", "data")} | {
            "indexes": sorted(record["indexes"])
        }
    record = reference.data_array(answer, short=600)
    return record | {"coords": dict(sorted(record["coords"].items())), "indexes": sorted(record["indexes"])}


def evaluate(text, names):
    try:
        return describe(eval(text, dict(names)))
    except (KeyError, IndexError, ValueError, TypeError) as error:
        return {"kind": "error", "error": type(error).__name__, "message": str(error)}


def represent(ds):
    """Texts of xarray's representations of what is in memory, with variables in the order of their names."""
    ds = xr.Dataset(dict(sorted(ds.data_vars.items())), dict(sorted(ds.coords.items())), ds.attrs)
    shown = {
        "dataset": ds,
        "dataset of a month": ds[["count", "mask", "t"]].isel(time=0),
        "array": ds.p.isel(time=slice(0, 3)),
        "array of integers": ds["count"],
        "array of truth values": ds["mask"],
        "scalar": ds.t.isel(time=1, lat=0, lon=0),
        "array of times": ds.time,
        "array of strings": ds.basin,
        "long array": ds.t,
    }
    return {name: repr(item).split("\n") for name, item in shown.items()}


def write_table(section, asked, names):
    """The TypeScript texts as functions of the names that they use."""
    functions = {"slice", "where", "concat", "merge"}
    imported, rows = set(), []
    for name, _, text in asked:
        if text is None or any(f".{method}(" in text for method in expressions.ABSENT):
            continue
        words = set(re.findall(r"(?<![.\w])(\w+)\b(?!\s*:)", re.sub(r'"[^"]*"', "", text)))
        imported |= words & functions
        used = ", ".join(sorted(words & names))
        rows.append(f'  "{name}": ({{ {used} }}) => {text},')
    head = [
        f"/** Owns the TypeScript of the {section} expressions. Made by make_expressions.py from expressions.py; don't edit. */",
        f'import {{ {", ".join(sorted(imported))} }} from "hyperslab";' if imported else "",
        'import type { Expressions } from "../labelled.js";',
        "",
        f"export const {section}: Expressions = {{",
    ]
    path = pathlib.Path(__file__).parent / "expressions" / f"{section}.ts"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([*head, *rows, "};", ""]))


def main():
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    path = OUT / "data.zarr"
    shutil.rmtree(path, ignore_errors=True)
    made = make_dataset()
    chunks = {"t": {"chunks": (10, 2, 4)}, "p": {"chunks": (7, 3)}, "rain": {"chunks": (40,)}}
    times = {"time": {"units": "days since 2000-01-01"}, "day": {"units": "hours since 2000-01-01"}}
    made.to_zarr(path, zarr_format=3, encoding=chunks | times, consolidated=False)
    with xr.open_zarr(path, consolidated=False) as ds:
        ds.load()
    xr.testing.assert_equal(ds, made)
    names = {"ds": ds, "xr": xr, "np": np, **{str(name): ds[name] for name in ds.variables}}
    for section, asked in expressions.SECTIONS.items():
        answers = [
            {"id": name, "python": python, "typescript": typescript, "expected": evaluate(python, names)}
            for name, python, typescript in asked
        ]
        reference.dump({"expressions": answers}, OUT / f"{section}.json", depth=5)
        write_table(section, asked, set(names) - {"xr", "np"})
    reference.dump(represent(made), OUT / "representations.json", depth=1)


main()
