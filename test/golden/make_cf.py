"""Datasets with CF attributes, written by xarray as Zarr 2 and 3, with what xarray decodes from them.

    python test/golden/make_cf.py

Stores go to fixtures/zarr/cf-<name>-v<format>/, answers to fixtures/zarr/cf-<name>-v<format>.json: the dataset as
stored (decode_cf=False) and as decoded by default.
"""

import pathlib
import shutil
import sys
import warnings

sys.dont_write_bytecode = True
import numpy as np
import xarray as xr

import reference

OUT = pathlib.Path(__file__).parent / reference.FIXTURES / "zarr"

CALENDARS = [
    "standard", "gregorian", "proleptic_gregorian", "julian", "noleap", "365_day", "all_leap", "366_day", "360_day",
]  # fmt: skip
UNITS = {
    "days": ("days since 2000-01-01", [0, 28, 59, 60, 365, 366, 800]),
    "days-float": ("days since 1999-12-31 06:30:15", [0.0, 0.5, 1 / 3, 100.25, 365.999, -40.125, 1e4]),
    "hours": ("hours since 1900-01-01 00:00:0.0", [0, 1, 24 * 59, 24 * 60, 1_000_000, 999_999, 876_583]),
    "minutes": ("minutes since 1980-1-6", [0, 1, -1, 1440 * 54, 1440 * 55, 20_000_000, 7]),
    "seconds": ("seconds since 1970-01-01T00:00:00Z", [0, 1, -1, 68_169_600, 951_782_400, 951_868_800, 1_700_000_000]),
    "milliseconds": ("milliseconds since 2001-02-27 12:00:00.5", [0, 1, 999, 86_400_000, 172_800_000, -1, 123_456_789]),
    "microseconds": ("microseconds since 2001-01-01", [0, 1, 999_999, 86_400_000_000, 5_097_600_000_000, -1, 7]),
    "old": ("days since 1582-10-01", [0, 3, 4, 5, 14, 15, 31]),
    "year-one": ("days since 0001-01-01 00:00:00", [0, 1, 365, 366, 577_735, 730_000, 730_120]),
    "far": ("days since 2850-01-01", [0, 59, 60, 365, 366, 36_525, 100_000]),
}
MORE_TIMES = {
    "no-calendar": ({"units": "days since 2000-01-01"}, [0, 59, 60, 366]),
    "upper-case": ({"units": "Days Since 2000-01-01", "calendar": "NOLEAP"}, [0, 59, 60, 366]),
    "short-h": ({"units": "h since 2000-01-01"}, [0, 1, 2, 3]),
    "short-hr": ({"units": "hr since 2000-01-01"}, [0, 1, 2, 3]),
    "short-min": ({"units": "min since 2000-01-01"}, [0, 1, 2, 3]),
    "short-sec": ({"units": "sec since 2000-01-01"}, [0, 1, 2, 3]),
    "short-s": ({"units": "s since 2000-01-01"}, [0, 1, 2, 3]),
    "short-d": ({"units": "d since 2000-01-01"}, [0, 1, 2, 3]),
    "singular": ({"units": "hour since 2000-01-01 03:00"}, [0, 1, 2, 3]),
    "nanoseconds": ({"units": "nanoseconds since 2000-01-01"}, [0, 1, 999_999_999, -1]),
    "zone": ({"units": "hours since 2000-01-01 00:00:00 +05:30"}, [0, 1, 2, 3]),
    "zone-minus": ({"units": "hours since 2000-01-01T00:00:00-0800"}, [0, 1, 2, 3]),
    "year-only": ({"units": "days since 1850"}, [0, 1, 2, 3]),
    "year-month": ({"units": "days since 1850-06"}, [0, 1, 2, 3]),
    "months-360": ({"units": "months since 2000-01-01", "calendar": "360_day"}, [0, 1, 12, 13]),
    "fill-value": ({"units": "days since 2000-01-01", "_FillValue": -999}, [0, -999, 2, 3]),
    "missing-value": ({"units": "hours since 2000-01-01", "missing_value": -1}, [0, 1, -1, 3]),
    "float-nan": ({"units": "days since 2000-01-01"}, [0.0, np.nan, 1.5, 2.0]),
    "float-nan-noleap": ({"units": "days since 2000-01-01", "calendar": "noleap"}, [0.0, np.nan, 1.5, 2.0]),
    "float32": ({"units": "days since 2000-01-01"}, np.array([0.1, 0.25, 1000.7, 3], "float32")),
    "int16": ({"units": "days since 2000-01-01"}, np.array([0, 1, -1, 32767], "int16")),
    "scaled": ({"units": "days since 2000-01-01", "scale_factor": 0.5, "add_offset": 10.0}, np.array([0, 1, 2, 3], "int16")),
    "february-30": ({"units": "days since 2000-02-30", "calendar": "360_day"}, [0, 1, 2, 3]),
    "timedelta-days": ({"units": "days"}, [0, 1, -1, 3]),
    "timedelta-dtype": ({"units": "hours", "dtype": "timedelta64[ns]"}, [0, 1, -1, 3]),
    "timedelta-dtype-s": ({"units": "minutes", "dtype": "timedelta64[s]"}, [0, 1, -1, 3]),
}
PACKED = {
    "int16-scale-offset": ("int16", {"scale_factor": 0.01, "add_offset": 273.15, "_FillValue": -32767}),
    "int16-scale": ("int16", {"scale_factor": 0.5}),
    "int16-scale-fill": ("int16", {"scale_factor": 0.5, "_FillValue": 5}),
    "int16-offset": ("int16", {"add_offset": 100.0}),
    "int16-fill": ("int16", {"_FillValue": 5}),
    "int8-scale": ("int8", {"scale_factor": 2.0}),
    "int8-scale-offset": ("int8", {"scale_factor": 2.0, "add_offset": 1.0}),
    "uint8-fill": ("uint8", {"_FillValue": 255}),
    "uint16-scale": ("uint16", {"scale_factor": 0.1}),
    "int32-scale": ("int32", {"scale_factor": 0.001, "_FillValue": 2147483647}),
    "int32-fill": ("int32", {"_FillValue": -1}),
    "int64-fill": ("int64", {"_FillValue": -1}),
    "int64-scale": ("int64", {"scale_factor": 0.25}),
    "float32-fill": ("float32", {"_FillValue": -999.0}),
    "float32-missing": ("float32", {"missing_value": -999.0}),
    "float32-both": ("float32", {"_FillValue": -999.0, "missing_value": -999.0}),
    "float32-two": ("float32", {"_FillValue": -999.0, "missing_value": 5.0}),
    "float32-scale": ("float32", {"scale_factor": 10.0, "add_offset": 1.0}),
    "float64-scale": ("float64", {"scale_factor": 0.1}),
    "float16-scale": ("float16", {"scale_factor": 2.0}),
    "missing-list": ("int16", {"missing_value": [5, 7]}),
    "scale-int": ("int16", {"scale_factor": 2, "add_offset": 1}),
    "unsigned": ("int8", {"_Unsigned": "true"}),
    "unsigned-fill": ("int8", {"_Unsigned": "true", "_FillValue": -1}),
    "unsigned-scale": ("int16", {"_Unsigned": "true", "scale_factor": 0.5, "_FillValue": -1}),
    "signed": ("uint8", {"_Unsigned": "false"}),
}
SAMPLES = {
    "int8": [0, 1, 5, 7, -1, -128, 127], "int16": [0, 1, 5, 7, -1, -32767, 32767], "uint8": [0, 1, 5, 7, 128, 254, 255],
    "uint16": [0, 1, 5, 7, 40000, 65534, 65535], "int32": [0, 1, 5, 7, -1, 16777217, 2147483647],
    "int64": [0, 1, 5, 7, -1, 2**53 + 1, 2**31],
}  # fmt: skip
FLOATS = [0.0, 1.5, 5.0, -999.0, np.nan, -0.1, 1234.56]


