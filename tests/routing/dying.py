"""A console in a process of its own, which applies a plan and says where it is; its test kills it.

python -m tests.routing.dying URL TOKEN apply      applies, and stands still between two phases
python -m tests.routing.dying URL TOKEN recover    what the next process finds, then the rest of the plan
"""

import sys
import time

import django

RULES = [
    {"kind": "split", "namespace": "bookinfo", "service": "reviews", "weights": {"v1": 80, "v3": 20}},
    {"kind": "split", "namespace": "bookinfo", "service": "ratings", "weights": {"v1": 100}},
]


def stand_still(_):
    sys.stdout.write("between two phases\n")
    sys.stdout.flush()
    time.sleep(60)


def main(url, token, deed):
    django.setup()
    from django.core.management import call_command

    from cluster import connection
    from cluster.kube import KubeCluster

    with connection.override(KubeCluster.at(url, token)):
        if deed == "apply":
            call_command("migrate", verbosity=0)
        {"apply": applying, "recover": recovering}[deed]()


def applying():
    from routing import apply, plans
    from tests.people import own, person
    from tests.routing.stage import NO_TRAFFIC

    olga = person("olga")
    apply.apply(plans.make({"rules": RULES}, olga, own(), NO_TRAFFIC), olga, own(), sleep=stand_still)


def recovering():
    from django.contrib.auth.models import User

    from routing import apply, finish, janitor
    from tests.people import own

    (recovered,) = janitor.tidy_up()
    (change,) = recovered.changes
    states = [entry["state"] for entry in change.operations]
    sys.stdout.write(f"{change.state}: {' '.join(states)}\n")
    olga = User.objects.get()
    rest = apply.apply(finish.plan_rest(change, olga, own()), olga, own(), sleep=lambda _: None)
    sys.stdout.write(f"{rest.state}: finishes #{rest.finishes_id}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
