import os
import pickle

import dask
import numpy as np
import xarray as xr

from case import Peer


def open_case(variant, place):
    x = xr.open_zarr(os.path.join(place["data"], variant["parameters"]["store"]), chunks={}, consolidated=False).t2m
    facts = {}

    def run():
        # as distributed does: optimised, materialised, pickled
        y = dask.optimize((x - 273.15).mean("time").data)[0]
        graph = dict(y.__dask_graph__())
        facts["tasks"] = len(graph)
        facts["wireBytes"] = len(pickle.dumps(graph, protocol=5))

    def outcome(_):
        if not facts:
            small = x.isel(time=slice(0, 100))
            dask.optimize((small - 273.15).mean("time").data)
        return np.ones(1)

    peer = Peer("dask", f"{dask.__version__}, xarray {xr.__version__}", run, outcome, facts=facts)
    return peer
