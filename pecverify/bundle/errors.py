"""What is wrong with a bundle as a whole."""

from __future__ import annotations

from pecverify.errors import PecverifyError


class BundleError(PecverifyError):
    """The bytes are no bundle, or a timestamp is not of this one; the text says why."""
