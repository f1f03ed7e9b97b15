"""`pecverify trust`: what is trusted, and how to bring it up to date."""

from __future__ import annotations

import functools
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pecverify import ListOfLists, TrustListError, TrustStore
from pecverify.archive.answer import explain
from pecverify.cli import _messages as m
from pecverify.cli._demands import TROUBLE_SHOWN, find_folder, guarding, load_folder, read_file, trusting
from pecverify.cli._exit import CommandError, ExitStatus
from pecverify.cli._facts import align, format_instant
from pecverify.cli._text import Ink, Style, escape, shown, wants_colour
from pecverify.trust import authority_editions, mail_domain_timeline, organization_timeline
from pecverify.trust.folder import TrustFolder
from pecverify.trust.picture import draw_timeline
from pecverify.trust.refresh import AGID_CRL, Addresses, import_file, read_list, update

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator

    from pecverify import CertificateFacts
    from pecverify.cli._facts import Fact
    from pecverify.trust import AuthorityEdition, ListFacts, ProviderDirectory, TimelineRow, TrustedList


def run(arguments: Namespace) -> ExitStatus:
    """Run one of the actions.

    Raises:
        CommandError: a file, the trust folder or an extra that it needs is not there.
    """
    style = Style(language=arguments.lang, coloured=wants_colour())
    return _ACTIONS[arguments.action](arguments, style)


# --- show


def _show(arguments: Namespace, style: Style) -> ExitStatus:
    folder = find_folder(arguments)
    now = datetime.now(UTC)
    _print(_describe_built_in(style))
    _print(_describe_folder(folder, load_folder(folder, style), now, style))
    return ExitStatus.VALID


def _describe_built_in(style: Style) -> Iterator[str]:
    yield style.paint(style.say(m.BUILT_IN), Ink.STRONG)
    for anchor in TrustStore.default().anchors:
        yield f"  {anchor.name}, {anchor.public_key.description}"
        for edition in anchor.editions:
            yield f"    {_describe_edition(edition.facts)}"


def _describe_edition(facts: CertificateFacts) -> str:
    return f"{facts.not_before:%Y-%m-%d} - {facts.not_after:%Y-%m-%d}  SHA-256 {facts.sha256}"


def _describe_folder(path: Path, folder: TrustFolder, now: datetime, style: Style) -> Iterator[str]:
    yield ""
    yield style.paint(style.say(m.TRUST_FOLDER, folder=str(path)), Ink.STRONG)
    if folder == TrustFolder():
        yield f"  {style.say(m.TRUST_FOLDER_EMPTY)}"
    if folder.list_of_lists is not None:
        yield from _describe_list(style.say(m.LIST_OF_LISTS), folder.list_of_lists.facts, now, style)
    if folder.trusted_list is not None:
        yield from _describe_list(style.say(m.TRUSTED_LIST), folder.trusted_list.facts, now, style)
        yield from _describe_services(folder.trusted_list)
    for directory in folder.directories:
        yield from _describe_directory(directory, style)
    for anchor in TrustStore.from_certificates(*folder.certificates).anchors if folder.certificates else ():
        facts = anchor.editions[0].facts
        yield f"  {style.say(m.TRUSTED_CERTIFICATE)} {shown(facts.subject)}"
        yield f"    {_describe_edition(facts)}"
    for crl in folder.crl_names:
        yield f"  {shown(crl)}"


def _describe_list(title: str, facts: ListFacts, now: datetime, style: Style) -> Iterator[str]:
    stale = f" ({style.say(m.OVERDUE)})" if facts.is_stale(now) else ""
    due = style.say(m.CLOSED_LIST) if facts.next_update is None else format_instant(facts.next_update)
    yield f"  {title}"
    rows: list[Fact] = [
        (m.SEQUENCE, str(facts.sequence)),
        (m.ISSUED, format_instant(facts.issued_at)),
        (m.NEXT_UPDATE, due + stale),
    ]
    if facts.signer is not None and facts.signed_at is not None:
        rows += [
            (m.SIGNED_BY, shown(facts.signer.subject)),
            (m.SIGNED_AT, format_instant(facts.signed_at)),
            (m.SIGNER_FINGERPRINT, facts.signer.sha256),
        ]
    rows.append((m.FINGERPRINT, facts.sha256))
    yield from align(rows, style, indent="    ")


def _describe_services(trusted_list: TrustedList) -> Iterator[str]:
    for service in trusted_list.services:
        yield f"    {shown(service.provider)}: {shown(service.name)}"
        for period in service.periods:
            yield f"      {shown(period.type)} {shown(period.status)} {format_instant(period.since)}"
        for certificate in service.certificates:
            yield f"      SHA-256 {certificate.facts.sha256}"


def _describe_directory(directory: ProviderDirectory, style: Style) -> Iterator[str]:
    yield f"  {style.say(m.DIRECTORY)}"
    rows: list[Fact] = [(m.ENTRIES, str(len(directory.entries)))]
    if directory.signer is not None:
        rows.append((m.SIGNED_BY, shown(directory.signer.subject)))
    if directory.signed_at is not None:
        rows.append((m.SIGNED_AT, format_instant(directory.signed_at)))
    rows.append((m.FINGERPRINT, directory.sha256))
    yield from align(rows, style, indent="    ")


# --- check


