"""Writes the temperature store with zarr-python: make_temperature.py PATH v3-lz4 TIMES ROWS COLUMNS CHUNK."""

import sys

import numcodecs
import numpy as np
import zarr
from zarr.codecs import BloscCodec, ZstdCodec

path, kind = sys.argv[1:3]
times, rows, columns, chunk = map(int, sys.argv[3:7])
version = int(kind[1])
if version == 2:
    lz4 = numcodecs.Blosc(cname="lz4", clevel=5, shuffle=numcodecs.Blosc.SHUFFLE)
    codec = lz4 if kind.endswith("lz4") else numcodecs.Zstd(level=1)
else:
    codec = BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=4) if kind.endswith("lz4") else ZstdCodec(level=1)
group = zarr.open_group(path, mode="w", zarr_format=version)


def create(name, shape, chunks, dtype, dims, **more):
    named = {"dimension_names": dims} if version == 3 else {"attributes": {"_ARRAY_DIMENSIONS": list(dims)}}
    return group.create_array(name, shape=shape, chunks=chunks, dtype=dtype, **named, **more)


t2m = create(
    "t2m", (times, rows, columns), (chunk, rows, columns), "f4", ("time", "latitude", "longitude"), compressors=[codec]
)
time = create("time", (times,), (times,), "i4", ("time",))
time[:] = np.arange(times)
time.attrs.update(units="days since 2001-01-01", calendar="proleptic_gregorian")
random = np.random.default_rng(7)
latitude = np.pi * (np.arange(rows) / max(1, rows - 1) - 0.5)[:, None]
wave = 2 * np.pi * np.arange(columns) / columns
for start in range(0, times, chunk):
    t = np.arange(start, min(start + chunk, times))[:, None, None]
    values = 255 + 45 * np.cos(latitude) + 6 * np.sin(4 * wave + 0.2 * t) * np.cos(latitude)
    noise = random.random(values.shape, dtype="f4") + random.random(values.shape, dtype="f4") - 1
    bits = (values + 0.4 * noise).astype("f4").view("u4")
    # 12 of 23 bits of mantissa, to the nearest
    t2m[start : start + chunk] = ((bits + 0x400) & 0xFFFFF800).astype("u4").view("f4")
zarr.consolidate_metadata(path)
