"""Addresses of the acting pages, at the root."""

from django.urls import path

from routing import views

urlpatterns = [
    path("routing/", views.index, name="routing"),
    path("routing/<str:namespace>/<str:name>/", views.service, name="routing-service"),
    path("plans/<uuid:plan_id>/", views.plan, name="plan"),
    path("changes/", views.changes, name="changes"),
    path("changes/<int:change_id>/", views.change, name="change"),
]
