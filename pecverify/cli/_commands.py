"""The commands with their options. Help is in English; what the commands say is in the user's language."""

from __future__ import annotations

import argparse

from pecverify import __version__
from pecverify.cli._environment import Parser
from pecverify.cli._values import to_instant, to_jobs, to_seconds

_EPILOG = """\
exit status:
  0  everything is valid
  1  something is invalid
  2  the command was misused
  3  nothing is invalid, something is indeterminate: not a pass
  4  something could not be done: a file could not be read or written, or there is nothing to verify, extract or
     repair (comes before 1 and 3; the other files are reported all the same)
130  interrupted

environment:
  Each option with a value can be set as PECVERIFY_ and its name in capitals, with _ for -: PECVERIFY_FORMAT=jsonl.
  Those that may be repeated take several, separated as in PATH; those without a value take 1 or 0. The command line
  comes before the environment, and adds to what may be repeated.
"""

_VERIFY = """\
Verify PEC messages and say why a verdict came out: .eml files, folders, Maildir, mbox, zip and tar, compressed or not,
Outlook's .msg with pecverify[msg]. In folders and archives, what does not look like mail is passed over. With --nested,
the receipts inside each message are verified by themselves; a message that merely carries some is reported too, and
does not count for the exit status."""

_SHOW = """\
Explain one message to a person: what it certifies, each check, the certificate path and the times."""

_TRUST = """\
What is trusted to recognise PEC providers: the built-in anchors of AgID, and the trust folder, which holds what was
verified once. The other commands use both."""

_TRUST_SHOW = """\
Show the built-in anchors and what is in the trust folder: lists with sequence, dates and signers, their services, the
providers' directory, certificates, CRLs, all with fingerprints."""

_TRUST_CHECK = """\
Verify a list file and show what is in it; nothing is kept. Italy's list must be signed by --signers or as the list of
lists (--list-of-lists, or the one in the trust folder) says."""

_TRUST_UPDATE = """\
Download the EU list of lists, Italy's trusted list and the CRL of AgID's authority over HTTPS, verify each, and keep
what holds in the trust folder. Nothing older replaces anything newer, and nothing overdue is taken. This is the only
command that uses the network; it needs pecverify[update]."""

_TRUST_IMPORT = """\
Verify files and keep them in the trust folder: the EU list of lists, Italy's trusted list, a providers' directory
(.p7m, with --signers), certificates to trust, CRLs."""

_TRUST_TIMELINE = """\
Show which mail domains AgID's authorities could certify, and when: by the name constraints of their editions. That a
domain could be certified does not mean that a provider of it was accredited all that time."""

_EXTRACT = """\
Write the original message (postacert.eml) that a receipt carries, byte for byte. Nothing is written unless the verdict
is valid; --even-if-not-valid asks only that the signature holds, and leaves the exit status at 1 or 3."""

_REPAIR = """\
Find out what a mail program, an editor or a list did to a file so that its signature no longer holds, and write a copy
with that undone. Only what makes the signature hold again, byte for byte, is a repair; the copy is verified, and the
exit status is that of its verdict. The file itself is left as it is."""


_EXCHANGE = """\
Put the receipts of each message together: who received it and when, what proves it, what is missing, what contradicts
what. Only verified receipts count. PATH is as for verify; with --from-jsonl, the receipts of an earlier run of verify
--format jsonl count as that run verified them. The exit status is 1 where receipts contradict each other or one is not
valid, 3 where receipts are missing or delivery may still follow, 0 where every outcome is established."""


_BUNDLE = """\
Put receipts, untouched, with what they prove and how it was found into one zip that can be filed and kept; the same
receipts, options and --now give the same file on every machine. With --check, verify a bundle again: every file, every
receipt, and what the bundle says of them, with the same options as it was made. With --request and --attach, have it
timestamped (RFC 3161): the authority's answer goes into a new zip. --attach takes that answer as PATH."""


FORMATS = (  # those of `pecverify.cli.formats`, which help does not wait for
    "text",
    "json",
    "jsonl",
    "csv",
    "parquet",
    "junit",
    "sarif",
    "github",
)


