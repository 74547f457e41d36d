"""What is signed can be checked as the documents say."""

import hashlib
import re
import time
from ipaddress import ip_network
from pathlib import Path

import pytest

from meshui.webhook_env import Allowed
from routing.rolling.hooks import signing
from routing.rolling.hooks.webhooks import post
from tests.routing.rolling.receivers import Receiver, answer

SECRET = "a-secret-that-is-long-enough-for-all"
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "webhooks.md"


@pytest.fixture
def is_from_meshui():
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    names = {}
    exec(code, names)
    return names["is_from_meshui"]


@pytest.fixture
def request_(settings):
    settings.WEBHOOK_SECRET = SECRET
    settings.WEBHOOK_ALLOW = (Allowed("", ip_network("127.0.0.0/8"), None),)
    with Receiver(answer(200)) as receiver:
        post(receiver.url(), {"words": "ü & <"}, timeout=30, id="3-1-1")
    return receiver.requests[0]


def test_what_was_sent_is_told_from_what_was_not(request_, is_from_meshui):
    header, body = request_.headers["x-meshui-signature"], request_.body
    assert is_from_meshui(SECRET, header, body)
    assert not is_from_meshui(SECRET, header, body + b" ")
    assert not is_from_meshui("another-secret", header, body)
    assert not is_from_meshui(SECRET, header.replace("t=", "t=1"), body)
    assert not is_from_meshui(SECRET, "", body)
    assert not is_from_meshui(SECRET, "t=1,v1", body)


def test_what_is_old_is_refused(is_from_meshui):
    now = int(time.time())
    assert is_from_meshui(SECRET, signing.signature(SECRET, b"{}", now), b"{}")
    assert not is_from_meshui(SECRET, signing.signature(SECRET, b"{}", now - 400), b"{}")


def test_the_signature_is_hmac_of_the_time_a_dot_and_the_body():
    # RFC 2104, written out.
    key = SECRET.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + b"1795852800.{}").digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()
    assert signing.signature(SECRET, b"{}", 1_795_852_800) == f"t=1795852800,v1={outer}"
