"""Requests as they pass: a sample of the proxies' access logs, as the cluster gives them to who may read
those.
"""