def times():
    data = {}
    for calendar in CALENDARS:
        for name, (units, counts) in UNITS.items():
            data[f"{name}_{calendar}"] = ("x", np.array(counts), {"units": units, "calendar": calendar})
    return xr.Dataset(data)


def more_times():
    return xr.Dataset({name: ("x", np.array(counts), attrs) for name, (attrs, counts) in MORE_TIMES.items()})


def packed():
    data = {}
    for name, (dtype, attrs) in PACKED.items():
        data[name] = ("x", np.array(SAMPLES.get(dtype, FLOATS), dtype), attrs)
    return xr.Dataset(data)


def coordinates():
    """What becomes a coordinate: same-named, named by `coordinates` of a variable or of the dataset; bounds stay data."""
    ny, nx = 3, 4
    field = np.arange(2 * ny * nx, dtype="float32").reshape(2, ny, nx)
    lat = np.linspace(-10, 10, ny * nx).reshape(ny, nx)
    return xr.Dataset(
        {
            "t": (("time", "y", "x"), field, {"coordinates": "lat lon height", "units": "K", "cell_methods": "time: mean"}),
            "mask": (("y", "x"), field[0] > 3, {"coordinates": "lat lon"}),
            "lat": (("y", "x"), lat, {"units": "degrees_north", "bounds": "lat_bnds"}),
            "lon": (("y", "x"), lat[::-1] * 3, {"units": "degrees_east"}),
            "height": ((), np.float64(2.0), {"units": "m"}),
            "time": ("time", np.array([15, 45]), {"units": "days since 2000-01-01", "calendar": "noleap", "bounds": "time_bnds"}),
            "time_bnds": (("time", "bnds"), np.array([[0, 31], [31, 59]])),
            "lat_bnds": (("y", "x", "bnds"), np.stack([lat - 1, lat + 1], -1)),
            "area": (("y", "x"), np.abs(lat)),
            "station": ("y", np.array(["Aa", "Bé", "C"], dtype=object), {"long_name": "name"}),
            "y": ("y", np.array([30, 20, 10], "int32"), {"axis": "Y"}),
        },
        attrs={"Conventions": "CF-1.11", "coordinates": "area", "title": "curvilinear", "count": 3},
    )


