"""All addresses of the console."""

from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView

from meshui import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="graph", query_string=True), name="home"),
    path("", include("meshui.accounts.urls")),
    path("", include("telemetry.pages")),
    path("", include("routing.pages")),
    path("", include("cluster.pages")),
    path("api/v1/", include("telemetry.urls")),
    path("api/v1/", include("routing.urls")),
    path("api/v1/", include("cluster.urls")),
    path("api/v1/schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]
