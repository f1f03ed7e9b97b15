"""Folders, Maildir, patterns, pipes and links: what is found, once, in order."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pecverify.archive import Answer, Cause, Finder, Origin, Piece, Unverified
from pecverify.archive._names import Kind, kind_by_content
from pecverify.archive.sources import is_mail

MAIL = b"Return-Path: <a@b.example>\r\nSubject: x\r\n\r\nbody\r\n"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*names: str, data: bytes = MAIL) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def find(*sources: str | Path, finder: Finder | None = None) -> list[str]:
    items = list((finder or Finder()).find(sources))
    assert all(isinstance(item, Piece) for item in items), items
    return [item.origin.path for item in items]


def trouble(*sources: str | Path) -> list[tuple[str, Cause]]:
    found = []
    for item in Finder().find(sources):
        if isinstance(item, Answer):
            assert isinstance(item.result, Unverified)
            assert item.result.detail
            found.append((item.origin.path, item.result.cause))
    return found


@pytest.mark.usefixtures("archive")
def test_a_folder_in_order() -> None:
    write("a/2.eml", "a/10.EML", "a/b/1.eml", "a/c/d/1.eml", "a/1.eml", "a/z.eml.gz")
    expected = ["a/1.eml", "a/10.EML", "a/2.eml", "a/z.eml.gz", "a/b/1.eml", "a/c/d/1.eml"]
    assert find("a") == expected
    assert find(Path("a")) == expected


@pytest.mark.usefixtures("archive")
def test_what_does_not_look_like_mail_is_passed_over_and_told() -> None:
    write("a/1", "a/2.txt")
    write("a/list.pdf", data=b"%PDF-1.7")
    write("a/notes.md", data=b"Note: this is text\n\nFrom here on\n")
    write("a/smime.p7s", data=b"\x30\x80")
    passed_over: list[Origin] = []
    assert find("a", finder=Finder(passed_over=passed_over.append)) == ["a/1", "a/2.txt"]
    assert [origin.path for origin in passed_over] == ["a/list.pdf", "a/notes.md", "a/smime.p7s"]
    assert find("a", finder=Finder(include=("*.p?s", "notes.md"))) == ["a/1", "a/2.txt", "a/notes.md", "a/smime.p7s"]


@pytest.mark.usefixtures("archive")
def test_what_is_named_is_always_looked_at() -> None:
    write("list.pdf", data=b"%PDF-1.7")
    assert find("list.pdf") == ["list.pdf"]


@pytest.mark.usefixtures("archive")
def test_maildir() -> None:
    odd = b"no mail at all"  # the folder says that it is
    write("m/cur/1700000000.M1P1.host:2,S", "m/new/1700000001.M2P1.host", "m/tmp/1700000002.M3P1.host", data=odd)
    write("m/.Sent/cur/1.host:2,S", "m/.Sent/tmp/2.host", data=odd)
    Path("m/.Sent/new").mkdir()
    write("m/dovecot.index", "cur/1", "m/cur/deep/1", data=odd)
    assert find("m") == ["m/.Sent/cur/1.host:2,S", "m/cur/1700000000.M1P1.host:2,S", "m/new/1700000001.M2P1.host"]
    assert find("m/cur") == ["m/cur/1700000000.M1P1.host:2,S"]
    assert find("cur") == []


@pytest.mark.usefixtures("archive")
def test_patterns() -> None:
    write("a/1.eml", "a/2.eml", "a/b/3.eml", "a/[x].eml")
    assert find("a/?.eml") == ["a/1.eml", "a/2.eml"]
    assert find("a/**/*.eml") == ["a/1.eml", "a/2.eml", "a/[x].eml", "a/b/3.eml"]
    assert find("a/[x].eml") == ["a/[x].eml"]
    assert trouble("a/*.msg") == [("a/*.msg", Cause.UNREADABLE)]


@pytest.mark.usefixtures("archive")
def test_nothing_is_found_twice() -> None:
    write("a/1.eml", "a/b/2.eml")
    Path("again").symlink_to("a")
    assert find("a/b", "a", "a/1.eml", "./a/../a", "again", "a/b/2.eml") == ["a/1.eml", "a/b/2.eml"]
    assert find("a/1.eml", "a/1.eml") == ["a/1.eml"]


@pytest.mark.usefixtures("archive")
def test_links_in_a_folder() -> None:
    """One to a file is that file; one to a folder might lead round in a circle, one to nowhere is no mail."""
    write("a/1.eml", "elsewhere/2.eml")
    Path("a/link.eml").symlink_to("../elsewhere/2.eml")
    Path("a/loop").symlink_to(".")
    Path("a/nowhere.eml").symlink_to("absent")
    passed_over: list[Origin] = []
    assert find("a", finder=Finder(passed_over=passed_over.append)) == ["a/1.eml", "a/link.eml"]
    assert [origin.path for origin in passed_over] == ["a/loop", "a/nowhere.eml"]


@pytest.mark.usefixtures("archive")
def test_a_link_to_itself_costs_its_folder_nothing() -> None:
    write("a/1.eml", "a/b/2.eml")
    Path("a/loop").symlink_to("loop")
    assert find("a") == ["a/1.eml", "a/b/2.eml"]


@pytest.mark.usefixtures("archive")
def test_a_link_that_may_not_be_followed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a/1.eml")

    class Entry:
        name = "2.eml"

        def is_dir(self, *, follow_symlinks: bool) -> bool:
            return follow_symlinks

        def is_file(self) -> bool:
            raise PermissionError(13, "Permission denied", "a/2.eml")

    real_scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: contextlib.nullcontext([*real_scandir(path), Entry()]))
    assert find("a") == ["a/1.eml", "a/2.eml"]


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a/**/*.eml", ["a/1.eml", "a/b/2.eml"]),
        ("**/*.eml", ["a/1.eml", "a/b/2.eml"]),
        ("a/**", ["a/1.eml", "a/b/2.eml"]),
        ("?/**/b/**/?.eml", ["a/b/2.eml"]),
        ("a/**.eml", ["a/1.eml"]),
        ("**", ["./a/1.eml", "./a/b/2.eml"]),
    ],
)
def test_a_pattern_goes_into_no_links(pattern: str, expected: list[str]) -> None:
    """Two of them that lead round in a circle make more paths than can be walked."""
    write("a/1.eml", "a/b/2.eml", "a/.hidden/3.eml")
    for name in ("a/one", "a/two", "a/b/one"):
        Path(name).symlink_to(".")
    found = find(pattern)
    assert [path for path in found if ".hidden" not in path] == expected


@pytest.mark.usefixtures("archive")
def test_a_link_and_its_folder() -> None:
    write("out/x.eml")
    Path("a").mkdir()
    Path("a/link.eml").symlink_to("../out/x.eml")
    assert find("a", "a/link.eml") == ["a/link.eml"]


@pytest.mark.usefixtures("archive")
def test_part_of_a_maildir_however_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    write("md/cur/1.x:2,S", "md/new/2.x", data=b"no mail at all")
    assert find("md/cur") == find("md/cur/") == ["md/cur/1.x:2,S"]
    monkeypatch.chdir("md/cur")
    assert find(".") == ["./1.x:2,S"]


def test_an_open_file_by_its_number(tmp_path: Path) -> None:
    """It is open in this process alone."""
    (tmp_path / "1.eml").write_bytes(MAIL)
    with (tmp_path / "1.eml").open("rb") as file:
        (item,) = Finder().find([f"/dev/fd/{file.fileno()}"])
    assert isinstance(item, Piece)
    assert item.content == MAIL


@pytest.mark.usefixtures("archive")
def test_what_is_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    write("1.eml", "unknown")
    write("answers.jsonl", data=b'{"origin": 1}\n')
    write("empty.eml", data=b"")
    Path("folder.eml").mkdir()
    names = ("1.eml", "unknown", "answers.jsonl", "empty.eml", "folder.eml", "absent.eml", "a\x00b")
    assert [name for name in names if is_mail(name)] == ["1.eml", "unknown"]

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("builtins.open", refuse)
    assert not is_mail("unknown")


@pytest.mark.usefixtures("archive")
def test_what_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a/1.eml", "a/closed/2.eml", "a/closed.zip", "a/closed-unknown")
    real_open, real_scandir = open, os.scandir

    def refusing_open(path: str, mode: str = "r") -> io.BufferedReader:
        if "closed" in path:
            raise PermissionError(13, "Permission denied", path)
        return real_open(path, mode)  # type: ignore[return-value]

    def refusing_scandir(path: str) -> object:
        if "closed" in path:
            raise PermissionError(13, "Permission denied", path)
        return real_scandir(path)

    monkeypatch.setattr("builtins.open", refusing_open)
    monkeypatch.setattr(os, "scandir", refusing_scandir)
    unreadable = Cause.UNREADABLE
    assert trouble("a") == [("a/closed-unknown", unreadable), ("a/closed.zip", unreadable), ("a/closed", unreadable)]
    assert trouble("absent.eml", "a\x00b") == [("absent.eml", unreadable), ("a\x00b", unreadable)]


@pytest.mark.usefixtures("archive")
def test_a_pipe_is_read_where_it_is() -> None:
    """`pecverify verify <(command)`: another process could not read it."""
    os.mkfifo("pipe")
    threading.Thread(target=lambda: Path("pipe").write_bytes(MAIL), daemon=True).start()
    (item,) = Finder().find(["pipe"])
    assert isinstance(item, Piece)
    assert item.content == MAIL
    write("a/1.eml")
    os.mkfifo("a/pipe.eml")  # nobody writes to it: it must not be waited for
    assert find("a") == ["a/1.eml"]


def test_standard_input() -> None:
    for data in (MAIL, b"anything"):
        (item,) = Finder(standard_input=io.BytesIO(data)).find(["-"])
        assert isinstance(item, Piece)
        assert (item.origin, item.content) == (Origin(path="-"), data)
    mbox = b"From - Fri Mar 15 10:20:30 2024\n" + MAIL
    assert [item.origin.offset for item in Finder(standard_input=io.BytesIO(mbox + b"\n" + mbox)).find(["-"])] == [
        32,
        32 + len(MAIL) + 1 + 32,
    ]
    assert trouble("-") == [("-", Cause.UNREADABLE)]


def test_sources_are_text_or_paths() -> None:
    with pytest.raises(TypeError):
        list(Finder().find([1]))  # type: ignore[list-item]
    assert list(Finder().find([])) == []


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PK\x03\x04", Kind.ZIP),
        (b"x" * 257 + b"ustar\x0000", Kind.TAR),
        (b"\x1f\x8b\x08", Kind.COMPRESSED),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.MESSAGE),
        (b"From - Fri", Kind.MBOX),
        (b"Subject: x\r\nmessage-id: <x>\r\n", Kind.MESSAGE),
        (b"X-Ricevuta: accettazione\n", Kind.MESSAGE),
        (b"\r\nMessage-ID: <x>\r\n", Kind.OTHER),
        (b"title: x\nauthor: y\n", Kind.OTHER),
        (b"text\nReceived: by us\n", Kind.OTHER),
        (b"", Kind.OTHER),
    ],
)
def test_kinds_by_content(head: bytes, kind: Kind) -> None:
    assert kind_by_content(head) is kind


def test_an_unknown_name_is_told_by_its_content_in_archives_too(archive: Path) -> None:
    write("m", data=b"From - Fri Mar 15 10:20:30 2024\n" + MAIL)
    (item,) = replace(Finder(), include=("x",)).find([archive / "m"])
    assert isinstance(item, Piece)
    assert (item.origin.offset, item.from_mbox) == (32, True)
