"""Small NetCDF-3 files of every kind (CDF-1, CDF-2, CDF-5), written by netCDF4, with what xarray reads from them.

    python test/golden/make_netcdf3.py

Files and answers go to fixtures/netcdf3/: <name>.nc beside <name>.json, as stored and as decoded.
"""

import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
import netCDF4
import numpy as np
import xarray as xr

import reference

OUT = pathlib.Path(__file__).parent / reference.FIXTURES / "netcdf3"

CLASSIC = {
    "byte": np.array([-128, 127, 0], "i1"),
    "short": np.array([-32768, 32767, 1], "i2"),
    "int": np.array([-(2**31), 2**31 - 1, 5], "i4"),
    "float": np.array([1.5, np.nan, -np.inf], "f4"),
    "double": np.array([1e300, -0.0, np.pi], "f8"),
}
WIDE = {
    "ubyte": np.array([0, 255, 7], "u1"),
    "ushort": np.array([0, 65535, 7], "u2"),
    "uint": np.array([0, 2**32 - 1, 7], "u4"),
    "int64": np.array([-(2**63), 2**63 - 1, 2**53 + 1], "i8"),
    "uint64": np.array([0, 2**64 - 1, 2**53 + 1], "u8"),
}


def all_types(file, wide):
    file.createDimension("x", 3)
    types = CLASSIC | (WIDE if wide else {})
    for name, data in types.items():
        variable = file.createVariable(name, data.dtype, ("x",))
        variable[:] = data
        variable.setncattr("one", data[0])
        variable.setncattr("several", data)
        file.createVariable(f"{name}_scalar", data.dtype, ())[...] = data[1]
    file.createDimension("length", 5)
    letters = file.createVariable("letters", "S1", ("x", "length"))
    letters[:] = np.array([list("abc\0\0"), list("de   "), list("fghij")], "S1")
    file.title = "every type"
    file.setncattr("ünïcode", "naïve 🌍")
    file.setncattr("empty", "")


def records(file):
    """Record variables of odd lengths, so that each record is padded; a dimension before and one after."""
    file.createDimension("x", 3)
    file.createDimension("time", None)
    file.createDimension("unused", 7)
    file.createVariable("fixed", "i2", ("x",))[:] = [1, 2, 3]
    file.createVariable("time", "f8", ("time",))[:] = [0, 1, 2, 3, 4]
    file.createVariable("short", "i2", ("time", "x"))[:] = np.arange(15).reshape(5, 3)
    file.createVariable("byte", "i1", ("time",))[:] = np.arange(5)
    file.createVariable("float", "f4", ("time", "x"))[:] = np.arange(15).reshape(5, 3) / 4
    file["time"].units = "days since 2001-01-01"
    file["time"].calendar = "noleap"
    file["time"].axis = "T"


def one_record_variable(file):
    """The exception of the format: the records of a single record variable are not padded."""
    file.createDimension("time", None)
    file.createDimension("x", 3)
    file.createVariable("fixed", "i1", ("x",))[:] = [1, 2, 3]
    file.createVariable("short", "i2", ("time", "x"))[:] = np.arange(15).reshape(5, 3)


def no_records(file):
    file.createDimension("time", None)
    file.createDimension("x", 2)
    file.createVariable("t", "f4", ("time", "x"))
    file.createVariable("x", "f8", ("x",))[:] = [10, 20]


def unwritten(file):
    """Elements never written hold the format's default fill values."""
    file.createDimension("x", 3)
    for name, data in CLASSIC.items():
        file.createVariable(name, data.dtype, ("x",))[0] = data[0]
    file.createVariable("own", "i2", ("x",), fill_value=-9)[0] = 1


def packed(file):
    file.createDimension("time", None)
    file.createDimension("y", 2)
    file.createDimension("x", 3)
    t = file.createVariable("t", "i2", ("time", "y", "x"), fill_value=-32767)
    t.setncatts({"scale_factor": 0.01, "add_offset": 273.15, "units": "K", "coordinates": "lat lon"})
    single = file.createVariable("single", "i2", ("y", "x"), fill_value=-32767)
    single.setncatts({"scale_factor": np.float32(0.01), "add_offset": np.float32(273.15)})
    unsigned = file.createVariable("unsigned", "i1", ("x",), fill_value=-1)
    unsigned.setncattr("_Unsigned", "true")
    flag = file.createVariable("flag", "i1", ("x",))
    flag.setncattr("dtype", "bool")
    time = file.createVariable("time", "i4", ("time",))
    time.setncatts({"units": "hours since 1990-01-01 00:00:00", "calendar": "gregorian"})
    for name in ("lat", "lon"):
        file.createVariable(name, "f4", ("y", "x"))[:] = np.arange(6).reshape(2, 3)
    # these are the stored numbers
    file.set_auto_maskandscale(False)
    t[:] = np.array([[[0, 1, -32767], [5, 6, 32767]], [[9, -9, 7], [-1, 2, 3]]])
    single[:] = np.array([[0, 1, -32767], [5, 6, 32767]])
    unsigned[:] = [1, -1, -2]
    flag[:] = [1, 0, 1]
    time[:] = [0, 876_000]


FORMATS = {"cdf1": "NETCDF3_CLASSIC", "cdf2": "NETCDF3_64BIT_OFFSET", "cdf5": "NETCDF3_64BIT_DATA"}


def write(name, fill, form="NETCDF3_CLASSIC"):
    path = OUT / f"{name}.nc"
    path.parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(path, "w", format=form) as file:
        fill(file)
    record = {"file": path.name, "format": form}
    with xr.open_dataset(path, decode_cf=False, engine="netcdf4") as raw:
        record["unlimited"] = sorted(raw.encoding.get("unlimited_dims", []))
        record["stored"] = reference.dataset(raw)
        # xarray makes it bool even so
        record["stored"]["data"].pop("flag", None)
    with netCDF4.Dataset(path) as file:
        record["dimensions"] = {key: dim.size for key, dim in file.dimensions.items()}
    with xr.open_dataset(path, engine="netcdf4") as decoded:
        record["decoded"] = reference.dataset(decoded)
    reference.dump(record, OUT / f"{name}.json")


def main():
    warnings.simplefilter("ignore")
    for name, form in FORMATS.items():
        write(f"types-{name}", lambda file, wide=name == "cdf5": all_types(file, wide), form)
        write(f"records-{name}", records, form)
    write("one-record-variable", one_record_variable)
    write("no-records", no_records)
    write("unwritten", unwritten)
    write("packed", packed)


main()
