"""Small Zarr stores of zarr-python, format 2 and 3, with what zarr-python reads back from them.

    python test/golden/make_zarr.py

Every array of a store is one case: a dtype, codec, layout or fill value. Stores go to
fixtures/zarr/<store>/, answers to fixtures/zarr/<store>.json. Datasets with CF attributes have make_cf.py.
"""

import json
import pathlib
import shutil
import sys
import warnings

sys.dont_write_bytecode = True
import numcodecs
import numpy as np
import zarr
from zarr import codecs

import reference

OUT = pathlib.Path(__file__).parent / reference.FIXTURES / "zarr"

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "float32", "float64"]
GRID = (np.arange(1200).reshape(40, 30) * 0.25 - 100).astype("float32")
GRID[::7, ::5] = np.nan
NOISE = np.random.default_rng(7).standard_normal((40, 30))
WORDS = ["", "a", "twelve chars", "naïve", "日本", "🌍 Earth", "tab\tend", "zero"]
DAYS = np.array(["1969-12-31", "1970-01-01", "NaT", "2000-02-29", "2024-07-01T12:34:56.789"], "datetime64[ns]")
SPANS = np.array([0, 1, -1, "NaT", 86_400_000_000_000], "timedelta64[ns]")


def edges(dtype):
    """Six values of a dtype with its extremes."""
    if dtype == "bool":
        return np.array([True, False, True, True, False, True])
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        return np.array([info.min, info.max, 0, 1, info.max - 1, 100], dtype)
    info = np.finfo(dtype)
    return np.array([info.max, info.tiny, -0.0, np.nan, np.inf, -1.5], dtype)


class Store:
    """One group: writes cases into it, reads them back, keeps the answers."""

    def __init__(self, name, zarr_format):
        self.name = name
        self.format = zarr_format
        shutil.rmtree(OUT / name, ignore_errors=True)
        self.group = zarr.open_group(OUT / name, mode="w", zarr_format=zarr_format)
        self.records = {}

    def add(self, name, data=None, *, dims=None, region=None, attributes=None, shape=None, dtype=None, **options):
        data = None if data is None else np.asarray(data)
        attributes = dict(attributes or {})
        lengths = data.shape if shape is None else shape
        # arrays of one group share their dimensions, so that a name stands for one length
        dims = dims and [f"{dim}{length}" for dim, length in zip(dims, lengths)]
        if dims and self.format == 2:
            attributes["_ARRAY_DIMENSIONS"] = dims
        elif dims:
            options["dimension_names"] = dims
        array = self.group.create_array(
            name,
            shape=lengths,
            dtype=data.dtype if dtype is None else dtype,
            attributes=attributes,
            **{"compressors": None} | options,
        )
        if region is not None:
            array[region] = data[region]
        elif data is not None and data.size:
            array[...] = data
        self.read(name, dims)

    def read(self, name, dims=None):
        array = zarr.open_array(OUT / self.name, path=name, mode="r", zarr_format=self.format)
        attrs = {key: value for key, value in array.attrs.items() if key != "_ARRAY_DIMENSIONS"}
        self.records[name] = (
            {"dims": dims, "chunks": list(array.chunks), "referenceDtype": str(array.dtype)}
            | reference.content(np.asarray(array[...]), short=64)
            | {"attributes": reference.attributes(attrs)}
        )

    def edit(self, name, document, **members):
        """Changes metadata to what the specification allows and zarr-python never writes; None takes a member out."""
        path = OUT / self.name / name / document
        metadata = json.loads(path.read_text()) | members
        path.write_text(json.dumps({key: value for key, value in metadata.items() if value is not None}, indent=2))
        self.read(name)

    def finish(self, **facts):
        record = {"store": self.name, "zarrFormat": self.format, **facts, "arrays": self.records}
        reference.dump(record, OUT / f"{self.name}.json")


