"""Small HDF5 files of every layout, index, type and link, written by h5py at every library version, with what h5py
reads from them.

    python test/golden/make_hdf5.py

Files and answers go to fixtures/hdf5/: <name>.h5 beside <name>.json. `h5repack` (HDF5's own tools) makes some of them
anew, where it is installed.
"""

import ctypes
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import h5py
import numpy as np
from h5py import h5d, h5f, h5p, h5s, h5t

import reference

OUT = pathlib.Path(__file__).parent / reference.FIXTURES / "hdf5"
VERSIONS = ["earliest", "v108", "v110", "v112", "v114", "latest"]


def ramp(shape, dtype="i4"):
    """Numbers that tell where they stand, and compress."""
    return (np.arange(int(np.prod(shape))).reshape(shape) % 251).astype(dtype)


def create(group, name, data, *, chunks=None, maxshape=None, plist=None, dtype=None, space=None):
    """A dataset by the low-level interface, for what the high-level one has no words for."""
    plist = plist or h5p.create(h5p.DATASET_CREATE)
    if chunks:
        plist.set_chunk(chunks)
    limits = None if maxshape is None else tuple(h5s.UNLIMITED if n is None else n for n in maxshape)
    space = space or (h5s.create_simple(data.shape, limits) if data.shape else h5s.create(h5s.SCALAR))
    kind = dtype or h5t.py_create(data.dtype)
    made = h5d.create(group.id, name.encode(), kind, space, plist)
    if data.size:
        made.write(h5s.ALL, h5s.ALL, data, kind if isinstance(kind, h5t.TypeStringID) else None)
    return h5py.Dataset(made)


def layouts(file):
    """Each layout and chunk index that the library version knows, filtered and not."""
    file["scalar"] = np.float64(1.5)
    file["contiguous"] = ramp((5, 7), "i2")
    file.create_dataset("empty", (0, 3), "f4", maxshape=(None, 3))
    file.create_dataset("unwritten", (3, 4), "f4", fillvalue=7.5)
    compact = h5p.create(h5p.DATASET_CREATE)
    compact.set_layout(h5d.COMPACT)
    create(file, "compact", ramp((4, 3), "f4"), plist=compact)
    for kind, options in {
        "raw": {},
        "deflate": {"compression": 4, "shuffle": True},
        "checked": {"compression": 1, "fletcher32": True},
        "lzf": {"compression": "lzf"},
    }.items():
        file.create_dataset(f"single-{kind}", data=ramp((6, 5)), chunks=(6, 5), **options)
        file.create_dataset(f"fixed-{kind}", data=ramp((7, 9)), chunks=(3, 4), **options)
        file.create_dataset(f"grown-{kind}", data=ramp((7, 9)), chunks=(2, 4), maxshape=(None, 9), **options)
        file.create_dataset(f"second-{kind}", data=ramp((7, 9)), chunks=(2, 4), maxshape=(20, None), **options)
        file.create_dataset(f"both-{kind}", data=ramp((7, 9)), chunks=(2, 4), maxshape=(None, None), **options)
        part = file.create_dataset(
            f"holes-{kind}", (10, 12), "i2", chunks=(3, 5), maxshape=(None, 30), fillvalue=-5, **options
        )
        part[4:7, 6:9] = ramp((3, 3), "i2") + 1
    early = h5p.create(h5p.DATASET_CREATE)
    early.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    create(file, "implicit", ramp((7, 9), "i4"), chunks=(3, 4), plist=early, maxshape=(10, 9))
    shrunk = file.create_dataset("shrunk", data=ramp((12, 8)), chunks=(3, 4), maxshape=(None, 8))
    shrunk.resize((5, 8))
    edges = h5p.create(h5p.DATASET_CREATE)
    edges.set_deflate(6)
    edges.set_chunk((3, 4))
    if file.libver[0] not in ("earliest", "v108"):
        # what h5py has no word for
        library = ctypes.CDLL(h5p.__file__)
        assert library.H5Pset_chunk_opts(ctypes.c_int64(edges.id), 2) == 0
    create(file, "raw-edges", ramp((7, 9)), plist=edges)
    masked = file.create_dataset("masked", (4, 4), "i4", chunks=(2, 4), compression=4, shuffle=True)
    masked[:2] = ramp((2, 4))
    masked.id.write_direct_chunk((2, 0), (ramp((2, 4)) + 100).astype("<i4").tobytes(), filter_mask=3)


