"""Explains a request: which rule it meets, where it goes with which probability, and why no other rule. Pure.

    question     what can be asked: a request, its caller, the world
    answer       what is answered
    world        makes the world of manifests and projections
    lookup       which VirtualService is in force; delegates: whose rules are whose
    walking      rule after rule; matching, strings: whether a condition holds, in words
    actions      what the rule taken does; headers, paths: what is sent on
    destinations subsets, pods and the DestinationRule in force
    connections  TCP and TLS

`routing.explain.explain(world, request, caller)` is all that others need.
"""

from routing.explain.answer import Destination, Explanation, Rule
from routing.explain.explaining import explain
from routing.explain.question import Caller, Request, World
from routing.explain.world import build

__all__ = ["Caller", "Destination", "Explanation", "Request", "Rule", "World", "build", "explain"]
