"""The traffic generator: people who look at the product page, at a rate that can be turned.

An open loop with Poisson arrivals: a slow answer does not slow the next request down, so that what the
console shows under a fault is what production would show.
"""
