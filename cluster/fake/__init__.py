"""A cluster in memory: the same port, the same refusals, for tests and for trying things out.

It is a written class, held to the same contract suite as the real adapter. Faults are scripted through
`fail_next`: a refusal, or (`after=True`) an answer that is lost although the write happened. `forget` makes
every moment up to now too long ago; `cut_watches` breaks what is open. Safe to share between threads.
"""

from cluster.fake.cluster import FakeCluster
from cluster.fake.state import Admission, Rights, Verb

__all__ = ["Admission", "FakeCluster", "Rights", "Verb"]
