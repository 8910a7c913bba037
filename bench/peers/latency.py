import time

import numpy as np

import cluster
from case import Peer


def inc(i):
    return i + 1.0


def open_case(variant, place):
    p = variant["parameters"]
    state = {}
    if p["kind"] == "start":

        def run():
            start = time.perf_counter()
            client = cluster.start()
            state["out"] = client.submit(inc, 1, pure=False).result()
            seconds = time.perf_counter() - start
            cluster.stop(client)
            return seconds

        close = lambda: None  # noqa: E731
    else:
        client = cluster.start()

        def run():
            start = time.perf_counter()
            for _ in range(p["trips"]):
                state["out"] = client.submit(inc, 1, pure=False).result()
            return (time.perf_counter() - start) / p["trips"]

        close = lambda: cluster.stop(client)  # noqa: E731

    return Peer("dask.distributed", cluster.VERSION, run, lambda _: np.array([state["out"]]), close=close)
