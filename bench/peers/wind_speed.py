import numpy as np

from arrays import raw
from case import Peer


def open_case(variant, place):
    p = variant["parameters"]
    u, v = raw(place, p["u"]), raw(place, p["v"])
    state = {}

    def run():
        state["out"] = np.sqrt(u * u + v * v)

    return Peer("NumPy", np.__version__, run, lambda _: state["out"])
