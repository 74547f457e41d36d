"""A kind of which nothing changes keeps up with the cluster's moment by bookmarks of a real API server."""

import threading
import time

from cluster import kinds
from cluster.reflector import Pace, Reflector

SECONDS = 6.0


def test_the_moment_of_a_quiet_kind_moves_on(kube_apiserver):
    namespace = kube_apiserver.namespace()
    cluster = kube_apiserver.cluster(kube_apiserver.admin_token)
    reflector = Reflector(cluster, kinds.CRON_JOB, namespace, pace=Pace(watch=(SECONDS, SECONDS)))
    thread = threading.Thread(target=reflector.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while reflector.age is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        before = int(reflector.store.resource_version)
        # Something else changes, and nothing of this kind.
        kube_apiserver.namespace()
        while int(reflector.store.resource_version) <= before:
            assert time.monotonic() < deadline, "no bookmark has come"
            time.sleep(0.05)
        assert (reflector.lists, reflector.events) == (1, 0)
    finally:
        reflector.stop()
        thread.join(timeout=20)
