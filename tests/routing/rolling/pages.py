"""The one page that is linked from elsewhere."""

from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("rollouts/<int:rollout_id>/", lambda _request, rollout_id: HttpResponse(), name="rollout")
]
