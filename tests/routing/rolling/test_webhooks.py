"""Calling other people's services: only public and allowed addresses, pinned, bounded, never redirected."""

import logging
import socket
import ssl
from ipaddress import ip_network

import pytest

from meshui.webhook_env import Allowed
from routing.rolling.hooks import webhooks
from routing.rolling.hooks.webhooks import NoAnswerError, check, post, shown
from tests.envtest.certificates import Authority
from tests.routing.rolling import receivers
from tests.routing.rolling.receivers import Receiver, answer

LOOPBACK = (Allowed("", ip_network("127.0.0.0/8"), None), Allowed("", ip_network("::1/128"), None))
OK = answer(200, "come in")
# Longer than a loaded machine takes to say something, so that only who says nothing is late.
LONG = 30.0
SHORT = 1.0

THIS_MACHINE = [
    "127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "[::1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "LOCALHOST",
]  # fmt: skip
INNER = [
    "169.254.169.254", "2852039166", "0xa9fea9fe", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]", "10.0.0.1", "012.0.0.1", "100.64.0.1", "[fd00:ec2::254]",
]  # fmt: skip


@pytest.fixture
def allowed(settings):
    settings.WEBHOOK_ALLOW = LOOPBACK


def resolving(*answers):
    """A resolver with an answer for each look-up; the last one stays."""
    left = list(answers)

    def resolve(host, port):
        resolve.asked.append(host)
        return left.pop(0) if len(left) > 1 else left[0]

    resolve.asked = []
    return resolve


@pytest.mark.usefixtures("allowed")
class TestAnAnswer:
    def test_a_receiver_gets_json_and_its_answer_is_read(self):
        with Receiver(answer(202, "späť")) as receiver:
            found = post(
                receiver.url("/a%20b/?c=d#e"), {"words": "ü"}, headers={"X-One": "1"}, timeout=LONG, id="7"
            )
        (request,) = receiver.requests
        assert (found.status, found.text, found.fine) == (202, "späť", True)
        assert request.line == "POST /a%20b/?c=d HTTP/1.1"
        assert request.json == {"words": "ü"}
        assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["x-one"] == "1"
        assert request.headers["x-meshui-id"] == "7"
        assert "x-meshui-signature" not in request.headers

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_an_answer_and_is_not_followed(self, status):
        with Receiver(OK) as inner, Receiver(answer(status, location=inner.url())) as receiver:
            found = post(receiver.url(), {}, timeout=LONG)
        assert (found.status, found.fine) == (status, False)
        assert inner.connections == 0

    def test_no_proxy_of_the_environment_is_used(self, monkeypatch):
        with Receiver(OK) as proxy, Receiver(OK) as receiver:
            for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url())
            assert post(receiver.url(), {}, timeout=LONG).fine
        assert proxy.connections == 0

    def test_an_answer_that_never_ends_is_taken_as_far_as_it_is_taken(self):
        head = b"HTTP/1.1 200 OK\r\n\r\n"
        with Receiver(receivers.flood(head)) as receiver:
            found = post(receiver.url(), {}, timeout=LONG)
        assert found.status == 200
        assert found.text == "x" * webhooks.MOST_BYTES

    def test_a_length_that_is_claimed_takes_no_memory(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
        with Receiver(receivers.flood(head)) as receiver:
            assert len(post(receiver.url(), {}, timeout=LONG).text) == webhooks.MOST_BYTES

    def test_what_is_packed_is_not_unpacked(self):
        with Receiver(answer(200, "PK", content_encoding="gzip")) as receiver:
            assert post(receiver.url(), {}, timeout=LONG).text == "PK"
        assert receiver.requests[0].headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"HTTP/1.1 banana\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ],
        ids=["nothing", "ssh", "no-status", "half", "long-header", "many-headers", "bad-chunk"],
    )
    def test_what_is_no_answer_is_none(self, data):
        with Receiver(receivers.raw(data)) as receiver, pytest.raises(NoAnswerError, match="broke off"):
            post(receiver.url(), {}, timeout=LONG)

    def test_where_nobody_listens_nobody_answers(self):
        with Receiver(OK) as receiver:
            url = receiver.url()
        with pytest.raises(NoAnswerError, match=r"Nobody answers at 127.0.0.1:\d+: Connection refused"):
            post(url, {}, timeout=LONG)