def long_indexes(file):
    """Indexes with many chunks: trees with levels, pages, super blocks."""
    count = 2300
    file.create_dataset("grown", data=ramp((count,), "u1"), chunks=(1,), maxshape=(None,))
    if file.libver[0] == "earliest":
        return
    file.create_dataset("fixed", data=ramp((count,), "u1"), chunks=(1,))
    grid = {"data": ramp((25, 30), "u1"), "chunks": (1, 1)}
    file.create_dataset("both", maxshape=(None, None), **grid)
    file.create_dataset("both-deflate", maxshape=(None, None), compression=1, **grid)
    file.create_dataset("second", maxshape=(25, None), **grid)
    holes = file.create_dataset("holes", (300_000,), chunks=(1,), dtype="i2", maxshape=(None,), fillvalue=3)
    holes[200_000:200_003] = [1, 2, 4]
    pages = file.create_dataset("pages", (9000,), chunks=(1,), dtype="i2", fillvalue=3)
    pages[5000:5003] = [1, 2, 4]


PLAIN = ["i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8"]
FLOATS = ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]


def extremes(dtype):
    if np.dtype(dtype).kind == "f":
        return np.array([0, -0.0, 1.5, -np.inf, np.nan, np.finfo(dtype).max], dtype)
    limits = np.iinfo(dtype)
    return np.array([limits.min, limits.max, 1, 0, 7, limits.max - 1], dtype)


