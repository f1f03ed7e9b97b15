"""The names under which people know the PEC providers, by the mail domain of their certificates."""

from __future__ import annotations

import functools

from pecverify.data import read_data


@functools.cache
def _names() -> dict[str, str | None]:
    names: dict[str, str | None] = read_data("providers.json")["names"]
    return names


def mail_domain(address: str) -> str:
    """The domain of an address, for comparison."""
    return address.rpartition("@")[2].casefold()


def provider_name(address: str) -> str | None:
    """The known name of the provider that signs from `address`; None if its domain tells none.

    A convenience for readers: it proves nothing, recognition does.
    """
    return name_by_domain(mail_domain(address))


def name_by_domain(domain: str) -> str | None:
    """The same by the mail domain, lower case."""
    return _names().get(domain)
