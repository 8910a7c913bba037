import numpy as np

from arrays import raw
from case import Peer


def open_case(variant, place):
    p = variant["parameters"]
    name = p["function"]
    x, y = raw(place, p["x"]), raw(place, p["y"])
    out = np.empty_like(x)
    if name == "pow":
        run = lambda: np.power(x, y, out=out)  # noqa: E731
    else:
        run = lambda: getattr(np, name)(x, out=out)  # noqa: E731

    def once():
        run()

    return Peer("NumPy", np.__version__, once, lambda _: out)
