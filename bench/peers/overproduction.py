import os
import shutil
import tempfile

import dask
import xarray as xr

from case import Peer


def open_case(variant, place):
    p = variant["parameters"]
    path = os.path.join(place["data"], p["store"])
    dask.config.set(scheduler="threads", num_workers=p["threads"])
    folder = tempfile.mkdtemp(prefix="hyperslab-bench-")
    into = os.path.join(folder, "anomaly.zarr")
    state = {}

    def quadratic_means():
        ds = xr.open_zarr(path, chunks={}).isel(time=slice(p["steps"]))
        quad = ds**2
        quad["uv"] = ds.anom_u * ds.anom_v
        means = quad.mean("time").compute()
        state["out"] = means["uv"].values

    def anomaly():
        x = xr.open_zarr(path, chunks={}).t2m
        (x - x.mean()).drop_encoding().to_dataset(name="t2m").to_zarr(into, mode="w", consolidated=False)

    def outcome(_):
        if p["computation"] == "anomaly":
            x = xr.open_zarr(into, consolidated=False).t2m
            state["out"] = x.isel(latitude=x.sizes["latitude"] // 2).values
        return state["out"]

    run = anomaly if p["computation"] == "anomaly" else quadratic_means
    version = f"{xr.__version__}, dask {dask.__version__}"
    return Peer("xarray", version, run, outcome, close=lambda: shutil.rmtree(folder))
