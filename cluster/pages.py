"""Addresses of the cluster's own pages, at the root."""

from django.urls import path

from cluster import views

urlpatterns = [path("inventory/", views.inventory, name="inventory")]
