"""A dozen and more shapes in which a secret may stand, each holding PLANTED. None of them opens anything."""

from __future__ import annotations

import base64
import json

PLANTED = "hunter2Xq7planted"
_BASIC = base64.b64encode(b"app:pw").decode()

SHAPES = {
    "JSON Web Token": f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{PLANTED}",
    "bearer": f"Authorization: Bearer {PLANTED}0123",
    "basic": f"Authorization: Basic {_BASIC}{PLANTED}",
    "URL": f"postgres://app:{PLANTED}@db.shop:5432/orders",
    "URL without a user": f"redis://:{PLANTED}@cache:6379/0",
    "token in a URL": f"https://{PLANTED}@git.example/x.git",
    "query": f"https://hooks.example/x?token={PLANTED}&y=1",
    "data source name": f"app:{PLANTED}@tcp(db:3306)/orders",
    "connection string": f"Server=db;Password={PLANTED};Database=x",
    "environment": f"DB_PASSWORD={PLANTED}",
    "YAML": f"password: {PLANTED}",
    "JSON": json.dumps({"clientSecret": PLANTED, "n": 1}),
    "escaped JSON": 'msg="{\\"api_key\\":\\"' + PLANTED + '\\"}"',
    "flag": f"--token {PLANTED} --verbose",
    "flag with =": f"--admin-password={PLANTED}",
    "curl": f"curl -u admin:{PLANTED} https://x",
    "cookie": f"Set-Cookie: session={PLANTED}; Path=/",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\nMII{PLANTED}\n-----END RSA PRIVATE KEY-----",
    "private key cut short": f"-----BEGIN PRIVATE KEY-----\nMII{PLANTED}",
    "GitHub": f"ghp_{PLANTED}0123456789",
    "Slack": f"xoxb-123456-{PLANTED}",
    "Stripe": f"sk_live_{PLANTED}",
}
