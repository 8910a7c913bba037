"""make_sharded.py PATH TIMES ROWS COLUMNS SHARD_TIMES INNER_ROWS INNER_COLUMNS: temperature in shards, Blosc-LZ4."""

import sys

import numpy as np
import zarr
from zarr.codecs import BloscCodec

path, times, rows, columns, shard, inner_rows, inner_columns = sys.argv[1], *map(int, sys.argv[2:8])
rng = np.random.default_rng(13)
array = zarr.open_group(path, mode="w", zarr_format=3).create_array(
    "t2m",
    shape=(times, rows, columns),
    shards=(shard, rows, columns),
    chunks=(1, inner_rows, inner_columns),
    dtype="u2",
    compressors=BloscCodec(cname="lz4", clevel=5, shuffle="shuffle"),
    dimension_names=("time", "latitude", "longitude"),
)
for start in range(0, times, shard):
    block = 20000 + 200 * rng.standard_normal((min(shard, times - start), rows, columns))
    array[start : start + shard] = block.astype("u2")
zarr.consolidate_metadata(path)