def add_common(store):
    """Cases that both formats can express alike."""
    for dtype in ["bool", *INTEGERS, *FLOATS]:
        store.add(f"dtype-{dtype}", edges(dtype), chunks=(4,), dims=["x"])
    for unit in ["D", "h", "m", "s", "ms", "us", "ns"]:
        store.add(f"datetime64-{unit}", DAYS.astype(f"datetime64[{unit}]"), chunks=(3,), dims=["x"])
        store.add(f"timedelta64-{unit}", SPANS.view("int64").view(f"timedelta64[{unit}]"), chunks=(3,), dims=["x"])
    store.add("string-variable", np.array(WORDS, dtype=np.dtypes.StringDType()), chunks=(3,), fill_value="")
    store.add("string-unicode", np.array(WORDS, dtype="U12"), chunks=(3,))
    store.add("string-bytes", np.array([b"", b"ab", b"abcdef", b"x y"], dtype="S6"), chunks=(3,))
    store.add("string-gzip", np.array([WORDS, WORDS[::-1]], dtype=np.dtypes.StringDType()), chunks=(1, 3), compressors=gzip(store))
    store.add("string-fill", np.array(WORDS, dtype=np.dtypes.StringDType()), chunks=(3,), fill_value="none", region=slice(0, 3))
    store.add("scalar", np.float64(2.5), chunks=())
    store.add("scalar-missing", shape=(), dtype="int16", chunks=(), fill_value=-5)
    store.add("empty", np.empty((0, 3), "float32"), chunks=(2, 2), dims=["t", "x"])
    store.add("edge-chunks", np.arange(5 * 7 * 3, dtype="int32").reshape(5, 7, 3), chunks=(2, 4, 3), dims=["t", "y", "x"])
    store.add("chunk-larger-than-array", np.arange(6, dtype="int16").reshape(2, 3), chunks=(5, 8))
    store.add("missing-chunks", GRID, chunks=(10, 10), region=(slice(10, 20), slice(5, 25)), fill_value=-9.5)
    store.add("all-missing", shape=(7, 5), dtype="int32", chunks=(3, 2), fill_value=7)
    store.add("attributes", np.arange(3, dtype="int8"), chunks=(3,), attributes={
        "text": "naïve 🌍", "integer": 5, "float": 2.5, "whole": 3.0, "large": 2**53 + 1, "list": [1, 2.5, "x"],
        "flag": True, "nothing": None, "nested": {"a": [1, {"b": 2}]}, "units": "m",
    })
    for name, dtype, fill in [
        ("nan", "float32", np.nan), ("infinity", "float64", np.inf), ("minus-infinity", "float32", -np.inf),
        ("minus-zero", "float64", -0.0), ("float32", "float32", np.float32(-1e34)), ("float16", "float16", 65504.0),
        ("int64-beyond-2-53", "int64", 2**53 + 1), ("int64-min", "int64", -(2**63)), ("uint64-max", "uint64", 2**64 - 1),
        ("bool", "bool", True), ("int8", "int8", -128),
        ("datetime", "datetime64[s]", np.datetime64("2001-02-03", "s")), ("nat", "datetime64[ns]", np.datetime64("NaT", "ns")),
        ("timedelta", "timedelta64[h]", np.timedelta64(-36, "h")),
    ]:
        store.add(f"fill-{name}", np.ones(6, "int64").astype(dtype), chunks=(2,), region=slice(2, 4), fill_value=fill)


def gzip(store):
    return numcodecs.GZip(6) if store.format == 2 else codecs.GzipCodec(level=6)


