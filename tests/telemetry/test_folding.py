"""What is folded: nothing while it fits, all that was not unfolded by hand when it does not; no flapping."""

from hypothesis import given
from hypothesis import strategies as st

from telemetry.folding import ALL, NOT_FOLDED, OTHERS, OUTSIDE, Folding, choose

names = st.sampled_from([f"ns-{number}" for number in range(30)] + [OUTSIDE])
meshes = st.dictionaries(names, st.integers(1, 40), min_size=1)
lists = st.lists(names, max_size=4)


def drawn(members, folding: Folding) -> int:
    groups = {folding.group("app", place) or f"{place} itself" for place in members}
    return sum(members[each.removesuffix(" itself")] if each.endswith("itself") else 1 for each in groups)


def test_nothing_is_folded_while_it_fits():
    assert choose({"a": 150, "b": 150}) == NOT_FOLDED


def test_everything_is_folded_when_it_does_not_fit():
    assert choose({"a": 150, "b": 150, OUTSIDE: 1}).names == [OUTSIDE, "a", "b"]


def test_what_was_unfolded_by_hand_stays_unfolded():
    assert choose({"a": 150, "b": 150, "c": 1}, unfold=["b"]).names == ["a", "c"]
    assert choose({"a": 150, "b": 150, "c": 1}, unfold=[ALL]) == NOT_FOLDED


def test_what_was_folded_by_hand_is_folded_even_if_it_fits_and_only_if_it_is_there():
    assert choose({"a": 2, "b": 3}, fold=["a", "elsewhere"]).names == ["a"]
    assert choose({"a": 2, "b": 3}, fold=["a"], unfold=[ALL]).names == ["a"]


def test_folding_by_hand_can_make_it_fit():
    assert choose({"a": 400, "b": 299}, fold=["a"]).names == ["a"]


def test_a_view_that_folded_does_not_unfold_for_a_few_nodes_less():
    folded = choose({"a": 200, "b": 101})
    assert choose({"a": 200, "b": 80}, before=folded) == folded
    assert choose({"a": 200, "b": 69}, before=folded) == NOT_FOLDED
    assert choose({"a": 200, "b": 80}) == NOT_FOLDED


def test_what_was_folded_by_hand_before_does_not_count_as_folded_by_itself():
    by_hand = choose({"a": 200, "b": 80}, fold=["a"])
    assert choose({"a": 200, "b": 285}, fold=["a"], before=by_hand) == by_hand


def test_too_many_namespaces_are_one_node_together_the_smallest_first():
    members = {f"ns-{number}": 1 + number for number in range(400)}
    folding = choose(members, fold=["ns-0"], named=["ns-1"])
    assert len(folding.alone) + 1 == 300
    assert folding.alone > {"ns-0", "ns-1", "ns-399"}
    assert "ns-2" in folding.together
    assert folding.names[-1] == OTHERS
    assert folding.group("app", "ns-2") == OTHERS


def test_a_namespace_that_outgrows_another_a_little_does_not_take_its_place():
    members = {f"ns-{number}": 100 + number % 7 for number in range(400)}
    first = choose(members)
    outsider, insider = min(first.together), min(first.alone)
    assert choose({**members, outsider: 120, insider: 100}, before=first) == first
    assert outsider in choose({**members, outsider: 400}, before=first).alone


def test_what_is_one_node_already_is_not_folded():
    folding = Folding(frozenset({"a"}), frozenset({OUTSIDE}))
    assert (folding.group("hidden", ""), folding.group("unknown", ""), folding.group("app", "b")) == (
        "",
        "",
        "",
    )
    assert (folding.group("service", ""), folding.group("app", "a")) == (OTHERS, "a")


@given(meshes, lists, lists, st.integers(3, 60))
def test_no_more_is_drawn_than_the_limit_besides_what_was_unfolded_by_hand(members, fold, unfold, limit):
    folding = choose(members, fold, unfold, limit=limit)
    asked = sum(count for place, count in members.items() if place in unfold and place not in fold)
    assert drawn(members, folding) <= limit + asked
    assert set(fold) & members.keys() <= folding.alone | folding.together
    assert not (folding.alone | folding.together) & (set(unfold) - set(fold))
    assert not folding.alone & folding.together


@given(meshes, lists, lists, st.integers(3, 60))
def test_the_same_mesh_stays_folded_the_same_way(members, fold, unfold, limit):
    folding = choose(members, fold, unfold, limit=limit)
    assert choose(members, fold, unfold, limit=limit, before=folding) == folding


@given(st.lists(st.integers(-14, 14), min_size=2, max_size=10))
def test_a_mesh_that_breathes_around_the_limit_folds_once(breaths):
    folding, seen = NOT_FOLDED, []
    for breath in breaths:
        folding = choose({"a": 200, "b": 100 + breath}, before=folding)
        seen.append(folding == NOT_FOLDED)
    assert seen == sorted(seen, reverse=True)
