"""The Python side of live-mfdataset.test.ts: writes sets of files, and prints what xarray makes of each.

    python mfdataset.py FOLDER

One set a subfolder. The answer: by name, the files (lists of lists where they are nested), our options, and xarray's
dataset.
"""

import json
import os
import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
import numpy as np
import xarray as xr

import reference

RNG = np.random.default_rng(7)
STRICT = {"data_vars": "minimal", "coords": "minimal", "compat": "override", "join": "exact", "combine_attrs": "drop_conflicts"}


def field(times, lats=(10.0, 0.0, -10.0), name="t", units="days since 2000-01-01", calendar="noleap", **encoding):
    """A dataset of a few times; `encoding` packs it."""
    values = np.round(RNG.standard_normal((len(times), len(lats), 4)) * 20, 2).astype("float32")
    counts = xr.DataArray(np.array(times), dims="time", attrs={"units": units, "calendar": calendar})
    decoded = xr.decode_cf(counts.to_dataset(name="time"), decode_times=xr.coders.CFDatetimeCoder(time_unit="ns"))
    made = xr.Dataset(
        {name: (("time", "lat", "lon"), values, {"units": "K", "history": str(times)})},
        {"time": decoded["time"].variable, "lat": list(lats), "lon": [0.0, 90.0, 180.0, 270.0], "height": 2.0},
        {"title": "files", "history": f"times {list(times)}"},
    )
    made["time"].encoding.update(units=units, dtype="int32")
    if encoding:
        made[name].encoding.update(encoding)
    return made


def packed(scale, offset):
    return {"dtype": "int16", "scale_factor": scale, "add_offset": offset, "_FillValue": -32767}


def in_time():
    return [field([20, 21]), field([0, 1, 2]), field([3, 10])], {}, {}


def packed_by_each():
    files = [field([i], **packed(0.01 * (i + 1), 10.0 * i)) for i in range(5)]
    files.append(field([5]))
    files[2]["t"].encoding["_FillValue"] = -1
    # the last is not packed at all: float32 beside float64
    return files, {}, {"strict": False}


def units_by_each():
    files = [field([0, 1]), field([1, 2], units="days since 2000-01-02"), field([96, 120], units="hours since 2000-01-01")]
    return files, {}, {}


def standard_calendar():
    return [field([i, i + 1], calendar="standard") for i in (4, 0, 2)], {}, {}


def tiles():
    return [field(t, lats) for lats in ((-5.0, -10.0), (10.0, 5.0)) for t in ([2, 3], [0, 1])], {}, {}


def other_variables():
    return [field([2], name="t"), field([0], name="u"), field([0], name="t"), field([2], name="u")], {}, {}


def members():
    files = [field([0, 1]) for _ in range(3)]
    return files, {"concat_dim": "member", "combine": "nested", "data_vars": "all"}, {"concatDim": "member"}


def members_in_time():
    files = [[field([0, 1]), field([2])] for _ in range(2)]
    options = {"concat_dim": ["member", "time"], "combine": "nested", "data_vars": "all"}
    return files, options, {"concatDim": ["member", "time"], "dataVars": "all"}


def packed_members():
    files = [[field([t], **packed(0.01 + 0.01 * m, t)) for t in range(3)] for m in range(2)]
    options = {"concat_dim": ["member", "time"], "combine": "nested", "data_vars": "all"}
    return files, options, {"concatDim": ["member", "time"], "dataVars": "all"}


def merged():
    files = [field([0, 1], name="t"), field([0, 1], name="u")]
    return files, {"combine": "nested", "concat_dim": None}, {"concatDim": None}


def heights():
    files = [field([i]).assign_coords(height=float(i)) for i in range(3)]
    return files, {"coords": "different", "compat": "equals"}, {"coords": "different"}


def static_field():
    orography = ("lat", "lon"), np.arange(12.0).reshape(3, 4)
    files = [field([i]).assign(orography=orography) for i in range(3)]
    return files, {}, {}


def joined_every():
    orography = ("lat", "lon"), np.arange(12.0).reshape(3, 4)
    return [field([2 * i, 2 * i + 1]).assign(orography=orography) for i in range(2)], {"data_vars": "all"}, {"dataVars": "all"}


def outer():
    files = [field([0], (10.0, 0.0)), field([1], (0.0, -10.0))]
    options = {"combine": "nested", "concat_dim": "time", "join": "outer"}
    return files, options, {"concatDim": "time", "join": "outer"}


def falling_time():
    return [field([1, 0]), field([5, 4, 3]), field([2])], {}, {}


CASES = [
    in_time, packed_by_each, units_by_each, standard_calendar, tiles, other_variables, members, members_in_time, packed_members,
    merged, heights, static_field, joined_every, outer, falling_time,
]  # fmt: skip


KINDS = {
    "nc": {"engine": "scipy"},
    "nc4": {"engine": "netcdf4"},
    "zarr": {"engine": "zarr", "consolidated": False},
}


def write(made, path, kind):
    if kind == "nc":
        made.to_netcdf(path, format="NETCDF3_64BIT", engine="scipy")
    elif kind == "nc4":
        made.to_netcdf(path, format="NETCDF4", engine="netcdf4")
    else:
        made.to_zarr(path, zarr_format=3 if kind == "zarr" else 2, consolidated=False)


def main():
    warnings.simplefilter("ignore")
    root = pathlib.Path(sys.argv[1])
    answer = {}
    for case in CASES:
        for kind in KINDS:
            files, theirs, ours = case()
            name = f"{case.__name__.replace('_', '-')}-{kind}"
            (root / name).mkdir(parents=True)
            numbers = iter(range(1000))

            def stored(one):
                if isinstance(one, list):
                    return [stored(inner) for inner in one]
                path = str(root / name / f"{next(numbers):02}.{kind}")
                write(one, path, kind)
                return path

            paths = [stored(one) for one in files]
            options = STRICT | theirs | (KINDS[kind])
            opened = xr.open_mfdataset(paths, **options)
            answer[name] = {"files": paths, "options": ours, "expected": reference.dataset(opened.load(), short=10_000)}
    json.dump(answer, sys.stdout, allow_nan=False)
    sys.stdout.flush()
    # the libraries of several HDF5s in one process don't end well
    os._exit(0)


main()
