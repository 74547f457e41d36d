"""HTTP routes on Istio's VirtualServices: read as rules, and written so that nothing else is lost. Pure.

fields     the fields of an http route
routes     finding, reading, setting and removing routes
reach      which matches meet requests that an earlier one has taken already
notices    what is worth knowing of a route as it will be
"""
