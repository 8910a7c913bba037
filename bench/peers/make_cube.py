"""make_cube.py PATH raw|blosc LENGTH_Z LENGTH_Y LENGTH_X CHUNK: a smooth cube of uint16 with five bits of noise."""

import sys

import numpy as np
import zarr
from zarr.codecs import BloscCodec

path, kind = sys.argv[1:3]
*shape, chunk = map(int, sys.argv[3:7])
codec = BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle", typesize=2)
group = zarr.open_group(path, mode="w", zarr_format=3)
cube = group.create_array(
    "cube",
    shape=shape,
    dtype="u2",
    chunks=(chunk,) * 3,
    compressors=None if kind == "raw" else [codec],
    dimension_names=("z", "y", "x"),
)
random = np.random.default_rng(11)
y, x = np.meshgrid(*(np.arange(n, dtype="f4") / n for n in shape[1:]), indexing="ij")
for start in range(0, shape[0], chunk):
    z = (np.arange(start, min(start + chunk, shape[0]), dtype="f4") / shape[0])[:, None, None]
    values = 20000 + 12000 * np.sin(7 * z + 5 * y) * np.cos(3 * z + 9 * x)
    cube[start : start + chunk] = values.astype("u2") + random.integers(0, 32, values.shape, dtype="u2")
zarr.consolidate_metadata(path)
