"""Finds mistakes in Istio's configuration: a world of objects in, findings with Istio's codes out. Pure.

objects     one object as it was read, and the line where each field stands
world       all objects, with indexes; what a check looks up is recorded, so that it can be run again alone
analyzers   the checks: each is a function of the world and one object
engine      runs them
messages    the codes: name, level, cause and cure
"""
