"""The node with real processes: the traffic generator, which needs no proxy, stands for any application."""

import asyncio
import os
import random
import signal

import aiohttp
import pytest

from localmesh import network
from localmesh.apiserver import kinds
from localmesh.workloads.manager import Manager
from localmesh.workloads.node import FINALIZER, Node, NodeSettings
from localmesh.workloads.objects import condition, is_true, name, status
from tests.localmesh.waiting import until


@pytest.fixture
async def node(cluster, tmp_path):
    claim = network.claim(None, random.Random())
    settings = NodeSettings(drain_seconds=0.05, probe_seconds=0.2)
    made = Node(cluster.store, claim.network, tmp_path, cluster.clock, settings)
    made.register()
    manager = asyncio.create_task(Manager(cluster.store, {"node": made.reconcile}).run())
    yield made
    manager.cancel()
    await asyncio.gather(manager, return_exceptions=True)
    await made.stop()
    claim.listener.close()


def pod(image="localmesh/traffic", **metadata):
    return {
        "metadata": {"name": "p", "namespace": "bookinfo", **metadata},
        "spec": {"containers": [{"name": "main", "image": image}]},
    }


def state(cluster):
    found = cluster.store.get(kinds.PODS, "bookinfo", "p")
    return found and status(found).get("containerStatuses", [{}])[0]


def ready(cluster):
    found = cluster.store.get(kinds.PODS, "bookinfo", "p")
    return found is not None and is_true(found, "Ready")


async def started(cluster):
    cluster.store.create(kinds.PODS, pod())
    await until(lambda: ready(cluster))
    return cluster.store.get(kinds.PODS, "bookinfo", "p")


async def figures(of):
    inner = network.inner_address(status(of)["podIP"])
    url = f"http://{inner}:{network.CONTROL_PORT}/stats"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.json()


async def test_a_pod_is_scheduled_started_and_ready(cluster, node):
    running = await started(cluster)
    assert running["spec"]["nodeName"] == "localmesh"
    assert running["status"]["phase"] == "Running"
    assert running["status"]["podIP"].startswith("127.")
    assert {"Scheduled", "Pulled", "Started"} <= set(cluster.reasons("p"))
    assert list(node.pids()) == ["bookinfo/p/main"]


async def test_a_deleted_pod_ends_its_process_before_its_object_goes(cluster, node):
    running = await started(cluster)
    [pid] = node.pids().values()
    assert FINALIZER in running["metadata"]["finalizers"]
    cluster.delete(running)
    assert cluster.store.get(kinds.PODS, "bookinfo", "p")["metadata"]["deletionTimestamp"]
    await until(lambda: cluster.store.get(kinds.PODS, "bookinfo", "p") is None)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert node.runner("bookinfo", "p") is None


async def test_a_crashed_process_is_started_again_and_counted(cluster, node):
    await started(cluster)
    [pid] = node.pids().values()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not ready(cluster))
    assert state(cluster)["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert state(cluster)["lastState"]["terminated"]["exitCode"] == 137
    await until(lambda: ready(cluster))
    assert state(cluster)["restartCount"] == 1
    assert node.pids()["bookinfo/p/main"] != pid


async def test_a_process_that_hangs_is_not_ready_until_it_answers_again(cluster, node):
    await started(cluster)
    [pid] = node.pids().values()
    os.kill(pid, signal.SIGSTOP)
    try:
        await until(lambda: not ready(cluster), seconds=20)
        assert "Unhealthy" in cluster.reasons("p")
    finally:
        os.kill(pid, signal.SIGCONT)
    await until(lambda: ready(cluster))
    assert state(cluster)["restartCount"] == 0


async def test_an_unknown_image_leaves_its_pod_pending_with_the_reason(cluster, node):
    cluster.store.create(kinds.PODS, pod(image="nginx:1"))
    await until(lambda: state(cluster))
    found = cluster.store.get(kinds.PODS, "bookinfo", "p")
    assert found["status"]["phase"] == "Pending"
    assert condition(found, "Ready")["status"] == "False"
    waiting = state(cluster)["state"]["waiting"]
    assert waiting["reason"] == "ErrImagePull"
    assert "examples-bookinfo-reviews-v1" in waiting["message"]
    await until(lambda: state(cluster)["state"]["waiting"]["reason"] == "ImagePullBackOff")
    assert "Failed" in cluster.reasons("p")
    cluster.delete(found)
    await until(lambda: cluster.store.get(kinds.PODS, "bookinfo", "p") is None)


async def test_a_tuning_reaches_the_running_process(cluster, node):
    running = await started(cluster)
    assert (await figures(running))["requests_per_second"] == 20
    running["metadata"]["annotations"] = {"localmesh/requests-per-second": "3"}
    cluster.store.update(kinds.PODS, running)
    async with asyncio.timeout(5):
        while (await figures(running))["requests_per_second"] != 3:  # noqa: ASYNC110  another process
            await asyncio.sleep(0.01)


async def test_the_log_of_a_container_is_found(cluster, node):
    await started(cluster)
    await until(lambda: "listens on" in node.runner("bookinfo", "p").log("main").read_text())
    assert node.runner("bookinfo", "p").log("other") is None


async def test_stopping_the_node_ends_all_processes_and_keeps_the_objects(cluster, node):
    await started(cluster)
    [pid] = node.pids().values()
    await node.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert cluster.store.get(kinds.PODS, "bookinfo", "p") is not None


async def test_pods_of_an_earlier_run_are_forgotten_at_the_start(cluster, tmp_path):
    cluster.store.create(kinds.PODS, pod(finalizers=[FINALIZER]))
    left = cluster.store.create(
        kinds.PODS, pod(finalizers=[FINALIZER]) | {"metadata": {"name": "q", "namespace": "x"}}
    )
    cluster.delete(left)
    node = Node(cluster.store, network.Network(9), tmp_path, cluster.clock)
    node.register()
    assert cluster.pods() == []
    assert [name(each) for each in cluster.store.list(kinds.NODES)] == ["localmesh"]
    await node.stop()
