"""What rollouts of the pages' tests ask for, and rows of them."""

from django.utils import timezone

from routing import scope
from routing.models import Rollout
from routing.rolling import records
from routing.rollouts import parsing, spec
from routing.rollouts.spec import Errors, Gate, Latency, Promql, Spec, Step, Strategy, Told
from tests.people import own

NEW = "/rollouts/new/"
REVIEWS = f"{NEW}?namespace=bookinfo&service=reviews"
FULL = Spec(
    namespace="bookinfo",
    service="reviews",
    baseline="v1",
    canary="v3",
    steps=(Step(0, 45), Step(10, 90, 300), Step(50, 7200, pause=True)),
    strategy=Strategy("header", "end-user", "</script><img src=x> 'jason'"),
    guards=(
        Errors(0.29, 0.007),
        Latency(250.5, 0.1, 0.02),
        Promql("queue", 'sum(queue{app="a"}) > 0', 0, 10.5, 2),
        Promql("cpu", "max(cpu)", None, 0.9),
    ),
    alpha=0.0125,
    on_harm="hold",
    on_no_verdict="hold_each_step",
    interval_seconds=30,
    notify=(Told("https://hooks.example.com/a", "slack"),),
    gates=(
        Gate("before_start", "https://gates.example.com/b"),
        Gate("after_end", "https://gates.example.com/c"),
    ),
)
"""Everything that can be asked for, and nothing as it is by itself."""


def body(**more):
    """A rollout of reviews as POST rollouts takes it."""
    steps = [{"weight": 5, "seconds": 60}, {"weight": 100, "seconds": 60}]
    about = {"namespace": "bookinfo", "service": "reviews", "baseline": "v1", "canary": "v3"}
    return {**about, "steps": steps, **more}


def kept(by, asked=None, needs=("reviews",)):
    """A row of a rollout that was started."""
    wanted = asked or parsing.parse(body())
    about = scope.needs([], [f"{wanted.namespace}/{name}" for name in needs])
    row = records.create(wanted, by, own(), about, now=timezone.now())
    return Rollout.objects.get(pk=row.pk)


def said(wanted=FULL):
    """What is asked for, as the REST API says it."""
    return spec.to_json(wanted)
