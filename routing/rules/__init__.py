"""The rules that a person can ask for, typed, and read from untrusted input. Pure.

    splits     weights over the versions of a service
    faults     delays and aborts, and taking them back
    http       routes with matches and actions, and the policies on them
    subsets    names for the pods of a version
    policies   what applies to traffic that was routed
    shape      what an object, a list and a map look like: reading and writing them from one description
    leaves     the texts, numbers, hosts and headers in them
    checks     what a text can be
    codec      between the form of rules and Istio's own, in both directions
    fields     parts with a form of their own in a resource
    plain      whether a manifest is plain JSON
    resources  Sidecars, ServiceEntries and Gateways: a resource each
    objects    whole resources, written and deleted
    gateway_routes   routes and splits in the Gateway API's words
    requests   the vocabulary as a whole: reading any rule, and writing it again

A kind of rule is one `word.Word`. What becomes of a rule in the mesh is `routing.istio`'s and
`routing.drafting`'s business.
"""

from routing.rules.entries import ServiceEntry
from routing.rules.errors import FieldError, RulesError
from routing.rules.faults import ClearFault, Fault, FaultMatch, HeaderMatch, read_match, write_match
from routing.rules.fields import CLEAR, Clear
from routing.rules.gateway_routes import GatewayRoute
from routing.rules.gateways import Gateway
from routing.rules.http.actions import Destination, DirectResponse, Redirect
from routing.rules.http.changes import HttpPolicy
from routing.rules.http.matches import Match, StringMatch
from routing.rules.http.routes import Policies, Position, RemoveRoute, Route
from routing.rules.injections import Abort, Delay
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
from routing.rules.resources import Resource
from routing.rules.sidecars import Sidecar
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
    "Destination",
    "DestinationPolicy",
    "DirectResponse",
    "Fault",
    "FaultMatch",
    "FieldError",
    "Gateway",
    "GatewayRoute",
    "HeaderMatch",
    "HttpPolicy",
    "HttpPool",
    "LoadBalancer",
    "Match",
    "Object",
    "OutlierDetection",
    "Policies",
    "Position",
    "Reader",
    "Redirect",
    "RemoveRoute",
    "RemoveSubset",
    "Request",
    "Resource",
    "Route",
    "Rule",
    "RulesError",
    "ServiceEntry",
    "SessionAffinity",
    "Sidecar",
    "Split",
    "StringMatch",
    "Subset",
    "TcpPool",
    "Word",
    "kinds_read",
    "listed",
    "parse",
    "parse_request",
    "path_part",
    "quoted",
    "read_match",
    "to_json",
    "word_of",
    "write_match",
]
