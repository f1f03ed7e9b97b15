"""The trust store: an immutable set of anchors, with a memory of the certificates that have passed through it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeVar, cast

from pecverify._certificate import Certificate, load_certificates, parse_certificate
from pecverify.errors import TrustListError
from pecverify.report import Provider
from pecverify.trust._anchors import Anchor, custom_anchor, load_built_in_anchors
from pecverify.trust._providers import provider_name

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from pecverify._certificate import DistinguishedName

Answer = TypeVar("Answer")

_REMEMBERED = 1024
"""Answers that a store remembers: all of PEC's providers, many times over."""
_UNKNOWN = object()


class TrustStore:
    """Who is trusted to recognise PEC providers. Immutable; stores combine with `|`; pickles without its memory.

    A store remembers the certificates it has parsed and the signatures it has checked: keep one for many receipts. What
    it remembers are facts that no input can change; threads may share it.
    """

    __slots__ = ("_anchors", "_memory")

    def __init__(self, anchors: tuple[Anchor, ...] = ()) -> None:
        self._anchors = tuple(dict.fromkeys(anchors))
        self._memory: dict[Hashable, object] = {}

    @classmethod
    def default(cls) -> TrustStore:
        """The built-in anchors: the keys of AgID CA1 (nine editions, 2017 to 2030) and DigitPA CA1 (2011 to 2018)."""
        return _default_store()

    @classmethod
    def from_certificates(cls, *certificates: bytes) -> TrustStore:
        """CUSTOM anchors.

        Args:
            certificates: each one PEM file (of one or several certificates) or one certificate in DER: authorities, or
                signers' own certificates.

        Raises:
            TypeError: an argument is not bytes.
            TrustListError: no certificate is given, or one cannot be read.
        """
        if not certificates:
            message = "no certificate given"
            raise TrustListError(message)
        return cls(tuple(custom_anchor(loaded) for data in certificates for loaded in load_certificates(data)))

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """The anchors, in order."""
        return self._anchors

    def __or__(self, other: TrustStore) -> TrustStore:
        if not isinstance(other, TrustStore):
            return NotImplemented
        return TrustStore(self._anchors + other._anchors)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrustStore) and self._anchors == other._anchors

    def __hash__(self) -> int:
        return hash(self._anchors)

    def __repr__(self) -> str:
        return f"TrustStore({', '.join(anchor.name for anchor in self._anchors)})"

    def __reduce__(self) -> tuple[type[TrustStore], tuple[tuple[Anchor, ...]]]:
        return (TrustStore, (self._anchors,))

    def named(self, name: DistinguishedName) -> tuple[Anchor, ...]:
        """The anchors with that subject."""
        return tuple(anchor for anchor in self._anchors if anchor.subject_name == name)

    def remember(self, question: Hashable, answer: Callable[[], Answer]) -> Answer:
        """The answer to a question about certificates, computed the first time it is asked.

        Only for what depends on nothing but the question and this store's anchors: no instant, no policy.
        """
        # Not by KeyError: an error that the answer raises would carry the question, hostile bytes, in its context.
        remembered = self._memory.get(question, _UNKNOWN)
        if remembered is not _UNKNOWN:
            return cast("Answer", remembered)
        computed = answer()
        if len(self._memory) >= _REMEMBERED:
            self._memory.clear()
        self._memory[question] = computed
        return computed

    def certificate(self, der: bytes) -> Certificate:
        """A certificate, parsed the first time it is seen.

        Raises:
            CertificateError: it is malformed.
        """
        return self.remember(der, lambda: parse_certificate(der))

    def provider_of(self, certificate: Certificate) -> Provider:
        """The provider's names: its certificate's organisation, and what people call it."""
        known = (provider_name(address) for address in certificate.addresses)
        return Provider(
            organization=certificate.organization or certificate.common_name,
            name=next((name for name in known if name is not None), None),
        )


@functools.cache
def _default_store() -> TrustStore:
    return TrustStore(load_built_in_anchors())
