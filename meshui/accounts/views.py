"""Pages of people: signing in by a one-time link, and a person's own API tokens."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from knox.models import AuthToken

from meshui.accounts.models import LoginLink


class TokenForm(forms.Form):
    """How long a new token lives."""

    days = forms.IntegerField(min_value=1, max_value=365, initial=30, label="Days until it expires")


@never_cache
@login_not_required
@require_GET
def login_once(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by a one-time link, as notebook servers do; a link that is spent or unknown is a 410."""
    user = LoginLink.objects.redeem(token, timezone.now())
    if user is None:
        return render(request, "accounts/link_spent.html", status=410)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("home")


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The person's own tokens; a new one is shown once."""
    form = TokenForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "tokens": _tokens_of(request).order_by("-created")}
    if request.method == "POST" and form.is_valid():
        expiry = timedelta(days=form.cleaned_data["days"])
        context["secret"] = AuthToken.objects.create(request.user, expiry=expiry)[1]
        context["form"] = TokenForm()
    return render(request, "accounts/tokens.html", context)


@require_POST
def delete_token(request: HttpRequest, token_key: str) -> HttpResponse:
    """Revoke one of the person's own tokens, at once."""
    get_object_or_404(_tokens_of(request), token_key=token_key).delete()
    messages.success(request, "The token is revoked.")
    return redirect("tokens")


def _tokens_of(request: HttpRequest) -> Any:
    assert isinstance(request.user, User)  # noqa: S101 - for mypy; the middleware let only signed-in people through
    return AuthToken.objects.filter(user=request.user)