def build_parser() -> tuple[Parser, dict[str, Parser]]:
    """The whole parser, and those of the commands that verify, by name."""
    parser = Parser(
        prog="pecverify",
        description="Tells whether an Italian certified e-mail (PEC) receipt is genuine, what it certifies and why.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pecverify {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demands = _build_demands()
    named = {}
    for name, summary, description, add_options in (
        ("verify", "verify messages", _VERIFY, _add_verify_options),
        ("show", "explain one message", _SHOW, _add_file),
        ("extract", "write the original message that a receipt carries", _EXTRACT, _add_extract_options),
        ("repair", "undo what damaged a file", _REPAIR, _add_repair_options),
        ("exchange", "put the receipts of each message together", _EXCHANGE, _add_exchange_options),
        ("bundle", "put receipts and what they prove into one zip, and check it", _BUNDLE, _add_bundle_options),
    ):
        named[name] = commands.add_parser(
            name,
            help=summary,
            description=description,
            epilog=_EPILOG,
            parents=[demands],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_options(named[name])
    _add_trust(commands)
    return parser, named


def _add_sources(command: Parser, *, at_least_one: bool) -> None:
    """What the commands about many messages have in common."""
    nargs = "+" if at_least_one else "*"
    command.add_argument("paths", nargs=nargs, metavar="PATH", help="a file, folder or pattern; - is standard input")
    command.add_argument("--jobs", type=to_jobs, metavar="N", help="processes; default: one for each processor")
    command.add_argument(
        "--include",
        action="append",
        default=[],
        metavar="GLOB",
        help="files with such a name are messages, whatever they look like; may be repeated",
    )


def _add_file(command: Parser) -> None:
    command.add_argument("file", metavar="FILE", help="an .eml file; - is standard input")


def _add_verify_options(verify: Parser) -> None:
    _add_sources(verify, at_least_one=True)
    verify.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    verify.add_argument("-o", "--output", default="-", metavar="FILE", help="where to; default: standard output")
    verify.add_argument(
        "--fail-on",
        choices=("indeterminate", "invalid", "never"),
        default="indeterminate",
        help="which verdicts fail the run; default: all but valid. What could not be verified always does",
    )
    verify.add_argument("--summary", action="store_true", help="print counts on standard error at the end")
    verify.add_argument(
        "--resume",
        metavar="FILE",
        help="go on with a run that was broken off: FILE holds its JSON Lines, and gets those that are missing",
    )
    verify.add_argument("--nested", action="store_true", help="also verify the receipts inside each message")


def _add_extract_options(extract: Parser) -> None:
    _add_file(extract)
    extract.add_argument("-o", "--output", required=True, metavar="FILE", help="where to; - is standard output")
    extract.add_argument("--force", action="store_true", help="overwrite an existing file")
    extract.add_argument("--even-if-not-valid", action="store_true", help="ask only that the signature holds")


def _add_repair_options(repair: Parser) -> None:
    _add_file(repair)
    repair.add_argument("-o", "--output", required=True, metavar="FILE", help="where to; - is standard output")
    repair.add_argument("--force", action="store_true", help="overwrite an existing file, but never FILE itself")


def _add_exchange_options(exchange: Parser) -> None:
    _add_sources(exchange, at_least_one=False)
    exchange.add_argument(
        "--from-jsonl", action="append", default=[], metavar="FILE", help="an earlier run's rows; may be repeated"
    )
    exchange.add_argument(
        "--sent", action="append", default=[], metavar="FILE", help="a message as it was sent; may be repeated"
    )
    exchange.add_argument("--format", choices=("text", "json", "html"), default="text", help="default: text")
    exchange.add_argument("-o", "--output", default="-", metavar="FILE", help="where to; default: standard output")
    exchange.add_argument("--nested", action="store_true", help="the receipts inside each message count too")


def _add_bundle_options(bundle: Parser) -> None:
    _add_sources(bundle, at_least_one=False)
    bundle.add_argument("-o", "--output", metavar="FILE", help="where to; - is standard output")
    action = bundle.add_mutually_exclusive_group()
    action.add_argument("--check", metavar="FILE", help="verify this bundle again")
    action.add_argument("--request", metavar="FILE", help="write a request for a timestamp over this bundle")
    action.add_argument("--attach", metavar="FILE", help="write this bundle again, with the timestamp in PATH")
    bundle.add_argument(
        "--timestamp-authority",
        action="append",
        default=[],
        metavar="PEM",
        help="whose timestamp --check believes; may be repeated",
    )
    bundle.add_argument("--nonce", action="store_true", help="put a random number into the request")
    bundle.add_argument(
        "--now", type=to_instant, metavar="ISO", help="the clock; default: the real one. It is recorded"
    )
    bundle.add_argument("--force", action="store_true", help="overwrite an existing file")
    bundle.add_argument("--nested", action="store_true", help="also verify the receipts inside each message")


def _add_trust(commands: argparse._SubParsersAction[Parser]) -> None:
    trust = commands.add_parser("trust", help="see and refresh what is trusted", description=_TRUST)
    actions = trust.add_subparsers(dest="action", required=True, metavar="ACTION")
    common = Parser(add_help=False)
    common.add_argument("--lang", choices=("en", "it"), help="language of the output; default: from the locale")
    common.add_argument("--trust-folder", metavar="DIR", help="the trust folder; default: the user's own")
    signers = Parser(add_help=False)
    signers.add_argument(
        "--signers", action="append", default=[], metavar="PEM", help="certificates that may sign it; may be repeated"
    )

    def add(name: str, summary: str, description: str, *parents: Parser) -> Parser:
        return actions.add_parser(name, help=summary, description=description, parents=[common, *parents])

    add("show", "show what is trusted", _TRUST_SHOW)
    check = add("check", "verify a list", _TRUST_CHECK, signers)
    check.add_argument("file", metavar="LIST", help="a trusted list or the list of lists, XML")
    check.add_argument("--list-of-lists", metavar="XML", help="says who may sign Italy's list")
    update = add("update", "download, verify and keep the lists", _TRUST_UPDATE, signers)
    update.add_argument("--list-of-lists", metavar="URL", help="default: where the Commission publishes it")
    update.add_argument("--crl", action="append", metavar="URL", help="default: AgID CA1's; may be repeated")
    update.add_argument(
        "--timeout", type=to_seconds, default=60.0, metavar="SECONDS", help="for each file; default: 60"
    )
    update.add_argument("--tls-authorities", metavar="PEM", help="default: the system's")
    import_ = add("import", "verify files and keep them", _TRUST_IMPORT, signers)
    import_.add_argument("files", nargs="+", metavar="FILE", help="a list, directory, certificate or CRL")
    timeline = add("timeline", "show who could be certified, and when", _TRUST_TIMELINE)
    timeline.add_argument("--at", type=to_instant, metavar="ISO", help="only what could be certified at this instant")
    timeline.add_argument("--organizations", action="store_true", help="organisations instead of mail domains")
    timeline.add_argument("--svg", metavar="FILE", help="also draw it")


def _build_demands() -> Parser:
    """The options that every command has: what is demanded of a message, and in which language to speak of it."""
    demands = Parser(add_help=False)
    trust = demands.add_argument_group("trust", "besides the built-in anchors")
    for option, metavar, text in (
        ("--trust", "PEM", "a file of certificates to trust"),
        ("--trusted-list", "XML", "the Italian trusted list, signed by --signers or as the trust folder says"),
        ("--directory", "P7M", "a providers' directory, signed by --signers"),
        ("--signers", "PEM", "certificates that may sign those two"),
        ("--crl", "FILE", "a certificate revocation list"),
        ("--ocsp", "FILE", "an OCSP response"),
    ):
        trust.add_argument(option, action="append", default=[], metavar=metavar, help=f"{text}; may be repeated")
    trust.add_argument("--require-revocation", action="store_true", help="what CRLs and OCSP leave open is no pass")
    folder = trust.add_mutually_exclusive_group()
    folder.add_argument("--trust-folder", metavar="DIR", help="the trust folder; default: the user's own")
    folder.add_argument("--no-trust-folder", action="store_true", help="use none")
    instant = demands.add_mutually_exclusive_group()
    instant.add_argument(
        "--at",
        type=to_instant,
        metavar="ISO",
        help="judge the certificate at this instant, e.g. 2018-11-13T16:39:26+01:00, not at the one the message states",
    )
    instant.add_argument(
        "--existed-at",
        type=to_instant,
        metavar="ISO",
        help="an instant at which you can prove that the file existed, e.g. by a timestamp",
    )
    demands.add_argument(
        "--policy",
        choices=("default", "strict", "archival"),
        default="default",
        help="strict: believe no stated time without proof, and no SHA-1; archival: accept the algorithms of its time",
    )
    demands.add_argument("--lang", choices=("en", "it"), help="language of the output; default: from the locale")
    return demands
