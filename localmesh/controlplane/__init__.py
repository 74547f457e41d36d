"""Delivers what `localmesh.xds` makes of the API server's resources to every proxy, over REST xDS."""

from localmesh.controlplane.plane import ControlPlane

__all__ = ["ControlPlane"]
