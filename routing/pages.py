"""Addresses of the acting pages, at the root."""

from django.urls import path

from routing.api import metrics
from routing.views import changes, config, explain, plans, rollout_wizard, rollouts, services

urlpatterns = [
    path("routing/", services.index, name="routing"),
    path("routing/explain/", explain.question, name="explain"),
    path("routing/<str:namespace>/<str:name>/", services.service, name="routing-service"),
    path("config/", config.index, name="config"),
    path("config/new/", config.new, name="config-new"),
    path("config/<str:definition>/<str:namespace>/<str:name>/", config.resource, name="config-resource"),
    path("plans/<uuid:plan_id>/", plans.plan, name="plan"),
    path("rollouts/new/", rollout_wizard.new, name="rollout-new"),
    path("rollouts/new/service/", rollout_wizard.service, name="rollout-new-service"),
    path("rollouts/", rollouts.index, name="rollouts"),
    path("rollouts/<int:rollout_id>/", rollouts.rollout, name="rollout"),
    path("changes/", changes.changes, name="changes"),
    path("changes/<int:change_id>/", changes.change, name="change"),
    # Where a Prometheus looks by itself; it signs in by a token, as programs do below /api/.
    path("metrics", metrics.MetricsView.as_view(), name="metrics"),
]
