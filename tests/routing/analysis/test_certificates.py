"""Secrets of gateways: is there a certificate, and is it in force?"""

import base64

import pytest

from routing.analysis.certificates import problem
from tests.routing.analysis.build import NOW, gateway, make, pod, told

TLS = {"mode": "SIMPLE", "credentialName": "cert"}


def element(tag, *parts):
    """One element in DER."""
    content = b"".join(parts)
    length = bytes([len(content)]) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")
    return bytes([tag]) + length + content


def certificate(begins, ends, *, version=True, time=0x17):
    """What of a certificate is looked at: everything up to its dates."""
    name, serial = element(0x30), element(0x02, b"\x01")
    dates = element(0x30, element(time, begins.encode()), element(time, ends.encode()))
    first = [element(0xA0, element(0x02, b"\x02"))] if version else []
    inside = element(0x30, *first, serial, name, name, dates, name, b"\x30\x00" * 60)
    body = base64.b64encode(element(0x30, inside)).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


def secret(crt, key="key", names=("tls.crt", "tls.key")):
    data = dict(zip(names, (base64.b64encode(one.encode()).decode() for one in (crt, key)), strict=True))
    return make("Secret", "cert", "default", top={"data": data})


VALID = certificate("240101000000Z", "300101000000Z")
PROBLEMS = {
    "a valid one": (VALID, ""),
    "one of version 1": (certificate("240101000000Z", "300101000000Z", version=False), ""),
    "one with long dates": (certificate("20240101000000Z", "20600101000000Z", time=0x18), ""),
    "an expired one": (certificate("230101000000Z", "240101000000Z"), "expired on 2024-01-01"),
    "an early one": (certificate("290101000000Z", "300101000000Z"), "not in force before 2029-01-01"),
    "text": ("hush", "not a certificate in PEM"),
    "an empty block": ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "not a certificate"),
    "half of one": (VALID.replace(VALID[60:100], ""), "not a certificate"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_certificate_must_be_one_and_be_in_force(text, expected):
    found = problem(secret(text).manifest, NOW)
    assert expected in found if expected else found == ""


def test_both_pairs_of_keys_are_known_and_no_others():
    assert problem(secret(VALID, names=("cert", "key")).manifest, NOW) == ""
    assert "tls.crt and tls.key" in problem(secret(VALID, names=("tls.cert", "tls.key")).manifest, NOW)
    assert "tls.crt and tls.key" in problem(secret(VALID, key="").manifest, NOW)


def test_without_a_clock_the_dates_do_not_count():
    assert problem(secret(certificate("230101000000Z", "240101000000Z")).manifest, None) == ""


def test_a_gateway_with_an_unusable_secret_is_told():
    bare = [gateway(tls=TLS), pod(labels={"istio": "ingressgateway"})]
    at = [("Gateway default/gw", "spec.servers[0].tls.credentialName")]
    assert told("IST0161", *bare, secret("hush")) == at
    assert told("IST0161", *bare, secret(VALID)) == []
    assert at[0] in told("IST0101", *bare)
