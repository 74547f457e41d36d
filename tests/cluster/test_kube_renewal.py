"""How a connection follows what its kubeconfig says, and goes on while that is found out."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from kubernetes.client.configuration import Configuration

from cluster import errors, kinds
from cluster.kube import KubeCluster, credentials
from tests.cluster.kubeconfigs import Clock, Plugin, kubeconfig
from tests.cluster.scripted import NAMESPACES, NOTHING, Script, serving
from tests.envtest.certificates import Authority


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(autouse=True)
def answers(script):
    script.answers["GET", NAMESPACES] = (200, NOTHING)


@pytest.fixture
def connect(tmp_path, clock):
    def connected(server, user, **more):
        path = kubeconfig(tmp_path / "kubeconfig", server, user, **more)
        return KubeCluster(credentials.Kubeconfig(path, now=clock.wall), clock=clock)

    return connected


def sent(script):
    return [each.token for each in script.asked]


class Renewing:
    """A source of tokens, each good for 50 s and over after 60; from the second on it waits to be let go."""

    def __init__(self, url):
        self._url = url
        self.runs = 0
        self.running, self.let_go = Event(), Event()

    def __call__(self):
        self.runs += 1
        if self.runs > 1:
            self.running.set()
            assert self.let_go.wait(20)
        configuration = Configuration(host=self._url)
        return credentials.Loaded(configuration, f"Bearer {self.runs}", good_for=50, ends_in=60)


@pytest.fixture
def renewing(url):
    source = Renewing(url)
    yield source
    source.let_go.set()


def test_what_a_slow_plugin_gives_is_good_from_when_it_gave_it(url, clock):
    runs = []

    def slow():
        runs.append(clock.now)
        clock.now += 30
        return credentials.Loaded(Configuration(host=url), "Bearer t", good_for=20)

    cluster = KubeCluster(slow, clock=clock)
    for _ in range(3):
        cluster.list(kinds.NAMESPACE)
    assert len(runs) == 1


def test_what_a_slow_plugin_failed_with_is_remembered_from_when_it_failed(clock):
    runs = []

    def slow():
        runs.append(clock.now)
        clock.now += 30
        raise errors.Unavailable("It did not end within 30 s.")

    cluster = KubeCluster(slow, clock=clock)
    for _ in range(3):
        with pytest.raises(errors.Unavailable, match="within 30 s"):
            cluster.list(kinds.NAMESPACE)
    assert len(runs) == 1


def test_others_go_on_while_one_renews(renewing, script, clock):
    cluster = KubeCluster(renewing, clock=clock)
    cluster.list(kinds.NAMESPACE)
    clock.now = 55
    with ThreadPoolExecutor() as threads:
        one = threads.submit(cluster.list, kinds.NAMESPACE)
        assert renewing.running.wait(20)
        try:
            threads.submit(cluster.list, kinds.NAMESPACE).result(timeout=10)
        finally:
            renewing.let_go.set()
        one.result(timeout=10)
    assert sent(script) == ["Bearer 1", "Bearer 1", "Bearer 2"]
    assert renewing.runs == 2


def test_others_wait_for_the_new_credentials_once_the_old_have_ended(renewing, script, clock):
    cluster = KubeCluster(renewing, clock=clock)
    cluster.list(kinds.NAMESPACE)
    clock.now = 60
    with ThreadPoolExecutor() as threads:
        one = threads.submit(cluster.list, kinds.NAMESPACE)
        assert renewing.running.wait(20)
        other = threads.submit(cluster.list, kinds.NAMESPACE)
        try:
            with pytest.raises(TimeoutError):
                other.result(timeout=0.2)
        finally:
            renewing.let_go.set()
        one.result(timeout=10)
        other.result(timeout=10)
    assert sent(script) == ["Bearer 1", "Bearer 2", "Bearer 2"]
    assert renewing.runs == 2


def test_a_new_address_and_token_in_the_kubeconfig_are_used_within_a_minute(
    connect, url, script, tmp_path, clock
):
    cluster = connect(url, {"token": "old"})
    cluster.list(kinds.NAMESPACE)
    elsewhere = Script({("GET", NAMESPACES): (200, NOTHING)})
    with serving(elsewhere) as other:
        kubeconfig(tmp_path / "kubeconfig", other, {"token": "new"})
        clock.now = 59.9
        cluster.list(kinds.NAMESPACE)
        clock.now = 60
        cluster.list(kinds.NAMESPACE)
    assert (sent(script), sent(elsewhere)) == (["Bearer old", "Bearer old"], ["Bearer new"])


def test_a_kubeconfig_that_is_the_same_keeps_the_connections_and_what_its_plugin_gave(
    connect, url, script, tmp_path, clock
):
    plugin = Plugin(tmp_path)
    plugin.says(token="one")
    cluster = connect(url, plugin.user())
    cluster.list(kinds.NAMESPACE)
    pool = cluster._wire._session.pool
    for clock.now in (60, 120, 180):
        cluster.list(kinds.NAMESPACE)
    assert len(plugin.runs) == 1
    assert cluster._wire._session.pool is pool
    plugin.says(token="two")
    kubeconfig(tmp_path / "kubeconfig", url, plugin.user(args=["other"]))
    clock.now = 240
    cluster.list(kinds.NAMESPACE)
    assert len(plugin.runs) == 2
    assert sent(script) == ["Bearer one"] * 4 + ["Bearer two"]


def test_another_authority_in_the_file_that_is_named_is_believed_within_a_minute(
    connect, script, tmp_path, clock
):
    plugin = Plugin(tmp_path)
    plugin.says(token="one")
    for name in ("right", "wrong"):
        (tmp_path / name).mkdir()
    right, wrong = Authority(tmp_path / "right"), Authority(tmp_path / "wrong")
    file = tmp_path / "ca.crt"
    file.write_bytes(right.certificate.read_bytes())
    with serving(script, right.server("127.0.0.1")) as url:
        entry = {"server": url, "certificate-authority": str(file)}
        cluster = connect("", plugin.user(), clusters=[{"name": "c", "cluster": entry}])
        cluster.list(kinds.NAMESPACE)
        file.write_bytes(wrong.certificate.read_bytes())
        clock.now = 60
        with pytest.raises(errors.Unavailable, match="No trusted connection"):
            cluster.list(kinds.NAMESPACE)
    assert len(plugin.runs) == 1


def test_a_kubeconfig_that_is_half_written_changes_nothing(connect, url, script, tmp_path, clock):
    cluster = connect(url, {"token": "old"})
    cluster.list(kinds.NAMESPACE)
    whole = (tmp_path / "kubeconfig").read_text()
    (tmp_path / "kubeconfig").write_text(whole[: len(whole) // 2])
    clock.now = 60
    cluster.list(kinds.NAMESPACE)
    (tmp_path / "kubeconfig").write_text(whole.replace("old", "new"))
    clock.now = 66
    cluster.list(kinds.NAMESPACE)
    assert sent(script) == ["Bearer old", "Bearer old", "Bearer new"]
