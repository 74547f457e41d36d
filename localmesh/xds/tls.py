"""TLS: what a gateway shows to its callers, and how connections to a destination are protected.

Certificates come from Secrets by `credentialName`, in the namespace of the proxy's pod: the pods here have no
files of their own. There is no certificate authority of the mesh, so ISTIO_MUTUAL cannot be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localmesh.xds import names, values
from localmesh.xds.model import Credential, Mesh
from localmesh.xds.values import Json, Problem, Unusable

Spec = Mapping[str, Any]
_SOCKET = "envoy.transport_sockets.tls"
_TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"
#: Istio's way to name a Secret of another namespace, for Gateways of the Gateway API.
OF_NAMESPACE = "kubernetes-gateway://"
_SYSTEM = "system"
_LONGEST_NAME = 255
_VERSIONS = {"TLSV1_0": "TLSv1_0", "TLSV1_1": "TLSv1_1", "TLSV1_2": "TLSv1_2", "TLSV1_3": "TLSv1_3"}
_NO_MESH_CA = "localmesh has no certificate authority for the mesh"


@dataclass(frozen=True, slots=True)
class Transport:
    """How a cluster's connections are protected: fields of the cluster, and of its HTTP options."""

    fields: Json = field(default_factory=dict)
    http: Json = field(default_factory=dict)


def upstream(mesh: Mesh, namespace: str, spec: Spec, path: str, *, alpn: str = "") -> Transport:
    """What `tls` of a traffic policy means for clients of a namespace. Raises Unusable."""
    mode = spec.get("mode", "DISABLE")
    if mode == "DISABLE":
        return Transport()
    if mode not in ("SIMPLE", "MUTUAL"):
        raise Unusable(f"{path}.mode", f"{_NO_MESH_CA}; connections are made in plain text")
    verify = not spec.get("insecureSkipVerify")
    common: Json = {"alpn_protocols": [alpn]} if alpn else {}
    if mode == "MUTUAL":
        if not spec.get("credentialName"):
            raise Unusable(f"{path}.credentialName", "MUTUAL needs a certificate: name a Secret")
        credential = _credential(mesh, namespace, spec, path)
        common["tls_certificates"] = [_certificate(credential, f"{path}.credentialName")]
    wanted = [str(each) for each in spec.get("subjectAltNames") or ()]
    if verify:
        common["validation_context"] = {"trusted_ca": _roots(mesh, namespace, spec, path), **_names(wanted)}
    context: Json = {"@type": f"{_TYPE}.UpstreamTlsContext", "common_tls_context": common}
    if spec.get("sni"):
        context["sni"] = _server_name(spec["sni"], f"{path}.sni")
    automatic: Json = {}
    if not spec.get("sni"):
        automatic = {"auto_sni": True, **({"auto_san_validation": True} if verify and not wanted else {})}
    return Transport({"transport_socket": {"name": _SOCKET, "typed_config": context}}, automatic)


def _server_name(value: object, path: str) -> str:
    name = values.text(value, path)
    if not names.is_host(name) or name.startswith("*") or len(name) > _LONGEST_NAME:
        raise Unusable(path, f"{name[:80]!r} is not a host name")
    return name


def usable_upstream(mesh: Mesh, namespace: str, spec: Spec | None, *, alpn: str = "") -> Transport:
    """The same, and no protection where it cannot be used, which is reported."""
    try:
        return upstream(mesh, namespace, spec or {}, "", alpn=alpn)
    except Unusable:
        return Transport()


def problems(mesh: Mesh, namespace: str, policy: Spec, path: str) -> Iterator[Problem]:
    """What of the `tls` of a traffic policy, its ports' settings included, cannot be used."""
    parts = [(path, policy)]
    for index, part in enumerate(policy.get("portLevelSettings") or ()):
        parts.append((f"{path}.portLevelSettings[{index}]", part))
    for where, part in parts:
        try:
            upstream(mesh, namespace, part.get("tls") or {}, f"{where}.tls")
        except Unusable as error:
            yield error.problem


