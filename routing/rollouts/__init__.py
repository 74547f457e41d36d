"""Canary rollouts: what judges them, and what drives them."""
