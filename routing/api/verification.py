"""Whether traffic does what a change intended."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people
from routing import verification
from routing.api.base import NOT_FOUND, REFUSALS, RoutingView, traffic_of
from routing.api.changes import changes
from routing.models import Change

Base = serializers.Serializer[Any]


class VerifiedVersionSerializer(Base):
    """A version: its shares in percent, and its requests since the change; null where it is not known."""

    version = serializers.CharField()
    intended = serializers.FloatField(allow_null=True)
    configured = serializers.FloatField(allow_null=True)
    observed = serializers.FloatField(allow_null=True, help_text="Of the last seconds")
    share = serializers.FloatField(allow_null=True, help_text="Of the requests since the change")
    requests = serializers.IntegerField()


class DiagnosisSerializer(Base):
    """What may be the cause."""

    code = serializers.CharField()
    message = serializers.CharField()


class ServiceVerificationSerializer(Base):
    """The verification of one service."""

    service = serializers.CharField(allow_blank=True, help_text="namespace/name")
    verdict = serializers.ChoiceField(["as_intended", "differs", "not_yet_known", "not_measured"])
    sentence = serializers.CharField()
    versions = VerifiedVersionSerializer(many=True)
    e_value = serializers.FloatField(allow_null=True, help_text='"differs" is said from 1/alpha on')
    alpha = serializers.FloatField(help_text='How likely "differs" is ever wrong, however often one looks')
    diagnosis = DiagnosisSerializer(many=True)
    seconds_until_enough = serializers.FloatField(allow_null=True)
    since = serializers.FloatField(allow_null=True, help_text="Seconds since the epoch")


class VerificationSerializer(ServiceVerificationSerializer):
    """The verification of a change: of the service that matters most, and of each."""

    services = ServiceVerificationSerializer(many=True)


class VerificationView(RoutingView):
    """The verification of a change."""

    @extend_schema(
        operation_id="change_verification",
        responses={200: VerificationSerializer, **REFUSALS, **NOT_FOUND},
        tags=["routing"],
    )
    def get(self, request: Request, change_id: int) -> Response:
        """Intended, configured and observed share of each version, and whether they agree."""
        person = people.acting(request)
        change = get_object_or_404(changes(person, Change.objects.filter(pk=change_id)))
        return Response(verification.verify(change, person, traffic_of(person)))