def types(file):
    """Every type of element, contiguous and in filtered chunks, and as attribute."""
    for dtype in PLAIN + FLOATS:
        name = dtype.replace("<", "le-").replace(">", "be-")
        file[name] = extremes(dtype)
        chunked = file.create_dataset(f"{name}-chunked", data=extremes(dtype), chunks=(4,), compression=1, shuffle=True)
        chunked.attrs["one"] = extremes(dtype)[0]
        chunked.attrs["several"] = extremes(dtype)
    flags = np.array([True, False, True])
    file["bool"] = flags
    file["bool"].attrs["yes"] = np.True_
    file["bool"].attrs["list"] = flags
    colours = h5py.enum_dtype({"red": 0, "green": 1, "blue": 42}, basetype=">i2")
    file.create_dataset("enum", data=np.array([0, 42, 1, 7], ">i2"), dtype=colours)
    file.create_dataset("fixed-text", data=np.array([b"", b"abc", b"ab\xc3\xa9de"], "S6"))
    file.create_dataset("fixed-text-chunked", data=np.array([b"", b"abc", b"abcdef"], "S6"), chunks=(2,), compression=1)
    utf8 = h5py.string_dtype("utf-8", 8)
    file.create_dataset("fixed-utf8", data=np.array(["naïve".encode(), b"", b"x"], "S8").astype(utf8))
    spaces = h5t.C_S1.copy()
    spaces.set_size(5)
    spaces.set_strpad(h5t.STR_SPACEPAD)
    create(file, "spaces", np.array([b"ab   ", b"     "], "S5"), dtype=spaces)
    texts = ["", "short", "naïve 🌍", "long " * 50]
    file.create_dataset("text", data=texts, dtype=h5py.string_dtype())
    file.create_dataset("text-ascii", data=["a", "bc"], dtype=h5py.string_dtype("ascii"))
    file.create_dataset("text-chunked", data=texts * 5, dtype=h5py.string_dtype(), chunks=(3,), compression=1)
    some = file.create_dataset("text-holes", (9,), dtype=h5py.string_dtype(), chunks=(2,))
    some[3] = "here"
    file.create_dataset("text-scalar", data="alone", dtype=h5py.string_dtype())
    point = np.dtype([("x", "<f8"), ("n", ">i4"), ("name", "S3"), ("inner", [("a", "u1"), ("b", "<f4", (2, 2))])])
    points = np.zeros(4, point)
    points["x"] = [1, 2, 3, np.nan]
    points["n"] = [-1, 2, 3, 2**31 - 1]
    points["name"] = [b"a", b"bcd", b"", b"z"]
    points["inner"]["a"] = [1, 2, 3, 255]
    points["inner"]["b"] = np.arange(16).reshape(4, 2, 2)
    file["compound"] = points
    file.create_dataset("compound-chunked", data=points, chunks=(3,), compression=1, shuffle=True)
    mixed = np.dtype([("label", h5py.string_dtype()), ("value", "<i2")])
    file.create_dataset("compound-text", data=np.array([("one", 1), ("two", 2)], mixed))
    for dtype in ["<c8", ">c16"]:
        file[f"complex-{np.dtype(dtype).itemsize}"] = np.array([1 + 2j, -3.5j, np.nan], dtype)
    file.create_dataset("complex-chunked", data=np.arange(6).astype("c8") * 1j, chunks=(4,), compression=1)
    file.create_dataset("subarray", (3,), np.dtype(("<i2", (2, 3))), chunks=(2,))[:] = ramp((3, 2, 3), "i2")
    file.create_dataset("opaque", data=np.array([b"\x00\x01\x02", b"\xff\xfe\xfd"], "V3"))
    file["scalar"] = np.int16(-7)
    for name, sign, offset, precision in [("bits-signed", True, 3, 11), ("bits-unsigned", False, 2, 12)]:
        kind = (h5t.STD_I16LE if sign else h5t.STD_U16BE).copy()
        kind.set_precision(precision)
        kind.set_offset(offset)
        values = np.array([0, 1, -1 if sign else 4095, 1000], "i2" if sign else "u2")
        create(file, name, values, dtype=kind)
        plist = h5p.create(h5p.DATASET_CREATE)
        plist.set_chunk((3,))
        create(file, f"{name}-chunked", values, dtype=kind, plist=plist)
    attrs = file.attrs
    attrs["text"] = "naïve"
    attrs["bytes"] = np.bytes_(b"fixed")
    attrs["texts"] = ["one", "two"]
    attrs["fixed texts"] = np.array([b"a", b"bc"])
    attrs["matrix"] = ramp((2, 2))
    attrs["none"] = np.zeros(0, "i4")
    attrs["null"] = h5py.Empty("f4")
    attrs["big"] = np.int64(2**60 + 1)
    attrs["colour"] = np.array(42, colours)
    attrs["ünï"] = 1
    # what has no dtype of ours
    file.create_dataset("reference", data=np.array([file["scalar"].ref], h5py.ref_dtype))
    file.create_dataset("lists", (2,), dtype=h5py.vlen_dtype("i4"))[0] = [1, 2, 3]
    file["null"] = h5py.Empty("f4")
    create(file, "time", np.zeros(0, "i4"), dtype=h5t.UNIX_D32LE)


UNREADABLE = {"reference", "lists", "null", "time"}