def text():
    letters = np.array([list("abc  "), list("de   "), list("fghij")], "S1")
    return xr.Dataset(
        {
            "letters": (("n", "length"), letters, {"long_name": "characters in rows"}),
            "encoded": (("n", "length"), letters, {"_Encoding": "utf-8"}),
            "bytes": ("n", np.array([b"ab", b"", b"xyz"])),
            "unicode": ("n", np.array(["ab", "", "é"])),
        }
    )


DATASETS = {"times": times, "more-times": more_times, "packed": packed, "coordinates": coordinates, "text": text}


def by_name(record):
    """A folder lists its members in no order that a test could expect."""
    return {key: dict(sorted(item.items())) if isinstance(item, dict) else item for key, item in record.items()} | {
        "indexes": sorted(record["indexes"])
    }


def write_and_read(name, raw, zarr_format, options):
    path = OUT / f"cf-{name}-v{zarr_format}"
    shutil.rmtree(path, ignore_errors=True)
    plain = {var: {"compressors": None} for var in raw.variables}
    raw.to_zarr(path, zarr_format=zarr_format, encoding=plain, consolidated=zarr_format == 2)
    record = {"store": path.name, "zarrFormat": zarr_format}
    stored = xr.open_zarr(path, decode_cf=False, consolidated=False)
    record["stored"] = by_name(reference.dataset(stored))
    # variable by variable: one that xarray can't decode must not hide the others
    errors = {}
    for var in stored.variables:
        try:
            xr.decode_cf(stored[[var]] if var in stored.data_vars else stored[var].to_dataset(name="_")).load()
        except (ValueError, OverflowError, TypeError, NotImplementedError) as error:
            errors[var] = str(error)
    decoded = xr.open_zarr(path, consolidated=False, drop_variables=list(errors))
    record["errors"] = errors
    record["decoded"] = by_name(reference.dataset(decoded.load()))
    record["encoding"] = {
        var: {key: reference.attribute(item) for key, item in decoded[var].encoding.items() if key in options}
        for var in sorted(decoded.variables)
    }
    reference.dump(record, OUT / f"{path.name}.json")


def main():
    warnings.simplefilter("ignore")
    options = ["units", "calendar", "scale_factor", "add_offset", "_FillValue", "missing_value", "coordinates", "_Unsigned"]
    for name, make in DATASETS.items():
        for zarr_format in (2, 3):
            write_and_read(name, make(), zarr_format, options)


main()
