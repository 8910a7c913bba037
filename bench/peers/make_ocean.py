"""Writes velocity anomalies with zarr-python, 10 steps a chunk: make_ocean.py PATH STEPS FACES ROWS COLUMNS."""

import sys

import numpy as np
import zarr
from zarr.codecs import BloscCodec

path = sys.argv[1]
steps, faces, rows, columns = shape = tuple(map(int, sys.argv[2:6]))
chunk = min(10, steps)
group = zarr.open_group(path, mode="w", zarr_format=3)
random = np.random.default_rng(11)
j = np.arange(rows)[:, None] / rows
i = np.arange(columns)[None, :] / columns
for phase, name in enumerate(("anom_u", "anom_v")):
    array = group.create_array(
        name,
        shape=shape,
        chunks=(chunk, 1, rows, columns),
        dtype="f8",
        dimension_names=("time", "face", "j", "i"),
        compressors=[BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=8)],
    )
    for start in range(0, steps, chunk):
        t = np.arange(start, min(start + chunk, steps))[:, None, None, None]
        wave = np.sin(6.3 * (3 * i + 0.02 * t) + phase) * np.cos(9.4 * j + 0.03 * t)
        noise = random.random((t.shape[0], faces, rows, columns), dtype="f4")
        # rounded as packed model output is: 12 bits after the point
        array[start : start + t.shape[0]] = np.round((wave + 0.2 * noise) * 4096) / 4096
zarr.consolidate_metadata(path)
