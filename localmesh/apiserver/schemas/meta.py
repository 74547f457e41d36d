"""What all objects share: metadata, owner references, conditions, and Istio's status."""

from typing import Annotated, Literal

from msgspec import field

from localmesh.apiserver.schemas.base import (
    UNIQUE,
    Anything,
    Int64,
    IntOrString,
    Model,
    Time,
    extra,
    keyed,
)


class OwnerReference(Model):
    """The object that this one belongs to, and goes with."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ManagedFields(Model):
    """The fields that one writer owns."""

    api_version: str = ""
    fields_type: str = ""
    fields_v1: Anything = field(name="fieldsV1", default_factory=dict)
    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: Time | None = None


class ObjectMeta(Model):
    """What identifies and describes an object."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    uid: str = ""
    resource_version: str = ""
    generation: Int64 | None = None
    self_link: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    deletion_grace_period_seconds: Int64 | None = None
    owner_references: Annotated[list[OwnerReference], keyed("uid")] = []
    finalizers: Annotated[list[str], UNIQUE] = []
    managed_fields: list[ManagedFields] = []


class LocalObjectReference(Model):
    """The Kubernetes type LocalObjectReference."""

    name: str = ""


class LabelSelectorRequirement(Model):
    """A condition on one label: In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: list[str] = []


class Selector(Model):
    """Objects by their labels, as workloads and policies of Kubernetes select them."""

    match_labels: dict[str, str] = {}
    match_expressions: list[LabelSelectorRequirement] = []


class Condition(Model):
    """One observation about an object."""

    type: str
    status: str
    observed_generation: Int64 | None = None
    last_transition_time: Time | None = None
    reason: str = ""
    message: str = ""


class IstioCondition(Model):
    """One observation about an Istio object."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_probe_time: Time | None = None
    last_transition_time: Time | None = None
    observed_generation: IntOrString | None = None


class MessageType(Model):
    """Which of the analyzers' messages it is."""

    code: str = ""
    name: str = ""


class ValidationMessage(Model):
    """A finding of Istio's analyzers."""

    documentation_url: str = ""
    level: Literal["UNKNOWN", "ERROR", "WARNING", "INFO"] | None = None
    type: MessageType | None = None


class IstioStatus(Model):
    """What the control plane says of an object."""

    conditions: list[IstioCondition] = []
    observed_generation: IntOrString | None = None
    validation_messages: list[ValidationMessage] = []


#: As in Istio's own definitions: what else a control plane writes there is kept.
OpenIstioStatus = Annotated[IstioStatus, extra(x_kubernetes_preserve_unknown_fields=True)]
