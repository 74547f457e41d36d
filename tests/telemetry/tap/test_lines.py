"""Lines of an access log: Istio's JSON and its default text say the same; anything else is told apart."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.tap.lines import MAX_LINE_BYTES, Line, Other, Splitter, parse
from tests.telemetry.tap.samples import AT, EPOCH, OUT, TEXT, line


def test_istios_json_is_read():
    found = parse(line())
    assert found.at == pytest.approx(EPOCH)
    assert (found.method, found.path, found.code, found.flags) == ("GET", "/reviews/0", 200, ())
    assert (found.duration_ms, found.authority, found.user_agent) == (12.0, "reviews:9080", "curl/8.1")
    assert found.upstream_cluster == "outbound|9080|v1|reviews.bookinfo.svc.cluster.local"
    assert (found.upstream_host, found.downstream_remote) == ("10.0.0.5:9080", "10.0.0.2:53000")


def test_istios_default_text_says_the_same():
    text = parse(TEXT.format(at=AT).encode())
    same = parse(
        line(
            path="/reviews/0?user=jane",
            response_code=503,
            response_flags="UF,URX",
            user_agent='curl/8.1 "quoted" -',
        )
    )
    assert text == same
    assert text.flags == ("UF", "URX")


@pytest.mark.parametrize("flags", ["-", "", None])
def test_no_flag_is_none(flags):
    assert parse(line(response_flags=flags)).flags == ()


def test_a_request_without_an_answer_has_the_code_0_and_what_the_proxy_does_not_know_is_empty():
    found = parse(line(response_code=0, duration=None, upstream_host=None, upstream_cluster="-"))
    assert (found.code, found.duration_ms, found.upstream_host, found.upstream_cluster) == (0, None, "", "")
    text = TEXT.format(at=AT).replace(" 503 ", " 0 ").replace(" 12 11 ", " - - ").encode()
    assert (parse(text).code, parse(text).duration_ms) == (0, None)


def test_figures_may_be_texts():
    found = parse(line(response_code="404", duration="7"))
    assert (found.code, found.duration_ms) == (404, 7.0)


def test_a_tcp_connection_is_none_of_the_requests():
    assert parse(line(method=None, path=None, response_code=0)) is Other.CONNECTION


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe{",
        b'{"level":"info","time":"2026-01-01T12:00:00Z","scope":"xdsproxy","msg":"connected"}',
        b"2026-01-01T12:00:00.1Z\twarning\tenvoy config\tgRPC config stream closed",
        b"[2026-01-01 12:00:00.123][1][warning] something else",
        line(start_time="yesterday"),
        line(start_time="2026-01-01T12:00:00"),
        line(response_code="many"),
        line(response_code=-1),
        line(response_code=1e300),
        line(method=7),
        b'{"start_time":"' + b"9" * 5000 + b'"}',
        b'{"start_time":' + b"[" * 5000,
    ],
)
def test_what_is_no_line_of_the_access_log_is_told_apart(text):
    assert parse(text) is Other.UNREAD


def test_a_method_that_cannot_be_one_is_not_shown():
    assert parse(line(method="<script>")).method == "?"


@given(st.binary(max_size=300))
def test_no_bytes_are_an_error(text):
    for start in (b"", b"{", b"["):
        assert isinstance(parse(start + text), Line | Other)


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists)


@given(st.dictionaries(st.sampled_from(sorted(OUT)), json_values))
def test_whatever_the_fields_hold_is_read_or_told_apart(fields):
    found = parse(json.dumps({**OUT, **fields}).encode())
    assert isinstance(found, Line | Other)
    if isinstance(found, Line):
        assert 0 <= found.code < 1000
        assert all(len(flag) <= 8 for flag in found.flags)


@given(st.lists(st.binary(max_size=50).filter(lambda each: b"\n" not in each)), st.data())
def test_lines_come_out_whole_however_they_are_cut(lines, data):
    whole = b"".join(each + b"\n" for each in lines)
    splitter, found, at = Splitter(), [], 0
    while at < len(whole):
        end = data.draw(st.integers(at + 1, len(whole)))
        found += splitter.feed(whole[at:end])
        at = end
    assert found == [each for each in lines if each]


def test_of_a_line_that_is_too_long_nothing_is_kept_and_the_next_one_is_read():
    splitter = Splitter(limit=10)
    assert list(splitter.feed(b"a" * 8)) == []
    assert list(splitter.feed(b"a" * 8 + b"\nshort\n" + b"b" * 100)) == [b"short"]
    assert len(splitter._rest) == 0
    assert list(splitter.feed(b"b\nafter\n")) == [b"after"]
    assert splitter.too_long == 2
    assert MAX_LINE_BYTES <= 16 * 1024
