"""Addresses below /api/v1/."""

from django.urls import path

from routing.api import (
    badges,
    changes,
    configuration,
    drafts,
    explain,
    marks,
    plans,
    problems,
    rollout_commands,
    rollouts,
    services,
    texts,
    verification,
)
from routing.api.rollout_streams import streamed
from routing.api.rollout_waiting import patient

urlpatterns = [
    path("services", services.ServicesView.as_view(), name="api-services"),
    path("services/<str:namespace>/<str:name>", services.ServiceView.as_view(), name="api-service"),
    path("badges", badges.BadgesView.as_view(), name="api-badges"),
    path("explain", explain.ExplainView.as_view(), name="api-explain"),
    path("plans", plans.PlansView.as_view(), name="api-plans"),
    path("plans/<uuid:plan_id>", plans.PlanView.as_view(), name="api-plan"),
    path("plans/<uuid:plan_id>/problems", problems.PlanProblemsView.as_view(), name="api-plan-problems"),
    path("plans/<uuid:plan_id>/apply", plans.ApplyView.as_view(), name="api-apply"),
    path("changes", changes.ChangesView.as_view(), name="api-changes"),
    path("changes/<int:change_id>", changes.ChangeView.as_view(), name="api-change"),
    path("changes/revert", changes.GroupRevertView.as_view(), name="api-revert-group"),
    path("changes/<int:change_id>/finish", changes.FinishView.as_view(), name="api-finish"),
    path(
        "changes/<int:change_id>/verification",
        verification.VerificationView.as_view(),
        name="api-verification",
    ),
    path("changes/<int:change_id>/revert", changes.RevertView.as_view(), name="api-revert"),
    path("services/<str:namespace>/<str:name>/reading", drafts.ReadingView.as_view(), name="api-reading"),
    path("drafts", drafts.DraftsView.as_view(), name="api-drafts"),
    path("marks", marks.MarksView.as_view(), name="api-marks"),
    path("rollouts", rollouts.RolloutsView.as_view(), name="api-rollouts"),
    path("rollouts/preview", rollouts.PreviewView.as_view(), name="api-rollout-preview"),
    path("rollouts/events", streamed(rollouts.EventsView.as_view()), name="api-rollouts-events"),
    path("rollouts/<int:rollout_id>", patient(rollouts.RolloutView.as_view()), name="api-rollout"),
    path(
        "rollouts/<int:rollout_id>/events",
        streamed(rollouts.OneEventsView.as_view()),
        name="api-rollout-events",
    ),
    path("rollouts/<int:rollout_id>/evidence", rollouts.EvidenceView.as_view(), name="api-rollout-evidence"),
    *rollout_commands.addresses(),
    path("problems", problems.ProblemsView.as_view(), name="api-problems"),
    path("configuration", configuration.ConfigurationView.as_view(), name="api-configuration"),
    path("validate", texts.ValidateView.as_view(), name="api-validate"),
    path(
        "schemas/<str:group>/<str:version>/<str:kind>", texts.SchemaView.as_view(), name="api-schema-of-kind"
    ),
]