@pytest.mark.usefixtures("allowed")
class TestTime:
    @pytest.mark.parametrize(
        "behave",
        [
            receivers.silent,
            receivers.drip(b"", b"H"),
            receivers.drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
            receivers.drip(b"HTTP/1.1 200 OK\r\n\r\n"),
            receivers.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
            receivers.drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
            receivers.drip(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"),
            receivers.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ],
        ids=["silent", "status", "headers", "body", "length", "chunks", "closing", "continue"],
    )
    def test_who_is_slow_is_cut_off_however_often_he_sends_a_byte(self, behave):
        with Receiver(behave) as receiver, pytest.raises(NoAnswerError, match=r"did not answer within 1 s"):
            post(receiver.url(), {}, timeout=SHORT)

    def test_a_resolver_that_hangs_is_not_waited_for(self):
        over = receivers.threading.Event()

        def resolve(*_):
            over.wait(LONG)
            return ["8.8.8.8"]

        with pytest.raises(NoAnswerError, match=r"hooks.example stands for was not answered in 1 s"):
            post("http://hooks.example/", {}, timeout=SHORT, resolve=resolve)
        assert "was not answered" in check("http://hooks.example/", resolve=resolve, seconds=SHORT)
        over.set()

    def test_a_server_that_begins_no_tls_is_not_waited_for(self):
        with Receiver(receivers.deaf) as receiver, pytest.raises(NoAnswerError, match="in time"):
            post(f"https://127.0.0.1:{receiver.port}/", {}, timeout=SHORT)

    def test_no_thread_is_left(self):
        with Receiver(receivers.silent) as receiver, pytest.raises(NoAnswerError):
            post(receiver.url(), {}, timeout=SHORT)
        names = {thread.name for thread in receivers.threading.enumerate()}
        assert "webhook-cut" not in names


class TestTheGuard:
    @pytest.mark.parametrize("host", THIS_MACHINE)
    def test_this_machine_is_refused_however_it_is_written(self, host):
        with Receiver(OK) as receiver:
            url = f"http://{host}:{receiver.port}/"
            assert "only public addresses and those of MESHUI_WEBHOOK_ALLOW are called" in check(url)
            with pytest.raises(NoAnswerError, match="MESHUI_WEBHOOK_ALLOW"):
                post(url, {}, timeout=LONG)
        assert receiver.connections == 0

    @pytest.mark.parametrize("host", INNER)
    def test_private_addresses_are_refused_without_a_connection(self, host):
        assert "only public addresses" in check(f"http://{host}/latest/meta-data/")

    def test_a_name_that_stands_for_a_private_address_is_refused(self):
        said = check("https://hooks.example/", resolve=resolving(["10.0.0.7"]))
        assert said.startswith("hooks.example stands for an address that is private;")

    def test_a_public_name_may_be_called(self):
        assert check("https://hooks.example/x?y=z", resolve=resolving(["8.8.8.8", "2606:4700::1"])) == ""

    def test_a_name_that_nobody_knows_is_refused(self):
        def resolve(*_):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        assert check("https://hooks.example/", resolve=resolve) == (
            "Nobody knows the host hooks.example: Name or service not known."
        )
        assert (
            check("https://hooks.example/", resolve=resolving([])) == "Nobody knows the host hooks.example."
        )

    def test_the_refusal_of_an_address_does_not_repeat_it(self):
        for url in ("ftp://h/s3cret-token", "https://u:s3cret-token@h/", "https://127.0.0.1/s3cret-token"):
            assert "s3cret-token" not in check(url) != ""

    def test_the_connection_goes_to_what_was_judged_whatever_the_name_means_by_now(self, settings):
        settings.WEBHOOK_ALLOW = (Allowed("", ip_network("127.0.0.2/32"), None),)
        with Receiver(OK, host="127.0.0.2") as judged, Receiver(OK) as inner:
            url = f"http://hooks.example:{judged.port}/"
            resolve = resolving(["127.0.0.2"], ["127.0.0.1"])
            assert post(url, {}, timeout=LONG, resolve=resolve).fine
            assert resolve.asked == ["hooks.example"]
            assert judged.requests[0].headers["host"] == f"hooks.example:{judged.port}"
            with pytest.raises(NoAnswerError, match=r"stands for an address that is a loopback"):
                post(url, {}, timeout=LONG, resolve=resolve)
        assert inner.connections == 0

    def test_the_port_of_an_allowance_counts(self, settings):
        with Receiver(OK) as receiver, Receiver(OK) as other:
            settings.WEBHOOK_ALLOW = (Allowed("", ip_network("127.0.0.1/32"), receiver.port),)
            assert post(receiver.url(), {}, timeout=LONG).fine
            assert check(receiver.url()) == ""
            with pytest.raises(NoAnswerError, match="only public"):
                post(other.url(), {}, timeout=LONG)

    def test_an_allowed_host_may_stand_for_anything(self, settings):
        with Receiver(OK) as receiver:
            settings.WEBHOOK_ALLOW = (Allowed("localhost", None, None),)
            assert post(receiver.url(host="localhost"), {}, timeout=LONG).fine
            assert check(receiver.url()) != ""

    @pytest.mark.usefixtures("allowed")
    def test_the_next_address_is_tried_where_the_first_takes_no_connection(self):
        with Receiver(OK) as receiver:
            resolve = resolving(["127.0.0.99", "127.0.0.1"])
            assert post(receiver.url(host="hooks.example"), {}, timeout=LONG, resolve=resolve).fine

    @pytest.mark.usefixtures("allowed")
    def test_ipv6_is_called_with_its_brackets(self):
        if not socket.has_ipv6:
            pytest.skip("no IPv6 here")
        with Receiver(OK, host="::1") as receiver:
            assert post(receiver.url(), {}, timeout=LONG).fine
        assert receiver.requests[0].headers["host"] == f"[::1]:{receiver.port}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger"))


