"""Bundles of test letters, and timestamps over them: made here so that each can be broken, and by openssl."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asn1crypto import tsp

from pecverify import Policy
from pecverify.archive import Examiner
from pecverify.bundle import Manifest, make_bundle
from pecverify.bundle._container import Writer
from pecverify.bundle.manifest import digest_of
from tests.exchanges import LATER, Letter, trust
from tests.pki import Cms, Extension, Name, Signer, authority, der, make_signer, sign

ONE = Letter()
EXAMINER = Examiner(trust=trust(), policy=Policy(now=LATER))


def put(folder: Path, *messages: bytes) -> Path:
    """The messages as files of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, message in enumerate(messages):
        (folder / f"{number}.eml").write_bytes(message)
    return folder


def bundle_of(*sources: Path | str, examiner: Examiner = EXAMINER, **options: Any) -> tuple[bytes, Manifest]:  # noqa: ANN401 (passed on)
    """A bundle and its manifest."""
    file = io.BytesIO()
    manifest = make_bundle(sources, file, examiner=examiner, **{"now": LATER, **options})
    return file.getvalue(), manifest


def entries(bundle: bytes) -> dict[str, bytes]:
    """What is in a zip, by name, in order."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def zipped(content: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip as bundles are written, with whatever entries."""
    file = io.BytesIO()
    writer = Writer(file)
    for name, data in content:
        writer.add(name, data)
    writer.finish()
    return file.getvalue()


def rewritten(bundle: bytes, change: Callable[[dict[str, Any]], object], **files: bytes) -> bytes:
    """A bundle whose manifest says something else, with the hashes of other files put right: a careful forger's."""
    content = entries(bundle)
    value = json.loads(content["manifest.json"])
    for name, data in files.items():
        path = name.replace("__", ".")
        content[path] = data
        entry = next(entry for entry in value["files"] if entry["path"] == path)
        entry |= {"size": len(data), "sha256": digest_of(data)}
    change(value)
    content["manifest.json"] = (json.dumps(value, indent=1) + "\n").encode()
    return zipped(content.items())


# --- timestamps that come out the same every time

TSA_NAME: Name = {"country_name": "IT", "organization_name": "Marche di prova", "common_name": "Test TSA Root"}
TSA_ROOT = authority(TSA_NAME, "other-ca", path_length=None, constrained=False)
TIME_STAMPING: Extension = ("extended_key_usage", True, ["time_stamping"])
STAMPED_AT = LATER.astimezone(UTC)
ID_TIMESTAMP = "1.2.840.113549.1.9.16.1.4"


def stamper(usage: Extension | None = TIME_STAMPING, **options: Any) -> Signer:  # noqa: ANN401 (passed on)
    """A timestamp authority's signer, valid from 2023 to 2026."""
    replaced = {"extended_key_usage": usage, "subject_alt_name": None}
    given = {"key_name": "stranger", "issuer": TSA_NAME, "issuer_key": "other-ca", "embedded": (TSA_ROOT,), **options}
    return make_signer(replace=replaced, **given)


def info(data: bytes, at: datetime = STAMPED_AT, digest: str = "sha256") -> bytes:
    """A TSTInfo over data."""
    imprint = {"hash_algorithm": {"algorithm": digest}, "hashed_message": hashlib.new(digest, data).digest()}
    stated = {"version": 1, "policy": "1.2.3.4.1", "message_imprint": imprint, "serial_number": 7, "gen_time": at}
    return bytes(tsp.TSTInfo(stated).dump())


def answer(content: bytes, signer: Signer | None = None, *, status: int = 0, cms: Cms | None = None) -> bytes:
    """A TimeStampResp; `cms` breaks things."""
    signer = signer or stamper()
    named = {"sha256": hashlib.sha256(signer.certificate).digest()}
    broken = Cms(hashed=named) if cms is None else cms
    how = replace(
        broken,
        certificates=lambda certificates: sorted(broken.certificates(certificates)),  # DER
        content_type=ID_TIMESTAMP,
        attribute_content_type=ID_TIMESTAMP,
        econtent=content,
    )
    return granted(sign(content, signer, STAMPED_AT, how), status)


def granted(token: bytes, status: int = 0) -> bytes:
    """A TimeStampResp around a token."""
    return der(0x30, der(0x30, der(0x02, bytes([status]))), token)


# --- a timestamp authority of openssl's

_CONFIGURATION = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = Test TSA
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = {digest}
"""


def openssl(*arguments: str | Path, fails: bool = False) -> str:
    """What openssl prints."""
    run = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
    assert (run.returncode != 0) is fails, run.stderr.decode()
    return run.stdout.decode()


def make_authority(folder: Path, digest: str = "sha256") -> Path:
    """An authority whose certificate is its own root: returned as a PEM file."""
    (folder / "tsa.cnf").write_text(_CONFIGURATION.format(folder=folder, digest=digest))
    options = ("-newkey", "rsa:2048", "-nodes", "-days", "3650", "-config", folder / "tsa.cnf", "-extensions", "signer")
    openssl("req", "-x509", *options, "-keyout", folder / "tsa.key", "-out", folder / "tsa.pem")
    return folder / "tsa.pem"


def answer_by_openssl(folder: Path, request: Path) -> Path:
    """What the authority in that folder answers to a request."""
    answered = request.with_suffix(".tsr")
    where = (
        "-config",
        folder / "tsa.cnf",
        "-section",
        "tsa",
        "-signer",
        folder / "tsa.pem",
        "-inkey",
        folder / "tsa.key",
    )
    openssl("ts", "-reply", *where, "-queryfile", request, "-out", answered)
    return answered
