"""Commanding a rollout. What is asked for is kept first, and done by whoever drives the rollouts then."""

from typing import Any, ClassVar

from django.conf import settings
from django.urls import URLPattern, path
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from cluster import people
from routing.api import rollout_shapes as shapes
from routing.api.base import (
    CONFLICT,
    FORBIDDEN,
    NOT_FOUND,
    REFUSALS,
    WRONG,
    RoutingView,
    data_of,
    user_of,
)
from routing.api.rollout_waiting import Wait, later, noted, patient
from routing.api.rollouts import KEY, TAGS, looked_up
from routing.errors import ConflictError, WrongRulesError
from routing.models import Rollout, RolloutCommand
from routing.rolling import commands, news, requested, showing, starting
from routing.rules import RulesError


def _described(
    name: str, words: str, request: type[Serializer[Any]] = shapes.CommandRequestSerializer
) -> Any:
    """What the OpenAPI document says of a command."""
    return extend_schema(
        operation_id=f"{name}_rollout",
        parameters=[KEY],
        request=request,
        description=f"{words} 200 when it was done, 202 when nobody did it in time: it stays asked for.",
        responses={
            200: shapes.RolloutDetailSerializer,
            202: shapes.RolloutDetailSerializer,
            **REFUSALS,
            **FORBIDDEN,
            **NOT_FOUND,
            **WRONG,
            **CONFLICT,
        },
        tags=TAGS,
    )


class CommandView(RoutingView):
    """A command; `name` as the state machine knows it."""

    name: ClassVar[str]

    def post(self, request: Request, rollout_id: int) -> Response:
        """Has it done."""
        person, user = people.acting(request), user_of(request)
        row = looked_up(person, rollout_id)
        sent = self._sent(request, row)
        if sent.handled_at is None and not noted(request, "waited"):
            seconds = settings.ROUTING_COMMAND_SECONDS
            wait = Wait(
                news.command(sent.pk), seen=False, seconds=seconds, person=user.pk, notes={"sent": sent.pk}
            )
            return later(Response({}, status=202), wait)
        if sent.refusal:
            raise ConflictError(sent.refusal)
        row.refresh_from_db()
        shown = showing.detail(row, person, whole=row.created_by_id == user.pk)
        return Response(shown, status=202 if sent.handled_at is None else 200)

    def _sent(self, request: Request, row: Rollout) -> RolloutCommand:
        """The command as it is kept. Raises what is wrong with it, and Forbidden."""
        known = noted(request, "sent")
        if known is not None:
            return RolloutCommand.objects.get(pk=known)
        try:
            key, weight = requested.command(
                data_of(request), request.headers.get("Idempotency-Key"), weighs=self.name == "set_weight"
            )
        except RulesError as error:
            raise WrongRulesError(error.errors) from error
        starting.require_right(people.acting(request), row.namespace)
        return commands.send(row, self.name, user_of(request), weight=weight, key=key, now=timezone.now())


@extend_schema_view(post=_described("pause", "Has it stand still until it is resumed."))
class PauseView(CommandView):
    """Pausing."""

    name = "pause"


@extend_schema_view(post=_described("resume", "Has it go on after a pause."))
class ResumeView(CommandView):
    """Resuming."""

    name = "resume"


@extend_schema_view(post=_described("promote", "Sends all requests to the canary, and ends."))
class PromoteView(CommandView):
    """Promoting."""

    name = "promote"


@extend_schema_view(post=_described("abort", "Takes the canary out of the traffic, and ends."))
class AbortView(CommandView):
    """Aborting."""

    name = "abort"


@extend_schema_view(
    post=_described("weigh", "Sets the canary's weight, and pauses there.", shapes.WeightRequestSerializer)
)
class WeightView(CommandView):
    """Setting a weight."""

    name = "set_weight"


@extend_schema_view(post=_described("step_back", "Goes back by one step."))
class StepBackView(CommandView):
    """Stepping back."""

    name = "step_back"


@extend_schema_view(post=_described("retry", "Tries again what stopped: the step anew, or all of it."))
class RetryView(CommandView):
    """Trying again."""

    name = "retry"


def addresses() -> list[URLPattern]:
    """The address of each command, named as the last part of it."""
    views = (PauseView, ResumeView, PromoteView, AbortView, WeightView, StepBackView, RetryView)
    return [
        path(
            f"rollouts/<int:rollout_id>/{(word := showing.PATHS[view.name])}",
            patient(view.as_view()),
            name=f"api-rollout-{word}",
        )
        for view in views
    ]
