"""Which addresses may be called: by the numbers that they stand for, however they are written."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshui.webhook_env import Allowed
from routing.rolling.hooks import addresses
from routing.rolling.hooks.addresses import WrongAddressError, refused, target, why_not_public

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
    "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1",
    "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
    "2002:a9fe:a9fe::", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1",
    "2001:db8::1", "3fff::1", "100::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "febf::1",
    "fec0::1", "ff02::1", "ff0e::1", "5f00::1", "4000::1", "::ffff:0:127.0.0.1", "fd00:ec2::254",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255",
    "2606:4700:4700::1111", "2a00:1450:4001:800::200e", "2001:4860:4860::8888", "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8", "2002:808:808::1",
]  # fmt: skip
HOOK = target("https://hooks.example/x")


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public_is_refused_with_the_reason(text):
    assert why_not_public(ip_address(text))
    said = refused(HOOK, [text], ())
    assert said.startswith("hooks.example stands for an address that ")
    assert text not in said
    assert "MESHUI_WEBHOOK_ALLOW" in said


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_is_called(text):
    assert why_not_public(ip_address(text)) == ""
    assert refused(HOOK, [text], ()) == ""


def test_one_bad_address_among_several_is_enough():
    assert refused(HOOK, ["8.8.8.8", "10.0.0.1"], ())
    assert refused(HOOK, ["10.0.0.1", "8.8.8.8"], ())


v4 = st.integers(0, 2**32 - 1).map(IPv4Address)
v6 = st.integers(0, 2**128 - 1).map(IPv6Address)


@given(v4 | v6)
def test_what_python_knows_as_not_global_is_never_public(address):
    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        carried = address.version == 6 and (address.sixtofour or addresses._carried(address))
        assert why_not_public(address) or carried


@given(v4)
def test_an_address_inside_another_is_judged_as_itself(address):
    number = int(address)
    inside = [
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x64FF9B << 96 | number),
        IPv6Address(0x2002 << 112 | number << 80),
    ]
    for each in inside:
        assert bool(why_not_public(each)) == bool(why_not_public(address)), each


@given(st.text())
def test_what_the_resolver_says_is_an_address_or_refused(text):
    try:
        ip_address(text)
    except ValueError:
        assert refused(HOOK, [text], ())


def test_the_administrator_allows_hosts_ports_and_networks():
    by_name = Allowed("hooks.example", None, None)
    assert refused(HOOK, ["10.0.0.1"], [by_name]) == ""
    assert refused(target("https://hooks.example./x"), ["10.0.0.1"], [by_name]) == ""
    assert refused(target("https://other.example/"), ["10.0.0.1"], [by_name])
    assert refused(target("https://x.hooks.example/"), ["10.0.0.1"], [by_name])
    by_port = Allowed("hooks.example", None, 8443)
    assert refused(HOOK, ["10.0.0.1"], [by_port])
    assert refused(target("https://hooks.example:8443/"), ["10.0.0.1"], [by_port]) == ""
    network = Allowed("", ip_network("10.1.0.0/16"), None)
    assert refused(HOOK, ["10.1.2.3", "8.8.8.8", "::ffff:10.1.2.3"], [network]) == ""
    assert refused(HOOK, ["10.1.2.3", "10.2.0.1"], [network])
    assert refused(HOOK, ["10.1.2.3"], [Allowed("", ip_network("10.1.0.0/16"), 80)])
    assert refused(HOOK, ["fd00::7"], [Allowed("", ip_network("fd00::/64"), None)]) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "begin with https"),
        ("hooks.example/x", "begin with https"),
        ("ftp://hooks.example/", "begin with https"),
        ("file:///etc/passwd", "begin with https"),
        ("gopher://hooks.example/", "begin with https"),
        ("javascript:alert(1)", "begin with https"),
        ("https://", "no host"),
        ("https:///path", "no host"),
        ("https:hooks.example", "no host"),
        ("https://:443/", "no host"),
        ("https://user@hooks.example/", "user or a password"),
        ("https://user:word@hooks.example/", "user or a password"),
        ("https://@hooks.example/", "user or a password"),
        ("https://hooks.example@169.254.169.254/", "user or a password"),
        ("https://hooks.example:0/", "port"),
        ("https://hooks.example:65536/", "port"),
        ("https://hooks.example:+80/", "no host"),
        ("https://hooks.example:80:80/", "no host"),
        ("https://[::1]hooks.example/", "no"),
        ("https://hooks.example[::1]/", "no"),
        ("https://[::1/", "no"),
        ("https://[fe80::1%25eth0]/", "no"),
        ("https://[v1.x]/", "no"),
        ("https://hooks .example/", "characters"),
        ("https://hooks.example/\r\nX: y", "characters"),
        ("https://hooks.example\\@127.0.0.1/", "characters"),
        ("https://hooks.exämple/", "characters"),
        ("https://127。0。0。1/", "characters"),
        ("https://ⓛocalhost/", "characters"),
        ("https://hooks.example/\x00", "characters"),
        (f"https://{'a' * 64}.example/", "no host"),
        (f"https://{'a.' * 130}example/", "no host"),
        (f"https://hooks.example/{'x' * 2000}", "2000"),
        ("https://hooks..example/", "no host"),
        ("https://%6cocalhost/", "no host"),
    ],
)
def test_what_is_no_address_that_can_be_called_is_refused(url, words):
    with pytest.raises(WrongAddressError, match=words):
        target(url)


@given(st.text(), st.sampled_from(["", "http://", "https://", "https://[", "http://a:"]))
def test_no_text_is_anything_but_an_address_or_a_reason(text, before):
    try:
        found = target(before + text)
    except WrongAddressError:
        return
    assert found.scheme in ("http", "https")
    assert found.path.startswith("/")
    assert 0 < found.port < 65536
    assert not set(found.authority + found.path) & set(" \r\n\t@\\" if "@" not in found.path else " \r\n\t\\")


def test_an_address_is_taken_apart():
    assert target("http://Hooks.Example") == addresses.Target("http", "hooks.example", 80, "/")
    assert target("https://h:8443/a/b?c=d#e") == addresses.Target("https", "h", 8443, "/a/b?c=d")
    assert target("https://[2001:DB8:0::1]:1/").host == "2001:db8::1"
    assert target("https://[::1]/").authority == "[::1]"
    assert target("http://h:443/").authority == "h:443"
