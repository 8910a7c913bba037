"""Small netCDF-4 files of every kind, written by netCDF4, with what xarray reads from them.

    python test/golden/make_netcdf4.py

Files and answers go to fixtures/netcdf4/: <name>.nc beside <name>.json, as stored and as decoded, group by group.
Run make_hdf5.py before: of one of its files, netCDF4's view is kept as well.
"""

import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
import netCDF4
import numpy as np
import xarray as xr

import reference

FIXTURES = pathlib.Path(__file__).parent / reference.FIXTURES
OUT = FIXTURES / "netcdf4"

NUMBERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def limits(dtype):
    if np.dtype(dtype).kind == "f":
        return np.array([1.5, np.nan, -np.inf], dtype)
    return np.array([np.iinfo(dtype).min, np.iinfo(dtype).max, 7], dtype)


def all_types(file, classic=False):
    file.createDimension("x", 3)
    for dtype in ["i1", "i2", "i4", "f4", "f8"] if classic else NUMBERS:
        data = limits(dtype)
        variable = file.createVariable(dtype, dtype, ("x",))
        variable[:] = data
        variable.setncattr("one", data[0])
        variable.setncattr("several", data)
        file.createVariable(f"{dtype}_scalar", dtype, ())[...] = data[1]
        if not classic:
            file.createVariable(f"{dtype}_big", dtype, ("x",), endian="big", zlib=True)[:] = data
    file.createDimension("length", 5)
    letters = file.createVariable("letters", "S1", ("x", "length"))
    letters[:] = np.array([list("abc\0\0"), list("de   "), list("fghij")], "S1")
    file.createVariable("letter", "S1", ())[...] = b"q"
    encoded = file.createVariable("encoded", "S1", ("x", "length"))
    encoded._Encoding = "utf-8"
    encoded[:] = np.array(["naïv", "x", ""], "U4")
    file.title = "every type"
    file.setncattr("ünïcode", "naïve 🌍")
    file.setncattr("empty", "")
    if classic:
        return
    texts = file.createVariable("texts", str, ("x",))
    texts[:] = np.array(["", "naïve 🌍", "long " * 30], object)
    file.createVariable("texts_filled", str, ("x",), fill_value="none")[0] = "one"
    file.createVariable("text", str, ())[...] = "alone"
    file.setncattr_string("strings", ["one", "two"])
    file.setncattr_string("string", "one")
    cloud = file.createEnumType("u1", "cloud_t", {"clear": 0, "cumulus": 1, "missing": 255})
    clouds = file.createVariable("clouds", cloud, ("x",), fill_value=255)
    clouds[:] = [0, 1, 255]


def dimensions(file):
    """Dimensions with and without a variable, without limit, used in another order; variables of other dimensions."""
    file.createDimension("time", None)
    file.createDimension("level", None)
    file.createDimension("y", 3)
    file.createDimension("x", 4)
    file.createDimension("unused", 7)
    file.createDimension("unused_unlimited", None)
    file.createVariable("x", "f4", ("x",))[:] = [10, 20, 30, 40]
    time = file.createVariable("time", "i4", ("time",))
    time.units = "days since 2001-01-01"
    time[:] = np.arange(5)
    file.createVariable("field", "f4", ("time", "y", "x"), zlib=True)[:] = np.arange(60).reshape(5, 3, 4)
    # shorter than the dimension: the rest is fill values
    short = file.createVariable("short", "f4", ("time", "x"))
    short[:2] = 1
    file.createVariable("short_own", "i2", ("time", "y"), fill_value=-1)[:3] = 2
    file.createVariable("turned", "i4", ("x", "time"))[:] = np.arange(20).reshape(4, 5)
    # a variable called as a dimension that it doesn't have
    file.createVariable("y", "i4", ("x",))[:] = [1, 2, 3, 4]
    # a coordinate of two dimensions
    file.createVariable("level", "f8", ("level", "x"))[:2] = np.arange(8).reshape(2, 4)
    file.createVariable("square", "i1", ("x", "level"))[:, :2] = 1
    file.createVariable("unwritten", "f4", ("time",))
    file.createVariable("unfilled", "i4", ("y",), fill_value=False)[:] = [1, 2, 3]


def groups(file):
    """Groups that use the dimensions of the groups above them."""
    file.createDimension("time", None)
    file.createDimension("x", 3)
    file.createVariable("x", "f4", ("x",))[:] = [1, 2, 3]
    file.createVariable("data", "f4", ("time", "x"))[:] = np.arange(6).reshape(2, 3)
    inner = file.createGroup("forecasts")
    inner.note = "inside"
    inner.createDimension("member", 2)
    inner.createVariable("member", "i4", ("member",))[:] = [5, 6]
    inner.createVariable("t", "f4", ("time", "member", "x"), zlib=True)[:] = np.arange(12).reshape(2, 2, 3)
    deeper = inner.createGroup("mean")
    deeper.createDimension("x", 2)
    deeper.createVariable("own", "i2", ("x", "member"))[:] = np.arange(4).reshape(2, 2)
    deeper.createVariable("t", "f8", ("time",))[:] = [1, 2]
    file.createGroup("empty")


