import pytest
from tests.graph_page.test_time import *
from tests.graph_page.test_time import past

def shots(visit, past, name, address, act=None, modes=(("dark",1440,900),("light",1440,900),("dark",390,844))):
    for scheme, w, h in modes:
        page = visit(viewport={"width": w, "height": h}, color_scheme=scheme).open(address)
        page.wait_for_timeout(1500)
        if act: act(page)
        page.wait_for_timeout(700)
        page.screenshot(path=f"/tmp/timeui/{name}-{scheme}-{w}.png")

def test_shots(visit, past):
    shots(visit, past, "live", "/graph/?ns=bookinfo")
    shots(visit, past, "past", address(past.changed_at, select=REVIEWS[2]))
    def card(page):
        page.get_by_role("button", name="Change on reviews").click()
    shots(visit, past, "card", "/graph/", card, (("dark",1440,900),))
    cmp_ = address(past.changed_at, vs=iso(past.changed_at - __import__("datetime").timedelta(minutes=5)))
    shots(visit, past, "compare", cmp_ + "&select=" + TO_V3)
    shots(visit, past, "comparetable", cmp_ + "&view=table")
    shots(visit, past, "gone", "/graph/?at=2020-01-01T00:00:00Z", None, (("light",1440,900),))
