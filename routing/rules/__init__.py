"""The rules that a person can ask for, typed, and read from untrusted input. Pure.

    splits     weights over the versions of a service
    faults     delays and aborts, and taking them back
    subsets    names for the pods of a version
    policies   what applies to traffic that was routed
    fields     how parts with a shape of their own are read and written
    objects    whole resources, written and deleted
    requests   the vocabulary as a whole: reading any rule, and writing it again

A kind of rule is one `word.Word`. What becomes of a rule in the mesh is `routing.istio`'s and
`routing.drafting`'s business.
"""

from routing.rules.errors import FieldError, RulesError
from routing.rules.faults import Abort, ClearFault, Delay, Fault, HeaderMatch
from routing.rules.fields import CLEAR, Clear
from routing.rules.objects import WRITABLE, DeleteObject, Object
from routing.rules.policies import (
    ClientTls,
    DestinationPolicy,
    HttpPool,
    LoadBalancer,
    OutlierDetection,
    SessionAffinity,
    TcpPool,
)
from routing.rules.reader import Reader, listed, path_part, quoted
from routing.rules.requests import (
    MAX_NOTE,
    MAX_RULES,
    WORDS,
    Request,
    kinds_read,
    parse,
    parse_request,
    to_json,
    word_of,
)
from routing.rules.splits import Split
from routing.rules.subsets import RemoveSubset, Subset
from routing.rules.word import Rule, Word

__all__ = [
    "CLEAR",
    "MAX_NOTE",
    "MAX_RULES",
    "WORDS",
    "WRITABLE",
    "Abort",
    "Clear",
    "ClearFault",
    "ClientTls",
    "Delay",
    "DeleteObject",
    "DestinationPolicy",
    "Fault",
    "FieldError",
    "HeaderMatch",
    "HttpPool",
    "LoadBalancer",
    "Object",
    "OutlierDetection",
    "Reader",
    "RemoveSubset",
    "Request",
    "Rule",
    "RulesError",
    "SessionAffinity",
    "Split",
    "Subset",
    "TcpPool",
    "Word",
    "kinds_read",
    "listed",
    "parse",
    "parse_request",
    "path_part",
    "quoted",
    "to_json",
    "word_of",
]
