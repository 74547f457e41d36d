"""Changes: what was written, and taking it back."""

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people
from cluster.person import PersonCluster
from routing import drift, finish, history, revert, scope, stored
from routing import history_shapes as of_history
from routing import serializers as shapes
from routing.api.base import CONFLICT, FORBIDDEN, NOT_FOUND, REFUSALS, RoutingView, checked, data_of, user_of
from routing.models import Change


class ChangesView(RoutingView):
    """Changes."""

    @extend_schema(
        operation_id="changes",
        parameters=[of_history.ChangesQuery],
        responses={200: of_history.ChangesSerializer, **REFUSALS},
        tags=["routing"],
    )
    def get(self, request: Request) -> Response:
        """What was written, newest first; of those that fit the question."""
        query = checked(of_history.ChangesQuery(data=request.query_params))
        rows = history.found(people.acting(request), query)
        page, following = history.page_of(rows, query["limit"])
        return Response({"changes": [stored.change_view(change) for change in page], "next": following})


class ChangeView(RoutingView):
    """One change."""

    @extend_schema(
        operation_id="change",
        responses={200: of_history.OneChangeSerializer, **REFUSALS, **NOT_FOUND},
        tags=["routing"],
    )
    def get(self, request: Request, change_id: int) -> Response:
        """One change, and whether the cluster still has what it wrote."""
        person = people.acting(request)
        change = get_object_or_404(changes(person, Change.objects.filter(pk=change_id)))
        return Response({**stored.change_view(change), "drift": drift.of(change, person)})


class RevertView(RoutingView):
    """Taking a change back."""

    @extend_schema(
        operation_id="revert_change",
        request=shapes.RevertRequestSerializer,
        responses={200: shapes.ChangeSerializer, **REFUSALS, **FORBIDDEN, **NOT_FOUND, **CONFLICT},
        tags=["routing"],
    )
    def post(self, request: Request, change_id: int) -> Response:
        """Takes a change back; the answer is the change that does so."""
        asked = checked(shapes.RevertRequestSerializer(data=data_of(request)))
        person = people.acting(request)
        change = get_object_or_404(changes(person, Change.objects.filter(pk=change_id)))
        note = asked.get("note", "")
        done = revert.revert(change, user_of(request), person, note=note)
        return Response(stored.change_view(done))


class FinishView(RoutingView):
    """Writing the rest of a change."""

    @extend_schema(
        operation_id="finish_change",
        request=shapes.RevertRequestSerializer,
        responses={201: shapes.PlanSerializer, **REFUSALS, **FORBIDDEN, **NOT_FOUND, **CONFLICT},
        tags=["routing"],
    )
    def post(self, request: Request, change_id: int) -> Response:
        """Plans the rest of a change that stopped half-way: the answer is a plan, to look at and to apply."""
        asked = checked(shapes.RevertRequestSerializer(data=data_of(request)))
        person = people.acting(request)
        change = get_object_or_404(changes(person, Change.objects.filter(pk=change_id)))
        plan = finish.plan_rest(change, user_of(request), person, note=asked.get("note", ""))
        return Response(stored.plan_view(plan, person), status=201)


class GroupRevertView(RoutingView):
    """Taking several changes back at once."""

    @extend_schema(
        operation_id="revert_changes",
        request=of_history.GroupRevertRequestSerializer,
        responses={200: shapes.ChangeSerializer, **REFUSALS, **FORBIDDEN, **NOT_FOUND, **CONFLICT},
        tags=["routing"],
    )
    def post(self, request: Request) -> Response:
        """Takes several changes back, the newest first, as one plan; the answer is the change that does."""
        asked = checked(of_history.GroupRevertRequestSerializer(data=data_of(request)))
        person = people.acting(request)
        wanted = set(asked["changes"])
        found = list(changes(person, Change.objects.filter(pk__in=wanted)))
        if len(found) != len(wanted):
            raise Http404
        done = revert.revert_all(found, user_of(request), person, note=asked.get("note", ""))
        return Response(stored.change_view(done))


def changes(person: PersonCluster, rows: QuerySet[Change]) -> QuerySet[Change]:
    """Of these changes, those that the person may see, ready to be shown."""
    return scope.seen_by(person, rows).select_related("by", "plan").prefetch_related(*stored.LINKED)
