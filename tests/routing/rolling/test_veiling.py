"""Names are taken out of texts where they may not be read, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.rolling.veiling import ELSEWHERE, veiled

TEXTS = {
    "VirtualService vault/ledger claims this host.": f"{ELSEWHERE} claims this host.",
    "VirtualService shop/cart claims this host.": "VirtualService shop/cart claims this host.",
    "DestinationRule vault/a.b-c, HTTPRoute vault/x": f"{ELSEWHERE}, {ELSEWHERE}",
    "VirtualService vault/ledger.": f"{ELSEWHERE}.",
    "1/3 proxies; and/or; application/json; https://vault/x": "1/3 proxies; and/or; application/json; https://vault/x",
    "Rollout #3 of vault": "Rollout #3 of vault",
}


def readable(_, namespace):
    return namespace != "vault"


@pytest.mark.parametrize(("text", "told"), TEXTS.items())
def test_an_object_that_may_not_be_read_has_no_name(text, told):
    assert veiled(text, readable) == told
    assert veiled({"a": [text, 1, None], "b": (text,)}, readable) == {"a": [told, 1, None], "b": [told]}


NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)


@given(
    st.sampled_from(["VirtualService", "DestinationRule", "Gateway"]),
    NAMES,
    NAMES,
    st.text(st.characters(exclude_characters="/"), max_size=10),
)
def test_no_name_is_left_wherever_it_stands(kind, namespace, name, around):
    text = f"{around} {kind} {namespace}/{name} {around}"
    assert veiled(text, lambda _, place: place != namespace) == f"{around} {ELSEWHERE} {around}"
    assert veiled(text, lambda *_: True) == text
