"""Canary rollouts: what judges them, and what decides their next move.

Pure, and not yet reachable by anybody: no page, no REST and no command starts a rollout. `spec` is what a
person asks for (read by `parsing`), `judge` says whether the canary does harm, `machine` decides by it: its
memory is `states`, what it hears and wants done is `inputs`, its rules are in `deciding` and `commanding`.
`evidence` is what is kept of each step and stop, `foresight` what is told before the start.
"""
