"""Bookinfo's services as the inventory tells them, for tests of pure modules."""

import msgspec

from cluster import inventory, objects
from tests.routing.stage import WORKLOADS


def inventory_of(more=()):
    """The services of Bookinfo; `more`: pods besides its own, in the place of those of the same name."""
    found = {(item["kind"], item["metadata"]["name"]): item for item in [*WORKLOADS, *more]}
    services = [_shaped(item, objects.Service) for item in found.values() if item["kind"] == "Service"]
    pods = [_shaped(item, objects.Pod) for item in found.values() if item["kind"] == "Pod"]
    return inventory.services(services, pods, inventory.workloads({}, pods))


def _shaped(manifest, shape):
    return msgspec.convert(manifest, shape)
