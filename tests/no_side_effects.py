"""An audit hook over the whole run: pecverify opens no socket, starts no process, and opens no file of its own accord.

The hook looks at who asks: only what is called from a module of pecverify counts, and not what an iterator of the
caller's does when pecverify asks it for more. What a test names (files given on the
command line, a trust folder) and the package's own data are allowed, and the one module that downloads may use the
network. A violation cannot be swallowed by an `except`: it is kept, and the run fails by it.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from types import FrameType

PACKAGE = Path(__file__).resolve().parent.parent / "pecverify"
SPARK = PACKAGE / "spark.py"
"""Whoever calls it has a Spark session, whose Java process pyspark speaks to over a socket of this machine, and hands
broadcasts to as temporary files."""
ALLOWED_TO_OPEN = (
    PACKAGE / "archive",
    PACKAGE / "cli",
    PACKAGE / "data",
    PACKAGE / "trust" / "folder.py",
    PACKAGE / "trust" / "download.py",
    SPARK,
)
ALLOWED_ON_THE_NETWORK = (PACKAGE / "trust" / "download.py", SPARK)
CALLERS = tuple(PACKAGE.parent / name for name in ("benchmarks", "docs", "fixtures", "tests"))
"""Code that uses pecverify."""
NETWORK = ("socket.", "ssl.", "http.client.", "urllib.", "ftplib.", "smtplib.")
PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")
DATA = (str(PACKAGE / "data"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
"""Data of the package, and of the libraries that it uses (signxml's schemas)."""
WITHIN = 60
"""Frames that are looked at: an import inside a library may be deep."""

violations: list[str] = []


def _asker() -> Path | None:
    """The innermost module of pecverify among the callers; None if there is none, or code of its user
    comes before it, or if it is importing something."""
    frame: FrameType | None = sys._getframe(2)
    for _ in range(WITHIN):
        if frame is None or "importlib" in frame.f_code.co_filename:
            return None
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE):
            return path
        if _allowed(path, CALLERS):
            return None
        frame = frame.f_back
    return None


def _allowed(path: Path, places: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    is_network = event.startswith(NETWORK)
    if not (is_network or event.startswith(PROCESSES) or event == "open"):
        return
    asker = _asker()
    if asker is None:
        return
    if event == "open":
        if str(arguments[0]).startswith(DATA) or _allowed(asker, ALLOWED_TO_OPEN):
            return
    elif is_network and _allowed(asker, ALLOWED_ON_THE_NETWORK):
        return
    violations.append(f"{asker.name}: {event} {str(arguments)[:200]}")


def install() -> None:
    """Look on from now on: a hook cannot be taken away again."""
    sys.addaudithook(_hook)
