"""Acts on traffic: rule -> resources -> plan -> ordered, conditional writes -> history.

It must not know where measurements come from; who is affected it asks `telemetry.live`.
"""
