"""Reads the raw arrays that the conductor made."""

import os

import numpy as np


def raw(place, name):
    """An array by its file name, which says its dtype."""
    return np.fromfile(os.path.join(place["data"], name), dtype=name.split("-")[1])
