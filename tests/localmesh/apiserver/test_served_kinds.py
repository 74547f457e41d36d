"""The kinds that are stored and served without anything running them: jobs, and Istio's Telemetry."""

import pytest

JOBS = "/apis/batch/v1/namespaces/bookinfo/jobs"
CRON_JOBS = "/apis/batch/v1/namespaces/bookinfo/cronjobs"
TELEMETRIES = "/apis/telemetry.istio.io/v1/namespaces/bookinfo/telemetries"


def job(restart="Never"):
    pod = {"restartPolicy": restart, "containers": [{"name": "main", "image": "job:1"}]}
    return {"template": {"spec": pod}}


def test_a_job_gets_its_defaults_and_its_template_stays(server):
    made = server.ask("POST", JOBS, {"metadata": {"name": "once"}, "spec": job()})
    assert made.status == 201
    assert {key: made.json["spec"][key] for key in ("parallelism", "completions", "backoffLimit")} == {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 6,
    }
    changed = server.patch(f"{JOBS}/once", {"spec": {"template": {"metadata": {"labels": {"a": "b"}}}}})
    assert changed.status == 422
    assert server.patch(f"{JOBS}/once", {"spec": {"suspend": True}}).status == 200


@pytest.mark.parametrize(
    ("path", "spec", "field"),
    [
        (JOBS, job("Always"), "spec.template.spec.restartPolicy"),
        (JOBS, {"template": {"spec": {"restartPolicy": "Never"}}}, "spec.template.spec.containers"),
        (
            CRON_JOBS,
            {"schedule": "@daily", "jobTemplate": {"spec": job("Always")}},
            "spec.jobTemplate.spec.template.spec.restartPolicy",
        ),
        (CRON_JOBS, {"schedule": "", "jobTemplate": {"spec": job()}}, "spec.schedule"),
    ],
)
def test_a_job_that_a_cluster_refuses_is_refused_at_its_field(server, path, spec, field):
    answer = server.ask("POST", path, {"metadata": {"name": "refused"}, "spec": spec})
    assert answer.status == 422
    assert field in [each["field"] for each in answer.json["details"]["causes"]]


def test_a_cron_job_gets_its_defaults(server):
    spec = {"schedule": "@daily", "jobTemplate": {"spec": job()}}
    made = server.ask("POST", CRON_JOBS, {"metadata": {"name": "daily"}, "spec": spec})
    assert made.status == 201
    assert made.json["spec"]["concurrencyPolicy"] == "Allow"
    pod = made.json["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["dnsPolicy"] == "ClusterFirst"


def test_a_telemetry_is_held_against_istios_schema(server):
    def create(name, override):
        spec = {"metrics": [{"overrides": [{"tagOverrides": {"tag": override}}]}]}
        body = {"apiVersion": "telemetry.istio.io/v1", "kind": "Telemetry", "metadata": {"name": name}}
        return server.ask("POST", TELEMETRIES, {**body, "spec": spec})

    assert create("good", {"operation": "UPSERT", "value": "x"}).status == 201
    assert create("upsert", {"operation": "UPSERT"}).status == 422
    assert create("remove", {"operation": "REMOVE", "value": "x"}).status == 422
    assert server.ask("GET", TELEMETRIES.replace("/v1/", "/v1alpha1/")).json["items"]


def test_a_gateway_apis_kind_is_served_in_its_older_version_too(server):
    path = "/apis/gateway.networking.k8s.io/v1beta1/namespaces/bookinfo/httproutes"
    assert server.ask("GET", path).json["apiVersion"] == "gateway.networking.k8s.io/v1beta1"
