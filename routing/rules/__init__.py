"""The rules that a person can ask for, typed, and read from untrusted input. Pure.

    splits     weights over the versions of a service
    faults     delays and aborts, and taking them back
    subsets    names for the pods of a version
    objects    whole resources, written and deleted
    requests   the vocabulary as a whole: reading any rule, and writing it again

A kind of rule is one `word.Word`. What becomes of a rule in the mesh is `routing.istio`'s and
`routing.drafting`'s business.
"""

from routing.rules.errors import FieldError, RulesError
from routing.rules.faults import Abort, ClearFault, Delay, Fault, HeaderMatch
from routing.rules.objects import WRITABLE, DeleteObject, Object
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
    "MAX_NOTE",
    "MAX_RULES",
    "WORDS",
    "WRITABLE",
    "Abort",
    "ClearFault",
    "Delay",
    "DeleteObject",
    "Fault",
    "FieldError",
    "HeaderMatch",
    "Object",
    "Reader",
    "RemoveSubset",
    "Request",
    "Rule",
    "RulesError",
    "Split",
    "Subset",
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