def v2():
    store = Store("v2", 2)
    add_common(store)
    for name, codec in {
        "gzip": numcodecs.GZip(5), "zlib": numcodecs.Zlib(5), "zstd": numcodecs.Zstd(3),
        "zstd-checksum": numcodecs.Zstd(3, checksum=True), "lz4": numcodecs.LZ4(),
    }.items():
        store.add(f"codec-{name}", GRID, chunks=(25, 20), compressors=codec)
    for cname in ["lz4", "lz4hc", "zstd", "zlib", "blosclz"]:
        for shuffle, word in [(0, "noshuffle"), (1, "shuffle"), (2, "bitshuffle")]:
            store.add(f"blosc-{cname}-{word}", GRID, chunks=(25, 20), compressors=numcodecs.Blosc(cname, 5, shuffle))
    for dtype in ["int8", "int16", "float64"]:
        data = np.nan_to_num(GRID).astype(dtype)
        for shuffle, word in [(1, "shuffle"), (2, "bitshuffle")]:
            store.add(f"blosc-{word}-{dtype}", data, chunks=(25, 20), compressors=numcodecs.Blosc("lz4", 5, shuffle))
    store.add("blosc-blocks", GRID, chunks=(40, 30), compressors=numcodecs.Blosc("lz4", 5, 1, blocksize=512))
    store.add("blosc-blocks-zstd", GRID, chunks=(40, 30), compressors=numcodecs.Blosc("zstd", 5, 2, blocksize=1024))
    store.add("blosc-incompressible", NOISE, chunks=(25, 20), compressors=numcodecs.Blosc("lz4", 5, 0))
    store.add("blosc-level-0", NOISE, chunks=(25, 20), compressors=numcodecs.Blosc("lz4", 0, 1))
    store.add("blosc-constant", np.full((40, 30), 3.25), chunks=(25, 20), compressors=numcodecs.Blosc("lz4", 9, 1))
    for order in "CF":
        store.add(f"order-{order}", GRID, chunks=(25, 20), order=order, compressors=numcodecs.Zlib(5))
    store.add("order-F-3d", np.arange(2 * 5 * 7, dtype="int16").reshape(2, 5, 7), chunks=(2, 3, 4), order="F")
    for dtype in [">i2", ">u4", ">i8", ">f2", ">f4", ">f8", ">M8[s]"]:
        data = np.arange(-3, 4).astype("int64").astype(dtype)
        store.add(f"big-endian-{dtype[1:].replace('[s]', '')}", data, chunks=(4,), compressors=numcodecs.Zlib(5))
    store.add("big-endian-unicode", np.array(WORDS, dtype=">U12"), chunks=(3,))
    store.add("big-endian-fill", np.ones(6, ">i4"), chunks=(2,), region=slice(2, 4), fill_value=258)
    store.add("separator-dot", GRID, chunks=(25, 20), chunk_key_encoding={"name": "v2", "separator": "."})
    store.add("separator-slash", GRID, chunks=(25, 20), chunk_key_encoding={"name": "v2", "separator": "/"})
    store.add("separator-unsaid", GRID[:4, :6], chunks=(2, 3))
    store.edit("separator-unsaid", ".zarray", dimension_separator=None)
    store.add("fill-null", np.arange(1, 7, dtype="int64"), chunks=(2,), region=slice(2, 4), fill_value=None)
    store.add("fill-null-float", np.arange(1, 7, dtype="float32"), chunks=(2,), region=slice(2, 4), fill_value=None)
    store.add("fill-bytes", np.array([b"abc"] * 6), chunks=(2,), region=slice(2, 4), fill_value=b"xyz")
    whole = np.nan_to_num(GRID).astype("int32")
    store.add("filter-delta", whole, chunks=(25, 20), filters=[numcodecs.Delta("<i4")], compressors=numcodecs.Zlib(5))
    store.add("filter-shuffle", whole, chunks=(25, 20), filters=[numcodecs.Shuffle(4)], compressors=numcodecs.Zlib(5))
    scale = numcodecs.FixedScaleOffset(offset=-100, scale=4, dtype="<f4", astype="<u2")
    store.add("filter-fixedscaleoffset", np.nan_to_num(GRID), chunks=(25, 20), filters=[scale], compressors=numcodecs.Zlib(5))
    nested = store.group.create_group("nested")
    nested.attrs["title"] = "a group inside"
    inner = nested.create_array("inner", shape=(4,), dtype="int32", chunks=(2,), compressors=None)
    inner[...] = np.arange(4)
    store.group.attrs["title"] = "cases of format 2"
    store.finish(groups=["nested"])


