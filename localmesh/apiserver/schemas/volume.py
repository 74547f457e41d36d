"""A volume of a pod."""

from typing import Annotated

from msgspec import field

from localmesh.apiserver.schemas.base import ATOMIC_LIST, ATOMIC_MAP, Anything, Int32, Int64, Model, Quantity
from localmesh.apiserver.schemas.container import ObjectFieldSelector, ResourceFieldSelector
from localmesh.apiserver.schemas.meta import LocalObjectReference


class KeyToPath(Model):
    """The Kubernetes type KeyToPath."""

    key: str
    path: str
    mode: Int32 | None = None
    user: Int32 | None = None


class ConfigMapVolumeSource(Model):
    """The Kubernetes type ConfigMapVolumeSource."""

    default_mode: Int32 | None = None
    default_user: Int32 | None = None
    items: list[KeyToPath] = []
    name: str = ""
    optional: bool | None = None


class CSIVolumeSource(Model):
    """The Kubernetes type CSIVolumeSource."""

    driver: str
    fs_type: str = ""
    node_publish_secret_ref: Annotated[LocalObjectReference, ATOMIC_MAP] | None = None
    read_only: bool | None = None
    volume_attributes: dict[str, str] = {}


class DownwardAPIVolumeFile(Model):
    """The Kubernetes type DownwardAPIVolumeFile."""

    path: str
    field_ref: Annotated[ObjectFieldSelector, ATOMIC_MAP] | None = None
    mode: Int32 | None = None
    resource_field_ref: Annotated[ResourceFieldSelector, ATOMIC_MAP] | None = None
    user: Int32 | None = None


class DownwardAPIVolumeSource(Model):
    """The Kubernetes type DownwardAPIVolumeSource."""

    default_mode: Int32 | None = None
    default_user: Int32 | None = None
    items: list[DownwardAPIVolumeFile] = []


class EmptyDirVolumeSource(Model):
    """The Kubernetes type EmptyDirVolumeSource."""

    medium: str = ""
    mode: Int32 | None = None
    size_limit: Quantity | None = None


class EphemeralVolumeSource(Model):
    """The Kubernetes type EphemeralVolumeSource."""

    volume_claim_template: Anything = {}


class HostPathVolumeSource(Model):
    """The Kubernetes type HostPathVolumeSource."""

    path: str
    type: str = ""


class ImageVolumeSource(Model):
    """The Kubernetes type ImageVolumeSource."""

    pull_policy: str = ""
    reference: str = ""


class NFSVolumeSource(Model):
    """The Kubernetes type NFSVolumeSource."""

    path: str
    server: str
    read_only: bool | None = None


class PersistentVolumeClaimVolumeSource(Model):
    """The Kubernetes type PersistentVolumeClaimVolumeSource."""

    claim_name: str
    read_only: bool | None = None


class ConfigMapProjection(Model):
    """The Kubernetes type ConfigMapProjection."""

    items: list[KeyToPath] = []
    name: str = ""
    optional: bool | None = None


class DownwardAPIProjection(Model):
    """The Kubernetes type DownwardAPIProjection."""

    items: list[DownwardAPIVolumeFile] = []


class SecretProjection(Model):
    """The Kubernetes type SecretProjection."""

    items: list[KeyToPath] = []
    name: str = ""
    optional: bool | None = None


class ServiceAccountTokenProjection(Model):
    """The Kubernetes type ServiceAccountTokenProjection."""

    path: str
    audience: str = ""
    expiration_seconds: Int64 | None = None
    user: Int32 | None = None


class VolumeProjection(Model):
    """The Kubernetes type VolumeProjection."""

    cluster_trust_bundle: Anything = {}
    config_map: ConfigMapProjection | None = None
    downward_api: DownwardAPIProjection | None = field(name="downwardAPI", default=None)
    pod_certificate: Anything = {}
    secret: SecretProjection | None = None
    service_account_token: ServiceAccountTokenProjection | None = None


class ProjectedVolumeSource(Model):
    """The Kubernetes type ProjectedVolumeSource."""

    default_mode: Int32 | None = None
    default_user: Int32 | None = None
    sources: Annotated[list[VolumeProjection], ATOMIC_LIST] = []


class SecretVolumeSource(Model):
    """The Kubernetes type SecretVolumeSource."""

    default_mode: Int32 | None = None
    default_user: Int32 | None = None
    items: list[KeyToPath] = []
    optional: bool | None = None
    secret_name: str = ""


class Volume(Model):
    """The Kubernetes type Volume."""

    name: str
    aws_elastic_block_store: Anything = {}
    azure_disk: Anything = {}
    azure_file: Anything = {}
    cephfs: Anything = {}
    cinder: Anything = {}
    config_map: ConfigMapVolumeSource | None = None
    csi: CSIVolumeSource | None = None
    downward_api: DownwardAPIVolumeSource | None = field(name="downwardAPI", default=None)
    empty_dir: EmptyDirVolumeSource | None = None
    ephemeral: EphemeralVolumeSource | None = None
    fc: Anything = {}
    flex_volume: Anything = {}
    flocker: Anything = {}
    gce_persistent_disk: Anything = {}
    git_repo: Anything = {}
    glusterfs: Anything = {}
    host_path: HostPathVolumeSource | None = None
    image: ImageVolumeSource | None = None
    iscsi: Anything = {}
    nfs: NFSVolumeSource | None = None
    persistent_volume_claim: PersistentVolumeClaimVolumeSource | None = None
    photon_persistent_disk: Anything = {}
    portworx_volume: Anything = {}
    projected: ProjectedVolumeSource | None = None
    quobyte: Anything = {}
    rbd: Anything = {}
    scale_io: Anything = field(name="scaleIO", default_factory=dict)
    secret: SecretVolumeSource | None = None
    storageos: Anything = {}
    vsphere_volume: Anything = {}
