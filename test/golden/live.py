"""The Python side of live.test.ts: writes a random dataset as Zarr, or reads one; prints what xarray sees as JSON,
or with `stored` what zarr-python sees; with `references` what xarray sees through Kerchunk's references.

    python live.py write STORE FORMAT SEED
    python live.py read STORE
    python live.py stored STORE
    python live.py references FILE
"""

import json
import os
import sys
import warnings

sys.dont_write_bytecode = True
import numcodecs
import numpy as np
import xarray as xr
import zarr
from zarr import codecs

import reference

NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"]
CALENDARS = ["standard", "proleptic_gregorian", "noleap", "360_day", "julian", "all_leap"]


def compressor(rng, zarr_format):
    if zarr_format == 2:
        blosc = numcodecs.Blosc(str(rng.choice(["lz4", "zstd", "zlib"])), 5, int(rng.integers(0, 3)))
        return [None, numcodecs.Zlib(3), numcodecs.GZip(3), numcodecs.Zstd(3), numcodecs.LZ4(), blosc][rng.integers(0, 6)]
    shuffle = str(rng.choice(["noshuffle", "shuffle", "bitshuffle"]))
    blosc = codecs.BloscCodec(cname=str(rng.choice(["lz4", "zstd", "zlib"])), shuffle=shuffle, typesize=4)
    return [None, codecs.GzipCodec(level=3), codecs.ZstdCodec(level=3, checksum=True), blosc][rng.integers(0, 4)]


def random_dataset(seed, zarr_format):
    """A dataset and its encoding: every dtype, random shapes, chunks and codecs."""
    rng = np.random.default_rng(seed)
    sizes = {name: int(rng.integers(1, 14)) for name in ("time", "y", "x")}
    data, encoding = {}, {}
    for number, dtype in enumerate(NUMBERS * 2):
        dims = [name for name in sizes if rng.random() < 0.7]
        shape = [sizes[name] for name in dims]
        values = rng.standard_normal(shape) * 100 if dtype.startswith("float") else rng.integers(0, 100, shape)
        values = np.asarray(values).astype(dtype)
        if dtype.startswith("float") and values.size:
            values = np.where(rng.random(shape) < 0.1, np.nan, values).astype(dtype)
        name = f"{dtype}_{number // len(NUMBERS)}"
        data[name] = (dims, values, {"units": "m", "number": number, "scale": 0.5, "list": [1, 2.5]})
        encoding[name] = {"compressors": compressor(rng, zarr_format)}
        if dims:
            encoding[name]["chunks"] = tuple(int(rng.integers(1, length + 1)) for length in shape)
    packed = rng.integers(-300, 300, (sizes["y"], sizes["x"])) / 100 + 273.15
    data["packed"] = (("y", "x"), packed, {"units": "K"})
    encoding["packed"] = {"dtype": "int16", "scale_factor": 0.01, "add_offset": 273.15, "_FillValue": -32768}
    calendar = str(rng.choice(CALENDARS))
    counts = np.sort(rng.integers(0, 200_000, sizes["time"]))
    times = xr.DataArray(counts, dims="time", attrs={"units": "hours since 1990-01-01", "calendar": calendar})
    words = rng.choice(["a", "naïve", "日本", "x y", ""], sizes["y"])
    coords = {
        "time": xr.decode_cf(times.to_dataset(name="time"))["time"].variable,
        "x": np.linspace(0, 1, sizes["x"]),
        "name": ("y", words),
        "area": (("y", "x"), rng.random((sizes["y"], sizes["x"]))),
    }
    return xr.Dataset(data, coords, {"title": f"seed {seed}"}), encoding


def stored(path):
    """The arrays of a group as zarr-python reads them, by name."""
    return {
        name: reference.content(np.asarray(array[...]), short=10_000) | {"attributes": reference.attributes(array.attrs)}
        for name, array in zarr.open_group(path, mode="r").arrays()
    }


def main():
    warnings.simplefilter("ignore")
    if sys.argv[1] == "write":
        store, zarr_format, seed = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
        made, encoding = random_dataset(seed, zarr_format)
        made.to_zarr(store, zarr_format=zarr_format, encoding=encoding, consolidated=seed % 2 == 0)
    if sys.argv[1] == "stored":
        json.dump(stored(sys.argv[2]), sys.stdout, allow_nan=False)
        return
    if sys.argv[1] == "references":
        found = xr.open_dataset(sys.argv[2], engine="kerchunk").load()
        json.dump(reference.dataset(found, short=10_000), sys.stdout, allow_nan=False)
        sys.stdout.flush()
        # the libraries of several HDF5s in one process don't end well
        os._exit(0)
    with xr.open_zarr(sys.argv[2], consolidated=None) as found:
        json.dump(reference.dataset(found.load(), short=10_000), sys.stdout, allow_nan=False)


main()
