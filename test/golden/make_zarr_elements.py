"""Zarr arrays whose elements are more than one number, or laid out in rarer ways, with what zarr-python reads.

    python test/golden/make_zarr_elements.py

Complex numbers, records, raw bytes, times in NumPy's rarer units, bytes that are no text; and rectilinear chunk
grids, whose chunks are put together here as their specification says, since this zarr-python has none of them.
One store a file, packed: fixtures/zarr/elements-<store>.json holds {"keys": {key: base64}, "arrays": {name: answer}}.
Run with zarr-python 2 (`pip install "zarr<3" "numcodecs<0.16"`), it writes elements-python2.json instead.
"""

import base64
import json
import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
import numcodecs
import numpy as np
import zarr

import reference

OUT = pathlib.Path(__file__).parent / reference.FIXTURES / "zarr"
OLD = zarr.__version__.startswith("2.")
if not OLD:
    from zarr import codecs

WAVES = (np.arange(35).reshape(5, 7) * (1 - 0.5j)).astype("complex64")
WAVES[1, 2] = complex(np.nan, np.inf)
RECORD = [("id", "<i4"), ("x", "<f8"), ("flag", "?"), ("tag", "S3"), ("word", "<U4"), ("at", "<M8[s]"), ("z", "<c8"), ("half", "<f2"), ("big", "<u8")]
DAYS = np.array(["1969-12-31", "1970-01-01", "NaT", "2000-02-29", "2024-07-01T12:34:56", "1582-10-15", "0001-01-01"], "datetime64[s]")


def records(count, dtype=RECORD):
    """Records with different values in every field."""
    out = np.zeros(count, dtype)
    i = np.arange(count)
    for name in out.dtype.names:
        field = out.dtype[name]
        if field.names:
            out[name] = records(count, field)
        elif field.kind == "S":
            out[name] = [f"s{k}".encode() for k in i]
        elif field.kind == "U":
            out[name] = [f"é{k}" for k in i]
        elif field.kind == "M":
            out[name] = DAYS[i % len(DAYS)]
        elif field.subdtype:
            out[name] = np.arange(out[name].size).reshape(out[name].shape)
        elif field.kind == "V":
            out[name] = [bytes([k, 255 - k] * field.itemsize)[: field.itemsize] for k in i]
        else:
            out[name] = (i * 3 - 4 if field.kind != "u" else i + 2**60).astype(field)
    return out


def leaves(name, array):
    """The arrays of plain elements that an array is for us, by their names."""
    array = np.asarray(array)
    dtype = array.dtype
    if dtype.names:
        for field in dtype.names:
            yield from leaves(f"{name}.{field}", array[field])
    elif dtype.kind == "c":
        native = array.astype(dtype.newbyteorder("="))
        yield name, np.stack([native.real, native.imag], axis=-1)
    elif dtype.kind == "V":
        flat = np.frombuffer(np.ascontiguousarray(array).tobytes(), "uint8")
        yield name, flat.reshape(*array.shape, dtype.itemsize)
    elif dtype.kind in "mM":
        unit, count = np.datetime_data(dtype)
        ours = {"Y": "D", "M": "D", "W": "D"}.get(unit, unit)
        kind = "datetime64" if dtype.kind == "M" else "timedelta64"
        yield name, array.astype(f"{kind}[{ours}]")
    elif dtype.kind in "SO":
        yield name, np.array([readable(item) for item in array.flat], object).reshape(array.shape)
    else:
        yield name, array


def readable(item):
    """Bytes that are UTF-8 as such, all others one by one."""
    if not isinstance(item, bytes):
        return item
    try:
        return item.decode()
    except UnicodeDecodeError:
        return item.decode("latin-1")


class Packed:
    def __init__(self, name, zarr_format):
        self.name, self.format, self.arrays, self.keys = name, zarr_format, {}, {}
        if OLD:
            self.store = zarr.storage.KVStore(self.keys)
            self.group = zarr.open_group(self.store, mode="w")
        else:
            self.store = zarr.storage.MemoryStore()
            self.group = zarr.open_group(self.store, mode="w", zarr_format=zarr_format)

    def add(self, name, data, region=..., **options):
        data = np.asarray(data)
        if OLD:
            options["compressor"] = options.pop("compressors", None)
            array = self.group.create_dataset(name, shape=data.shape, dtype=data.dtype, **options)
        else:
            array = self.group.create_array(name, shape=data.shape, dtype=data.dtype, **{"compressors": None} | options)
        if data.size:
            array[region] = data[region]
        self.answer(name, self.group[name][...])

    def answer(self, name, read):
        for leaf, content in leaves(name, read):
            self.arrays[leaf] = reference.content(content)

    def documents(self):
        return self.keys if OLD else {key: value.to_bytes() for key, value in self.store._store_dict.items()}

    def finish(self, edit=None):
        keys = {f"/{key}": value for key, value in sorted(self.documents().items())}
        if edit:
            edit(keys)
        packed = {key: base64.b64encode(bytes(value)).decode() for key, value in sorted(keys.items())}
        reference.dump({"zarrFormat": self.format, "keys": packed, "arrays": self.arrays}, OUT / f"elements-{self.name}.json")


