"""make_sparse.py PATH CHUNKS: a Zarr 3 store of as many chunks, of which ten are written."""

import sys

import numpy as np
import zarr

path, chunks = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(5)
group = zarr.open_group(path, mode="w", zarr_format=3)
array = group.create_array(
    "t2m",
    shape=(chunks, 721, 1440),
    chunks=(1, 721, 1440),
    dtype="f4",
    dimension_names=("time", "latitude", "longitude"),
    fill_value=np.nan,
)
for i in range(10):
    array[chunks // 10 * i + 5] = (280 + 10 * rng.standard_normal((721, 1440))).astype("f4")
zarr.consolidate_metadata(path)
