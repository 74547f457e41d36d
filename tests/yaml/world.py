"""Clusters that publish what their kinds look like, and resources as people write them."""

import copy

from cluster.fake import FakeCluster
from localmesh.apiserver.definitions import definitions
from tests.routing.stage import WORKLOADS


def defined(*manifests, **options):
    """A cluster with Bookinfo's workloads, these resources, and the definitions of Istio's kinds."""
    return FakeCluster([*WORKLOADS, *copy.deepcopy(definitions()), *manifests], **options)


VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: bookinfo
spec:
  hosts:
  - reviews
  http:
  - match:
    - headers:
        end-user:
          exact: jason
    route:
    - destination:
        host: reviews
        subset: v2
  - route:
    - destination:
        host: reviews
        subset: v1
"""


def changed(old, new, text=VIRTUAL_SERVICE):
    """The text with one part replaced, which must be there."""
    assert old in text
    return text.replace(old, new, 1)
