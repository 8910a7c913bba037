import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import dask
import numcodecs
import numpy as np
import xarray as xr

from case import Peer

COMPUTATIONS = {
    "skipna": lambda x: x.mean("longitude"),
    "keepna": lambda x: x.mean("longitude", skipna=False),
    "v2": lambda x: x.mean("longitude"),
    "zstd": lambda x: x.mean("longitude"),
    "square-mean": lambda x: ((x - 273.15) ** 2).mean(),
    "read-ceiling": lambda x: x.isel(time=slice(0, x.sizes["time"] // 2)),
    "climatology": lambda x: x.groupby("time.month").mean(),
    "anomaly": lambda x: (x.groupby("time.month") - x.groupby("time.month").mean()).std("time"),
    "time-mean": lambda x: x.mean("time"),
    "rolling-time": lambda x: x.rolling(time=15).mean().max(),
    "rolling-longitude": lambda x: x.rolling(longitude=15, center=True).mean().mean(),
}


def open_case(variant, place):
    p = variant["parameters"]
    path = os.path.join(place["data"], p["store"])
    dask.config.set(scheduler="threads", num_workers=p["threads"])
    compute = COMPUTATIONS[p["computation"]]
    state = {}

    def run():
        x = xr.open_zarr(path, chunks={}).t2m
        state["out"] = compute(x).compute()

    version = f"{xr.__version__}, dask {dask.__version__}"
    return Peer("xarray", version, run, lambda _: state["out"].values, lambda: native(path, p))


def native(path, p):
    """Seconds to read and decode all chunks with the native codec on as many threads."""
    numcodecs.blosc.use_threads = False
    folder = os.path.join(path, "t2m")
    chunks = [
        os.path.join(at, name)
        for at, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".") and name != "zarr.json"
    ]
    codec = numcodecs.Zstd() if p["kind"].endswith("zstd") else numcodecs.Blosc()
    local = threading.local()

    def load(file):
        with open(file, "rb") as handle:
            stored = handle.read()
        if not hasattr(local, "into"):
            local.into = np.frombuffer(bytearray(codec.decode(stored)), "u1")
        codec.decode(stored, out=local.into)

    with ThreadPoolExecutor(p["threads"]) as pool:
        start = time.perf_counter()
        list(pool.map(load, chunks))
        return (time.perf_counter() - start) * p["loads"]
