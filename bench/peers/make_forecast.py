"""make_forecast.py FILE VARIABLES TIMES ROWS COLUMNS: a NetCDF-4 file as a model writes it, all variables of a time at once."""

import sys

import netCDF4
import numpy as np

path, variables, times, rows, columns = sys.argv[1], *map(int, sys.argv[2:6])
rng = np.random.default_rng(17)
smooth = 6 * np.sin(4 * np.linspace(0, 2 * np.pi, columns, endpoint=False))[None, :] + 280
with netCDF4.Dataset(path, "w") as nc:
    nc.createDimension("time", None)
    nc.createDimension("latitude", rows)
    nc.createDimension("longitude", columns)
    time = nc.createVariable("time", "f8", ("time",), chunksizes=(512,))
    time.units, time.calendar = "hours since 2001-01-01", "proleptic_gregorian"
    nc.createVariable("latitude", "f8", ("latitude",))[:] = np.linspace(90, -90, rows)
    nc.createVariable("longitude", "f8", ("longitude",))[:] = np.arange(columns) * 360 / columns
    dims, chunk = ("time", "latitude", "longitude"), (1, rows, columns)
    names = ["t2m"] + [f"field{i}" for i in range(1, variables)]
    fields = [nc.createVariable(name, "f4", dims, zlib=True, shuffle=True, chunksizes=chunk) for name in names]
    time[:] = np.arange(times)
    for at in range(times):
        for field in fields:
            bits = (smooth + 0.4 * rng.standard_normal((rows, columns))).astype("f4").view("u4")
            field[at] = ((bits + 0x400) & 0xFFFFF800).astype("u4").view("f4")
        # else every variable's chunks are kept back, and written one after another
        nc.sync()
