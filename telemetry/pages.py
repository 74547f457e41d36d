"""Addresses of the observing pages, at the root."""

from django.urls import path

from telemetry import views

urlpatterns = [
    path("overview/", views.overview, name="overview"),
    path("graph/", views.graph, name="graph"),
    path("figures/", views.figures, name="figures"),
]