def links(file):
    """Groups with few and with many members, links of all kinds, some in circles; attributes, few and many."""
    file["a/b/c"] = ramp((3,))
    file["a/b"].attrs["note"] = "inside"
    for i in range(40):
        file[f"many/n{i:03}"] = np.int32(i)
    for i in range(3):
        file[f"few/n{i}"] = np.int32(i)
    file["hard"] = file["a/b/c"]
    file["soft"] = h5py.SoftLink("/a/b/c")
    file["soft-relative"] = h5py.SoftLink("a/b/c")
    file["a/soft"] = h5py.SoftLink("b/c")
    file["soft-group"] = h5py.SoftLink("/a/b")
    file["dangling"] = h5py.SoftLink("/nowhere")
    file["circle"] = h5py.SoftLink("/circle")
    file["ping"] = h5py.SoftLink("/pong")
    file["pong"] = h5py.SoftLink("/ping")
    file["a/b/up"] = file["a"]
    file["outside"] = h5py.ExternalLink("external.h5", "/inside/data")
    file["outside-missing"] = h5py.ExternalLink("no-such-file.h5", "/x")
    file["outside-escape"] = h5py.ExternalLink("../hdf5/external.h5", "/inside/data")
    for i in range(30):
        file["a"].attrs[f"attr{i:02}"] = np.int32(i)
    if file.libver[0] != "earliest":
        for i in range(10):
            file["few"].attrs[f"attr{i}"] = i
        file["few"].attrs["huge"] = ramp((2000,), "i4")
    kind = h5py.Datatype
    file["type"] = np.dtype("<i4")
    assert isinstance(file["type"], kind)
    file.create_dataset("typed", data=ramp((3,)), dtype=file["type"])
    file["typed"].attrs.create("typed", 5, dtype=file["type"])


LINKS_UNREADABLE = {"dangling", "circle", "ping", "pong", "outside-missing", "outside-escape"}


def filters(file):
    """Filters that HDF5 itself brings."""
    data = ramp((20, 30))
    file.create_dataset("scaleoffset", data=data, chunks=(8, 16), scaleoffset=0)
    file.create_dataset("scaleoffset-float", data=data / 8, chunks=(8, 16), scaleoffset=3)
    file.create_dataset("lzf-shuffle", data=data, chunks=(8, 16), compression="lzf", shuffle=True)
    kind = h5t.STD_I32LE.copy()
    kind.set_precision(12)
    nbit = h5p.create(h5p.DATASET_CREATE)
    nbit.set_chunk((8, 16))
    nbit.set_filter(5, 0, ())
    create(file, "nbit", data, dtype=kind, plist=nbit)
    if h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP):
        file.create_dataset("szip", data=data, chunks=(8, 16), compression="szip")


def external(file):
    file["inside/data"] = ramp((2, 3))
    file["inside/again"] = h5py.SoftLink("/inside/data")


def nameless(file):
    """Datasets without dimension scales."""
    file["b"] = ramp((3, 4))
    file["a"] = ramp((4, 4))
    file["c"] = ramp((5,))
    file.create_dataset("grown", data=ramp((3, 5)), maxshape=(None, 5))
    file["scaled"] = ramp((4, 2))
    for axis, length in enumerate((4, 2)):
        file[f"scale{axis}"] = np.arange(length) / 2
        file[f"scale{axis}"].make_scale()
        file["scaled"].dims[axis].attach_scale(file[f"scale{axis}"])
    file["texts"] = np.array([b"one", b"two", b"three"])


def sources(file):
    for name in "ab":
        file[name] = ramp((4, 6)) + (0 if name == "a" else 100)
    file.create_dataset("chunked", data=ramp((4, 6)) + 7, chunks=(2, 3), compression=1)
    for i in range(3):
        file[f"row{i}"] = ramp((6,)) + 10 * i
    file.create_dataset("grown", data=ramp((7,)), chunks=(2,), maxshape=(None,))


def virtual(file):
    """Arrays put together from others, in this file and in another; with gaps, strides and a file that isn't there."""
    file["own"] = ramp((3, 6)) + 50
    source = "virtual-source.h5"
    stacked = h5py.VirtualLayout((3, 4, 6), "i4")
    for i, name in enumerate(["a", "b", "chunked"]):
        stacked[i] = h5py.VirtualSource(source, name, (4, 6))
    file.create_virtual_dataset("stacked", stacked)
    joined = h5py.VirtualLayout((12, 6), "i4")
    joined[:4] = h5py.VirtualSource(source, "a", (4, 6))
    joined[5:8] = h5py.VirtualSource(".", "own", (3, 6))
    joined[8:12] = h5py.VirtualSource("no-such-file.h5", "a", (4, 6))
    file.create_virtual_dataset("joined", joined, fillvalue=-1)
    strided = h5py.VirtualLayout((4, 6), "i4")
    strided[::2, :] = h5py.VirtualSource(source, "a", (4, 6))[:2]
    strided[1::2, ::3] = h5py.VirtualSource(source, "b", (4, 6))[1:3, 2:4]
    file.create_virtual_dataset("strided", strided, fillvalue=-2)
    wider = h5py.VirtualLayout((4, 6), "f8")
    wider[...] = h5py.VirtualSource(source, "a", (4, 6), dtype="i4")
    file.create_virtual_dataset("converted", wider)


