"""Django's settings, read from the environment by meshui.env; docs/settings.md lists every variable."""

from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from meshui import env, prometheus_env, webhook_env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.directory("MESHUI_DATA_DIR", BASE_DIR / ".data")

SECRET_KEY = env.secret("MESHUI_SECRET_KEY", DATA_DIR / "secret.key")
DEBUG = env.boolean("MESHUI_DEBUG")
ALLOWED_HOSTS = env.words("MESHUI_ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
# Full origins (scheme, host, port) from which a browser may open the websocket or post a form, besides the
# console's own.
TRUSTED_ORIGINS = env.words("MESHUI_TRUSTED_ORIGINS", [])
CSRF_TRUSTED_ORIGINS = TRUSTED_ORIGINS
HTTPS = env.boolean("MESHUI_HTTPS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "csp",
    "meshui",
    "meshui.accounts",
    "cluster",
    "telemetry",
    "routing",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "meshui.clusters.ClusterMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every page asks for a sign-in; what does not (login, health) says so with login_not_required.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "meshui.urls"
ASGI_APPLICATION = "meshui.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "meshui.shell.shell",
            ],
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "meshui.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = False  # whoever terminates TLS redirects; here it would only loop
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

NODE_MODULES = BASE_DIR / "node_modules"
STATIC_URL = "/static/"
_PATTERNFLY = NODE_MODULES / "@patternfly" / "patternfly"
# Of each library only the folder that a browser needs; of PatternFly its tokens and fonts.
_VENDOR = {
    "vendor/cytoscape": NODE_MODULES / "cytoscape" / "dist",
    "vendor/dagre": NODE_MODULES / "@dagrejs" / "dagre" / "dist",
    "vendor/plotly": NODE_MODULES / "plotly.js-cartesian-dist-min",
    "vendor/patternfly": _PATTERNFLY / "base",
    "vendor/patternfly/assets/fonts": _PATTERNFLY / "assets" / "fonts",
}
# What `make setup` builds: the YAML editor in one module.
_VENDOR["built"] = BASE_DIR / "build" / "static"
# Python's tests run before `npm ci` has; pages then lack their looks, not their content.
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [
    BASE_DIR / "static",
    *((prefix, folder) for prefix, folder in _VENDOR.items() if folder.is_dir()),
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "meshui.api_errors.handle",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "1200/min"},
    "NUM_PROXIES": 0,
}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": None,
    "TOKEN_LIMIT_PER_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "meshui",
    "DESCRIPTION": "The service graph, plans and changes of traffic rules, for automation.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Which clusters, where in them the console may look (empty: everywhere), how people's rights come to bear.
CLUSTERS = env.clusters("MESHUI_CLUSTERS", "MESHUI_CONTEXT")
CLUSTER_NAMESPACES = env.namespaces("MESHUI_NAMESPACES")
CLUSTER_ACCESS = env.choice("MESHUI_ACCESS", "impersonate", "review")

