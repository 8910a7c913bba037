import numpy as np

import cluster
from case import Peer


def inc(i):
    return i + 1.0



def open_case(variant, place):
    p = variant["parameters"]
    client = cluster.start()
    state = {}

    def run():
        futures = client.map(inc, range(p["tasks"]), pure=False)
        if p["kind"] == "map":
            state["out"] = client.gather(futures)
        else:
            state["out"] = [client.submit(sum, futures, pure=False).result()]

    def outcome(_):
        return np.array(state["out"])

    return Peer("dask.distributed", cluster.VERSION, run, outcome, close=lambda: cluster.stop(client))