def twice(file):
    """An array that has one dimension twice."""
    file["scale"] = np.arange(3.0)
    file["scale"].make_scale()
    file["matrix"] = ramp((3, 3))
    for axis in range(2):
        file["matrix"].dims[axis].attach_scale(file["scale"])


def odd_virtual(file):
    """Virtual datasets that grow with their sources, and one that only HDF5's own library reads."""
    rows = h5s.create_simple((2, 6), (h5s.UNLIMITED, 6))
    rows.select_hyperslab((0, 0), (h5s.UNLIMITED, 1), (1, 1), (1, 6))
    numbered = h5p.create(h5p.DATASET_CREATE)
    numbered.set_virtual(rows, b"virtual-source.h5", b"row%b", h5s.create_simple((6,)))
    h5d.create(file.id, b"numbered", h5t.NATIVE_INT32, h5s.create_simple((2, 6), (h5s.UNLIMITED, 6)), numbered)
    ends = []
    for _ in range(2):
        end = h5s.create_simple((0,), (h5s.UNLIMITED,))
        end.select_hyperslab((0,), (h5s.UNLIMITED,), (1,), (1,))
        ends.append(end)
    growing = h5p.create(h5p.DATASET_CREATE)
    growing.set_virtual(ends[0], b"virtual-source.h5", b"grown", ends[1])
    h5d.create(file.id, b"growing", h5t.NATIVE_INT32, h5s.create_simple((0,), (h5s.UNLIMITED,)), growing)
    corners = h5s.create_simple((4, 4))
    corners.select_hyperslab((0, 0), (1, 1), (1, 1), (2, 2))
    corners.select_hyperslab((3, 1), (1, 1), (1, 1), (1, 3), op=h5s.SELECT_OR)
    union = h5p.create(h5p.DATASET_CREATE)
    union.set_virtual(corners, b"virtual-source.h5", b"grown", h5s.create_simple((7,)))
    h5d.create(file.id, b"union", h5t.NATIVE_INT32, h5s.create_simple((4, 4)), union)


def text(data):
    return np.array([item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) else item for item in data.flat])


def arrays_of(name, data, dtype):
    """The arrays of ours that a dataset gives: fields of records on their own, complex numbers as pairs."""
    data = np.asarray(data)
    if h5py.check_string_dtype(dtype) and dtype.kind == "O":
        texts = [item.decode() if isinstance(item, bytes) else item for item in data.flat]
        return {name: np.array(texts, object).reshape(data.shape)}
    if dtype.names:
        found = {}
        for field in dtype.names:
            found |= arrays_of(f"{name}.{field}", data[field], dtype[field].base)
        return found
    if data.dtype.kind == "c":
        part = data.dtype.str.replace("c16", "f8").replace("c8", "f4")
        return {name: np.ascontiguousarray(data).view(part).reshape(*data.shape, 2)}
    if data.dtype.kind == "V":
        return {name: np.frombuffer(data.tobytes(), "u1").reshape(*data.shape, data.dtype.itemsize)}
    return {name: data}


def attribute(value):
    if isinstance(value, h5py.Empty):
        value = np.zeros(0, value.dtype)
    if isinstance(value, np.ndarray) and value.shape in [(), (1,)]:
        value = value.reshape(-1)[0]
    if isinstance(value, np.ndarray) and value.ndim > 1:
        value = value.reshape(-1)
    return reference.attribute(value)


# of dimension scales: netCDF keeps them to itself
HIDDEN = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST"}


