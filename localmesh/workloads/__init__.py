"""The controllers, and the node that turns pods into processes.

All of it reads and writes the store only; each controller is level-triggered: it looks at what is there and
what should be, does one synchronous pass, and is run again when anything changed. Must not know HTTP's API
side or Envoy's routes: the API server and the control plane live beside it on the same store.
"""
