"""Rules about HTTP requests: routes with matches and actions, and the policies on them. Pure.

    matches    which requests
    actions    where they go, or what answers them
    policies   what else becomes of them: timeouts, retries, headers ...
    routes     `route` and `remove_route`
    changes    `http_policy`: some policies, on one route or on all

Imports nothing here, so that `rules.faults` can use `matches`.
"""
