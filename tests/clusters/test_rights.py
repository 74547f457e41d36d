"""Who sees and may do what, by the RBAC of a real API server: over pages, the REST interface and sockets.

             sees mine   sees theirs   writes mine   writes theirs
viewer           x
operator         x                         x
admin            x            x            x              x
nobody

Once by impersonation and once by SubjectAccessReview. The console acts with its own service account, which
has the rights that deploy/ gives it and no others.
"""

import json

import pytest

from tests.clusters import access
from tests.clusters.people import Person, frames, split
from tests.clusters.world import World
from tests.console import Console, until

PAGES = ("graph/", "routing/", "changes/", "inventory/", "tokens/")
ADMINS = "mesh-admins"


@pytest.fixture(scope="module", params=["impersonate", "review"])
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def world(kube_apiserver, mode):
    made = World(kube_apiserver)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def console(kube_apiserver, mode, world, tmp_path_factory):
    access.apply(kube_apiserver, "rbac.yaml")
    access.apply(kube_apiserver, f"{mode}.yaml")
    folder = tmp_path_factory.mktemp("rights")
    kubeconfig = access.kubeconfig(kube_apiserver, folder / "kubeconfig")
    environment = {"MESHUI_ACCESS": mode, "MESHUI_SETTLE_SECONDS": "0"}
    running = Console(folder / "state", "run", {"KUBECONFIG": kubeconfig}, environment)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()
        access.withdraw(kube_apiserver, f"{mode}.yaml")


@pytest.fixture(scope="module")
def people(kube_apiserver, mode, world, console):
    """The four; their names differ by mode, so that the rights of one run do not reach into the other."""
    access.grant(kube_apiserver, world.mine, f"viewer-{mode}", access.READER)
    access.grant(kube_apiserver, world.mine, f"operator-{mode}", access.WRITER)
    access.grant_everywhere(kube_apiserver, f"{ADMINS}-{mode}", access.WRITER)
    return {
        "viewer": Person(console, "vera", "--user", f"viewer-{mode}"),
        "operator": Person(console, "otto", "--user", f"operator-{mode}"),
        "admin": Person(console, "ada", "--user", "ada@example.org", "--group", f"{ADMINS}-{mode}"),
        "nobody": Person(console, "nina"),
    }


def hidden_from(role, world):
    """The words that must not reach a person."""
    return {"admin": (), "nobody": (world.mine, *world.secrets)}.get(role, world.secrets)


def assert_without(words, text, where):
    for word in words:
        assert word not in text, f"{where} names {word}"


def traffic(person, role):
    """A graph in which both directions across the border are counted, as far as this role sees them."""

    def found():
        graph = person.get("graph?graph_type=versioned_app")[1]
        moving = [edge for edge in graph["edges"] if edge["requests_per_second"] > 0]
        return graph if len(moving) >= {"nobody": 0}.get(role, 3) else None

    return until(found, f"{role} sees traffic")


@pytest.mark.parametrize("role", ["viewer", "operator", "admin", "nobody"])
def test_the_rest_interface_shows_what_the_role_may_read_and_no_other_word(people, world, role):
    person = people[role]
    places = {"admin": {world.mine, world.theirs}, "nobody": set()}.get(role, {world.mine})
    graph = traffic(person, role)
    assert {node["namespace"] for node in graph["nodes"]} - {""} == places
    status, answer = person.get("services")
    assert status == (403 if role == "nobody" else 200)
    assert {each["namespace"] for each in answer.get("services", ())} & {world.mine, world.theirs} == places
    inventory = person.get("inventory")[1]
    assert {each["name"] for each in inventory["namespaces"]} & {world.mine, world.theirs} == places
    whole = ("graph", "graph?graph_type=workload", "graph?graph_type=app", "services", "inventory", "changes")
    asked = [f"{path}?namespaces={world.theirs}" for path in ("graph", "services", "inventory")]
    one = (f"services/{world.theirs}/vault", f"services/{world.mine}/cart")
    for path in (*whole, *asked, *one):
        # What a person asked for by name may come back as the question; it is not an answer.
        words = [word for word in hidden_from(role, world) if word not in path]
        assert_without(words, json.dumps(person.get(path)[1]), f"{path} for {role}")


@pytest.mark.parametrize("role", ["viewer", "operator", "admin", "nobody"])
def test_pages_show_what_the_role_may_read_and_no_other_word(people, world, role):
    for path in PAGES:
        status, text = people[role].page(path)
        assert status == 200, f"{path} for {role}"
        assert_without(hidden_from(role, world), text, f"{path} for {role}")
    seen = people[role].page("routing/")[1]
    assert (world.mine in seen) == (role != "nobody")
    assert (world.theirs in seen) == (role == "admin")
    assert people[role].page(f"routing/{world.theirs}/vault/")[0] == (200 if role == "admin" else 404)


