"""`manage.py analyze`: what it prints, and what it exits with."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[3]
BROKEN = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
  - route:
    - destination:
        host: reviewz
"""
SOUND = """\
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: 9080}]}
"""
WARNED = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviewz}
"""


def run(*arguments, capsys):
    """The exit status and the output."""
    try:
        call_command("analyze", *map(str, arguments))
    except SystemExit as end:
        return end.code, capsys.readouterr().out
    return 0, capsys.readouterr().out


@pytest.fixture
def file(tmp_path):
    def written(text, name="f.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def test_an_error_is_told_at_its_line_and_makes_the_status_1(file, capsys):
    path = file(BROKEN)
    status, out = run(path, capsys=capsys)
    assert status == 1
    assert out == (
        f"Error [IST0101] (VirtualService default/reviews {path}:10) "
        'The host "reviewz" is not known here.\n1 errors, 0 warnings, 0 notes.\n'
    )


def test_json_has_the_field_the_file_and_the_line(file, capsys):
    path = file(BROKEN)
    _, out = run(path, "--format", "json", "--namespace", "shop", capsys=capsys)
    assert json.loads(out) == [
        {
            "code": "IST0101",
            "level": "Error",
            "resource": "VirtualService shop/reviews",
            "message": 'The host "reviewz" is not known here.',
            "path": "spec.http[0].route[0].destination.host",
            "file": str(path),
            "line": 10,
        }
    ]


def test_sarif_names_the_rule_with_its_cure_and_the_place(file, capsys):
    path = file(BROKEN)
    _, out = run(path, "--format", "sarif", capsys=capsys)
    log = json.loads(out)
    assert log["version"] == "2.1.0"
    (found,) = log["runs"]
    (rule,) = found["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"]) == ("IST0101", "ReferencedResourceNotFound")
    assert "write the host in full" in rule["help"]["text"]
    (result,) = found["results"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("IST0101", 0, "error")
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": str(path)}, "region": {"startLine": 10}}


def test_what_is_sound_is_0_and_so_are_warnings(file, capsys):
    assert run(file(SOUND), capsys=capsys) == (0, "Nothing found.\n")
    status, out = run(file(WARNED), capsys=capsys)
    assert status == 0
    assert "Warning [IST0174]" in out


def test_several_files_and_folders_are_one_world(file, tmp_path, capsys):
    file(BROKEN.replace("reviewz", "reviews"), "a.yaml")
    file(SOUND, "b.yml")
    file("not: [yaml", "c.txt")
    assert run(tmp_path, capsys=capsys) == (0, "Nothing found.\n")
    assert run(tmp_path / "a.yaml", capsys=capsys)[0] == 1


def test_a_dash_is_what_is_piped_in(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROKEN.encode())))
    status, out = run("-", capsys=capsys)
    assert status == 1
    assert "standard input:10" in out


def test_the_settings_of_the_mesh_count(file, capsys):
    custom = file(BROKEN.replace("reviewz", "reviews.default.svc.example.org"))
    service, mesh = file(SOUND, "s.yaml"), file("clusterDomain: example.org", "mesh.yaml")
    assert run(custom, service, capsys=capsys)[0] == 1
    assert run(custom, service, "--mesh-config", mesh, capsys=capsys)[0] == 0


NETWORKS = """\
networks:
  east:
    endpoints:
    - fromRegistry: Kubernetes
  west:
    endpoints:
    - fromRegistry: faraway
"""
REMOTE = """\
apiVersion: v1
kind: Secret
metadata: {name: remote, namespace: istio-system, labels: {istio/multiCluster: "true"}}
data: {faraway: e30=}
"""


def test_the_networks_of_the_mesh_are_looked_at_in_their_own_file(file, capsys):
    sound, networks = file(SOUND), file(NETWORKS, "networks.yaml")
    status, out = run(sound, "--mesh-networks", networks, "--format", "json", capsys=capsys)
    assert status == 1
    (found,) = json.loads(out)
    assert (found["code"], found["resource"]) == ("IST0126", "MeshNetworks istio-system/meshnetworks")
    assert (found["file"], found["line"]) == (str(networks), 7)
    remote = file(REMOTE, "remote.yaml")
    assert run(sound, remote, "--mesh-networks", networks, capsys=capsys) == (0, "Nothing found.\n")


UNUSABLE = {
    "no YAML": (b"a: 1\nb: [", "Line 3"),
    "no text": (b"a: 1\nb: \xff\xfe", "Line 2: The text is not UTF-8"),
    "half binary": (b"a: 1\nb: 1\nc: \x00\x01", "Line 3: .* characters that YAML does not allow"),
    "an endless number": (b"a:\nb: " + b"9" * 5_000, "Line 2: A number is too long"),
    "no object": (b"a: 1", "Line 1: An object needs"),
    "a second key": (b"kind: A\nkind: B", "Line 2: The key 'kind' stands here a second time"),
    "an alias": (b"a: &x 1\nb: *x", "Line 1: An anchor"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_be_read_is_said_in_plain_words_with_status_2(file, content, message):
    path = file(content)
    with pytest.raises(CommandError, match=message) as refusal:
        call_command("analyze", str(path))
    assert refusal.value.returncode == 2
    assert str(refusal.value).startswith(f"{path}: ")


def test_files_that_are_missing_and_folders_without_any_are_unusable(tmp_path):
    for name in ("missing.yaml", "."):
        with pytest.raises(CommandError) as refusal:
            call_command("analyze", str(tmp_path / name))
        assert refusal.value.returncode == 2
    with pytest.raises(CommandError) as refusal:
        call_command("analyze", str(tmp_path / "missing.yaml"), "--mesh-config", str(tmp_path))
    assert refusal.value.returncode == 2


def test_the_program_itself_exits_with_2_and_shows_no_traceback(file):
    command = [sys.executable, "manage.py", "analyze", str(file(b"a: ["))]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_the_schemas_that_ship_are_those_of_istio():
    from tests.routing.analysis.schemas import FILE, text

    assert FILE.read_text() == text()