def _check(arguments: Namespace, style: Style) -> ExitStatus:
    now = datetime.now(UTC)
    signers = [read_file(name, style) for name in arguments.signers]
    known = load_folder(find_folder(arguments), style)
    if arguments.list_of_lists is not None:
        with trusting(arguments.list_of_lists, style):
            lists = read_list(read_file(arguments.list_of_lists, style), known, signers=signers)
            if not isinstance(lists, ListOfLists):
                raise TrustListError(style.say(m.NO_LIST_OF_LISTS))
            known, signers = TrustFolder(list_of_lists=lists), []
    data = read_file(arguments.file, style)
    try:
        checked = read_list(data, known, signers=signers)
    except TrustListError as error:
        verdict = style.paint(style.say(m.REFUSED), Ink.BAD)
        print(f"{escape(arguments.file)}: {verdict}: {shown(str(error), TROUBLE_SHOWN)}")
        return ExitStatus.INVALID
    print(f"{escape(arguments.file)}: {style.paint(style.say(m.VERIFIED), Ink.GOOD)}")
    if isinstance(checked, ListOfLists):
        _print(_describe_list(style.say(m.LIST_OF_LISTS), checked.facts, now, style))
    else:
        _print(_describe_list(style.say(m.TRUSTED_LIST), checked.facts, now, style))
        _print(_describe_services(checked))
    return ExitStatus.VALID


# --- update and import


def _update(arguments: Namespace, style: Style) -> ExitStatus:
    try:
        from pecverify.trust.download import download  # noqa: PLC0415 - an extra
    except ImportError:
        raise CommandError(style.say(m.EXTRA_MISSING, extra="pecverify[update]")) from None
    path = find_folder(arguments)
    before = load_folder(path, style)
    addresses = Addresses(
        list_of_lists=arguments.list_of_lists, crls=(AGID_CRL,) if arguments.crl is None else tuple(arguments.crl)
    )
    with trusting(", ".join(arguments.signers), style):
        after, results = update(
            before,
            fetch=functools.partial(download, seconds=arguments.timeout, authorities=arguments.tls_authorities),
            now=datetime.now(UTC),
            addresses=addresses,
            signers=[read_file(name, style) for name in arguments.signers],
        )
    _save(after, path, style)
    for result in results:
        verdict = (
            style.paint(style.say(m.KEPT), Ink.GOOD) if result.is_done else style.paint(style.say(m.REFUSED), Ink.BAD)
        )
        print(f"{shown(result.name)}: {verdict}: {shown(result.detail, TROUBLE_SHOWN)}")
    return ExitStatus.VALID if all(result.is_done for result in results) else ExitStatus.NOT_DONE


def _import(arguments: Namespace, style: Style) -> ExitStatus:
    path = find_folder(arguments)
    folder = load_folder(path, style)
    signers = [read_file(name, style) for name in arguments.signers]
    status = ExitStatus.VALID
    for name in arguments.files:
        try:
            with trusting(name, style):
                folder, detail = import_file(folder, read_file(name, style), signers=signers)
            print(f"{escape(name)}: {style.paint(style.say(m.KEPT), Ink.GOOD)}: {shown(detail, TROUBLE_SHOWN)}")
        except CommandError as error:  # the other files are kept all the same
            print(f"pecverify: {escape(str(error))}", file=sys.stderr)
            status = ExitStatus.NOT_DONE
    _save(folder, path, style)
    return status


# --- timeline


def _timeline(arguments: Namespace, style: Style) -> ExitStatus:
    built_in = TrustStore.default()
    if arguments.at is not None:
        editions = built_in.editions_at(arguments.at)
        _print(_describe_editions(editions, style, organizations=arguments.organizations))
        return ExitStatus.VALID
    editions = authority_editions(built_in.anchors)
    rows = organization_timeline(editions) if arguments.organizations else mail_domain_timeline(editions)
    _print(_describe_rows(rows))
    if arguments.svg is not None:
        title = m.ORGANIZATIONS_TITLE if arguments.organizations else m.MAIL_DOMAINS_TITLE
        picture = draw_timeline(rows, title=style.say(title), language=style.language)
        with guarding(m.CANNOT_WRITE, arguments.svg, style):
            Path(arguments.svg).write_text(picture, "utf-8")
    return ExitStatus.VALID


def _describe_rows(rows: tuple[TimelineRow, ...]) -> Iterator[str]:
    width = max(len(row.name) for row in rows)
    for row in rows:
        for period in row.periods:
            span = f"{period.start:%Y-%m-%d} - {period.stop:%Y-%m-%d}"
            yield f"{row.name:<{width}}  {span}  {row.provider or ''}".rstrip()


def _describe_editions(editions: tuple[AuthorityEdition, ...], style: Style, *, organizations: bool) -> Iterator[str]:
    if not editions:
        yield style.say(m.NO_EDITION)
    for edition in editions:
        yield style.paint(f"{edition.authority}, {style.say(m.EDITION_OF, date=edition.name)}", Ink.STRONG)
        yield f"  {edition.not_before:%Y-%m-%d} - {edition.not_after:%Y-%m-%d}  SHA-256 {edition.sha256}"
        names = edition.organizations if organizations else edition.mail_domains
        yield from (f"  {name}" for name in names) if names is not None else (f"  {style.say(m.ANY_NAME)}",)


def _save(folder: TrustFolder, path: Path, style: Style) -> None:
    try:
        folder.save(path)
    except OSError as error:
        raise CommandError(style.say(m.CANNOT_WRITE, file=str(path), why=explain(error))) from None


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


_ACTIONS: dict[str, Callable[[Namespace, Style], ExitStatus]] = {
    "show": _show,
    "check": _check,
    "update": _update,
    "import": _import,
    "timeline": _timeline,
}
