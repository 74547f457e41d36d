"""Addresses below /api/v1/."""

from django.urls import path

from telemetry import api

urlpatterns = [
    path("graph", api.GraphView.as_view(), name="api-graph"),
    path("series", api.SeriesView.as_view(), name="api-series"),
]
