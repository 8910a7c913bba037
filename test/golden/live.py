"""The Python side of live*.test.ts: writes a random dataset as Zarr, or reads one; answers with what xarray sees as
JSON, with `stored` with what zarr-python sees, with `references` with what xarray sees through Kerchunk's references.
Questions are lines of its input, each a JSON list:

    ["write", STORE, FORMAT, SEED]
    ["read", STORE]
    ["stored", STORE]
    ["references", FILE]
"""

import sys

sys.dont_write_bytecode = True
import numcodecs
import numpy as np
import xarray as xr
import zarr
from zarr import codecs

import reference
from service import serve

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


def answer(command, path, *rest):
    if command == "stored":
        return stored(path)
    if command == "references":
        with xr.open_dataset(path, engine="kerchunk") as found:
            return reference.dataset(found.load(), short=10_000)
    if command == "write":
        zarr_format, seed = int(rest[0]), int(rest[1])
        made, encoding = random_dataset(seed, zarr_format)
        made.to_zarr(path, zarr_format=zarr_format, encoding=encoding, consolidated=seed % 2 == 0)
    with xr.open_zarr(path, consolidated=None) as found:
        return reference.dataset(found.load(), short=10_000)


serve(answer)
