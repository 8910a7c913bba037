"""Goldens of real NetCDF-3 files: what xarray says of every variable, stored and decoded.

    python test/golden/make_real.py FOLDER

FOLDER holds the files that FILES names; absent ones are reported and left as they are. The answers go to fixtures/real/*.json.
"""

import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
import xarray as xr

import reference

FILES = [
    "coads_climatology.cdf",
    "monthly_navy_winds.cdf",
    "levitus_climatology.cdf",
    "etopo60.cdf",
    "eraint_uvz.nc",
    "tiny.nc",
]


def describe(path):
    with xr.open_dataset(path, decode_cf=False) as raw:
        record = {
            "file": path.name,
            "bytes": path.stat().st_size,
            "unlimited": sorted(raw.encoding.get("unlimited_dims", [])),
            "stored": reference.dataset(raw, short=40),
        }
    options = {}
    try:
        with xr.open_dataset(path) as decoded:
            decoded.load()
    except ValueError as error:
        record["error"] = str(error)
        options = {"decode_times": False}
    with xr.open_dataset(path, **options) as decoded:
        record["options"] = options
        record["decoded"] = reference.dataset(decoded, short=40)
    return record


def main():
    folder = pathlib.Path(sys.argv[1])
    out = pathlib.Path(__file__).parent / reference.FIXTURES / "real"
    warnings.simplefilter("ignore", xr.SerializationWarning)
    for name in FILES:
        if (folder / name).exists():
            reference.dump(describe(folder / name), out / f"{pathlib.Path(name).stem}.json")
        else:
            print(f"{name}: not in {folder}")


main()
