"""Zip, tar and compressed files, good and hostile ones: every message once, every trouble a value."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pecverify.archive import Answer, ArchiveLimits, Cause, Finder, Origin, Piece, Unverified
from pecverify.archive._members import zip_members
from pecverify.archive._streams import ArchiveError, Forward
from pecverify.policy import Limits

MAIL = b"Message-ID: <a@b.example>\r\nSubject: x\r\n\r\nbody\r\n"
LIMITS = ArchiveLimits(entries=50, directory_bytes=100_000)
FINDER = Finder(limits=Limits(message_bytes=100_000), archive_limits=LIMITS)
TIGHT = replace(FINDER, archive_limits=replace(LIMITS, ratio=20, free_bytes=1_000))
Found = tuple[str | None, bytes | Cause]


def find(path: Path, finder: Finder = FINDER) -> list[Found]:
    """Member and content of each message, member and cause of each trouble."""
    return [_describe(item) for item in finder.find([path])]


def _describe(item: Piece | Answer) -> Found:
    if isinstance(item, Piece):
        content = Path(item.origin.path).read_bytes() if item.content is None else item.content
        return item.origin.member, content
    assert isinstance(item.result, Unverified)
    assert item.result.detail
    return item.origin.member, item.result.cause


def zipped(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def tar_bytes(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for info, data in entries:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def entry(name: str, data: bytes = MAIL, **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


# --- what is in them


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip(tmp_path: Path, compression: int) -> None:
    path = zipped(
        tmp_path / "a.zip", {"b/1.eml": MAIL, "b/": b"", "2": MAIL, "list.pdf": b"%PDF", "3.eml": b""}, compression
    )
    passed_over: list[Origin] = []
    items = list(replace(FINDER, passed_over=passed_over.append).find([path]))
    assert [_describe(item) for item in items] == [("b/1.eml", MAIL), ("2", MAIL), ("3.eml", b"")]
    assert [origin.member for origin in passed_over] == ["list.pdf"]
    with zipfile.ZipFile(path) as archive:
        assert items[1].origin.offset == archive.getinfo("2").header_offset


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".tar": bytes,
    ".tar.gz": gzip.compress,
    ".tgz": gzip.compress,
    ".tar.bz2": bz2.compress,
    ".tar.xz": lzma.compress,
    ".TAR": gzip.compress,
}


@pytest.mark.parametrize("ending", PACKERS)
def test_tar(tmp_path: Path, ending: str) -> None:
    folder = (tarfile.TarInfo("b"), b"")
    folder[0].type = tarfile.DIRTYPE
    data = tar_bytes(folder, entry("b/1.eml"), entry("x" * 200), entry("è.eml"), entry("list.pdf", b"%PDF"))
    path = written(tmp_path / f"a{ending}", PACKERS[ending](data))
    assert find(path) == [("b/1.eml", MAIL), ("x" * 200, MAIL), ("è.eml", MAIL)]


def test_zstandard(tmp_path: Path) -> None:
    compress = pytest.importorskip("backports.zstd").compress
    assert find(written(tmp_path / "a.tar.zst", compress(tar_bytes(entry("1.eml"))))) == [("1.eml", MAIL)]
    assert find(written(tmp_path / "broken.tar.zst", compress(tar_bytes(entry("1.eml")))[:-9]))[-1] == (
        None,
        Cause.DAMAGED,
    )


@pytest.mark.parametrize("module", ["gzip", "backports.zstd"])
def test_a_compression_that_is_not_installed(tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    start = {"gzip": b"\x1f\x8b\x08", "backports.zstd": b"\x28\xb5\x2f\xfd"}[module]
    assert find(written(tmp_path / "a.tar.x.gz", start + b"x" * 600)) == [(None, Cause.EXTRA_MISSING)]


def test_compressed_mbox(tmp_path: Path) -> None:
    data = b"From - Fri Mar 15 10:20:30 2024\n" + MAIL
    (item,) = FINDER.find([written(tmp_path / "a.mbox.gz", gzip.compress(data))])
    assert isinstance(item, Piece)
    assert (item.origin.member, item.origin.offset, item.content, item.from_mbox) == (None, 32, MAIL, True)


def test_compressed_something(tmp_path: Path) -> None:
    assert find(written(tmp_path / "1.gz", gzip.compress(MAIL))) == [(None, MAIL)]
    assert find(written(tmp_path / "list.xml.gz", gzip.compress(b"<x/>"))) == [(None, b"<x/>")]  # it was named
    folder = tmp_path / "folder"
    folder.mkdir()
    written(folder / "list.xml.gz", gzip.compress(b"<x/>"))
    written(folder / "no-ending", gzip.compress(MAIL))
    assert find(folder) == [(None, MAIL)]


def test_archives_in_archives(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"1.eml": MAIL}).read_bytes()
    middle = gzip.compress(tar_bytes(entry("inner.zip", inner), entry("2.eml")))
    outer = zipped(tmp_path / "outer.zip", {"d/middle.tgz": middle, "3.eml": MAIL}, zipfile.ZIP_STORED)
    assert find(outer) == [
        ("d/middle.tgz!/inner.zip!/1.eml", MAIL),
        ("d/middle.tgz!/2.eml", MAIL),
        ("3.eml", MAIL),
    ]


def test_archives_of_one_name_in_an_archive(tmp_path: Path) -> None:
    """As `tar --append` leaves them, or a forger who knows how names are joined: all messages can be told apart."""
    mbox = entry("x.mbox", b"From a@b Thu Mar 14 10:00:00 2024\n" + MAIL + b"\n")
    inner = entry("in.zip", zipped(tmp_path / "in.zip", {"a.eml": MAIL}).read_bytes())
    joined = entry("in.zip!/a.eml")
    archive = written(tmp_path / "all.tar", tar_bytes(mbox, mbox, inner, inner, joined, joined))
    origins = [item.origin for item in FINDER.find([archive])]
    assert len(origins) == len(set(origins)) == 6
    assert [origin.member for origin in origins][:3] == ["x.mbox", "x.mbox (byte 1024)", "in.zip!/a.eml"]


def test_an_entry_of_an_unknown_type_is_a_file(tmp_path: Path) -> None:
    """POSIX, ustar: readers that do not know a type take it for a regular file."""
    kinds = (
        entry("1.eml", type=b"Z"),
        entry("2.eml", b"", type=tarfile.FIFOTYPE),
        entry("3.eml", type=tarfile.CONTTYPE),
    )
    archive = written(tmp_path / "all.tar", tar_bytes(*kinds))
    assert [item.origin.member for item in FINDER.find([archive])] == ["1.eml", "3.eml"]


def test_a_limit_larger_than_any_header(tmp_path: Path) -> None:
    archive = written(tmp_path / "all.tar", tar_bytes(entry("1.eml")))
    (item,) = Finder(limits=Limits(message_bytes=1 << 40)).find([archive])
    assert isinstance(item, Piece)
    assert item.content == MAIL


def test_names_are_no_paths(tmp_path: Path) -> None:
    """Nothing is written anywhere, whatever an entry is called."""
    names = ("../../etc/passwd.eml", "/abs.eml", "c:\\x.eml", "a\nb\u202e.eml")
    before = sorted(tmp_path.parent.rglob("*.eml"))
    assert find(written(tmp_path / "a.tar", tar_bytes(*map(entry, names)))) == [(name, MAIL) for name in names]
    assert find(zipped(tmp_path / "a.zip", dict.fromkeys(names, MAIL))) == [(name, MAIL) for name in names]
    assert sorted(tmp_path.parent.rglob("*.eml")) == before


# --- what is refused


def test_links_are_not_followed(tmp_path: Path) -> None:
    data = tar_bytes(
        entry("1.eml"),
        entry("soft.eml", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        entry("hard.eml", b"", type=tarfile.LNKTYPE, linkname="1.eml"),
        entry("libx.so", b"", type=tarfile.SYMTYPE, linkname="libx.so.1"),
        entry("pipe.eml", b"", type=tarfile.FIFOTYPE),
    )
    assert find(written(tmp_path / "a.tar", data)) == [
        ("1.eml", MAIL),
        ("soft.eml", Cause.LINK),
        ("hard.eml", Cause.LINK),
    ]
    link = zipfile.ZipInfo("soft.eml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert find(tmp_path / "a.zip") == [("soft.eml", Cause.LINK)]


def test_an_encrypted_entry(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "a.zip", {"1.eml": MAIL, "2.eml": MAIL}).read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the first entry's flags, in both places
        data[data.index(signature) + at] |= 1
    assert find(written(tmp_path / "b.zip", bytes(data))) == [("1.eml", Cause.ENCRYPTED), ("2.eml", MAIL)]


def test_a_bomb(tmp_path: Path) -> None:
    zeros = bytes(90_000)
    assert find(zipped(tmp_path / "a.zip", {"1.eml": zeros, "2.eml": MAIL}), TIGHT) == [
        ("1.eml", Cause.LIMIT_EXCEEDED),
        ("2.eml", MAIL),
    ]
    # Behind a bomb in a compressed tar file nothing can be read without unpacking it.
    assert find(written(tmp_path / "a.tgz", gzip.compress(tar_bytes(entry("1.eml", zeros)))), TIGHT) == [
        ("1.eml", Cause.LIMIT_EXCEEDED),
        (None, Cause.LIMIT_EXCEEDED),
    ]
    assert find(written(tmp_path / "a.gz", gzip.compress(zeros)), TIGHT) == [(None, Cause.LIMIT_EXCEEDED)]


def test_a_bomb_whose_entries_lie_over_each_other(tmp_path: Path) -> None:
    """Each is within the ratio, and all are the same bytes (D. Fifield, A better zip bomb, 2019)."""
    kernel = zipped(tmp_path / "a.zip", {"1.eml": bytes(range(256)) * 40}).read_bytes()
    start = kernel.index(b"PK\x01\x02")
    end = kernel.index(b"PK\x05\x06")
    directory = kernel[start:end]
    count = 40
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory) * count, start, 0)
    path = written(tmp_path / "b.zip", kernel[:start] + directory * count + tail)
    found = find(path)
    assert found[-1] == (None, Cause.LIMIT_EXCEEDED)
    assert (len(found) - 2) * len(kernel[:start]) < len(path.read_bytes())


def test_too_many_entries(tmp_path: Path) -> None:
    entries = {f"{number}.eml": MAIL for number in range(51)}
    assert find(zipped(tmp_path / "a.zip", entries))[-2:] == [("49.eml", MAIL), (None, Cause.LIMIT_EXCEEDED)]
    tar = tar_bytes(*map(entry, entries))
    assert find(written(tmp_path / "a.tar", tar))[-2:] == [("49.eml", MAIL), (None, Cause.LIMIT_EXCEEDED)]


def test_a_directory_that_is_too_large(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"1.eml": MAIL})
    size = path.read_bytes().index(b"PK\x05\x06") - path.read_bytes().index(b"PK\x01\x02")
    for limit, expected in ((size, ("1.eml", MAIL)), (size - 1, (None, Cause.LIMIT_EXCEEDED))):
        assert find(path, replace(FINDER, archive_limits=replace(LIMITS, directory_bytes=limit))) == [expected]


def test_a_zip64_directory_that_is_too_large() -> None:
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 100_001, 0)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    (member,) = zip_members(io.BytesIO(record + end), LIMITS)
    assert isinstance(member.content, Unverified)
    assert member.content.cause is Cause.LIMIT_EXCEEDED


def test_too_deep(tmp_path: Path) -> None:
    data, name = MAIL, "1.eml"
    for depth in range(4):
        data = tar_bytes(entry(name, data))
        name = f"{depth}.tar"
        expected = [("!/".join([*(f"{inner}.tar" for inner in range(depth - 1, -1, -1)), "1.eml"]), MAIL)]
        found = find(written(tmp_path / name, data))
        assert found == (expected if depth < 3 else [("2.tar!/1.tar!/0.tar", Cause.LIMIT_EXCEEDED)])


def test_a_zip_in_an_archive_is_held_in_memory_up_to_the_limit(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"1.eml": MAIL}).read_bytes()
    finder = replace(FINDER, limits=Limits(message_bytes=len(inner)))
    path = written(tmp_path / "a.tar", tar_bytes(entry("inner.zip", inner)))
    assert find(path, finder) == [("inner.zip!/1.eml", MAIL)]
    finder = replace(FINDER, limits=Limits(message_bytes=len(inner) - 1))
    assert find(path, finder) == [("inner.zip", Cause.LIMIT_EXCEEDED)]


def test_a_long_message_is_read_to_the_limit_and_one_byte(tmp_path: Path) -> None:
    finder = replace(FINDER, limits=Limits(message_bytes=10))
    path = zipped(tmp_path / "a.zip", {"1.eml": MAIL}, zipfile.ZIP_STORED)
    assert find(path, finder) == [("1.eml", MAIL[:11])]


def test_sparse_files_are_not_unpacked(tmp_path: Path) -> None:
    info, _ = entry("1.eml")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1000000000000"}
    data = tar_bytes((info, b"0\n".ljust(512, b"\0")))
    assert find(written(tmp_path / "a.tar", data)) == [("1.eml", Cause.LIMIT_EXCEEDED)]


def test_a_header_that_asks_for_too_much(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type = tarfile.XHDTYPE
    info.size = 300_000_000
    data = info.tobuf(tarfile.USTAR_FORMAT) + bytes(512)
    assert find(written(tmp_path / "a.tar", data)) == [(None, Cause.LIMIT_EXCEEDED)]


def test_a_stream_is_not_read_twice() -> None:
    stream = Forward(io.BytesIO(b"0123456789"))
    assert (stream.seek(4), stream.read(2), stream.tell()) == (4, b"45", 6)
    with pytest.raises(ArchiveError) as raised:
        stream.seek(5)
    assert raised.value.cause is Cause.DAMAGED
    assert (stream.seek(100), stream.read(1)) == (10, b"")


# --- what is damaged


def test_a_damaged_entry_does_not_stop_the_others(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "a.zip", {"1.eml": MAIL, "2.eml": MAIL}, zipfile.ZIP_STORED).read_bytes())
    data[data.index(b"body")] ^= 1
    assert find(written(tmp_path / "b.zip", bytes(data))) == [("1.eml", Cause.DAMAGED), ("2.eml", MAIL)]


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        (10, [(None, Cause.DAMAGED)]),
        (511, [(None, Cause.DAMAGED)]),
        (512, [("1.eml", Cause.DAMAGED), (None, Cause.DAMAGED)]),
        (520, [("1.eml", Cause.DAMAGED), (None, Cause.DAMAGED)]),
        (1024, [("1.eml", MAIL), (None, Cause.DAMAGED)]),
        (1300, [("1.eml", MAIL), (None, Cause.DAMAGED)]),
        (1536, [("1.eml", MAIL), ("2.eml", Cause.DAMAGED), (None, Cause.DAMAGED)]),
        (2048, [("1.eml", MAIL), ("2.eml", MAIL), (None, Cause.DAMAGED)]),
        (2560, [("1.eml", MAIL), ("2.eml", MAIL)]),
    ],
)
def test_a_tar_that_breaks_off(tmp_path: Path, kept: int, found: list[Found]) -> None:
    whole = tar_bytes(entry("1.eml"), entry("2.eml"))
    assert find(written(tmp_path / "a.tar", whole[:kept])) == found


def test_a_tar_with_a_broken_header_in_the_middle(tmp_path: Path) -> None:
    data = bytearray(tar_bytes(entry("1.eml"), entry("2.eml"), entry("3.eml")))
    data[1024 + 150] ^= 1  # the checksum of the second
    assert find(written(tmp_path / "a.tar", bytes(data))) == [("1.eml", MAIL), (None, Cause.DAMAGED)]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.gz", "a.mbox.xz"])
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"BZh9", b"no archive", b"\xfd7zXZ\x00"])
def test_what_only_its_name_makes_an_archive(tmp_path: Path, name: str, data: bytes) -> None:
    found = find(written(tmp_path / name, data))
    assert [content for _, content in found] == [Cause.DAMAGED]


@pytest.mark.parametrize("packer", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_archive_that_breaks_off(tmp_path: Path, packer: Callable[[bytes], bytes]) -> None:
    packed = packer(tar_bytes(entry("1.eml"), *(entry(f"{n}.eml", bytes([n]) * 700) for n in range(40))))
    found = find(written(tmp_path / "a.tar.gz", packed[: len(packed) // 2]))
    assert found[-1][1] is Cause.DAMAGED


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "mbox"])
def test_mutations_give_values_alone(tmp_path: Path, kind: str) -> None:
    """Every byte of small archives, changed: whatever comes of it, it is no exception."""
    whole = {
        "zip": zipped(tmp_path / "a.zip", {"1.eml": MAIL, "2.eml": MAIL}).read_bytes(),
        "tar": tar_bytes(entry("1.eml"), entry("x" * 120)),
        "tar.gz": gzip.compress(tar_bytes(entry("1.eml"), entry("x" * 120)), mtime=0),
        "mbox": b"From - Fri Mar 15 10:20:30 2024\n" + MAIL + b"\nFrom - Fri Mar 15 10:20:30 2024\n" + MAIL,
    }[kind]
    path = tmp_path / f"mutated.{kind}"
    for at in range(0, min(len(whole), 1_600), 3 if kind == "tar" else 1):
        for flip in (0x01, 0xFF):
            data = bytearray(whole)
            data[at] ^= flip
            assert isinstance(find(written(path, bytes(data))), list)
