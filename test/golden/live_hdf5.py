"""The Python side of live-hdf5.test.ts: writes a random file, and answers with what its own library reads from it as
JSON. Questions are lines of its input, each a JSON list:

    ["netcdf4", FILE, SEED]
    ["h5py", FILE, SEED]
"""

import sys

sys.dont_write_bytecode = True
import numpy as np

import reference
from service import serve

NUMBERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]


def values(rng, shape, dtype):
    numbers = rng.standard_normal(shape) * 100 if np.dtype(dtype).kind == "f" else rng.integers(0, 100, shape)
    return np.asarray(numbers).astype(dtype)


def write_netcdf4(path, rng):
    """Through netCDF4 and xarray: random dimensions, chunks and filters, some without limit and not all written."""
    import netCDF4
    import xarray as xr

    sizes = {name: int(rng.integers(1, 20)) for name in ("time", "y", "x")}
    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        for name, size in sizes.items():
            file.createDimension(name, None if name == "time" else size)
        file.createVariable("time", "i4", ("time",), chunksizes=(int(rng.integers(1, 9)),))[:] = np.arange(sizes["time"])
        file["time"].units = "hours since 1990-01-01"
        file["time"].calendar = str(rng.choice(["standard", "noleap", "360_day"]))
        for number, dtype in enumerate(NUMBERS * 3):
            dims = [name for name in sizes if rng.random() < 0.7]
            shape = [sizes[name] for name in dims]
            options = {}
            if dims and rng.random() < 0.8:
                options = {
                    "chunksizes": tuple(int(rng.integers(1, length + 1)) for length in shape),
                    "zlib": bool(rng.random() < 0.6),
                    "complevel": int(rng.integers(0, 10)),
                    "shuffle": bool(rng.random() < 0.5),
                    "fletcher32": bool(rng.random() < 0.3),
                }
            endian = str(rng.choice(["little", "big", "native"]))
            variable = file.createVariable(f"v{number}", dtype, dims, endian=endian, **options)
            variable.number = np.int32(number)
            data = values(rng, shape, dtype)
            if dims and rng.random() < 0.2:
                variable[: max(1, shape[0] // 2)] = data[: max(1, shape[0] // 2)]
            else:
                variable[...] = data
    with xr.open_dataset(path, engine="netcdf4") as ds:
        return reference.dataset(ds)


def limit(rng, length):
    return [length, length + int(rng.integers(0, 9)), None][int(rng.integers(0, 3))]


def write_h5py(path, rng):
    """Through h5py, at a random version of the format."""
    import h5py

    version = str(rng.choice(["earliest", "v108", "v110", "v112", "v114", "latest"]))
    with h5py.File(path, "w", libver=(version, "latest"), track_order=bool(rng.random() < 0.3)) as file:
        for number in range(40):
            dtype = np.dtype(str(rng.choice(NUMBERS + ["f2"]))).newbyteorder(str(rng.choice(["<", ">"])))
            rank = int(rng.integers(0, 4))
            shape = tuple(int(rng.integers(0 if rng.random() < 0.1 else 1, 16)) for _ in range(rank))
            options = {}
            if rank and 0 not in shape and rng.random() < 0.8:
                options["chunks"] = tuple(int(rng.integers(1, length + 1)) for length in shape)
                options["maxshape"] = tuple(limit(rng, length) for length in shape)
                options["compression"] = [None, "gzip", "lzf"][int(rng.integers(0, 3))]
                options["shuffle"] = bool(rng.random() < 0.5)
                options["fletcher32"] = bool(rng.random() < 0.3)
            if rng.random() < 0.3:
                options["fillvalue"] = 7
            data = values(rng, shape, dtype)
            made = file.create_dataset(f"n{number}", shape, dtype, **options)
            if rank and rng.random() < 0.3:
                part = tuple(slice(length // 3, length) for length in shape)
                made[part] = data[part]
            else:
                made[...] = data
            for i in range(int(rng.integers(0, 12))):
                made.attrs[f"attribute{i}"] = values(rng, int(rng.integers(1, 5)), "f8")
    with h5py.File(path) as file:
        return {name: reference.content(file[name][()]) for name in file}


def answer(writer, path, seed):
    rng = np.random.default_rng(int(seed))
    return (write_netcdf4 if writer == "netcdf4" else write_h5py)(path, rng)


serve(answer)
