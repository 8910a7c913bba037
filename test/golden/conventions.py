"""The Python side of live-conventions.test.ts: random variables with attributes of CF, and what xarray decodes from them.

    python conventions.py FOLDER SEED

Writes FOLDER/random.nc (NetCDF-3, whose attributes have dtypes); prints by options and variable either the decoded
variable and its encoding, or xarray's error.
"""

import json
import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
import numpy as np
import xarray as xr

import reference

WORDS = [
    "days", "day", "d", "Days", "hours", "hour", "hr", "hrs", "h", "minutes", "minute", "min", "mins", "seconds", "second",
    "sec", "secs", "s", "milliseconds", "millisecond", "msec", "msecs", "ms", "microseconds", "microsecond", "microsec",
    "us", "nanoseconds", "ns", "weeks", "months", "month", "years", "year", "common_years", "fortnights", "DAYS", "days ",
]  # fmt: skip
DATES = [
    "2000-01-01", "2000-01-01 00:00:00", "2000-1-1", "1970-01-01T00:00:00Z", "1970-01-01 00:00:00 UTC", "1-1-1 00:00:0.0",
    "0001-01-01", "0000-01-01", "1850-01-01 00:00", "1900-01-01 00:00:00.0", "2000-02-30", "2001-02-29", "2000-01-01 12",
    "2000-01-01 00:00:00 +05:30", "2000-01-01 00:00:00 -6", "2000-01-01 00:00:00 -06:00", "2000-01-01T00:00:00-0800",
    "2000-01-01 24:00:00", "2000-13-01", "20000101", "2000-01-01 06:30:15.25", "1582-10-10", "1582-10-15", "1-Jan-2000",
    "2000/01/01", "01/02/2003", "13/02/2003", "2000", "2000-01", "1677-01-01", "2262-04-12", "99999-01-01", "-100-01-01",
    "the beginning", "", "2000-01-01 00:00:60", "  2000-01-01  ", "1-1-0001", "2000-01-01T00:00:00.123456789",
]  # fmt: skip
CALENDARS = [
    None, None, "standard", "gregorian", "proleptic_gregorian", "noleap", "365_day", "360_day", "julian", "all_leap",
    "366_day", "NOLEAP", "Gregorian", "none", "", "mars",
]  # fmt: skip
ENCODING = ("units", "calendar", "scale_factor", "add_offset")
NUMBERS = ["int8", "int16", "int32", "float32", "float64"]


def counts(rng, dtype):
    kind = rng.integers(0, 5)
    if dtype.startswith("float"):
        some = [rng.integers(-400, 400, 6).astype(float), rng.standard_normal(6) * 1000, rng.random(6), np.arange(6) / 3]
        chosen = some[kind % 4]
        if rng.random() < 0.3:
            chosen[rng.integers(0, 6)] = np.nan
        if rng.random() < 0.05:
            chosen[:] = np.nan
        if rng.random() < 0.05:
            chosen[0] = 1e18
        return chosen.astype(dtype)
    most = min(np.iinfo(dtype).max, [10, 100, 1000, 700_000, 2**31 - 1][kind])
    return rng.integers(-most, most, 6).astype(dtype)


def time(rng):
    dtype = str(rng.choice(NUMBERS))
    attrs = {"units": f"{rng.choice(WORDS)} since {rng.choice(DATES)}"}
    if rng.random() < 0.5:
        attrs["units"] = f"{rng.choice(['days', 'hours', 'seconds'])} since {rng.choice(DATES)}"
    elif rng.random() < 0.4:
        attrs["units"] = f"{rng.choice(WORDS)} since {DATES[rng.integers(0, 5)]}"
    calendar = CALENDARS[rng.integers(0, len(CALENDARS))]
    if calendar is not None:
        attrs["calendar"] = calendar
    values = counts(rng, dtype)
    if rng.random() < 0.3:
        attrs["_FillValue"] = values[0]
    return values, attrs


def duration(rng):
    dtype = str(rng.choice(NUMBERS))
    attrs = {"units": str(rng.choice(WORDS))}
    if rng.random() < 0.6:
        attrs["dtype"] = f"timedelta64[{rng.choice(['ns', 'us', 'ms', 's', 'D', 'h', 'm', 'W'])}]"
    if rng.random() < 0.2:
        attrs["_FillValue"] = np.dtype(dtype).type(7)
    return counts(rng, dtype), attrs


def packed(rng):
    dtype = str(rng.choice(NUMBERS))
    values = counts(rng, dtype)
    attrs = {}
    typed = [np.float32, np.float64, np.int16, np.int32]

    def number(value):
        made = typed[rng.integers(0, 4)](value)
        return np.array([made]) if rng.random() < 0.1 else made

    if rng.random() < 0.5:
        attrs["scale_factor"] = number(rng.choice([0.5, 2, 3, 0.1]))
    if rng.random() < 0.4:
        attrs["add_offset"] = number(rng.choice([1, 100.5, -3]))
    fill = np.dtype(dtype).type(values[rng.integers(0, 6)])
    other = np.dtype(dtype).type(values[rng.integers(0, 6)])
    if rng.random() < 0.5:
        attrs["_FillValue"] = fill
    if rng.random() < 0.5:
        choices = [fill, other, np.array([fill, other]), np.float64(other), np.array([1.0, 2.0]), np.float32(-999.9)]
        attrs["missing_value"] = choices[rng.integers(0, len(choices))]
    if rng.random() < 0.2:
        attrs["_Unsigned"] = str(rng.choice(["true", "false", "yes"]))
    if rng.random() < 0.1 and "scale_factor" not in attrs and "add_offset" not in attrs:
        attrs["dtype"] = str(rng.choice(["bool", "float32"]))
    if rng.random() < 0.2:
        attrs["valid_min"] = fill
    return values, attrs


def dataset(seed):
    rng = np.random.default_rng(seed)
    data = {}
    for i in range(60):
        data[f"time{i:02}"] = ("x", *time(rng))
    for i in range(30):
        data[f"duration{i:02}"] = ("x", *duration(rng))
    for i in range(60):
        data[f"packed{i:02}"] = ("x", *packed(rng))
    return xr.Dataset(data)


def decoded(path, names, name, options):
    others = [one for one in names if one != name]
    try:
        with xr.open_dataset(path, engine="scipy", drop_variables=others, **options) as found:
            made = found[name].load()
    except Exception as error:  # whatever it is, ours has to be one, too
        return {"error": f"{type(error).__name__}: {error}"[:400]}
    kept = {key: value for key, value in made.encoding.items() if key in ENCODING}
    return {"variable": reference.variable(made.variable), "encoding": reference.attributes(kept)}


def main():
    warnings.simplefilter("ignore")
    folder, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    made = dataset(seed)
    made.to_netcdf(folder / "random.nc", format="NETCDF3_64BIT", engine="scipy")
    path = folder / "random.nc"
    names = [str(name) for name in made.variables]
    answer = {}
    for label, options in {"default": {}, "timedelta": {"decode_timedelta": True}, "cftime": {"use_cftime": True}}.items():
        some = [name for name in names if label == "default" or not name.startswith("packed")]
        answer[label] = {name: decoded(path, names, name, options) for name in some}
    stored = {name: reference.variable(var) for name, var in made.variables.items()}
    json.dump({"answers": answer, "stored": stored}, sys.stdout, allow_nan=False)


main()
