"""Addresses below /api/v1/."""

from django.urls import path

from cluster import api

urlpatterns = [path("inventory", api.InventoryView.as_view(), name="api-inventory")]