def answer(group, unreadable, depth=0):
    """What h5py reads from a group and those below it."""
    record = {"attributes": {name: attribute(group.attrs[name]) for name in group.attrs}, "arrays": {}, "groups": {}}
    skipped = []
    for name in group:
        if name in unreadable:
            skipped.append(name)
            continue
        item = group[name]
        if isinstance(item, h5py.Group):
            record["groups"][name] = answer(item, unreadable, depth + 1) if depth < 3 else {}
        elif isinstance(item, h5py.Dataset):
            attrs = {key: attribute(item.attrs[key]) for key in item.attrs if key not in HIDDEN}
            for own, data in arrays_of(name, item[()], item.dtype).items():
                if data.dtype == bool and data.dtype.kind == "b":
                    data = data.astype(bool)
                record["arrays"][own] = reference.content(data) | {"attributes": attrs}
    return record | {"skipped": skipped}


def record_of(name, unreadable=frozenset()):
    with h5py.File(OUT / f"{name}.h5") as file:
        record = {"file": f"{name}.h5", "root": answer(file, unreadable)}
    reference.dump(record, OUT / f"{name}.json")


def write(name, fill, version, unreadable=frozenset(), **options):
    path = OUT / f"{name}.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", libver=(version, version if version != "earliest" else "latest"), **options) as file:
        fill(file)
    record_of(name, unreadable)


def small_offsets(name):
    """Addresses and lengths of four and of two bytes."""
    for size in (2, 4):
        plist = h5p.create(h5p.FILE_CREATE)
        plist.set_sizes(size, size)
        path = OUT / f"{name}-{size}.h5"
        with h5py.File(h5f.create(str(path).encode(), h5f.ACC_TRUNC, plist)) as file:
            file["a/contiguous"] = ramp((5, 3))
            file.create_dataset("chunked", data=ramp((5, 3)), chunks=(2, 2), compression=1, maxshape=(None, 3))
            file.create_dataset("text", data=["one", "two"], dtype=h5py.string_dtype())
        record_of(path.stem)


def alike(file):
    """Datasets whose types, shapes, filters, fill values and attributes are the same: they can be shared."""
    for i in range(4):
        made = file.create_dataset(
            f"n{i}", data=ramp((6, 5), "f4") + i, chunks=(3, 4), compression=1, shuffle=True, fillvalue=-99
        )
        made.attrs["units"] = "metres per second, as always"
        made.attrs["range"] = np.array([0.0, 100.0])
        for k in range(10):
            made.attrs[f"attribute{k}"] = "the same text in all of them"


def repacked(name, fill, *options):
    """What HDF5's own tool makes of it."""
    tool = shutil.which("h5repack")
    if not tool:
        print(f"no h5repack: {name} is left as it is", file=sys.stderr)
        return
    source = OUT / "source.h5"
    with h5py.File(source, "w", libver=("v108", "v108")) as file:
        fill(file)
    subprocess.run([tool, *options, source, OUT / f"{name}.h5"], check=True)
    source.unlink()
    record_of(name)


def main():
    write("external", external, "earliest")
    for version in VERSIONS:
        write(f"layouts-{version}", layouts, version)
    for version in ["earliest", "latest"]:
        write(f"types-{version}", types, version, UNREADABLE)
        write(f"long-indexes-{version}", long_indexes, version)
        write(f"links-{version}", links, version, LINKS_UNREADABLE)
    write("links-ordered", links, "latest", LINKS_UNREADABLE, track_order=True)
    write("nameless", nameless, "earliest")
    write("twice", twice, "earliest")
    write("virtual-source", sources, "latest")
    write("virtual", virtual, "latest")
    write("virtual-earliest", virtual, "earliest")
    write("virtual-odd", odd_virtual, "latest")
    write("filters", filters, "latest")
    write("user-block", external, "earliest", userblock_size=2048)
    with open(OUT / "user-block.h5", "r+b") as file:
        file.write(b"anything at all\n" * 8)
    small_offsets("sizes")
    repacked("shared-messages", alike, "--low=1", "--high=1", "--ssize=16")


main()
