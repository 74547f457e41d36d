"""Secrets of TLS are checked before a proxy sees them."""

import base64
from pathlib import Path

import pytest

from localmesh.controlplane.credentials import Credentials, system_roots
from tests.localmesh.controlplane.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def secret(**files):
    data = {key.replace("_", "."): base64.b64encode(text.encode()).decode() for key, text in files.items()}
    return {"metadata": {"name": "s", "namespace": "shop"}, "data": data}


def read(**files):
    return Credentials().read([secret(**files)]).get(("shop", "s"))


def texts(pair):
    return pair.certificate.read_text(), pair.key.read_text()


def test_a_certificate_with_its_key_and_authority(authority):
    certificate, key = texts(authority.issue("a.example"))
    root = authority.root.certificate.read_text()
    found = read(tls_crt=certificate, tls_key=key, ca_crt=root)
    assert (found.certificate, found.key, found.authority, found.problem) == (certificate, key, root, "")
    assert read(cert=certificate, key=key) == read(tls_crt=certificate, tls_key=key)


def test_a_key_does_not_stand_in_a_log(authority):
    certificate, key = texts(authority.issue("a.example"))
    assert key not in repr(read(tls_crt=certificate, tls_key=key))


def test_what_openssl_would_refuse_is_kept_from_envoy(authority):
    certificate, key = texts(authority.issue("a.example"))
    other, _ = texts(authority.issue("b.example"))
    for broken in (
        {"tls_crt": other, "tls_key": key},
        {"tls_crt": "nonsense", "tls_key": key},
        {"tls_crt": certificate, "tls_key": "nonsense"},
        {"ca_crt": "nonsense"},
    ):
        found = read(**broken)
        assert "OpenSSL does not take it" in found.problem
        assert (found.certificate, found.key, found.authority) == ("", "", "")
    assert read(tls_crt=certificate).problem == "a certificate and its key belong together"


def test_other_secrets_are_left_out():
    assert read(password="x") is None
    assert read() is None


def test_a_secret_that_did_not_change_is_not_checked_again(authority):
    certificate, key = texts(authority.issue("a.example"))
    credentials = Credentials()
    made = secret(tls_crt=certificate, tls_key=key)
    first = credentials.read([made])["shop", "s"]
    assert credentials.read([made])["shop", "s"] is first


def test_the_machines_own_authorities_are_a_file_or_nothing():
    found = system_roots()
    assert not found or "BEGIN CERTIFICATE" in Path(found).read_text()
