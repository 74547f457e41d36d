"""Addresses below /api/v1/."""

from django.urls import path

from telemetry import api, past_api

urlpatterns = [
    path("graph", api.GraphView.as_view(), name="api-graph"),
    path("graph/comparison", past_api.ComparisonView.as_view(), name="api-graph-comparison"),
    path("history", past_api.HistoryView.as_view(), name="api-history"),
    path("figures", past_api.FiguresView.as_view(), name="api-figures"),
    path("overview", api.OverviewView.as_view(), name="api-overview"),
    path("series", api.SeriesView.as_view(), name="api-series"),
]
