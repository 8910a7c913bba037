import numba
import numbagg
import numpy as np

from arrays import raw
from case import Peer


def open_case(variant, place):
    p = variant["parameters"]
    x = raw(place, p["x"]).reshape(p["shape"])
    # one thread, as on our side
    numba.set_num_threads(1)
    state = {}

    def run():
        state["out"] = numbagg.move_mean(x, window=p["window"], min_count=1, axis=p["axis"])

    return Peer("numbagg", f"{numbagg.__version__}, NumPy {np.__version__}", run, lambda _: state["out"])