def common(store):
    packed = {"compressors": numcodecs.Zlib(5) if store.format == 2 else codecs.GzipCodec(level=5)}
    blosc = {"compressors": numcodecs.Blosc("lz4", 5, 1) if store.format == 2 else codecs.BloscCodec(cname="lz4", shuffle="shuffle", typesize=8)}
    store.add("complex64", WAVES, chunks=(2, 3))
    store.add("complex128", WAVES.astype("complex128"), chunks=(5, 4), **blosc)
    store.add("complex-missing", WAVES, region=(slice(0, 2), slice(3, 7)), chunks=(2, 3), fill_value=complex(1.5, -2))
    store.add("complex-nan", WAVES, region=(slice(0, 2), slice(3, 7)), chunks=(2, 3), fill_value=complex(np.nan, -np.inf))
    store.add("complex-scalar", np.complex64(3 - 4j), chunks=())
    store.add("complex-empty", np.empty((0, 3), "complex64"), chunks=(2, 2))
    store.add("record", records(7), chunks=(3,), **packed)
    store.add("record-2d", records(12, RECORD[:4]).reshape(3, 4), chunks=(2, 3), **blosc)
    fill = records(6)[5]
    store.add("record-missing", records(7), region=slice(3, 6), chunks=(3,), fill_value=fill)
    # without texts: zarr-python 3 reads "0" where an array of records has no fill value
    numbers = RECORD[:3]
    zero = 0 if OLD else None if store.format == 2 else np.zeros((), numbers)[()]
    store.add("record-zero", records(7, numbers), region=slice(3, 6), chunks=(3,), fill_value=zero)
    nested = [("point", [("x", "<f4"), ("y", "<f4"), ("deep", [("n", "|i1")])]), ("value", "<i8")]
    # zarr-python 3 can't read its own in format 2
    if OLD or store.format == 3:
        store.add("record-nested", records(5, nested), chunks=(2,))
    raw_record = [("a", "|V3"), ("b", "<i2")]
    store.add("record-raw", records(5, raw_record), chunks=(2,), fill_value=np.zeros((), raw_record)[()])
    raw = np.array([bytes([k, 0, 255 - k]) for k in range(7)], "V3")
    store.add("raw", raw, chunks=(3,))
    store.add("raw-missing", raw, region=slice(3, 6), chunks=(3,), fill_value=b"\x01\x02\x03" if OLD else np.void(b"\x01\x02\x03"))
    latin = np.array([b"", b"plain", "naïve".encode(), "naïve".encode("latin-1"), b"\xff\xfe\x00\x01", b"zero"], "S6")
    store.add("bytes-latin1", latin, chunks=(4,), fill_value=b"")
    for name, dtype in {"year": "M8[Y]", "month": "M8[M]", "week": "M8[W]", "10s": "M8[10s]", "25us": "M8[25us]"}.items():
        store.add(f"datetime-{name}", DAYS[:6].astype(dtype), region=slice(0, 4), chunks=(2,), fill_value=np.array(30, "int64").view(dtype)[()])
    for name, dtype in {"week": "m8[W]", "7D": "m8[7D]", "3h": "m8[3h]"}.items():
        store.add(f"timedelta-{name}", np.array([0, 1, -5, "NaT", 400], dtype), region=slice(0, 4), chunks=(2,), fill_value=np.timedelta64("NaT"))


def format2(store):
    common(store)
    store.add("complex-big-endian", WAVES.astype(">c8"), chunks=(2, 3))
    store.add("complex-order-F", WAVES, chunks=(2, 3), order="F")
    big = [("a", ">i4"), ("b", "<i4"), ("c", ">f8"), ("d", ">U2")]
    store.add("record-orders", records(5, big), chunks=(2,))
    store.add("record-order-F", records(12).reshape(3, 4), chunks=(2, 3), order="F")