def v3():
    store = Store("v3", 3)
    add_common(store)
    for name, codec in {
        "gzip": codecs.GzipCodec(level=5), "zstd": codecs.ZstdCodec(level=3),
        "zstd-checksum": codecs.ZstdCodec(level=3, checksum=True), "crc32c": codecs.Crc32cCodec(),
        "gzip-crc32c": [codecs.GzipCodec(level=5), codecs.Crc32cCodec()],
    }.items():
        store.add(f"codec-{name}", GRID, chunks=(25, 20), compressors=codec)
    for cname in ["lz4", "lz4hc", "zstd", "zlib", "blosclz"]:
        for word in ["noshuffle", "shuffle", "bitshuffle"]:
            codec = codecs.BloscCodec(cname=cname, clevel=5, shuffle=word, typesize=4)
            store.add(f"blosc-{cname}-{word}", GRID, chunks=(25, 20), compressors=codec)
    store.add("blosc-blocks", GRID, chunks=(40, 30), compressors=codecs.BloscCodec(cname="lz4", shuffle="shuffle", typesize=4, blocksize=512))
    for order in [(1, 0), (0, 1)]:
        name = "".join(map(str, order))
        store.add(f"transpose-{name}", GRID, chunks=(25, 20), filters=[codecs.TransposeCodec(order=order)], compressors=codecs.GzipCodec())
    cube = np.arange(2 * 5 * 7, dtype="int16").reshape(2, 5, 7)
    for order in [(2, 0, 1), (1, 2, 0), (2, 1, 0)]:
        name = "".join(map(str, order))
        store.add(f"transpose-{name}", cube, chunks=(2, 3, 4), filters=[codecs.TransposeCodec(order=order)])
    twice = [codecs.TransposeCodec(order=(2, 0, 1)), codecs.TransposeCodec(order=(1, 0, 2))]
    store.add("transpose-twice", cube, chunks=(2, 3, 4), filters=twice)
    for dtype in ["int16", "uint32", "int64", "float16", "float32", "float64"]:
        data = np.arange(-3, 4).astype("int64").astype(dtype)
        store.add(f"big-endian-{dtype}", data, chunks=(4,), serializer=codecs.BytesCodec(endian="big"))
    for dtype, fill in [("float32", "0x7fc00123"), ("float64", "0x7ff8000000000001"), ("float16", "0x7e01")]:
        name = f"fill-nan-hex-{dtype}"
        store.add(name, np.ones(6, dtype), chunks=(2,), region=slice(2, 4), fill_value=np.nan)
        store.edit(name, "zarr.json", fill_value=fill)
    store.add("separator-dot", GRID, chunks=(25, 20), chunk_key_encoding={"name": "default", "separator": "."})
    store.add("separator-slash", GRID, chunks=(25, 20), chunk_key_encoding={"name": "default", "separator": "/"})
    store.add("separator-v2", GRID, chunks=(25, 20), chunk_key_encoding={"name": "v2", "separator": "."})
    store.add("names-partly-null", cube, chunks=(2, 3, 4), dimension_names=["t2", None, "x7"])
    add_sharded(store, cube)
    nested = store.group.create_group("nested")
    nested.attrs["title"] = "a group inside"
    inner = nested.create_array("inner", shape=(4,), dtype="int32", chunks=(2,), compressors=None)
    inner[...] = np.arange(4)
    store.group.attrs["title"] = "cases of format 3"
    store.finish(groups=["nested"])