def downstream(mesh: Mesh, namespace: str, spec: Spec, path: str, *, http: bool) -> Json:
    """The transport socket of a gateway's server, whose proxy is in this namespace. Raises Unusable."""
    mode = spec.get("mode", "PASSTHROUGH")
    if mode not in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"):
        reason = _NO_MESH_CA if mode == "ISTIO_MUTUAL" else f"{mode} is not programmed"
        raise Unusable(f"{path}.mode", reason)
    if not spec.get("credentialName"):
        raise Unusable(f"{path}.credentialName", "a certificate is needed: name a Secret")
    credential = _credential(mesh, namespace, spec, path)
    common: Json = {"tls_certificates": [_certificate(credential, f"{path}.credentialName")]}
    if http:
        common["alpn_protocols"] = ["h2", "http/1.1"]
    versions = {
        theirs: _VERSIONS[spec[ours]]
        for ours, theirs in (
            ("minProtocolVersion", "tls_minimum_protocol_version"),
            ("maxProtocolVersion", "tls_maximum_protocol_version"),
        )
        if spec.get(ours) in _VERSIONS
    }
    if versions:
        common["tls_params"] = versions
    context: Json = {"@type": f"{_TYPE}.DownstreamTlsContext", "common_tls_context": common}
    if mode != "SIMPLE":
        authority = _authority(mesh, namespace, spec)
        if not authority:
            raise Unusable(f"{path}.credentialName", "the Secret has no ca.crt to check callers by")
        wanted = [str(each) for each in spec.get("subjectAltNames") or ()]
        common["validation_context"] = {"trusted_ca": {"inline_string": authority}, **_names(wanted)}
        context["require_client_certificate"] = mode == "MUTUAL"
    return {"transport_socket": {"name": _SOCKET, "typed_config": context}}


def _key(namespace: str, name: str) -> tuple[str, str]:
    if name.startswith(OF_NAMESPACE):
        there, _, secret = name.removeprefix(OF_NAMESPACE).partition("/")
        return there, secret
    return namespace, name


def _credential(mesh: Mesh, namespace: str, spec: Spec, path: str) -> Credential:
    key = _key(namespace, str(spec["credentialName"]))
    credential = mesh.credentials.get(key)
    if credential is None:
        raise Unusable(f"{path}.credentialName", f"there is no Secret {key[0]}/{key[1]}")
    if credential.problem:
        raise Unusable(f"{path}.credentialName", f"Secret {key[0]}/{key[1]}: {credential.problem}")
    return credential


def _certificate(credential: Credential, path: str) -> Json:
    if not credential.certificate:
        raise Unusable(path, "the Secret has no tls.crt and tls.key")
    return {
        "certificate_chain": {"inline_string": credential.certificate},
        "private_key": {"inline_string": credential.key},
    }


def _authority(mesh: Mesh, namespace: str, spec: Spec) -> str:
    """The authority of a Secret, or of the one beside it whose name ends in -cacert."""
    where, name = _key(namespace, str(spec.get("credentialName") or ""))
    found = (mesh.credentials.get((where, each)) for each in (f"{name}-cacert", name))
    return next((each.authority for each in found if each and each.authority and not each.problem), "")


def _roots(mesh: Mesh, namespace: str, spec: Spec, path: str) -> Json:
    if spec.get("caCertificates") not in (None, "", _SYSTEM):
        raise Unusable(f"{path}.caCertificates", "the pods have no files of their own; name a Secret instead")
    if spec.get("credentialName"):
        _credential_or_authority(mesh, namespace, spec, path)
        authority = _authority(mesh, namespace, spec)
        if authority:
            return {"inline_string": authority}
    if not mesh.system_roots:
        raise Unusable(f"{path}.caCertificates", "this machine has no bundle of authorities to check by")
    return {"filename": mesh.system_roots}


def _credential_or_authority(mesh: Mesh, namespace: str, spec: Spec, path: str) -> None:
    """Raises Unusable when neither the Secret nor the one with its authority is there."""
    if not _authority(mesh, namespace, spec):
        _credential(mesh, namespace, spec, path)


def _names(wanted: list[str]) -> Json:
    if not wanted:
        return {}
    kinds = ("DNS", "URI", "IP_ADDRESS")
    matchers = [{"san_type": kind, "matcher": {"exact": name}} for name in wanted for kind in kinds]
    return {"match_typed_subject_alt_names": matchers}
