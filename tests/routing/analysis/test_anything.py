"""Whatever a manifest holds, it yields findings and no exception."""

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.analysis.analyzers import ALL
from routing.analysis.engine import analyze
from routing.analysis.objects import Obj
from routing.analysis.reports import FORMATS
from routing.analysis.world import Mesh, World
from tests.routing.analysis.build import NOW, SCHEMAS
from tests.routing.analysis.samples import BAD_AND_GOOD

SOUND = [obj.manifest for bad, good in BAD_AND_GOOD.values() for obj in (*bad, *good)]
KINDS = sorted({kind for analyzer in ALL for kind in analyzer.subjects})


def names(value):
    """Every key that occurs in a sound manifest: what the checks look for."""
    if isinstance(value, dict):
        return set(value) | {name for item in value.values() for name in names(item)}
    return {name for item in value for name in names(item)} if isinstance(value, list) else set()


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 70000),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.sampled_from(["", "*", "*.a.com", "reviews", "mesh", "5s", "a/b", "./*", "TCP", "~", "{}", "1" * 400]),
    st.text(max_size=8),
)
keys = st.one_of(st.sampled_from(sorted(names(SOUND))), st.text(max_size=5))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def broken(draw):
    """A sound manifest in which some values became something else."""
    manifest = draw(st.sampled_from(SOUND))

    def changed(value):
        if draw(st.integers(0, 11)) == 0:
            return draw(values)
        if isinstance(value, dict):
            return {name: changed(item) for name, item in value.items()}
        return [changed(item) for item in value] if isinstance(value, list) else value

    parts = {name: changed(item) for name, item in manifest.items() if name not in ("apiVersion", "kind")}
    return {**manifest, **parts}


@st.composite
def wild(draw):
    """Anything at all of one of the kinds."""
    group, kind = draw(st.sampled_from(KINDS))
    body = draw(st.dictionaries(st.sampled_from(["spec", "status", "webhooks", "data", "networks"]), values))
    metadata = draw(st.one_of(values, st.fixed_dictionaries({"name": st.just("a"), "annotations": values})))
    return {**body, "apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": metadata}


def analysed(manifests, mesh=None):
    world = World(
        [Obj.of(manifest, "default") for manifest in manifests],
        Mesh(mesh if isinstance(mesh, dict) else {}),
        now=NOW,
        schemas=SCHEMAS,
    )
    found = analyze(world)
    assert [one.message for one in found if one.code == "IST0001"] == []
    for write in FORMATS.values():
        assert write(found, world)


@settings(max_examples=120)
@given(st.lists(broken(), max_size=6))
def test_sound_manifests_that_were_damaged_are_analysed(manifests):
    analysed(manifests)


@settings(max_examples=120)
@given(st.lists(wild(), max_size=4), values)
def test_wild_manifests_are_analysed(manifests, mesh):
    analysed(manifests, mesh)