def add_sharded(store, cube):
    def sharded(chunks, inner=None, **options):
        return codecs.ShardingCodec(chunk_shape=chunks, codecs=inner or [codecs.BytesCodec()], **options)

    packed = [codecs.BytesCodec(), codecs.ZstdCodec(level=3)]
    shard = {"chunks": (20, 20), "dims": ["y", "x"]}
    store.add("shard-end", GRID, serializer=sharded((10, 10), packed), **shard)
    store.add("shard-start", GRID, serializer=sharded((10, 10), packed, index_location="start"), **shard)
    store.add("shard-raw", GRID, serializer=sharded((10, 10)), **shard)
    store.add("shard-holes", GRID, serializer=sharded((5, 5), packed), region=(slice(3, 9), slice(12, 27)), fill_value=-1, **shard)
    plain_index = [codecs.BytesCodec()]
    store.add("shard-index-raw", GRID, serializer=sharded((10, 10), packed, index_codecs=plain_index), **shard)
    big_index = [codecs.BytesCodec(endian="big"), codecs.Crc32cCodec()]
    store.add("shard-index-big-endian", GRID, serializer=sharded((10, 10), packed, index_codecs=big_index), **shard)
    store.add("shard-then-gzip", GRID, serializer=sharded((10, 10)), compressors=codecs.GzipCodec(), **shard)
    turned = [codecs.TransposeCodec(order=(1, 0)), codecs.BytesCodec(endian="big"), codecs.GzipCodec()]
    store.add("shard-transposed", GRID, serializer=sharded((10, 5), turned), **shard)
    nested = sharded((10, 10), [sharded((5, 5), packed, index_location="start")])
    store.add("shard-nested", GRID, serializer=nested, **shard)
    store.add("shard-3d", cube, serializer=sharded((1, 2, 2), packed), chunks=(2, 4, 4))
    store.add("shard-blosc", GRID, serializer=sharded((10, 10), [codecs.BytesCodec(), codecs.BloscCodec(cname="lz4", shuffle="shuffle", typesize=4)]), **shard)


def extensions():
    """Codecs beyond the specification's core: to be read right, or refused by name."""
    store = Store("extensions-v2", 2)
    whole = np.nan_to_num(GRID).astype("int32")
    for name, codec in {"bz2": numcodecs.BZ2(5), "lzma": numcodecs.LZMA()}.items():
        store.add(f"codec-{name}", GRID, chunks=(25, 20), compressors=codec)
    for name, codec in {
        "crc32": numcodecs.CRC32(), "adler32": numcodecs.Adler32(), "fletcher32": numcodecs.Fletcher32(),
        "jenkins": numcodecs.JenkinsLookup3(), "astype": numcodecs.AsType("<i8", "<i4"),
        "quantize": numcodecs.Quantize(2, "<f4"), "bitround": numcodecs.BitRound(10),
    }.items():
        data = GRID if name in ("quantize", "bitround") else whole
        store.add(f"filter-{name}", data, chunks=(25, 20), filters=[codec])
    store.add("filter-packbits", NOISE > 0, chunks=(25, 20), filters=[numcodecs.PackBits()])
    store.finish()
    store = Store("extensions-v3", 3)
    for name, codec in {"zlib": codecs.Zlib(level=5), "lz4": codecs.LZ4(), "bz2": codecs.BZ2(level=5), "shuffle": codecs.Shuffle(elementsize=4)}.items():
        store.add(f"numcodecs-{name}", GRID, chunks=(25, 20), compressors=codec)
    store.add("numcodecs-delta", whole, chunks=(25, 20), filters=[codecs.Delta(dtype="<i4")])
    store.finish()


def consolidated():
    """Stores whose only metadata is the consolidated one: a reader that lists the folder finds nothing."""
    for zarr_format in (2, 3):
        store = Store(f"consolidated-v{zarr_format}", zarr_format)
        store.group.attrs["title"] = "read from one document"
        store.add("t", GRID[:4, :6], chunks=(2, 3), dims=["y", "x"], attributes={"units": "K"})
        store.add("x", np.arange(6, dtype="float64"), chunks=(6,), dims=["x"])
        zarr.consolidate_metadata(OUT / store.name, zarr_format=zarr_format)
        for name in store.records:
            for document in (".zarray", ".zattrs", "zarr.json"):
                (OUT / store.name / name / document).unlink(missing_ok=True)
        store.finish()


def main():
    warnings.simplefilter("ignore")
    OUT.mkdir(parents=True, exist_ok=True)
    v2()
    v3()
    extensions()
    consolidated()


main()
