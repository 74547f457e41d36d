"""Istio's security kinds, as of istio.io/api 1.27."""

from typing import Annotated, Literal

from msgspec import Meta, field

from localmesh.apiserver.schemas import rules
from localmesh.apiserver.schemas.base import Duration, Model, rule
from localmesh.apiserver.schemas.common import LabelSelector, PolicyTarget
from localmesh.apiserver.schemas.meta import ObjectMeta, OpenIstioStatus


class MutualTls(Model):
    """Whether mTLS is demanded."""

    mode: Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"] | None = None


class PeerAuthenticationSpec(Model):
    """What workloads demand of their callers' connections."""

    cel = (rules.PORT_LEVELS_SELECT,)

    mtls: MutualTls | None = None
    port_level_mtls: Annotated[dict[str, MutualTls], Meta(min_length=1), rule(rules.PORT_KEYS)] = {}
    selector: LabelSelector | None = None


class ExtensionProvider(Model):
    """An authorizer of the mesh's configuration."""

    name: str = ""


class Source(Model):
    """Who calls."""

    cel = (rules.SOURCE_IS_ONE_KIND,)

    ip_blocks: list[str] = []
    namespaces: list[str] = []
    not_ip_blocks: list[str] = []
    not_namespaces: list[str] = []
    not_principals: list[str] = []
    not_remote_ip_blocks: list[str] = []
    not_request_principals: list[str] = []
    not_service_accounts: Annotated[list[Annotated[str, Meta(max_length=320)]], Meta(max_length=16)] = []
    principals: list[str] = []
    remote_ip_blocks: list[str] = []
    request_principals: list[str] = []
    service_accounts: Annotated[list[Annotated[str, Meta(max_length=320)]], Meta(max_length=16)] = []


class From(Model):
    """One alternative of callers."""

    source: Source | None = None


class Operation(Model):
    """What is called."""

    hosts: list[str] = []
    methods: list[str] = []
    not_hosts: list[str] = []
    not_methods: list[str] = []
    not_paths: list[str] = []
    not_ports: list[str] = []
    paths: list[str] = []
    ports: list[str] = []


class To(Model):
    """One alternative of operations."""

    operation: Operation | None = None


class Condition(Model):
    """A further condition on an attribute."""

    key: str
    not_values: list[str] = []
    values: list[str] = []


class AuthorizationRule(Model):
    """Callers, operations and conditions, all of which must hold."""

    from_: Annotated[list[From], Meta(max_length=512)] = []
    to: list[To] = []
    when: list[Condition] = []


class AuthorizationPolicySpec(Model):
    """Which requests are allowed or denied."""

    at_most_one = (("provider",),)
    cel = (rules.ONE_TARGET,)

    action: Literal["ALLOW", "DENY", "AUDIT", "CUSTOM"] | None = None
    provider: ExtensionProvider | None = None
    rules: Annotated[list[AuthorizationRule], Meta(max_length=512)] = []
    selector: LabelSelector | None = None
    target_ref: PolicyTarget | None = None
    target_refs: Annotated[list[PolicyTarget], Meta(max_length=16)] = []


class JwtHeader(Model):
    """A header that carries a token."""

    name: Annotated[str, Meta(min_length=1)]
    prefix: str = ""


class ClaimToHeader(Model):
    """A claim that is copied to a header."""

    claim: Annotated[str, Meta(min_length=1)]
    header: Annotated[str, Meta(min_length=1, pattern="^[-_A-Za-z0-9]+$")]


class JwtRule(Model):
    """An issuer of tokens and how they are checked."""

    cel = (rules.ONE_KEY_SET,)

    audiences: list[Annotated[str, Meta(min_length=1)]] = []
    forward_original_token: bool = False
    from_cookies: list[Annotated[str, Meta(min_length=1)]] = []
    from_headers: list[JwtHeader] = []
    from_params: list[Annotated[str, Meta(min_length=1)]] = []
    issuer: Annotated[str, Meta(min_length=1)] | None = None
    jwks: str = ""
    legacy_jwks_uri: Annotated[str, Meta(min_length=1, max_length=2048), rule(rules.HTTP_URL)] | None = field(
        name="jwks_uri", default=None
    )
    jwks_uri: Annotated[str, Meta(min_length=1, max_length=2048), rule(rules.HTTP_URL)] | None = None
    output_claim_to_headers: list[ClaimToHeader] = []
    output_payload_to_header: str = ""
    timeout: Duration | None = None


class RequestAuthenticationSpec(Model):
    """Which tokens workloads accept."""

    cel = (rules.ONE_TARGET,)

    jwt_rules: Annotated[list[JwtRule], Meta(max_length=4096)] = []
    selector: LabelSelector | None = None
    target_ref: PolicyTarget | None = None
    target_refs: Annotated[list[PolicyTarget], Meta(max_length=16)] = []


class PeerAuthentication(Model):
    """A PeerAuthentication: what workloads demand of their callers' connections."""

    metadata: ObjectMeta
    spec: PeerAuthenticationSpec
    api_version: str = ""
    kind: str = ""
    status: OpenIstioStatus | None = None


class AuthorizationPolicy(Model):
    """A AuthorizationPolicy: which requests are allowed or denied."""

    metadata: ObjectMeta
    spec: AuthorizationPolicySpec
    api_version: str = ""
    kind: str = ""
    status: OpenIstioStatus | None = None


class RequestAuthentication(Model):
    """A RequestAuthentication: which tokens workloads accept."""

    metadata: ObjectMeta
    spec: RequestAuthenticationSpec
    api_version: str = ""
    kind: str = ""
    status: OpenIstioStatus | None = None
