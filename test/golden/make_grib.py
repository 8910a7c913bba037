"""Small GRIB files of eccodes, editions 1 and 2, with what cfgrib reads from them.

    python test/golden/make_grib.py

Files and answers go to fixtures/grib/: <name>.grib, and grib.json with the arrays of each.
"""

import pathlib
import subprocess
import sys
import warnings

sys.dont_write_bytecode = True
import numpy as np

import reference

OUT = pathlib.Path(__file__).parent / reference.FIXTURES / "grib"
ROWS, COLUMNS = 7, 9


def values(k, missing=False):
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    data = 250 + 20 * np.sin((x + 2 * y + k) / 5) + k / 8
    if missing:
        data[(x + y + k) % 4 == 0] = 9999
    return data


def message(file, edition, k, **keys):
    import eccodes

    missing = keys.pop("missing", False)
    handle = eccodes.codes_grib_new_from_samples(f"regular_ll_sfc_grib{edition}")
    grid = {
        "Ni": COLUMNS, "Nj": ROWS, "latitudeOfFirstGridPointInDegrees": 60.0, "latitudeOfLastGridPointInDegrees": 57.0,
        "longitudeOfFirstGridPointInDegrees": 350.0, "longitudeOfLastGridPointInDegrees": 354.0,
        "iDirectionIncrementInDegrees": 0.5, "jDirectionIncrementInDegrees": 0.5, "dataDate": 20190301, "dataTime": 0,
    }
    for key, value in (grid | {"shortName": "2t"} | keys).items():
        eccodes.codes_set(handle, key, value)
    if missing:
        eccodes.codes_set(handle, "missingValue", 9999)
        eccodes.codes_set(handle, "bitmapPresent", 1)
    data = values(k, missing)
    if keys.get("jPointsAreConsecutive"):
        data = data.T
    eccodes.codes_set_values(handle, np.ascontiguousarray(data).ravel())
    eccodes.codes_write(handle, file)
    eccodes.codes_release(handle)


def files():
    """Writes all files; a process of its own, since eccodes and the readers don't get on in one."""
    OUT.mkdir(parents=True, exist_ok=True)
    for edition in (1, 2):

        def write(name, fill):
            with open(OUT / f"{name}-{edition}.grib", "wb") as file:
                fill(file)

        def times(file):
            for k in range(4):
                message(file, edition, k, dataDate=20190301 + k // 2, dataTime=1200 * (k % 2), bitsPerValue=[8, 12, 16, 24][k])

        def levels(file):
            for k, level in enumerate([1000, 850, 500]):
                for i, name in enumerate(["t", "u"]):
                    message(file, edition, k + 10 * i, typeOfLevel="isobaricInhPa", level=level, shortName=name)

        def steps(file):
            for k in range(3):
                message(file, edition, k, step=6 * k, missing=True)

        def holes(file):
            for k, (time, step) in enumerate([(0, 0), (0, 6), (1200, 6)]):
                message(file, edition, k, dataTime=time, step=step)

        def constant(file):
            message(file, edition, 0, shortName="sp")
            message(file, edition, 0, shortName="msl" if edition == 1 else "prmsl", bitsPerValue=0)

        write("times", times)
        write("levels", levels)
        write("steps", steps)
        write("holes", holes)
        write("constant", constant)
        write("upwards", lambda file: message(file, edition, 3, jScansPositively=1, latitudeOfFirstGridPointInDegrees=57.0, latitudeOfLastGridPointInDegrees=60.0))
        write("columns", lambda file: message(file, edition, 3, jPointsAreConsecutive=1))
        write("westwards", lambda file: message(file, edition, 3, longitudeOfFirstGridPointInDegrees=-4.0, longitudeOfLastGridPointInDegrees=0.0))


def answers():
    import xarray as xr

    found = {}
    for path in sorted(OUT.glob("*.grib")):
        with xr.open_dataset(path, engine="cfgrib", backend_kwargs={"indexpath": ""}) as data:
            found[path.stem] = {str(name): reference.variable(var) for name, var in data.variables.items() if name not in ("valid_time", "number")}
    reference.dump(found, OUT / "grib.json")


warnings.simplefilter("ignore")
if len(sys.argv) > 1:
    globals()[sys.argv[1]]()
else:
    for part in ("files", "answers"):
        subprocess.run([sys.executable, __file__, part], check=False)