def serving(authority, *names):
    pair = authority.named(*names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


@pytest.mark.usefixtures("allowed")
class TestTls:
    resolve = staticmethod(lambda *_: ["127.0.0.1"])

    @pytest.fixture(autouse=True)
    def trusting(self, settings, authority):
        settings.WEBHOOK_CA_FILE = str(authority.certificate)

    def test_the_certificate_is_that_of_the_name_not_of_the_address(self, authority):
        with Receiver(OK, serving(authority, "DNS:hooks.example")) as receiver:
            url = receiver.url("/x", host="hooks.example")
            assert post(url, {}, timeout=LONG, resolve=self.resolve).fine
            assert receiver.server_names == ["hooks.example"]
            with pytest.raises(NoAnswerError, match=r"certificate of other.example.* is not accepted"):
                post(receiver.url(host="other.example"), {}, timeout=LONG, resolve=self.resolve)
        assert len(receiver.requests) == 1
        assert receiver.requests[0].headers["host"] == f"hooks.example:{receiver.port}"

    def test_a_certificate_of_the_address_is_none_of_the_name(self, authority):
        with Receiver(OK, serving(authority, "IP:127.0.0.1")) as receiver:
            assert post(receiver.url(), {}, timeout=LONG).fine
            with pytest.raises(NoAnswerError, match="is not accepted"):
                post(receiver.url(host="hooks.example"), {}, timeout=LONG, resolve=self.resolve)

    def test_a_certificate_by_a_stranger_is_not_accepted(self, stranger):
        with (
            Receiver(OK, serving(stranger, "DNS:hooks.example")) as receiver,
            pytest.raises(NoAnswerError, match=r"is not accepted: .*certificate"),
        ):
            post(receiver.url(host="hooks.example"), {}, timeout=LONG, resolve=self.resolve)
        assert receiver.requests == []

    def test_plain_http_where_tls_is_expected_is_told(self):
        with (
            Receiver(receivers.raw(b"HTTP/1.1 400 no\r\n\r\n")) as receiver,
            pytest.raises(NoAnswerError, match=r"speaks no TLS|Nobody answers"),
        ):
            post(f"https://127.0.0.1:{receiver.port}/", {}, timeout=LONG)

    def test_who_is_slow_is_cut_off_behind_tls_too(self, authority):
        behave = receivers.drip(b"HTTP/1.1 200 OK\r\n\r\n")
        with (
            Receiver(behave, serving(authority, "IP:127.0.0.1")) as receiver,
            pytest.raises(NoAnswerError, match="did not answer within"),
        ):
            # Long enough for a handshake on a loaded machine.
            post(receiver.url(), {}, timeout=5.0)


class TestWhatIsShown:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("https://hooks.slack.com/services/T000/B000/s3cret", "https://hooks.slack.com/…"),
            ("https://h:8443/?token=s3cret", "https://h:8443/…"),
            ("https://h/", "https://h"),
            ("https://u:s3cret@h/", "an address that cannot be read"),
            ("s3cret", "an address that cannot be read"),
        ],
    )
    def test_an_address_is_shown_without_what_may_be_a_token(self, url, expected):
        assert shown(url) == expected

    def test_what_a_receiver_repeats_of_the_address_is_masked(self):
        url = "https://h/hooks/T0s3cret/B1?token=s3cret%20word&x=1"
        said = "no /hooks/T0s3cret/B1 here: T0s3cret, s3cret%20word, s3cret word; the hooks are closed"
        assert "s3cret" not in webhooks.masked(said, url)
        assert webhooks.masked(said, url).endswith("the hooks are closed")

    def test_an_excerpt_is_one_short_line(self):
        assert webhooks.excerpt("  a\r\n\tb\x1b[31m \u202e\x00c ") == "a b [31m c"
        assert webhooks.excerpt("x" * 500) == "x" * 199 + "…"

    def test_nothing_that_is_logged_holds_the_secret_or_a_token(self, settings, caplog):
        settings.WEBHOOK_SECRET = "s3cret-" * 6
        settings.WEBHOOK_ALLOW = LOOPBACK
        caplog.set_level(logging.DEBUG)
        with Receiver(answer(500, "no /t0ken-path?key=t0ken-query")) as receiver:
            post(receiver.url("/t0ken-path?key=t0ken-query"), {}, timeout=LONG)
        for behave in (receivers.raw(b"nonsense"), receivers.silent):
            with Receiver(behave) as receiver, pytest.raises(NoAnswerError) as caught:
                post(receiver.url("/t0ken-path?key=t0ken-query"), {}, timeout=SHORT)
            assert "t0ken" not in "".join(map(str, (caught.value, caught.value.__cause__, caught.value.args)))
        assert "s3cret" not in caplog.text
        assert "t0ken" not in caplog.text
