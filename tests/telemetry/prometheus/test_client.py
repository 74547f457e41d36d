"""Signing in to a Prometheus, in all the ways there are, without the secret being told to anybody else."""

import ssl
import subprocess
from base64 import b64encode

import pytest

from telemetry.prometheus.client import Client, NoAnswerError, Server
from tests import needs
from tests.telemetry.prometheus.bad import BadServer

SECRET = "open-sesame-and-nobody-else"
MOMENT = 1_700_000_000.0


@pytest.fixture
async def server():
    server = await BadServer().start()
    yield server
    await server.stop()


async def headers_sent(server, **sign_in) -> dict[str, str]:
    client = Client(Server(server.url, timeout_seconds=20, **sign_in))
    try:
        await client.at("sum by (x) (up)", MOMENT)
    finally:
        await client.close()
    return server.headers


async def test_without_a_sign_in_nothing_is_sent_and_nothing_compressed_is_taken(server):
    sent = await headers_sent(server)
    assert "Authorization" not in sent
    assert (sent["Accept-Encoding"], sent["Accept"]) == ("identity", "application/json")
    assert server.asked == [{"query": "sum by (x) (up)", "time": "1700000000.000"}]


async def test_a_token_is_sent(server):
    assert (await headers_sent(server, token=SECRET))["Authorization"] == f"Bearer {SECRET}"


async def test_a_file_with_a_token_is_read_anew_for_each_query(server, tmp_path):
    file = tmp_path / "token"
    client = Client(Server(server.url, token_file=str(file)))
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        await client.at("sum by (x) (up)", MOMENT)
        assert server.headers["Authorization"] == f"Bearer {token}"
    file.unlink()
    with pytest.raises(NoAnswerError, match="file with the token for Prometheus cannot be read"):
        await client.at("up", MOMENT)
    await client.close()


async def test_a_user_and_password_are_sent(server):
    sent = await headers_sent(server, user="mé", password=SECRET)
    assert sent["Authorization"] == "Basic " + b64encode(f"mé:{SECRET}".encode()).decode()


async def test_headers_of_ones_own_are_sent(server):
    assert (await headers_sent(server, headers={"X-Scope-OrgID": "team"}))["X-Scope-OrgID"] == "team"


@pytest.mark.parametrize("token", ["a\nX-Evil: 1", "é"])
async def test_a_token_that_cannot_be_sent_is_not(server, token):
    with pytest.raises(NoAnswerError, match="holds characters that cannot be sent") as caught:
        await headers_sent(server, token=token)
    assert token not in str(caught.value)
    assert server.asked == []


async def test_no_secret_goes_where_a_redirect_leads(server):
    other = await BadServer().start()
    server.handler = lambda request: other_place(request, other.url)
    with pytest.raises(NoAnswerError, match="redirect"):
        await headers_sent(server, token=SECRET)
    assert other.asked == []
    await other.stop()


async def other_place(_request, url):
    from aiohttp import web

    raise web.HTTPTemporaryRedirect(f"{url}/api/v1/query")


def test_a_server_can_be_printed_without_its_secrets():
    server = Server("http://prom", token=SECRET, password=SECRET, headers={"X-Key": SECRET})
    assert SECRET not in repr(server)


async def test_a_range_is_asked_for(server):
    server.handler = server.empty
    client = Client(Server(server.url))
    answer = await client.between("up", MOMENT, MOMENT + 60, 0.5)
    assert (answer.lines, server.asked[-1]) == (
        [],
        {"query": "up", "start": "1700000000.000", "end": "1700000060.000", "step": "0.500"},
    )
    await client.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, and of it a server's and a client's certificate."""
    openssl, folder = needs.program("openssl"), tmp_path_factory.mktemp("certificates")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    run(*new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority")
    for name in ("server", "client"):
        run(
            *new, "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE",
        )  # fmt: skip
    return folder


@pytest.fixture
async def guarded(certificates):
    """One that speaks TLS and asks its clients for their certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates / "ca.pem")
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    server = await BadServer().start(context)
    yield server
    await server.stop()


def named(certificates, **files: str) -> dict[str, str]:
    return {name: str(certificates / file) for name, file in files.items()}


async def test_a_client_certificate_opens_the_door(guarded, certificates):
    files = named(certificates, ca_file="ca.pem", certificate_file="client.pem", key_file="client.key")
    await headers_sent(guarded, **files)
    assert len(guarded.asked) == 1


async def test_without_the_certificate_the_door_stays_shut(guarded, certificates):
    with pytest.raises(NoAnswerError, match="cannot be reached"):
        await headers_sent(guarded, **named(certificates, ca_file="ca.pem"))
    assert guarded.asked == []


async def test_a_server_whose_authority_is_not_known_is_not_spoken_to(guarded, certificates):
    with pytest.raises(NoAnswerError, match="cannot be reached"):
        await headers_sent(guarded, token=SECRET)
    assert guarded.asked == []


async def test_certificates_that_were_replaced_are_used(guarded, certificates, tmp_path):
    own = {"certificate_file": tmp_path / "own.pem", "key_file": tmp_path / "own.key"}
    own["certificate_file"].write_text("not yet")
    own["key_file"].write_text("not yet")
    files = {name: str(path) for name, path in own.items()} | named(certificates, ca_file="ca.pem")
    client = Client(Server(guarded.url, timeout_seconds=20, **files))
    with pytest.raises(NoAnswerError, match="certificates for Prometheus cannot be used"):
        await client.at("sum by (x) (up)", MOMENT)
    own["certificate_file"].write_bytes((certificates / "client.pem").read_bytes())
    own["key_file"].write_bytes((certificates / "client.key").read_bytes())
    await client.at("sum by (x) (up)", MOMENT)
    await client.close()
    assert len(guarded.asked) == 1
