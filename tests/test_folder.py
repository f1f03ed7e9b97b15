"""The trust folder: one file, written whole or not at all, and never an older list over a newer one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pecverify import ListOfLists, TrustListError, TrustStore
from pecverify.trust import ProviderDirectory, TrustedList
from pecverify.trust.folder import FILE_NAME, TrustFolder, default_folder
from tests.crls import crl
from tests.directories import directory_signer, entry, ldif, signed
from tests.lists import Pointer, Service, list_signer, make_list, make_list_of_lists, sign_list
from tests.pki import authority, provider

SIGNERS = [list_signer()]
POINTERS = (
    Pointer(certificates=(list_signer(),)),
    Pointer(certificates=(list_signer(),), type="EUlistofthelists", territory="EU"),
    Pointer(certificates=(list_signer(),), territory="FR"),
)


def lists(sequence: int = 9) -> ListOfLists:
    return ListOfLists.parse(sign_list(make_list_of_lists(*POINTERS, sequence=sequence)), signers=SIGNERS)


def trusted_list(sequence: int = 5) -> TrustedList:
    return TrustedList.parse(sign_list(make_list(Service(), sequence=sequence)), signers=SIGNERS)


def directory() -> ProviderDirectory:
    content = ldif(entry("a", unit="B", further="description: è\n"))
    return ProviderDirectory.parse(signed(content), signers=[directory_signer().certificate])


def full() -> TrustFolder:
    return (
        TrustFolder()
        .with_list_of_lists(lists())
        .with_trusted_list(trusted_list())
        .with_directory(directory())
        .with_certificates([authority()])
        .with_crl(crl())
    )


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    full().save(folder)
    assert TrustFolder.load(folder) == full()
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]
    kept = TrustFolder.load(folder).list_of_lists
    assert kept is not None
    assert set(kept.pointers) == {"IT"}
    assert kept.own_signers == (list_signer(),)


def test_the_store_of_a_folder(tmp_path: Path) -> None:
    full().save(tmp_path)
    store = TrustStore.user(str(tmp_path))
    assert store.trusted_list == trusted_list()
    assert store.directories == (directory(),)
    assert store.crls == (crl(),)
    assert [anchor.name for anchor in store.anchors] == ["AgID CA1", "DigitPA CA1", "Test PEC CA1"]


def test_an_absent_folder_is_empty(tmp_path: Path) -> None:
    assert TrustFolder.load(tmp_path / "absent") == TrustFolder()
    assert TrustStore.user(tmp_path / "absent") == TrustStore.default()
    assert TrustStore.user() == TrustStore.default()


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PECVERIFY_TRUST_FOLDER", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("PECVERIFY_TRUST_FOLDER")
    assert default_folder().name == "pecverify"
    assert default_folder().is_absolute()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        "[]",
        "{}",
        '{"format": 1}',
        '{"format": 2, "folder": {"$type": "TrustFolder"}}',
        '{"format": 1, "folder": {}}',
        '{"format": 1, "folder": {"$type": "Path"}}',
        '{"format": 1, "folder": {"$type": "TrustFolder", "other": 1}}',
        '{"format": 1, "folder": {"$type": "TrustFolder", "crls": [{"$type": "bytes", "base64": "!"}]}}',
        '{"format": 1, "folder": {"$type": "TrustFolder", "crls": [{"$type": "Certificate", "base64": "AAAA"}]}}',
        '{"format": 1, "folder": {"$type": "datetime", "iso": "x"}}',
    ],
)
def test_a_file_that_cannot_be_read(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(text, "utf-8")
    with pytest.raises(TrustListError, match="cannot be read"):
        TrustFolder.load(tmp_path)


def test_a_file_that_is_no_file_or_no_text(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(TrustListError, match="cannot be read"):
        TrustFolder.load(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(TrustListError, match="cannot be read: Is a directory"):
        TrustFolder.load(tmp_path)


def test_a_failure_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    full().save(tmp_path)
    before = (tmp_path / FILE_NAME).read_bytes()

    def fail(_: int) -> None:
        message = "disk full"
        raise OSError(message)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        TrustFolder().save(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_the_file_is_json_and_holds_no_list(tmp_path: Path) -> None:
    full().save(tmp_path)
    text = (tmp_path / FILE_NAME).read_text("utf-8")
    assert json.loads(text)["format"] == 1
    assert "SchemeOperatorName" not in text


def test_t053_nothing_older_replaces_anything_newer() -> None:
    folder = full()
    with pytest.raises(TrustListError, match="EU list of lists: sequence 8 is older than 9"):
        folder.with_list_of_lists(lists(8))
    with pytest.raises(TrustListError, match="sequence 4 is older than 5"):
        folder.with_trusted_list(trusted_list(4))
    assert folder.with_trusted_list(trusted_list(6)).trusted_list == trusted_list(6)
    assert folder.with_trusted_list(trusted_list()) == folder
    assert folder.with_list_of_lists(lists()) == folder
    other = TrustedList.parse(sign_list(make_list(sequence=5)), signers=SIGNERS)
    with pytest.raises(TrustListError, match="another list with sequence 5"):
        folder.with_trusted_list(other)


def test_things_are_kept_once() -> None:
    folder = full()
    assert folder.with_directory(directory()) == folder
    assert folder.with_certificates([authority()]) == folder
    assert folder.with_certificates([provider("a").certificate]).certificates == (
        authority(),
        provider("a").certificate,
    )
    assert folder.with_crl(crl()) == folder
    assert folder.with_crl(crl(number=8), replacing=[crl()]).crls == (crl(number=8),)
    assert folder.crl_names == ("CRL 7 of 2024-03-01T00:00:00+00:00 (SHA-256 " + folder.crl_names[0][-65:],)
