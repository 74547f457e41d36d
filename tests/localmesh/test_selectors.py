from localmesh.selectors import selects

LABELS = {"app": "reviews", "version": "v1"}


def expression(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def test_an_absent_selector_selects_nothing_and_an_empty_one_everything():
    assert not selects(None, LABELS)
    assert selects({}, LABELS)


def test_every_label_of_a_selector_must_match():
    assert selects({"matchLabels": {"app": "reviews"}}, LABELS)
    assert not selects({"matchLabels": {"app": "reviews", "tier": "back"}}, LABELS)


def test_expressions_are_understood():
    assert selects(expression("version", "In", "v1", "v2"), LABELS)
    assert not selects(expression("version", "NotIn", "v1"), LABELS)
    assert selects(expression("tier", "NotIn", "v1"), LABELS)
    assert selects(expression("app", "Exists"), LABELS)
    assert selects(expression("tier", "DoesNotExist"), LABELS)
    assert not selects(expression("app", "Guess"), LABELS)
