import json
import os
import time

import numcodecs
import numpy as np

from case import Peer

numcodecs.blosc.set_nthreads(1)
numcodecs.blosc.use_threads = False


def open_case(variant, place):
    p = variant["parameters"]
    codec = numcodecs.get_codec(json.loads(p["codec"]))
    path = os.path.join(place["data"], p["file"])
    state = {}
    if p["encode"]:
        plain = np.fromfile(path, dtype="f4")

        def run():
            state["out"] = codec.encode(plain)

        def outcome(ours):
            peer.facts["ratio"] = plain.nbytes / len(state["out"])
            return np.frombuffer(codec.decode(ours), dtype="f4")

    else:
        stored = open(path, "rb").read()
        into = np.empty(variant["work"] // 4, dtype="f4")

        def run():
            codec.decode(stored, out=into)

        def outcome(_):
            return into

    def limit():
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    peer = Peer("numcodecs", numcodecs.__version__, run, outcome, limit)
    return peer
