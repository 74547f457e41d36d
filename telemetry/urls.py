"""Addresses below /api/v1/."""

from django.urls import path

from telemetry import api

urlpatterns = [
    path("graph", api.GraphView.as_view(), name="api-graph"),
    path("overview", api.OverviewView.as_view(), name="api-overview"),
    path("series", api.SeriesView.as_view(), name="api-series"),
]
