"""Certificate policies along a path.

PEC asks for none, so nothing is demanded here that the authorities themselves do not demand: a path is refused only
where its certificates require an explicit policy and no policy is valid throughout.

RFC 5280 describes a tree of policies, which hostile certificates can make grow without bound. As RFC 9618 advises, the
nodes of one depth with the same policy are one here; and since a node's ancestors matter only for the policy under
which it hangs in the anchor's domain, each carries that along, and no depth but the last is kept.

Source: RFC 5280 §6.1.2 to §6.1.5; RFC 9618.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pecverify._certificate import Certificate, CertificatePolicies

ANY_POLICY = "2.5.29.32.0"


class _Node(NamedTuple):
    expected: frozenset[str]
    """expected_policy_set."""
    domains: frozenset[str]
    """The policies of the anchor's domain under which it hangs: anyPolicy for the node anyPolicy itself."""


_Level: TypeAlias = "dict[str, _Node]"
"""The nodes of one depth by valid_policy; none: valid_policy_tree is NULL."""


def are_policies_valid(
    certificates: tuple[Certificate, ...],
    *,
    initial_policies: frozenset[str] = frozenset({ANY_POLICY}),
    initial_explicit: bool = False,
    initial_inhibit_mapping: bool = False,
    initial_inhibit_any: bool = False,
) -> bool:
    """Whether a path has a valid policy, or needs none.

    Args:
        certificates: signer first, all but the anchor.
        initial_policies: user-initial-policy-set.
        initial_explicit: initial-explicit-policy.
        initial_inhibit_mapping: initial-policy-mapping-inhibit.
        initial_inhibit_any: initial-any-policy-inhibit.
    """
    count = len(certificates)
    explicit, mapping, any_policy = (
        0 if inhibited else count + 1 for inhibited in (initial_explicit, initial_inhibit_mapping, initial_inhibit_any)
    )
    level: _Level = {ANY_POLICY: _Node(frozenset({ANY_POLICY}), frozenset({ANY_POLICY}))}
    for certificate in reversed(certificates[1:]):
        stated = certificate.policies
        is_self_issued = certificate.subject_name == certificate.issuer_name
        level = _descend(level, stated, is_any_allowed=any_policy > 0 or is_self_issued)
        if (explicit == 0 and not level) or any(ANY_POLICY in pair for pair in stated.mappings):
            return False
        level = _map(level, stated, is_mapping_allowed=mapping > 0)
        if not is_self_issued:
            explicit, mapping, any_policy = (max(counter - 1, 0) for counter in (explicit, mapping, any_policy))
        explicit = _lower(explicit, stated.require_explicit)
        mapping = _lower(mapping, stated.inhibit_mapping)
        any_policy = _lower(any_policy, stated.inhibit_any)
    stated = certificates[0].policies
    level = _descend(level, stated, is_any_allowed=any_policy > 0)
    explicit = 0 if stated.require_explicit == 0 else max(explicit - 1, 0)
    return explicit > 0 or _has_policy_of(level, initial_policies)


def _descend(level: _Level, stated: CertificatePolicies, *, is_any_allowed: bool) -> _Level:
    """The next depth, by a certificate's policies (§6.1.3 (d), (e))."""
    nodes: _Level = {}
    for policy in stated.policies:
        if policy == ANY_POLICY:
            continue
        parents = [name for name, node in level.items() if policy in node.expected]
        if not parents and ANY_POLICY in level:
            parents = [ANY_POLICY]
        if parents:
            nodes[policy] = _Node(frozenset({policy}), _domains(level, parents, policy))
    if ANY_POLICY in stated.policies and is_any_allowed:
        for policy in {expected for node in level.values() for expected in node.expected} - nodes.keys():
            parents = [name for name, node in level.items() if policy in node.expected]
            nodes[policy] = _Node(frozenset({policy}), _domains(level, parents, policy))
    return nodes


def _domains(level: _Level, parents: Iterable[str], policy: str) -> frozenset[str]:
    return frozenset().union(*({policy} if name == ANY_POLICY else level[name].domains for name in parents))


def _map(level: _Level, stated: CertificatePolicies, *, is_mapping_allowed: bool) -> _Level:
    """The same depth after a certificate's policyMappings (§6.1.4 (b))."""
    mapped: dict[str, set[str]] = {}
    for issuer_policy, subject_policy in stated.mappings:
        mapped.setdefault(issuer_policy, set()).add(subject_policy)
    nodes = dict(level)
    for policy, subject_policies in mapped.items():
        node = nodes.pop(policy, None)
        if not is_mapping_allowed:
            continue
        if node is not None:
            nodes[policy] = _Node(frozenset(subject_policies), node.domains)
        elif ANY_POLICY in level:
            nodes[policy] = _Node(frozenset(subject_policies), frozenset({policy}))
    return nodes


def _lower(counter: int, stated: int | None) -> int:
    return counter if stated is None else min(counter, stated)


def _has_policy_of(level: _Level, initial_policies: frozenset[str]) -> bool:
    """Whether a policy remains under one of the initial ones (§6.1.5 (g))."""
    if ANY_POLICY in initial_policies:
        return bool(level)
    return any(name == ANY_POLICY or node.domains & initial_policies for name, node in level.items())
