"""Answers question after question: starting Python with its libraries takes longer than most answers. Each line of the
input is a JSON list of arguments; each line of the output is the answer as JSON. Knows nothing of what is asked.
"""

import json
import os
import sys
import warnings


def serve(answer):
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line)), allow_nan=False), flush=True)
    # the libraries of several HDF5s in one process don't end well
    os._exit(0)
