"""`manage.py explain`."""

import io
import json

import pytest
import yaml
from django.core.management import call_command
from django.core.management.base import CommandError

from cluster.errors import Unavailable
from tests.routing.stage import destination_rule, route, service, virtual_service

SPLIT = virtual_service("reviews", [{"route": route(("v1", 80), ("v2", 20))}])


@pytest.fixture
def file(tmp_path):
    written = tmp_path / "mesh.yaml"
    both = {"kind": "List", "apiVersion": "v1", "items": [SPLIT, destination_rule("reviews", ["v1", "v2"])]}
    written.write_text(yaml.safe_dump_all([service("reviews"), both, {"kind": "ConfigMap"}]))
    return str(written)


def run(*arguments):
    out = io.StringIO()
    call_command("explain", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments):
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert caught.value.returncode == 2
    return str(caught.value)


def test_files_are_answered_from_without_a_cluster(file):
    told = run("--host", "reviews", "--namespace", "bookinfo", "--file", file)
    assert "sends 80 % to v1, 20 % to v2 of reviews.bookinfo.svc.cluster.local:9080." in told
    assert "> 1  VirtualService bookinfo/reviews spec.http[0]: It has no conditions" in told
    assert "DestinationRule bookinfo/reviews" in told


def test_the_json_is_that_of_the_rest_api(file):
    told = json.loads(run("--host", "reviews", "--namespace", "bookinfo", "--file", file, "--format", "json"))
    assert [each["probability"] for each in told["destinations"]] == [0.8, 0.2]
    assert told["rules"][0]["verdict"] == "taken"


def test_the_live_cluster_is_asked_otherwise(cluster):
    told = run("--host", "reviews", "--namespace", "bookinfo", "--header", "end-user: jason")
    assert "sends it to reviews.bookinfo.svc.cluster.local:9080 subset v1" in told
    assert "1 of 1 pods ready" in told


def test_objects_without_a_namespace_stand_in_the_one_given(tmp_path):
    written = tmp_path / "rule.yaml"
    rule = {**SPLIT, "metadata": {"name": "reviews"}}
    written.write_text(yaml.safe_dump_all([service("reviews", "shop"), rule]))
    told = run("--host", "reviews", "--namespace", "shop", "--file", str(written))
    assert "VirtualService shop/reviews" in told
    assert "no DestinationRule for reviews.shop.svc.cluster.local is in force" in told


def test_a_question_that_cannot_be_read_names_each_option():
    told = refused("--host", "a b", "--namespace", "x", "--caller-label", "y", "--port", "z")
    assert "--host:" in told
    assert "--caller-label:" in told
    assert "--port:" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a: &b c", "Line 1: An anchor"),
        (b"- 1\n", "Line 1: This is no object of Kubernetes."),
        (b"apiVersion: v1\nkind: Service\n", "Line 1: A Service has no metadata.name."),
        (
            b"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: 7}\n",
            "The Service a cannot be read",
        ),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path, text, words):
    written = tmp_path / "bad.yaml"
    written.write_bytes(text)
    told = refused("--host", "a", "--namespace", "b", "--file", str(written))
    assert str(written) in told
    assert words in told


def test_a_file_or_a_cluster_that_is_not_there_is_said(cluster):
    assert "No such file" in refused("--host", "a", "--namespace", "b", "--file", "/nowhere")
    assert "there is only default" in refused("--host", "a", "--namespace", "b", "--cluster", "west")


def test_a_cluster_that_does_not_answer_is_said(cluster):
    cluster.fail_next("list", Unavailable("timed out"))
    assert "does not answer" in refused("--host", "reviews", "--namespace", "bookinfo")
