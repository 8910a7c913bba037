"""Small GeoTIFFs of GDAL, through rasterio, with what rasterio and rioxarray read from them.

    python test/golden/make_geotiff.py

Files and answers go to fixtures/geotiff/: <name>.tif, and geotiff.json with the arrays of each file (pixels as stored, and
coordinates) and of its overviews.
"""

import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
import numpy as np
import rasterio
import rioxarray
from rasterio.enums import Resampling
from rasterio.shutil import copy
from rasterio.transform import Affine, from_origin

import reference

OUT = pathlib.Path(__file__).parent / reference.FIXTURES / "geotiff"
UTM = from_origin(399960, 6000000, 10, 20)
DEGREES = from_origin(-10.5, 60.25, 0.25, 0.125)
TURNED = Affine(10, 2, 399960, -3, -20, 6000000)
LAMBERT = "+proj=lcc +lat_1=49 +lat_2=44 +lat_0=46.5 +lon_0=3 +x_0=700000 +y_0=6600000 +ellps=GRS80 +units=m"
POLAR = "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +x_0=0 +y_0=0 +datum=WGS84 +units=m"


def pixels(dtype, bands=1, height=37, width=50):
    """Values that use every byte, smooth enough to be packed."""
    y, x, band = np.meshgrid(np.arange(height), np.arange(width), np.arange(bands), indexing="ij")
    data = (y * 7 + x * 3 + band * 31).transpose(2, 0, 1)
    kind = np.dtype(dtype).kind
    if kind == "c":
        return (data + 1j * (x - y).transpose(2, 0, 1)).astype(dtype)
    if kind == "f":
        return (np.sin(data / 20) * 1000).astype(dtype)
    info = np.iinfo(dtype)
    return (data * (int(info.max) // 700 or 1) + int(info.min) // 2 if kind == "i" else data * (int(info.max) // 700 or 1)).astype(dtype)


FILES = {}


def write(name, data, edit=None, overviews=(), mask=None, **options):
    path = OUT / f"{name}.tif"
    profile = {"driver": "GTiff", "count": data.shape[0], "height": data.shape[1], "width": data.shape[2], "dtype": data.dtype.name}
    with rasterio.open(path, "w", **(profile | {"transform": UTM, "crs": "EPSG:32631"} | options)) as file:
        file.write(data)
        if edit:
            edit(file)
        if mask is not None:
            file.write_mask(mask)
    if overviews:
        with rasterio.open(path, "r+") as file:
            file.build_overviews(overviews, Resampling.nearest)
    answer(name)


def answer(name):
    path = OUT / f"{name}.tif"
    with rasterio.open(path) as file:
        count = len(file.overviews(1))
        mask = file.dataset_mask() if "internal" in name else None
    groups = {"/": read(path)}
    for level in range(count):
        groups[f"overview_{level}"] = read(path, overview_level=level)
    if mask is not None:
        groups["/"]["arrays"]["mask"] = reference.content((mask[None] != 0).astype("uint8"))
    FILES[name] = groups


def read(path, **options):
    with rioxarray.open_rasterio(path, **options) as array:
        values = array.values
        if values.dtype.kind == "c":
            values = np.stack([values.real, values.imag], axis=-1)
        names = [name for name in ("x", "y", "xc", "yc", "band") if name in array.coords]
        arrays = {"band_data": reference.content(values)} | {name: reference.content(array[name].values) for name in names}
        for name in ("xc", "yc"):
            if name in arrays:
                arrays[name] = reference.content(array[name].values, short=4000)
        keep = ("_FillValue", "scale_factor", "add_offset", "scales", "offsets", "long_name", "units", "AREA_OR_POINT", "title")
        attributes = {key: value for key, value in array.attrs.items() if key in keep}
        plain = (attributes.get("scale_factor"), attributes.get("add_offset")) == (1.0, 0.0)
        if plain:
            attributes = {key: value for key, value in attributes.items() if key not in ("scale_factor", "add_offset")}
        crs = {key: value for key, value in array.spatial_ref.attrs.items() if "wkt" not in key and key != "spatial_ref"}
        code = array.rio.crs.to_epsg() if array.rio.crs else None
        return {"arrays": arrays, "attributes": reference.attributes(attributes), "crs": crs, "epsg": code}


def bands_described(file):
    file.scales, file.offsets = (0.01,) * file.count, (273.15,) * file.count
    file.descriptions = tuple(f"band <{i}> & more" for i in range(file.count))
    file.units = ("K",) * file.count
    file.update_tags(title="naïve")


def bands_differ(file):
    file.scales, file.offsets = (0.5, 2.0), (0.0, 1.0)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.tif*"):
        old.unlink()
    tiled = {"tiled": True, "blockxsize": 16, "blockysize": 32}
    for dtype in ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64", "complex64", "complex128"]:
        write(f"dtype-{dtype}", pixels(dtype))
    for compress in ["deflate", "lzw", "zstd", "packbits"]:
        write(f"compress-{compress}", pixels("int16", 2), compress=compress, **tiled)
        write(f"compress-{compress}-strips", pixels("float32"), compress=compress, blockysize=5)
    for dtype in ["uint8", "uint16", "int32", "float64", "int64"]:
        for endian in ["little", "big"]:
            write(f"predictor-2-{dtype}-{endian}", pixels(dtype, 3), compress="deflate", predictor=2, interleave="pixel", endianness=endian, **tiled)
    for dtype in ["float32", "float64"]:
        for endian in ["little", "big"]:
            write(f"predictor-3-{dtype}-{endian}", pixels(dtype, 2), compress="lzw", predictor=3, interleave="pixel", endianness=endian)
    write("big-endian", pixels("uint16", 2), endianness="big", interleave="band", **tiled)
    write("bigtiff", pixels("int16"), bigtiff="yes", compress="deflate", **tiled)
    write("planar", pixels("int32", 3), interleave="band", compress="deflate", predictor=2, **tiled)
    write("pixel", pixels("float32", 3), interleave="pixel", **tiled)
    for bits in [1, 2, 4]:
        write(f"bits-{bits}", pixels("uint8") % 2**bits, nbits=bits, **tiled)
    write("sparse", np.full((2, 37, 50), -9, "int16"), sparse_ok=True, nodata=-9, **tiled)
    write("sparse-big-endian", np.full((1, 37, 50), 259, "uint16"), sparse_ok=True, nodata=259, endianness="big", **tiled)
    write("nodata", pixels("int16"), nodata=-32768)
    write("nodata-nan", pixels("float32"), nodata=np.nan)
    write("nodata-float", pixels("float32"), nodata=-3.4e38)
    write("nodata-outside", pixels("uint8"))
    write("described", pixels("int16", 2), bands_described, nodata=-1)
    write("scales-differ", pixels("uint8", 2), bands_differ)
    write("overviews", pixels("uint16", 2, 96, 130), overviews=[2, 4], compress="deflate", **tiled)
    write("degrees", pixels("float32"), transform=DEGREES, crs="EPSG:4326")
    write("turned", pixels("uint8"), transform=TURNED)
    write("lambert", pixels("uint8"), crs=LAMBERT)
    write("polar", pixels("uint8"), crs=POLAR)
    write("mercator", pixels("uint8"), crs="EPSG:3857")
    write("nowhere", pixels("uint8"), transform=None, crs=None)
    write("point", pixels("uint8"), lambda file: file.update_tags(AREA_OR_POINT="Point"))
    write("single", pixels("float64", 1, 1, 1))
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        write("internal-mask", pixels("uint8", 3), mask=(np.arange(37 * 50).reshape(37, 50) % 3 > 0), **tiled)
    copy(OUT / "overviews.tif", OUT / "cog.tif", driver="COG", blocksize=32, compress="zstd", overviews="auto", overview_count=2)
    answer("cog")
    write("jpeg-grey", pixels("uint8") // 4, compress="jpeg", jpeg_quality=95, **(tiled | {"blockxsize": 48, "blockysize": 48}))
    write("jpeg-colours", pixels("uint8", 3) // 4, compress="jpeg", photometric="ycbcr", interleave="pixel", **(tiled | {"blockxsize": 48, "blockysize": 48}))
    write("lerc", pixels("float32"), compress="lerc")
    for extra in OUT.glob("*.xml"):
        extra.unlink()
    reference.dump(FILES, OUT / "geotiff.json", depth=4)


warnings.simplefilter("ignore")
main()
