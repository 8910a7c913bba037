"""Encodes a file of float32 with numcodecs: make_chunk.py PLAIN ENCODED '{"id": ...}'."""

import json
import sys

import numcodecs
import numpy as np

plain, encoded, config = sys.argv[1:4]
codec = numcodecs.get_codec(json.loads(config))
with open(encoded, "wb") as file:
    file.write(codec.encode(np.fromfile(plain, dtype="f4")))
