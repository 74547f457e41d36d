"""Faults, set and taken back, drafted. Pure."""

from routing import istio
from routing.drafting.steering import Steering
from routing.problems import warning
from routing.rules import ClearFault, Fault
from routing.sentences import fault_sentence


def fault(rule: Fault, to: Steering) -> None:
    """Sets the fault. Raises CannotApply."""
    virtual = to.routed()
    changed, notices = istio.set_fault(to.virtual_service_to_write(), rule)
    to.draft.put(changed, f"Sets a fault: {fault_sentence(rule)}.")
    to.draft.notices(notices, changed, to.field)
    _about_everyone(rule, to)
    to.about_virtual_services(virtual)


def clear_fault(rule: ClearFault, to: Steering) -> None:
    """Takes back the fault that meshui set. Raises CannotApply."""
    virtual = to.routed()
    if virtual.main is not None:
        changed, notices = istio.clear_fault(virtual.main)
        to.draft.put(changed, f"Takes back the fault on {rule.service}.")
        to.draft.notices(notices, changed, to.field)
    to.about_virtual_services(virtual)


def _about_everyone(rule: Fault, to: Steering) -> None:
    parts = [part for part in (rule.delay, rule.abort) if part and part.percentage >= 100]
    if rule.match is None and parts:
        message = f"This meets every request to {rule.service}, of every caller."
        to.draft.problems.append(warning("FAULT_FOR_EVERYONE", message, to.field))
