"""An analysis that is kept: after a change only the checks run again that asked for what changed. Pure.

Each check's answer is kept with the buckets of the world that it asked. A change touches some buckets; what
asked none of them would answer the same. Equal, at every moment, to a whole analysis of the same world.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import chain

from routing.analysis.engine import ordered, run
from routing.analysis.findings import Analyzer, Finding
from routing.analysis.objects import GroupKind, Key, Obj
from routing.analysis.world import Bucket, World

_Check = tuple[int, Key]
"""An analyzer, by its place, and the object that it is called for."""


class Incremental:
    """The findings on a world that changes. Not safe for several threads at once."""

    def __init__(self, world: World, analyzers: Sequence[Analyzer]) -> None:
        self.world = world
        self._analyzers = analyzers
        self._of_kind: dict[GroupKind, list[int]] = {}
        self._said: dict[_Check, tuple[Finding, ...]] = {}
        self._asked: dict[_Check, frozenset[Bucket]] = {}
        self._askers: dict[Bucket, set[_Check]] = {}
        self._by_object: dict[Key, tuple[Finding, ...]] = {}
        self._findings: tuple[Finding, ...] | None = None
        for number, analyzer in enumerate(analyzers):
            for kind in analyzer.subjects:
                self._of_kind.setdefault(kind, []).append(number)
        self._run(
            (number, obj.key)
            for kind, numbers in self._of_kind.items()
            for obj in world.of(kind)
            for number in numbers
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is said, in the order of `engine.ordered`."""
        if self._findings is None:
            keys = sorted(self._by_object)
            self._findings = tuple(chain.from_iterable(self._by_object[key] for key in keys))
        return self._findings

    def of(self, key: Key) -> tuple[Finding, ...]:
        """What is said about one object."""
        return self._by_object.get(key, ())

    def foreseen(self, removed: Collection[Key], added: Collection[Obj]) -> tuple[Finding, ...]:
        """What would be said after a change, and is not said now. Changes nothing."""
        world, touched = self.world.changed(removed, added)
        found: list[Finding] = []
        for number, key in self._concerned(touched, added):
            obj = world.get(key)
            if obj is not None:
                found += run(self._analyzers[number], world, obj)[0]
        return ordered(each for each in found if each not in self._by_object.get(each.subject, ()))

    def _concerned(self, touched: Iterable[Bucket], added: Iterable[Obj]) -> set[_Check]:
        """The checks that asked for what has changed, and those of what came."""
        again = set().union(*(self._askers.get(bucket, ()) for bucket in touched))
        for obj in added:
            again.update((number, obj.key) for number in self._of_kind.get(obj.key.group_kind, ()))
        return again

    def change(self, removed: Collection[Key], added: Collection[Obj]) -> int:
        """Takes in objects that went and came (a new version only comes); returns how many checks ran."""
        if not removed and not added:
            return 0
        self.world, touched = self.world.changed(removed, added)
        again = self._concerned(touched, added)
        gone = {check for check in again if self.world.get(check[1]) is None}
        for check in gone:
            self._forget(check)
        self._gather({key for _, key in gone})
        self._run(again - gone)
        return len(again - gone)

    def _run(self, checks: Iterable[_Check]) -> None:
        keys: set[Key] = set()
        for check in checks:
            number, key = check
            obj = self.world.get(key)
            if obj is None:
                continue
            self._forget(check)
            found, asked = run(self._analyzers[number], self.world, obj)
            self._asked[check] = asked
            for bucket in asked:
                self._askers.setdefault(bucket, set()).add(check)
            if found:
                self._said[check] = found
            keys.add(key)
        self._gather(keys)

    def _forget(self, check: _Check) -> None:
        self._said.pop(check, None)
        for bucket in self._asked.pop(check, ()):
            askers = self._askers[bucket]
            askers.discard(check)
            if not askers:
                del self._askers[bucket]

    def _gather(self, keys: Iterable[Key]) -> None:
        for key in keys:
            numbers = self._of_kind.get(key.group_kind, ())
            said = ordered(each for number in numbers for each in self._said.get((number, key), ()))
            if said != self._by_object.get(key, ()):
                self._findings = None
                if said:
                    self._by_object[key] = said
                else:
                    del self._by_object[key]
