"""Our own codes, for what istioctl has no check for. Pure.

From the hazards that people met in production: what Istio accepts, and what then fails or surprises.
"""

from typing import Final

from routing.analysis.codes import Message

# fmt: off
OWN: Final[tuple[Message, ...]] = (
    Message("MUI0001", "SubsetWithoutReadyPods", "Error",
        "A route sends requests to a subset whose pods are all not ready: they get 503.",
        "Wait until a pod of that version is ready, or take the weight away from the subset."),
    Message("MUI0002", "WeightsAreNotHundred", "Warning",
        "The weights of a route do not add up to 100. Istio takes them in proportion, so a destination gets "
        "another share than what is written.",
        "Write weights that add up to 100."),
    Message("MUI0003", "WeightOfSingleDestination", "Warning",
        "A route has one destination, with a weight other than 100. It gets all requests all the same.",
        "Remove the weight, or add the destination that is to get the rest."),
    Message("MUI0004", "SplitGatewayHost", "Warning",
        "Several VirtualServices route the same host of the same gateway. They are merged, in an order that "
        "is not defined.",
        "Put the routes of one host into one VirtualService, or make sure that no request matches two."),
    Message("MUI0005", "OverlappingGatewayRoutes", "Error",
        "Several VirtualServices route the same host of the same gateway, and some requests match routes of "
        "both. Which one they take is not defined.",
        "Put the routes of the host into one VirtualService, in the order that you mean."),
    Message("MUI0006", "DuplicateDestinationRule", "Error",
        "Two DestinationRules in a namespace are about the same host. The traffic policy of the older one is "
        "in force, and of two subsets of one name the first.",
        "Merge them into one."),
    Message("MUI0007", "CatchAllNotLast", "Error",
        "A rule takes every request by its match (the prefix / or a regular expression for everything), and "
        "rules stand behind it that no request reaches.",
        "Put the rule that takes everything last."),
    Message("MUI0008", "ShadowedMatch", "Warning",
        "A match is never used: every request that it is for is taken by an earlier one.",
        "Put the more special match first, or remove it."),
    Message("MUI0009", "NoDefaultRoute", "Warning",
        "Every http rule has a match. A request that none of them takes is answered 404.",
        "Add a rule without a match at the end."),
    Message("MUI0010", "FaultDisablesRetries", "Warning",
        "A rule has a fault besides retries or a timeout. While the fault is there, Istio applies neither.",
        "Remove the fault, or put it on a rule of its own with a match for the requests that it is for."),
    Message("MUI0011", "FaultForEveryone", "Warning",
        "A fault stands on a rule without a match: it meets every caller.",
        "Put it on a rule of its own with a match, so that only the requests of a test meet it."),
    Message("MUI0012", "FaultOnAllRequests", "Warning",
        "A fault aborts or delays every request that takes its rule.",
        "Lower the percentage, unless this is what you want."),
    Message("MUI0013", "ManyRetries", "Warning",
        "A failing request is sent more than four times by one proxy. Along a path of callers it multiplies.",
        "Ask for fewer attempts, best at only one place of a path."),
    Message("MUI0014", "RetryStorm", "Error",
        "A failing request is sent more than ten times by one proxy: a service that is slow is buried.",
        "Ask for fewer attempts."),
    Message("MUI0015", "OutlierDetectionEjectsMost", "Warning",
        "Outlier detection may eject more than half of the pods; the rest has to bear all requests.",
        "Set maxEjectionPercent to 50 or less."),
    Message("MUI0016", "OutlierDetectionEjectsAll", "Error",
        "Outlier detection may eject every pod, when all of them fail for a moment. Then requests get 503, "
        "or go to ejected pods.",
        "Set maxEjectionPercent to 50 or less, or set minHealthPercent."),
    Message("MUI0017", "TlsAgainstPeerAuthentication", "Error",
        "A DestinationRule and the PeerAuthentication of the pods contradict each other: one side speaks "
        "Istio's mutual TLS, the other does not. Requests get 503.",
        "Use the mode ISTIO_MUTUAL, or leave the mode out, where the pods ask for STRICT; and DISABLE where "
        "they refuse mutual TLS."),
    Message("MUI0018", "NoWaypointForRoutes", "Error",
        "Rules for HTTP are about a service in an ambient namespace that no waypoint serves. Nothing there "
        "reads them.",
        "Give the namespace or the service a waypoint (label istio.io/use-waypoint)."),
)
# fmt: on
"""Every code of our own."""
