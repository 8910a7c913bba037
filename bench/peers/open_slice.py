import os
import subprocess
import sys

import numpy as np
import xarray as xr

from case import Peer

SCRIPT = """
import sys, xarray as xr
x = xr.open_zarr(sys.argv[1], chunks={}).t2m
print(repr(float(x.isel(time=int(sys.argv[2]), latitude=360, longitude=720).load())))
"""


def open_case(variant, place):
    p = variant["parameters"]
    path = os.path.join(place["data"], p["store"])
    warm = xr.open_zarr(path, chunks={}).t2m
    state = {}

    def take(x):
        state["out"] = float(x.isel(time=p["time"], latitude=360, longitude=720).load())

    def cold():
        args = [sys.executable, "-c", SCRIPT, path, str(p["time"])]
        state["out"] = float(subprocess.run(args, check=True, capture_output=True, text=True).stdout)

    def open_only():
        xr.open_zarr(path, chunks={})

    runs = {"cold": cold, "open": open_only, "slice": lambda: take(warm)}
    take(warm)
    return Peer("xarray", xr.__version__, runs[p["kind"]], lambda _: np.array([state["out"]]))
