"""What a well-formed object must still fulfil before it is stored, and what is filled in for its author.

`defaults` fills in, `core` refuses as Kubernetes does, `istio` as istiod's validating webhook does. Pure:
objects and what is known of the object before go in, problems come out.
"""
