"""The REST API of services, plans and changes, one module a topic.

Views only read the request and answer; what happens is in `services`, `plans`, `apply` and `revert`. Every
view asks for a person or a token (rest framework's defaults, and stated here once more).
"""
