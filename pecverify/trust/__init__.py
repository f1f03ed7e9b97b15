"""Who may sign PEC messages: the built-in AgID and DigitPA anchors, and what the caller adds.

Sources are the Italian trusted list, the providers' directory, and certificates of the caller's own. Each is verified
before it is believed; `TrustStore` holds them together.
"""

from pecverify.trust._directory import DirectoryEntry, ProviderDirectory
from pecverify.trust._store import TrustStore
from pecverify.trust._timeline import (
    AuthorityEdition,
    Period,
    TimelineRow,
    authority_editions,
    mail_domain_timeline,
    organization_timeline,
)
from pecverify.trust._trusted_list import (
    REGISTERED_EMAIL,
    ListFacts,
    ListOfLists,
    ServicePeriod,
    TrustedList,
    TrustService,
)

__all__ = [
    "REGISTERED_EMAIL",
    "AuthorityEdition",
    "DirectoryEntry",
    "ListFacts",
    "ListOfLists",
    "Period",
    "ProviderDirectory",
    "ServicePeriod",
    "TimelineRow",
    "TrustService",
    "TrustStore",
    "TrustedList",
    "authority_editions",
    "mail_domain_timeline",
    "organization_timeline",
]
