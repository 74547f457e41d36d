"""Canary rollouts as they are driven: `routing.rollouts` decides, purely; here it meets the database, the
cluster, the traffic and other people's services.
"""
