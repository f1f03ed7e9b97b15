"""The user's trust folder: what was verified once, kept in one file.

The file holds facts that were read from verified lists, directories, CRLs and certificates, not the lists themselves:
it loads in milliseconds. It is written whole or not at all. Whoever can write it is trusted, as with any trust store.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pecverify._certificate import Certificate, parse_certificate
from pecverify._crl import Crl, parse_crl
from pecverify.errors import TrustListError
from pecverify.report import CertificateFacts
from pecverify.trust._directory import DirectoryEntry, ProviderDirectory
from pecverify.trust._trusted_list import TERRITORY, ListFacts, ListOfLists, ServicePeriod, TrustedList, TrustService

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE_NAME = "trust.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFolder:
    """What the folder holds."""

    list_of_lists: ListOfLists | None = None
    """The list of lists; of the certificates in it those that sign itself and Italy's list."""
    trusted_list: TrustedList | None = None
    """Italy's trusted list."""
    directories: tuple[ProviderDirectory, ...] = ()
    """Snapshots of the providers' directory."""
    certificates: tuple[bytes, ...] = ()
    """Certificates that the user trusts, DER."""
    crls: tuple[bytes, ...] = ()
    """Certificate revocation lists, DER."""

    @property
    def crl_names(self) -> tuple[str, ...]:
        """Number, date and fingerprint of each CRL."""
        return tuple(crl.name for crl in map(parse_crl, self.crls) if isinstance(crl, Crl))

    @classmethod
    def load(cls, folder: Path) -> TrustFolder:
        """Read the folder; an absent one is empty.

        Raises:
            TrustListError: the file cannot be read.
        """
        try:
            text = (folder / FILE_NAME).read_text("utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError) as error:
            raise _unreadable(folder, error) from error
        try:
            values = json.loads(text, object_hook=_decode)
            if values["format"] != _FORMAT or not isinstance(values["folder"], cls):
                message = f"format {values['format']!r}"
                raise ValueError(message)
            kept: TrustFolder = values["folder"]
            for der in kept.certificates:
                parse_certificate(der, is_pinned=True)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(folder, error) from error
        return kept

    def save(self, folder: Path) -> None:
        """Write the folder: readers see the old file or the new one, never a part.

        Raises:
            OSError: it cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{FILE_NAME}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"format": _FORMAT, "folder": self}, file, default=_encode, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(folder / FILE_NAME)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def with_list_of_lists(self, new: ListOfLists) -> TrustFolder:
        """The folder with that issue, unless it has a newer one.

        Raises:
            TrustListError: it has a newer one, or another with the same sequence number.
        """
        if self.list_of_lists is not None:
            new.facts.check_follows(self.list_of_lists.facts)
        pointers = {territory: signers for territory, signers in new.pointers.items() if territory == TERRITORY}
        return replace(self, list_of_lists=replace(new, pointers=pointers))

    def with_trusted_list(self, new: TrustedList) -> TrustFolder:
        """The folder with that issue, unless it has a newer one. Raises as `with_list_of_lists`."""
        if self.trusted_list is not None:
            new.facts.check_follows(self.trusted_list.facts)
        return replace(self, trusted_list=new)

    def with_directory(self, new: ProviderDirectory) -> TrustFolder:
        """The folder with one snapshot more."""
        return replace(self, directories=tuple(dict.fromkeys((*self.directories, new))))

    def with_certificates(self, new: Iterable[bytes]) -> TrustFolder:
        """The folder with further trusted certificates, DER."""
        return replace(self, certificates=tuple(dict.fromkeys((*self.certificates, *new))))

    def with_crl(self, new: bytes, *, replacing: Iterable[bytes] = ()) -> TrustFolder:
        """The folder with one CRL more, without those that it replaces."""
        kept = [crl for crl in self.crls if crl not in set(replacing)]
        return replace(self, crls=tuple(dict.fromkeys((*kept, new))))


def default_folder() -> Path:
    """Where the user's trust folder is: what PECVERIFY_TRUST_FOLDER names, or `pecverify` among the user's data."""
    if named := os.environ.get("PECVERIFY_TRUST_FOLDER"):
        return Path(named)
    from platformdirs import user_data_path  # noqa: PLC0415 (few callers need it)

    return user_data_path("pecverify", appauthor=False)


def _unreadable(folder: Path, error: Exception) -> TrustListError:
    detail = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {str(error)[:200]}"
    return TrustListError(f"the trust folder's file {folder / FILE_NAME} cannot be read: {detail}")


# --- JSON: dataclasses and what JSON lacks as objects that name their type

_TYPE = "$type"
_TYPES: dict[str, type[Any]] = {
    known.__name__: known
    for known in (
        CertificateFacts,
        DirectoryEntry,
        ListFacts,
        ListOfLists,
        ProviderDirectory,
        ServicePeriod,
        TrustFolder,
        TrustService,
        TrustedList,
    )
}


def _encode(value: object) -> dict[str, object]:
    match value:
        case bytes():
            return {_TYPE: "bytes", "base64": base64.b64encode(value).decode("ascii")}
        case datetime():
            return {_TYPE: "datetime", "iso": value.isoformat()}
        case Certificate():
            return {_TYPE: "Certificate", "base64": base64.b64encode(value.der).decode("ascii")}
    name = type(value).__name__
    return {_TYPE: name, **{field.name: getattr(value, field.name) for field in dataclasses.fields(_TYPES[name])}}


def _decode(value: dict[str, Any]) -> object:
    fields: dict[str, Any] = {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}
    match fields.pop(_TYPE, None):
        case None:
            return fields
        case "bytes":
            return base64.b64decode(fields["base64"], validate=True)
        case "datetime":
            return datetime.fromisoformat(fields["iso"])
        case "Certificate":
            return parse_certificate(base64.b64decode(fields["base64"], validate=True), is_pinned=True)
        case name:
            return _TYPES[name](**fields)
