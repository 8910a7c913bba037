"""make_netcdf4.py FOLDER FILES TIMES ROWS COLUMNS [CHUNK_TIMES]: temperature in NetCDF-4 files, shuffle and deflate 4."""

import os
import sys

import netCDF4
import numpy as np

folder, files, times, rows, columns = sys.argv[1], *map(int, sys.argv[2:6])
chunk = int(sys.argv[6]) if len(sys.argv) > 6 else 1
os.makedirs(folder)
rng = np.random.default_rng(11)
lat = np.linspace(90, -90, rows)
lon = np.linspace(0, 360, columns, endpoint=False)
smooth = (255 + 45 * np.cos(np.radians(lat)))[:, None] + 6 * np.sin(4 * np.radians(lon))[None, :]
for i in range(files):
    with netCDF4.Dataset(os.path.join(folder, f"t2m-{i:04d}.nc"), "w") as nc:
        nc.createDimension("time", None)
        nc.createDimension("latitude", rows)
        nc.createDimension("longitude", columns)
        time = nc.createVariable("time", "f8", ("time",))
        time.units, time.calendar = "hours since 2001-01-01", "proleptic_gregorian"
        time[:] = np.arange(times) + times * i
        nc.createVariable("latitude", "f8", ("latitude",))[:] = lat
        nc.createVariable("longitude", "f8", ("longitude",))[:] = lon
        t2m = nc.createVariable(
            "t2m",
            "f4",
            ("time", "latitude", "longitude"),
            zlib=True,
            complevel=4,
            shuffle=True,
            chunksizes=(chunk, rows, columns),
            fill_value=np.float32(-9999),
        )
        values = smooth + 0.4 * rng.standard_normal((times, rows, columns))
        bits = values.astype("f4").view("u4")
        t2m[:] = ((bits + 0x400) & 0xFFFFF800).astype("u4").view("f4")