# One collector asks the source once per tick; rates are taken over the window.
TELEMETRY_TICK_SECONDS = env.number("MESHUI_TICK_SECONDS", 1.0, minimum=0.2, maximum=60)
TELEMETRY_WINDOW_SECONDS = env.number("MESHUI_WINDOW_SECONDS", 10.0, minimum=2, maximum=600)
# Whose report of a call counts first: the caller's, or as in Kiali the destination's.
TELEMETRY_REPORTER = env.choice("MESHUI_REPORTER", "caller", "destination")
# For a source that remembers nothing itself: how much may be kept of the last hour.
TELEMETRY_HISTORY_MEGABYTES = env.number("MESHUI_HISTORY_MEGABYTES", 64, minimum=1, maximum=65536)
# A Prometheus for each cluster that has one (the others' proxies are read themselves), and how to sign in.
PROMETHEUS_ADDRESSES = prometheus_env.addresses("MESHUI_PROMETHEUS_URL", [each.name for each in CLUSTERS])
PROMETHEUS_SIGN_IN = prometheus_env.sign_in(
    token=("MESHUI_PROMETHEUS_TOKEN", "MESHUI_PROMETHEUS_TOKEN_FILE"),
    user="MESHUI_PROMETHEUS_USER",
    password=("MESHUI_PROMETHEUS_PASSWORD", "MESHUI_PROMETHEUS_PASSWORD_FILE"),
    headers="MESHUI_PROMETHEUS_HEADERS",
    files=("MESHUI_PROMETHEUS_CA_FILE", "MESHUI_PROMETHEUS_CERTIFICATE_FILE", "MESHUI_PROMETHEUS_KEY_FILE"),
)
PROMETHEUS_SCRAPE_SECONDS = env.number("MESHUI_PROMETHEUS_SCRAPE_SECONDS", 15.0, minimum=1, maximum=300)
PROMETHEUS_TIMEOUT_SECONDS = env.number("MESHUI_PROMETHEUS_TIMEOUT_SECONDS", 10.0, minimum=1, maximum=120)
PROMETHEUS_MAX_MIB = env.number("MESHUI_PROMETHEUS_MAX_MIB", 64, minimum=1, maximum=1024)
PROMETHEUS_SHARDS = int(env.choice("MESHUI_PROMETHEUS_SHARDS", "1", "2", "4", "8", "16"))
# Where a person goes on looking: the browser fills in what he looks at. {from} and {to} are milliseconds.
_PLACES = ("namespace", "service", "workload", "version", "from", "to")
GRAFANA_LINK = env.link("MESHUI_GRAFANA_URL", _PLACES)
TRACING_LINK = env.link("MESHUI_TRACING_URL", _PLACES)
# From which error ratio on an edge is degraded and failing; which tolerances nodes have, as Kiali's are.
TELEMETRY_EDGE_DEGRADED, TELEMETRY_EDGE_FAILING = env.ratios(
    "MESHUI_EDGE_DEGRADED", "MESHUI_EDGE_FAILING", 0.01, 0.05
)
TELEMETRY_HEALTH = env.text_or_file("MESHUI_HEALTH")
# What Istio calls the clusters: what runs in a cluster's own bears no cluster in its id.
TELEMETRY_CLUSTER_IDS = env.cluster_ids("MESHUI_CLUSTER_ID")
# How long to wait between a DestinationRule's new subset and the route that uses it; and how long at most
# where the control plane says in the resource's status that the proxies do not have it yet.
ROUTING_SETTLE_SECONDS = env.number("MESHUI_SETTLE_SECONDS", 1.0, minimum=0, maximum=60)
ROUTING_SETTLE_AT_MOST_SECONDS = env.number("MESHUI_SETTLE_AT_MOST_SECONDS", 10.0, minimum=0, maximum=300)
# How long an answer to a command waits for whoever drives the rollouts.
ROUTING_COMMAND_SECONDS = 5.0

# Whom rollouts may ask and tell though the address is not public; how what is sent is signed; how long a gate
# may take to answer; and where links to the console lead from elsewhere.
WEBHOOK_ALLOW = webhook_env.allowed("MESHUI_WEBHOOK_ALLOW")
WEBHOOK_SECRET = webhook_env.secret("MESHUI_WEBHOOK_SECRET", "MESHUI_WEBHOOK_SECRET_FILE")
WEBHOOK_CA_FILE = webhook_env.file("MESHUI_WEBHOOK_CA_FILE")
GATE_TIMEOUT_SECONDS = env.number("MESHUI_GATE_TIMEOUT_SECONDS", 10.0, minimum=1, maximum=60)
PUBLIC_URL = webhook_env.base("MESHUI_PUBLIC_URL")

# Where consoles agree on the one that drives rollouts (empty: in the pod's own namespace, if in a pod).
ROLLOUTS_LEASE_NAMESPACE = env.namespace("MESHUI_LEASE_NAMESPACE")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("MESHUI_LOG_LEVEL", "INFO")},
}
