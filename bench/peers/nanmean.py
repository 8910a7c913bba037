import numpy as np

from arrays import raw
from case import Peer


def open_case(variant, place):
    p = variant["parameters"]
    x = raw(place, p["x"]).reshape(p["shape"])
    axis = p["axis"]
    state = {}

    def run():
        state["out"] = np.nanmean(x, axis=axis)

    return Peer("NumPy", np.__version__, run, lambda _: state["out"])
