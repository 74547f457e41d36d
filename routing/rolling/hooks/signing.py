"""Signatures of what is sent, so that a receiver knows that this console sent it, and when. Pure.

The form is that of many senders of webhooks: HMAC-SHA256 over the time, a dot and the body
(docs/webhooks.md shows how to check it).
"""

import hashlib
import hmac
from typing import Final

ID_HEADER: Final = "X-Meshui-Id"
SIGNATURE_HEADER: Final = "X-Meshui-Signature"


def signature(secret: str, body: bytes, seconds: int) -> str:
    """The value of the signature's header; `seconds`: when it is sent, since 1970."""
    signed = b"%d." % seconds + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"
