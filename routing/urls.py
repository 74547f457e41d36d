"""Addresses below /api/v1/."""

from django.urls import path

from routing import api

urlpatterns = [
    path("services", api.ServicesView.as_view(), name="api-services"),
    path("services/<str:namespace>/<str:name>", api.ServiceView.as_view(), name="api-service"),
    path("plans", api.PlansView.as_view(), name="api-plans"),
    path("plans/<uuid:plan_id>", api.PlanView.as_view(), name="api-plan"),
    path("plans/<uuid:plan_id>/apply", api.ApplyView.as_view(), name="api-apply"),
    path("changes", api.ChangesView.as_view(), name="api-changes"),
    path("changes/<int:change_id>", api.ChangeView.as_view(), name="api-change"),
    path("changes/<int:change_id>/revert", api.RevertView.as_view(), name="api-revert"),
]
