"""Whatever happens to the objects and to the watch: once it is quiet, the cache holds what a LIST shows."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cluster import kinds
from cluster.errors import Expired, TooManyRequests, Unavailable
from tests.cluster.watched import Scripted, reflecting, service, service_ref

NAMES = st.sampled_from(["a", "b", "c", "d"])
NAMESPACES = st.sampled_from(["shop", "other"])
FAILURES = st.sampled_from(
    [Unavailable("gone"), Unavailable("away", status=503), TooManyRequests("busy"), Expired("too old")]
)

STEPS = 40


class Converging(RuleBasedStateMachine):
    """Somebody changes the cluster and something spoils the connection, in any order."""

    def __init__(self):
        super().__init__()
        self.cluster = Scripted([service("a")])
        self.reflector, self.told = reflecting(self.cluster)
        self.mirror = {}
        self.reflector._emit = self.follow

    def follow(self, _kind, changes):
        for change in changes:
            meta = change.object.metadata
            key = (meta.namespace, meta.name)
            if change.type == "ADDED":
                assert key not in self.mirror
            else:
                assert self.mirror.pop(key) == meta.uid
            if change.type != "DELETED":
                self.mirror[key] = meta.uid

    @rule(name=NAMES, namespace=NAMESPACES, port=st.integers(1, 3))
    def put(self, name, namespace, port):
        self.cluster.put(service(name, namespace, ports=[{"port": port}]))

    @rule(data=st.data())
    @precondition(lambda self: self.listed())
    def remove(self, data):
        namespace, name = data.draw(st.sampled_from(sorted(self.listed())))
        self.cluster.remove(service_ref(name, namespace))

    @rule(data=st.data())
    @precondition(lambda self: self.listed())
    def replace_by_another_of_the_same_name(self, data):
        namespace, name = data.draw(st.sampled_from(sorted(self.listed())))
        self.cluster.remove(service_ref(name, namespace))
        self.cluster.put(service(name, namespace))

    @rule()
    def forget(self):
        self.cluster.forget()

    @rule(verb=st.sampled_from(["list", "watch"]), error=FAILURES)
    def fail_next(self, verb, error):
        self.cluster.fail_next(verb, error)

    @rule(end=st.sampled_from([0.0, 60.0]) | FAILURES)
    def end_the_next_watch_so(self, end):
        self.cluster.ends.append(end)

    @rule()
    def relist(self):
        self.reflector.relist()

    @rule()
    def turn(self):
        self.cluster.clock.pass_(self.reflector.turn())

    @rule(data=st.data())
    def turn_with_events_doubled_late_and_cut_off(self, data):
        self.cluster.between = lambda events: _spoiled(events[:-1], data)
        try:
            self.turn()
        finally:
            self.cluster.between = lambda events: events

    @invariant()
    def what_is_emitted_is_what_can_be_read(self):
        held = {
            (it.metadata.namespace, it.metadata.name): it.metadata.uid for it in self.reflector.store.read()
        }
        assert held == self.mirror

    @invariant()
    def reads_agree_with_each_other(self):
        store = self.reflector.store
        assert store.read() == store.read("other") + store.read("shop")
        assert len(store) == len(store.read())

    def teardown(self):
        # Every scripted failure and end takes a turn of its own, and there may be one for each step.
        for _ in range(2 * STEPS):
            self.turn()
        held = {
            (it.metadata.namespace, it.metadata.name): (it.metadata.uid, it.metadata.resource_version)
            for it in self.reflector.store.read()
        }
        assert held == self.listed()
        assert self.reflector.error is None

    def listed(self):
        return {
            (it["metadata"]["namespace"], it["metadata"]["name"]): (
                it["metadata"]["uid"],
                it["metadata"]["resourceVersion"],
            )
            for it in self.cluster._state.listed(kinds.SERVICE, None)  # past any scripted failure
        }


def _spoiled(events, data):
    """A watch that is cut after some of its events, and repeats some of them, late and in any order."""
    kept = events[: data.draw(st.integers(0, len(events)))]
    again = data.draw(st.lists(st.sampled_from(kept), max_size=4)) if kept else []
    return [*kept, *again]


TestConverging = Converging.TestCase
TestConverging.settings = settings(max_examples=150, stateful_step_count=STEPS, deadline=None)
