"""Who is asking, and may they: users and impersonation, and Kubernetes' role-based access control.

Pure but for `authorizer`, which reads roles and bindings from the store.
"""
