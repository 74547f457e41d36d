import random
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localmesh import network
from localmesh.network import Network, NetworkUnavailableError, PodAddresses


@pytest.fixture
def claimed():
    held = []

    def claim(preferred=None):
        held.append(network.claim(preferred, random.Random(7)))
        return held[-1]

    yield claim
    for each in held:
        each.listener.close()


def test_a_claim_listens_on_the_address_of_its_api_server(claimed):
    mine = claimed()
    with socket.create_connection((mine.network.api_server, network.API_SERVER_PORT), timeout=1):
        pass


def test_the_network_of_the_last_run_is_preferred(claimed):
    number = claimed().network.number
    free = number + 1 if number < 200 else number - 1
    assert claimed(free).network.number == free


def test_two_instances_never_get_the_same_network(claimed):
    first = claimed()
    assert claimed(first.network.number).network.number != first.network.number


def test_a_port_held_on_all_addresses_is_named(claimed):
    mine = claimed().network
    with socket.socket() as hog:
        hog.bind(("0.0.0.0", 0))
        hog.listen()
        port = hog.getsockname()[1]
        with pytest.raises(NetworkUnavailableError, match=f"port {port} is taken on all addresses"):
            network.check_ports(mine, [port])


def test_free_ports_pass(claimed):
    network.check_ports(claimed().network, [9080])


def test_a_machine_with_only_127_0_0_1_is_told_what_is_missing(monkeypatch):
    # An address of no interface stands for what macOS answers to 127.77.0.1.
    monkeypatch.setattr(network.Network, "api_server", property(lambda self: "192.0.2.1"))
    with pytest.raises(NetworkUnavailableError, match=r"all of\s+127\.0\.0\.0/8.*macOS.*KUBECONFIG"):
        network.claim(None, random.Random(1))


@given(st.integers(2, 239), st.integers(1, 127), st.integers(1, 254))
def test_the_inside_of_a_pod_mirrors_its_ip_and_is_never_a_pod_ip(number, block, host):
    assert network.inner_address(f"127.{number}.{block}.{host}") == f"127.{number}.{block + 128}.{host}"


def test_pod_ips_are_in_the_lower_half_and_all_different():
    ips = list(Network(9).pod_ips())
    assert len(set(ips)) == len(ips) == 127 * 254
    assert (ips[0], ips[-1]) == ("127.9.1.1", "127.9.127.254")


def test_a_pod_address_given_back_is_not_the_next_one_handed_out():
    addresses = PodAddresses(Network(9))
    first = addresses.take()
    addresses.give_back(first)
    assert addresses.take() != first


def test_addresses_come_round_again_when_all_were_used_once():
    addresses = PodAddresses(Network(9))
    taken = [addresses.take() for _ in range(127 * 254)]
    assert len(set(taken)) == len(taken)
    with pytest.raises(NetworkUnavailableError):
        addresses.take()
    addresses.give_back(taken[5])
    assert addresses.take() == taken[5]
