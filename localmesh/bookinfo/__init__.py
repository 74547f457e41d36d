"""The Bookinfo sample as small HTTP services: what Istio's documentation does to it can be done to these.

They run as pods of localmesh, one process each, and know nothing of it but a handful of environment
variables (`serving.Settings`): an address to listen on, the outbound proxy of their own pod, and a control
address over which delay and errors are turned while they run.
"""
