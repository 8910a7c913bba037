import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numcodecs
import numpy as np
import zarr

from case import Peer


def open_case(variant, place):
    p = variant["parameters"]
    path = os.path.join(place["data"], p["store"])
    zarr.config.set({"threading.max_workers": p["threads"], "async.concurrency": 8})
    state = {}

    def run():
        state["out"] = zarr.open_group(path, mode="r")["cube"][:]

    def outcome(_):
        return state["out"].ravel()[:: p["step"]].astype("f8")

    return Peer("zarr-python", zarr.__version__, run, outcome, lambda: native(path, p))


def native(path, p):
    """Seconds to read (and decode) all chunks with the native codec on as many threads, into one chunk's memory each."""
    numcodecs.blosc.use_threads = False
    folder = os.path.join(path, "cube", "c")
    chunks = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    codec = numcodecs.Blosc()
    local = threading.local()

    def load(file):
        if not hasattr(local, "stored"):
            local.stored = bytearray(os.path.getsize(chunks[0]) * 2)
            local.into = None
        with open(file, "rb") as handle:
            length = handle.readinto(local.stored)
        if p["kind"] == "raw":
            return
        stored = memoryview(local.stored)[:length]
        if local.into is None:
            local.into = np.frombuffer(bytearray(codec.decode(stored)), "u1")
        codec.decode(stored, out=local.into)

    with ThreadPoolExecutor(p["threads"]) as pool:
        start = time.perf_counter()
        list(pool.map(load, chunks))
        return time.perf_counter() - start