def python2():
    store = Packed("python2", 2)
    format2(store)
    store.add("record-subarray", records(5, [("m", "<i2", (2, 3)), ("k", "<f4"), ("v", "S2", (2,))]), chunks=(2,))
    store.add("bytes-any-length", np.array([b"a", b"", "é".encode(), b"\xff\x00\x01"], object), chunks=(3,), object_codec=numcodecs.VLenBytes())
    store.finish()


def v2():
    store = Packed("v2", 2)
    format2(store)
    store.finish()


def v3():
    store = Packed("v3", 3)
    common(store)
    store.add("complex-big-endian", WAVES, chunks=(2, 3), serializer=codecs.BytesCodec(endian="big"))
    store.add("complex-transposed", WAVES, chunks=(2, 3), filters=[codecs.TransposeCodec(order=(1, 0))])
    store.add("record-big-endian", records(5), chunks=(2,), serializer=codecs.BytesCodec(endian="big"))
    shard = {"shards": (4, 6), "chunks": (2, 3), "compressors": codecs.ZstdCodec(level=1)}
    store.add("complex-sharded", WAVES, region=(slice(0, 2), slice(3, 7)), fill_value=complex(7, -8), **shard)
    rectilinear(store)

    def edit(keys):
        """The spelling of records in the specification, which came after this zarr-python."""
        document = json.loads(keys["/record-missing/zarr.json"])
        fields = document["data_type"]["configuration"]["fields"]
        document["data_type"] = {"name": "struct", "configuration": {"fields": [{"name": name, "data_type": kind} for name, kind in fields]}}
        fill = records(6)[5]
        document["fill_value"] = {
            "id": int(fill["id"]), "x": float(fill["x"]), "flag": bool(fill["flag"]),
            "tag": base64.b64encode(bytes(fill["tag"])).decode(), "word": str(fill["word"]),
            "at": int(fill["at"].astype("int64")), "z": [float(fill["z"].real), float(fill["z"].imag)], "half": float(fill["half"]), "big": int(fill["big"]),
        }
        keys["/record-struct/zarr.json"] = json.dumps(document).encode()
        for key in [key for key in keys if key.startswith("/record-missing/c/")]:
            keys[key.replace("record-missing", "record-struct")] = keys[key]
        for name in [name for name in store.arrays if name.startswith("record-missing.")]:
            store.arrays[name.replace("record-missing", "record-struct")] = store.arrays[name]
        keys["/zarr.json"] = json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {}}).encode()

    store.finish(edit)


def rectilinear(store):
    data = np.arange(11 * 9, dtype="int32").reshape(11, 9)
    grids = {
        "plain": [[3, 2, 6], [4, 5]],
        "runs": [[[2, 4], 3], [[3, 3]]],
        "step": [4, [1, [2, 4]]],
        "longer": [[5, 4, 6], [7, 7, 7]],
        "single": [[11], [9]],
    }
    for name, shapes in grids.items():
        for suffix, serializer in {"": [], "-gzip": [{"name": "gzip", "configuration": {"level": 1}}]}.items():
            document(store, f"rectilinear-{name}{suffix}", data, shapes, serializer, missing=name == "plain")


def edges(shape, length):
    """The lengths of the chunks of one axis, as the specification expands them."""
    if isinstance(shape, int):
        return [shape] * -(-length // shape)
    return [edge for item in shape for edge in ([item[0]] * item[1] if isinstance(item, list) else [item])]


def document(store, name, data, shapes, compressors, missing):
    metadata = {
        "zarr_format": 3, "node_type": "array", "shape": data.shape, "data_type": "int32", "fill_value": -7,
        "chunk_grid": {"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": shapes}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, *compressors], "attributes": {},
    }
    put = lambda key, value: store.store._store_dict.__setitem__(f"{name}/{key}", zarr.core.buffer.cpu.Buffer.from_bytes(value))
    put("zarr.json", json.dumps(metadata).encode())
    read = np.array(data)
    y = 0
    for i, height in enumerate(edges(shapes[0], data.shape[0])):
        x = 0
        for j, width in enumerate(edges(shapes[1], data.shape[1])):
            part = data[y : y + height, x : x + width]
            # chunks are stored in full, also past the end of the array
            chunk = np.full((height, width), -7, "<i4")
            chunk[: part.shape[0], : part.shape[1]] = part
            if missing and (i, j) == (1, 0):
                read[y : y + height, x : x + width] = -7
            elif part.size:
                raw = chunk.tobytes()
                put(f"c/{i}/{j}", numcodecs.GZip(1).encode(raw) if compressors else raw)
            x += width
        y += height
    store.arrays[name] = reference.content(read)


warnings.simplefilter("ignore")
OUT.mkdir(parents=True, exist_ok=True)
if OLD:
    python2()
else:
    v2()
    v3()
