"""Finds what a selector selects without looking at everything for each of thousands of services."""

from collections.abc import Iterable, Mapping
from typing import Generic, Protocol, TypeVar

from cluster.objects import Labels


class _Labelled(Protocol):
    @property
    def labels(self) -> Labels: ...


T = TypeVar("T", bound=_Labelled)


class Index(Generic[T]):
    """Items of one namespace by their labels."""

    def __init__(self, items: Iterable[T], selectors: Iterable[Labels]) -> None:
        """`selectors`: those that will be asked for; other labels are not worth an entry."""
        self._by_label: dict[str, dict[str, list[T]]] = {
            name: {} for selector in selectors for name in selector
        }
        self._answers: dict[frozenset[tuple[str, str]], tuple[T, ...]] = {}
        for item in items:
            self._add(item)

    def selected(self, selector: Labels) -> tuple[T, ...]:
        """The items that carry all labels of a selector; none for an empty one, as of a Service."""
        # Services share selectors, as a hundred for one app do: each is looked up once.
        key = frozenset(selector.items())
        if key not in self._answers:
            self._answers[key] = self._find(selector)
        return self._answers[key]

    def _add(self, item: T) -> None:
        labels = item.labels
        asked = self._by_label if len(self._by_label) < len(labels) else labels
        for name in asked:
            if name in labels and name in self._by_label:
                self._by_label[name].setdefault(labels[name], []).append(item)

    def _find(self, selector: Labels) -> tuple[T, ...]:
        if not selector:
            return ()
        found = [self._by_label[name].get(value, []) for name, value in selector.items()]
        fewest = min(found, key=len)
        if len(selector) == 1:
            return tuple(fewest)
        return tuple(item for item in fewest if selector.items() <= item.labels.items())


def by_namespace(items: Iterable[tuple[str, T]]) -> Mapping[str, list[T]]:
    """Items by the namespace that each comes with."""
    grouped: dict[str, list[T]] = {}
    for namespace, item in items:
        grouped.setdefault(namespace, []).append(item)
    return grouped