@pytest.mark.parametrize("role", ["viewer", "operator", "admin", "nobody"])
def test_no_frame_of_a_socket_names_what_the_role_may_not_read(people, world, role):
    traffic(people[role], role)
    for graph_type in ("versioned_app", "workload", "app"):
        with people[role].socket(graph_type=graph_type) as socket:
            received = frames(socket, 3)
        assert json.loads(received[0])["type"] == "full"
        assert_without(hidden_from(role, world), "".join(received), f"a frame for {role}")


def test_the_far_end_of_an_edge_over_the_border_is_another_namespace(people, world):
    graph = traffic(people["viewer"], "viewer")
    (hidden,) = [node for node in graph["nodes"] if node["kind"] == "hidden"]
    mine = {node["id"] for node in graph["nodes"] if node["namespace"] == world.mine}
    assert {(edge["source"] in mine, edge["target"] in mine) for edge in graph["edges"]} == {
        (True, False),
        (False, True),
    }
    ends = {end for edge in graph["edges"] for end in (edge["source"], edge["target"])} - mine
    assert ends == {hidden["id"]}


def splits(world):
    """A split in each namespace."""
    return ((world.mine, "cart", {"v1": 90, "v2": 10}), (world.theirs, "vault", {"v1": 100}))


@pytest.mark.parametrize("role", ["viewer", "operator", "admin", "nobody"])
def test_a_role_writes_what_it_may_and_nothing_else(people, world, role):
    person = people[role]
    places = {"operator": [world.mine], "admin": [world.mine, world.theirs]}.get(role, [])
    for namespace, service, weights in splits(world):
        before = world.virtual_service(namespace, service)
        status, plan = person.post("plans", split(namespace, service, **weights))
        if status == 201:
            status, answer = person.post(f"plans/{plan['id']}/apply", {"hash": plan["hash"]})
        if namespace in places:
            assert (status, answer["state"]) == (200, "applied"), answer
            assert world.virtual_service(namespace, service) != before
            assert person.post(f"changes/{answer['id']}/revert", {})[0] == 200
        else:
            assert status in (403, 404, 422), (role, namespace, status)
            assert world.virtual_service(namespace, service) == before


def test_a_change_is_shown_to_those_who_may_read_what_it_touched(people, world):
    admin = people["admin"]
    made = {}
    for namespace, service, weights in splits(world):
        plan = admin.post("plans", split(namespace, service, **weights))[1]
        made[namespace] = admin.post(f"plans/{plan['id']}/apply", {"hash": plan["hash"]})[1]["id"]
    for role, person in people.items():
        shown = {change["id"] for change in person.get("changes")[1]["changes"]}
        sees = {"admin": {world.mine, world.theirs}, "nobody": set()}.get(role, {world.mine})
        assert {namespace for namespace, change in made.items() if change in shown} == sees, role
        for namespace, change in made.items():
            expected = 200 if namespace in sees else 404
            assert person.get(f"changes/{change}")[0] == expected, (role, namespace)
            assert person.page(f"changes/{change}/")[0] == expected, (role, namespace)
    assert people["operator"].post(f"changes/{made[world.theirs]}/revert", {})[0] == 404
    assert people["viewer"].post(f"changes/{made[world.mine]}/revert", {})[0] == 403
    for change in made.values():
        assert admin.post(f"changes/{change}/revert", {})[0] == 200


def test_a_right_that_is_withdrawn_after_the_preview_is_gone_at_the_write(
    world, kube_apiserver, mode, console
):
    user = f"temp-{mode}"
    access.grant(kube_apiserver, world.mine, user, access.WRITER)
    person = Person(console, "tom", "--user", user)
    status, plan = person.post("plans", split(world.mine, "cart", v1=60, v2=40))
    assert status == 201, plan
    before = world.virtual_service(world.mine, "cart")
    access.revoke(kube_apiserver, world.mine, user)
    assert person.post(f"plans/{plan['id']}/apply", {"hash": plan["hash"]})[0] in (403, 404)
    assert world.virtual_service(world.mine, "cart") == before
    # What is shown goes when the remembered answers are asked anew.
    until(lambda: not person.get("services")[1].get("services"), "the services are gone", seconds=40)
    with person.socket() as socket:
        assert_without(
            (world.mine, *world.secrets), frames(socket, 1)[0], "a frame after the right was withdrawn"
        )
