"""The peer's side of a comparison: JSON lines in on stdin, replies on file descriptor 3."""

import importlib
import json
import os
import sys
import time
import traceback

import numpy as np


def answer(request, state):
    do = request["do"]
    if do == "open":
        module = importlib.import_module(request["module"])
        state["peer"] = peer = module.open_case(request["variant"], request["place"])
        return {"name": peer.name, "version": peer.version}
    peer = state.get("peer")
    if do == "run":
        own = []
        start = time.perf_counter()
        for _ in range(request["repeat"]):
            seconds = peer.run()
            if seconds is not None:
                own.append(seconds)
        whole = time.perf_counter() - start
        return {"seconds": (sum(own) if own else whole) / request["repeat"], "whole": whole}
    if do == "outcome":
        path = request.get("bytes")
        given = open(path, "rb").read() if path and os.path.exists(path) else None
        np.ascontiguousarray(peer.outcome(given), dtype="f8").tofile(request["path"])
        return {"facts": peer.facts}
    if do == "limit":
        return {"seconds": peer.limit() if peer.limit else None}
    if peer:
        peer.close()
    return {}


def main():
    replies = os.fdopen(3, "w")
    state = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = answer(request, state)
        except BaseException:
            reply = {"error": traceback.format_exc(limit=-3)}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()
        if request["do"] == "close":
            break
    os._exit(0)


if __name__ == "__main__":
    main()
