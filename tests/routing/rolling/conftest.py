"""A rollout about which somebody is told, and who tells."""

import pytest

from routing.rolling.hooks.telling import Sender
from tests.routing.rolling.posting import Clock, Post, saved


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def sender(post, clock):
    return Sender(lambda: True, post=post, clock=clock, chance=lambda: 0.5)


@pytest.fixture
def rollout(django_user_model):
    return saved(django_user_model)
