"""What the objects of each kind look like, as typed structures.

From these structures come the schemas that are published (CustomResourceDefinitions, OpenAPI), the
validation of what is written, and the merge keys of patches. They hold shapes only: rules that span objects
are `admission`'s.
"""
