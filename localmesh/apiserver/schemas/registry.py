"""Which structure an object of each resource has."""

from functools import cache

from localmesh.apiserver import kinds
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.schemas import (
    batch,
    cluster,
    destination_rule,
    gateway,
    gateway_api,
    pod,
    routes,
    security,
    service,
    service_entry,
    sidecar,
    telemetry,
    virtual_service,
    workloads,
)
from localmesh.apiserver.schemas.base import Model
from localmesh.apiserver.schemas.structural import Schema, schema_of

MODELS: dict[Resource, type[Model]] = {
    kinds.NAMESPACES: cluster.Namespace,
    kinds.NODES: cluster.Node,
    kinds.PODS: pod.Pod,
    kinds.SERVICES: service.Service,
    kinds.SERVICE_ACCOUNTS: cluster.ServiceAccount,
    kinds.CONFIG_MAPS: service.ConfigMap,
    kinds.SECRETS: service.Secret,
    kinds.EVENTS: cluster.Event,
    kinds.ENDPOINTS: service.Endpoints,
    kinds.DEPLOYMENTS: workloads.Deployment,
    kinds.REPLICA_SETS: workloads.ReplicaSet,
    kinds.STATEFUL_SETS: workloads.StatefulSet,
    kinds.DAEMON_SETS: workloads.DaemonSet,
    kinds.JOBS: batch.Job,
    kinds.CRON_JOBS: batch.CronJob,
    kinds.ENDPOINT_SLICES: service.EndpointSlice,
    kinds.LEASES: cluster.Lease,
    kinds.ROLES: cluster.Role,
    kinds.ROLE_BINDINGS: cluster.RoleBinding,
    kinds.CLUSTER_ROLES: cluster.ClusterRole,
    kinds.CLUSTER_ROLE_BINDINGS: cluster.ClusterRoleBinding,
    kinds.VIRTUAL_SERVICES: virtual_service.VirtualService,
    kinds.DESTINATION_RULES: destination_rule.DestinationRule,
    kinds.GATEWAYS: gateway.Gateway,
    kinds.SERVICE_ENTRIES: service_entry.ServiceEntry,
    kinds.WORKLOAD_ENTRIES: service_entry.WorkloadEntry,
    kinds.SIDECARS: sidecar.Sidecar,
    kinds.PEER_AUTHENTICATIONS: security.PeerAuthentication,
    kinds.AUTHORIZATION_POLICIES: security.AuthorizationPolicy,
    kinds.REQUEST_AUTHENTICATIONS: security.RequestAuthentication,
    kinds.TELEMETRIES: telemetry.Telemetry,
    kinds.GATEWAY_CLASSES: gateway_api.GatewayClass,
    kinds.K8S_GATEWAYS: gateway_api.Gateway,
    kinds.REFERENCE_GRANTS: gateway_api.ReferenceGrant,
    kinds.HTTP_ROUTES: routes.HTTPRoute,
    kinds.GRPC_ROUTES: routes.GRPCRoute,
}

#: For what is generated or answered here and never written by a client.
ANYTHING: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


@cache
def schema_for(resource: Resource) -> Schema:
    """The structural schema of a resource's objects. Shared: treat it as frozen."""
    model = MODELS.get(resource)
    return schema_of(model) if model else ANYTHING
