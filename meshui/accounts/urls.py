from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from meshui.accounts import views

urlpatterns = [
    path("login/", LoginView.as_view(template_name="accounts/login.html"), name="login"),
    path("login/once/<str:token>/", views.login_once, name="login-once"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<str:token_key>/delete/", views.delete_token, name="delete-token"),
]
