import os
import shutil
import tempfile

import dask
import xarray as xr

from case import Peer
from stored import native


def open_case(variant, place):
    p = variant["parameters"]
    path = os.path.join(place["data"], p["store"])
    dask.config.set(scheduler="threads", num_workers=p["threads"])
    folder = tempfile.mkdtemp(prefix="hyperslab-bench-")
    into = os.path.join(folder, "series.zarr")
    chunks = dict(zip(("time", "latitude", "longitude"), p["chunks"]))

    def run():
        x = xr.open_zarr(path, chunks={}).t2m
        x.drop_encoding().chunk(chunks).to_dataset(name="t2m").to_zarr(into, mode="w", consolidated=False)

    def outcome(_):
        x = xr.open_zarr(into, consolidated=False).t2m
        return x.isel(latitude=x.sizes["latitude"] // 2).values

    version = f"{xr.__version__}, dask {dask.__version__}"
    return Peer(
        "xarray", version, run, outcome, lambda: native(path, p), close=lambda: shutil.rmtree(folder)
    )
