import numpy as np
from dask import delayed

import cluster
from case import Peer


def one(_):
    return 1.0


def add(a, b):
    return a + b


def open_case(variant, place):
    p = variant["parameters"]
    client = cluster.start()
    state = {}

    def run():
        if p["kind"] == "map":
            state["out"] = client.gather(client.map(one, range(p["size"]), pure=False))
        elif p["kind"] == "merge":
            parts = [delayed(one)(i) for i in range(p["size"])]
            state["out"] = [client.compute(delayed(sum)(parts)).result()]
        else:
            level = [delayed(one)(i) for i in range(2 ** p["size"])]
            while len(level) > 1:
                level = [delayed(add)(a, b) for a, b in zip(level[::2], level[1::2])]
            state["out"] = [client.compute(level[0]).result()]

    def outcome(_):
        return np.array(state["out"])

    return Peer("dask.distributed", cluster.VERSION, run, outcome, close=lambda: cluster.stop(client))