def packed(file, whole="i8"):
    """What CF has to decode."""
    file.createDimension("time", None)
    file.createDimension("y", 2)
    file.createDimension("x", 3)
    t = file.createVariable("t", "i2", ("time", "y", "x"), fill_value=-32767, zlib=True, shuffle=True, fletcher32=True)
    t.setncatts({"scale_factor": 0.01, "add_offset": 273.15, "units": "K", "coordinates": "lat lon"})
    single = file.createVariable("single", "i2", ("y", "x"), fill_value=-32767)
    single.setncatts({"scale_factor": np.float32(0.01), "add_offset": np.float32(273.15)})
    unsigned = file.createVariable("unsigned", "i1", ("x",), fill_value=-1)
    unsigned.setncattr("_Unsigned", "true")
    flag = file.createVariable("flag", "i1", ("x",))
    flag.setncattr("dtype", "bool")
    time = file.createVariable("time", whole, ("time",))
    time.setncatts({"units": "hours since 1990-01-01 00:00:00", "calendar": "gregorian", "bounds": "time_bnds"})
    file.createDimension("nv", 2)
    file.createVariable("time_bnds", whole, ("time", "nv"))
    for name in ("lat", "lon"):
        file.createVariable(name, "f4", ("y", "x"))[:] = np.arange(6).reshape(2, 3)
    # these are the stored numbers
    file.set_auto_maskandscale(False)
    t[:] = np.array([[[0, 1, -32767], [5, 6, 32767]], [[9, -9, 7], [-1, 2, 3]]])
    single[:] = np.array([[0, 1, -32767], [5, 6, 32767]])
    unsigned[:] = [1, -1, -2]
    flag[:] = [1, 0, 1]
    time[:] = [0, 876_000]
    file["time_bnds"][:] = [[0, 1], [876_000, 876_001]]


def storage(file):
    """Chunks, filters and quantisation."""
    file.createDimension("y", 7)
    file.createDimension("x", 9)
    data = (np.arange(63).reshape(7, 9) % 20).astype("f4") / 8
    for name, options in {
        "contiguous": {"contiguous": True},
        "raw": {"chunksizes": (3, 4)},
        "deflate": {"chunksizes": (3, 4), "zlib": True, "complevel": 9},
        "checked": {"chunksizes": (3, 4), "zlib": True, "fletcher32": True, "shuffle": False},
        "only-checked": {"chunksizes": (3, 4), "fletcher32": True},
        "quantised": {"chunksizes": (3, 4), "zlib": True, "significant_digits": 2, "quantize_mode": "BitRound"},
    }.items():
        file.createVariable(name, "f4", ("y", "x"), **options)[:] = data


def many_attributes(file):
    """More than fit into an object header."""
    file.createDimension("x", 2)
    variable = file.createVariable("v", "i4", ("x",))
    variable[:] = [1, 2]
    for i in range(60):
        variable.setncattr(f"attribute_{i:02}", f"value {i}")
        file.setncattr(f"global_{i:02}", np.float32(i))


def paths(group, path=""):
    yield path
    for name in group.groups:
        yield from paths(group[name], f"{path}/{name}")


def record_of(path):
    with netCDF4.Dataset(path) as file:
        names = list(paths(file))
        dims = {name: {key: dim.size for key, dim in (file[name] if name else file).dimensions.items()} for name in names}
        subgroups = {name: sorted((file[name] if name else file).groups) for name in names}
    record = {}
    for name in names:
        options = {"engine": "netcdf4", "group": name or None}
        with xr.open_dataset(path, decode_cf=False, **options) as raw:
            record[name] = {
                "dimensions": dims[name],
                "groups": subgroups[name],
                "unlimited": sorted(raw.encoding.get("unlimited_dims", [])),
                "stored": reference.dataset(raw.drop_vars(["flag", "encoded"], errors="ignore")),
            }
        with xr.open_dataset(path, **options) as decoded:
            record[name]["decoded"] = reference.dataset(decoded)
    return record


def write(name, fill, form="NETCDF4"):
    path = OUT / f"{name}.nc"
    path.parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(path, "w", format=form) as file:
        fill(file)
    reference.dump({"file": path.name, "format": form, "groups": record_of(path)}, OUT / f"{name}.json", 4)


def main():
    warnings.simplefilter("ignore")
    write("types", all_types)
    write("types-classic", lambda file: all_types(file, classic=True), "NETCDF4_CLASSIC")
    write("dimensions", dimensions)
    write("groups", groups)
    write("packed", packed)
    write("packed-classic", lambda file: packed(file, "i4"), "NETCDF4_CLASSIC")
    write("storage", storage)
    write("many-attributes", many_attributes)
    # without dimensions of their own
    path = FIXTURES / "hdf5" / "nameless.h5"
    record = {"file": f"../hdf5/{path.name}", "format": "HDF5", "groups": record_of(path)}
    reference.dump(record, OUT / "hdf5-nameless.json", 4)


main()
