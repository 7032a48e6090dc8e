# ruff: noqa: E501  the lines are as long as their programs write them
"""Error lines as programs write them, and what each one tells: host, port, kind of failure, and the rest by name."""

from __future__ import annotations

from typing import Any

Case = tuple[str, str, int | None, str, dict[str, Any]]

_NGINX = ', client: 10.42.0.1, server: shop.example.com, request: "GET /cart HTTP/1.1", '
_POOL = "HTTPConnectionPool(host='web.shop', port=8080): Max retries exceeded with url: /x (Caused by "

GO: tuple[Case, ...] = (
    ("dial tcp 10.43.7.9:5432: i/o timeout", "10.43.7.9", 5432, "timeout", {"kind": "IP"}),
    ("dial tcp 10.43.7.9:80: connect: connection refused", "10.43.7.9", 80, "refused", {"kind": "IP"}),
    ("dial tcp [fd00:10:43:0::7]:80: connect: no route to host", "fd00:10:43::7", 80, "no-route", {"kind": "IP"}),
    ("dial tcp 10.43.7.9:80: connect: network is unreachable", "10.43.7.9", 80, "no-route", {}),
    ("dial udp 10.43.0.10:53: i/o timeout", "10.43.0.10", 53, "timeout", {"protocol": "UDP"}),
    ("dial tcp: lookup web.shop on 10.43.0.10:53: no such host", "web.shop", None, "nxdomain",
     {"resolver": "10.43.0.10", "address": ""}),
    ("dial tcp: lookup web.shop: no such host", "web.shop", None, "nxdomain", {"resolver": ""}),
    ("dial tcp: lookup web.shop on 10.43.0.10:53: server misbehaving", "web.shop", None, "dns", {}),
    ("dial tcp: lookup web.shop on 10.43.0.10:53: read udp 10.42.0.5:39999->10.43.0.10:53: i/o timeout",
     "web.shop", None, "dns", {"resolver": "10.43.0.10", "address": ""}),
    ("dial tcp: lookup web.shop on [fd00::a]:53: no such host", "web.shop", None, "nxdomain", {"resolver": "fd00::a"}),
    ("dial tcp: lookup api.web.shop: Temporary failure in name resolution", "api.web.shop", None, "dns", {}),
    ('Get "http://web.shop:8080/x": dial tcp: lookup web.shop on 10.43.0.10:53: no such host',
     "web.shop", 8080, "nxdomain", {"kind": "URL", "url": "http://web.shop:8080/x"}),
    ('Get "http://web.shop/": dial tcp 10.43.7.9:80: connect: connection refused', "web.shop", 80, "refused",
     {"kind": "URL", "address": "10.43.7.9"}),
    ('Post "https://hook.shop.svc:443/validate?timeout=10s": context deadline exceeded', "hook.shop.svc", 443, "timeout",
     {"kind": "URL"}),
    ('Post "https://hook.shop.svc:443/v?timeout=10s": x509: certificate signed by unknown authority', "hook.shop.svc",
     443, "tls", {}),
    ('Get "http://web.shop/": EOF', "web.shop", 80, "reset", {}),
    ('Get "https://web.shop/": net/http: TLS handshake timeout', "web.shop", 443, "tls", {}),
    ('Get "https://web.shop/": http: server gave HTTP response to HTTPS client', "web.shop", 443, "tls", {}),
    ('Get "https://web.shop/": remote error: tls: handshake failure', "web.shop", 443, "tls", {}),
    ("read tcp 10.42.0.5:43210->10.43.7.9:5432: read: connection reset by peer", "10.43.7.9", 5432, "reset", {}),
    ("write tcp 10.42.0.5:43210->10.43.7.9:5432: write: broken pipe", "10.43.7.9", 5432, "reset", {}),
    ('Get "https://api.example.com/": proxyconnect tcp: dial tcp 192.168.1.9:3128: connect: connection refused',
     "192.168.1.9", 3128, "refused", {}),
    ("failed to connect to `host=db.databases user=app database=app`: dial error (dial tcp 10.43.2.3:5432: connect: "
     "connection refused)", "db.databases", 5432, "refused", {"address": "10.43.2.3"}),
    ('rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp '
     '10.43.7.9:50051: connect: connection refused"', "10.43.7.9", 50051, "refused", {}),
    ('rpc error: code = Unavailable desc = dns: A record lookup error: lookup web.shop on 10.43.0.10:53: no such host',
     "web.shop", None, "nxdomain", {}),
    ('Error from server (InternalError): failed calling webhook "v.shop": Post "https://hook.shop.svc:443/m?timeout=5s": '
     "dial tcp 10.43.9.9:443: connect: connection refused", "hook.shop.svc", 443, "refused", {"address": "10.43.9.9"}),
    ('Readiness probe failed: Get "http://10.42.0.7:8080/healthz": dial tcp 10.42.0.7:8080: connect: connection refused',
     "10.42.0.7", 8080, "refused", {"pod": ""}),
)  # fmt: skip

JAVA: tuple[Case, ...] = (
    ("java.net.UnknownHostException: web.shop", "web.shop", None, "nxdomain", {"kind": "Host"}),
    ("Caused by: java.net.UnknownHostException: web.shop: Name or service not known", "web.shop", None, "nxdomain", {}),
    ("java.net.UnknownHostException: web.shop: Temporary failure in name resolution", "web.shop", None, "dns", {}),
    ("org.apache.http.conn.HttpHostConnectException: Connect to web.shop:8080 [web.shop/10.43.7.9] failed: "
     "Connection refused (Connection refused)", "web.shop", 8080, "refused", {"address": "10.43.7.9"}),
    ("org.postgresql.util.PSQLException: Connection to db.databases:5432 refused. Check that the hostname and port are "
     "correct and that the postmaster is accepting TCP/IP connections.", "db.databases", 5432, "refused", {}),
    ('I/O error on GET request for "http://web.shop:8080/cart": Connect timed out', "web.shop", 8080, "timeout",
     {"kind": "URL"}),
    ("io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: web.shop/10.43.7.9:8080",
     "web.shop", 8080, "refused", {"address": "10.43.7.9"}),
    ("io.netty.channel.ConnectTimeoutException: connection timed out: web.shop/10.43.7.9:8080", "web.shop", 8080,
     "timeout", {"address": "10.43.7.9"}),
    ("finishConnect(..) failed: Connection refused: /10.43.7.9:8080", "10.43.7.9", 8080, "refused", {"kind": "IP"}),
    ("io.lettuce.core.RedisConnectionException: Unable to connect to redis.databases/<unresolved>:6379",
     "redis.databases", 6379, "other", {}),
    ("[Producer clientId=a] Connection to node -1 (kafka.databases/10.43.1.9:9092) could not be established. Broker may "
     "not be available.", "kafka.databases", 9092, "other", {"address": "10.43.1.9"}),
    ("feign.RetryableException: Connection refused executing GET http://web.shop/api", "web.shop", 80, "refused", {}),
    ("java.net.NoRouteToHostException: No route to host: web.shop/10.43.7.9:80", "web.shop", 80, "no-route", {}),
    ("javax.net.ssl.SSLHandshakeException: PKIX path building failed for https://web.shop:8443/a", "web.shop", 8443,
     "tls", {}),
    ("io.netty.resolver.dns.DnsResolveContext$SearchDomainUnknownHostException: Failed to resolve 'web.shop' [A(1)] "
     "after 4 queries", "web.shop", None, "nxdomain", {}),
)  # fmt: skip

PYTHON: tuple[Case, ...] = (
    (_POOL + "NewConnectionError('<urllib3.connection.HTTPConnection object at 0x7f1>: Failed to establish a new "
     "connection: [Errno 111] Connection refused'))", "web.shop", 8080, "refused", {"kind": "Host"}),
    (_POOL + "ConnectTimeoutError(<urllib3.connection.HTTPConnection object at 0x7f1>, 'Connection to web.shop timed "
     "out. (connect timeout=5)'))", "web.shop", 8080, "timeout", {}),
    (_POOL + "NameResolutionError(\"<urllib3.connection.HTTPConnection object at 0x7f1>: Failed to resolve 'web.shop' "
     "([Errno -2] Name or service not known)\"))", "web.shop", 8080, "nxdomain", {}),
    (_POOL + "NameResolutionError(\"<x>: Failed to resolve 'web.shop' ([Errno -3] Temporary failure in name "
     "resolution)\"))", "web.shop", 8080, "dns", {}),
    (_POOL + "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed')))",
     "web.shop", 8080, "tls", {}),
    ("requests.exceptions.HTTPError: 502 Server Error: Bad Gateway for url: http://web.shop/x", "web.shop", 80, "http",
     {"status": 502, "kind": "URL"}),
    ("httpx.HTTPStatusError: Server error '503 Service Unavailable' for url 'http://web.shop/x'", "web.shop", 80,
     "http", {"status": 503, "url": "http://web.shop/x"}),
    ("Cannot connect to host web.shop:80 ssl:default [Connection refused]", "web.shop", 80, "refused", {}),
    ("Cannot connect to host web.shop:80 ssl:default [Connect call failed ('10.43.7.9', 80)]", "web.shop", 80, "other",
     {"address": "10.43.7.9"}),
    ("Cannot connect to host web.shop:443 ssl:default [Name or service not known]", "web.shop", 443, "nxdomain", {}),
    ("OSError: [Errno 111] Connect call failed ('10.43.2.3', 5432)", "10.43.2.3", 5432, "refused", {}),
    ('psycopg.OperationalError: connection to server at "db.databases" (10.43.2.3), port 5432 failed: Connection '
     "refused", "db.databases", 5432, "refused", {"address": "10.43.2.3"}),
    ('connection to server at "10.43.2.3", port 5432 failed: Connection timed out', "10.43.2.3", 5432, "timeout",
     {"kind": "IP"}),
    ('could not connect to server: Connection refused\n\tIs the server running on host "db.databases" (10.43.2.3) and '
     "accepting\n\tTCP/IP connections on port 5432?", "db.databases", 5432, "refused", {"address": "10.43.2.3"}),
    ('could not translate host name "db.databases" to address: Name or service not known', "db.databases", None,
     "nxdomain", {}),
    ("pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'db.databases' ([Errno 111] Connection "
     'refused)")', "db.databases", None, "refused", {}),
    ("redis.exceptions.ConnectionError: Error 111 connecting to redis.databases:6379. Connection refused.",
     "redis.databases", 6379, "refused", {}),
    ("redis.exceptions.ConnectionError: Error -2 connecting to redis.databases:6379. Name or service not known.",
     "redis.databases", 6379, "nxdomain", {}),
    ("pymongo.errors.ServerSelectionTimeoutError: mongo.databases:27017: [Errno 111] Connection refused",
     "mongo.databases", 27017, "refused", {}),
    ("failed to connect to all addresses; last error: UNKNOWN: ipv4:10.43.7.9:50051: Failed to connect to remote host: "
     "Connection refused", "10.43.7.9", 50051, "refused", {}),
    ("DNS resolution failed for web.shop:50051: C-ares status is not ARES_SUCCESS qtype=A name=web.shop is_balancer=0: "
     "Domain name not found", "web.shop", 50051, "nxdomain", {}),
)  # fmt: skip

NODE: tuple[Case, ...] = (
    ("Error: connect ECONNREFUSED 10.43.1.2:80", "10.43.1.2", 80, "refused", {"kind": "IP"}),
    ("Error: connect ECONNREFUSED ::1:3000", "::1", 3000, "refused", {"kind": "IP"}),
    ("Error: connect ETIMEDOUT 10.43.1.2:5432", "10.43.1.2", 5432, "timeout", {}),
    ("Error: connect EHOSTUNREACH 10.43.1.2:5432 - Local (10.42.0.5:44444)", "10.43.1.2", 5432, "no-route", {}),
    ("Error: getaddrinfo ENOTFOUND web.shop", "web.shop", None, "nxdomain", {}),
    ("Error: getaddrinfo ENOTFOUND web.shop web.shop:80", "web.shop", 80, "nxdomain", {}),
    ("Error: getaddrinfo EAI_AGAIN web.shop", "web.shop", None, "dns", {}),
    ("FetchError: request to http://web.shop/ failed, reason: connect ECONNREFUSED 10.43.1.2:80", "web.shop", 80,
     "refused", {"kind": "URL", "address": "10.43.1.2"}),
    ("ConnectTimeoutError: Connect Timeout Error (attempted address: web.shop:80, timeout: 10000ms)", "web.shop", 80,
     "timeout", {}),
    ("{ errno: -111, code: 'ECONNREFUSED', syscall: 'connect', address: '10.43.1.2', port: 80 }", "10.43.1.2", 80,
     "refused", {}),
    ('{"code":"ECONNREFUSED","address":"10.43.1.2","port":80}', "10.43.1.2", 80, "refused", {}),
    ("Error: write EPROTO to https://web.shop: wrong version number", "web.shop", 443, "tls", {}),
    ("Error: socket hang up at GET http://web.shop/cart", "web.shop", 80, "reset", {}),
)  # fmt: skip

TOOLS: tuple[Case, ...] = (
    ("could not resolve host: web.shop", "web.shop", None, "dns", {"kind": "Host"}),
    ("curl: (6) Could not resolve host: web.shop", "web.shop", None, "dns", {}),
    ("curl: (7) Failed to connect to web.shop port 80 after 3 ms: Connection refused", "web.shop", 80, "refused", {}),
    ("curl: (7) Failed to connect to web.shop port 80 after 3 ms: Couldn't connect to server", "web.shop", 80,
     "refused", {}),
    ("curl: (28) Failed to connect to web.shop port 80 after 5001 ms: Timeout was reached", "web.shop", 80, "timeout", {}),
    ("* connect to 10.43.7.9 port 80 failed: Connection refused", "10.43.7.9", 80, "refused", {}),
    ("curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to web.shop:443", "web.shop", 443, "tls", {}),
    ("curl: (60) SSL: no alternative certificate subject name matches target host name 'web.shop'", "web.shop", None,
     "tls", {}),
    ("curl: (60) SSL certificate problem: unable to get local issuer certificate (https://web.shop/) More details here: "
     "https://curl.se/docs/sslcerts.html", "web.shop", 443, "tls", {}),
    ("curl: (5) Could not resolve proxy: proxy.corp", "proxy.corp", None, "dns", {}),
    ("wget: unable to resolve host address ‘web.shop’", "web.shop", None, "dns", {}),
    ("Connecting to web.shop (web.shop)|10.43.7.9|:80... failed: Connection refused.", "web.shop", 80, "refused",
     {"address": "10.43.7.9"}),
    ("wget: can't connect to remote host (10.43.7.9): Connection refused", "10.43.7.9", None, "refused", {}),
    ("wget: bad address 'web.shop:8080'", "web.shop", 8080, "dns", {}),
    ("nc: connect to web.shop port 80 (tcp) failed: Connection refused", "web.shop", 80, "refused", {}),
    ("nc: connect to web.shop (10.43.7.9) port 80 (tcp) failed: No route to host", "web.shop", 80, "no-route",
     {"address": "10.43.7.9"}),
    ("ping: web.shop: Name or service not known", "web.shop", None, "nxdomain", {}),
    ("** server can't find web.shop: NXDOMAIN", "web.shop", None, "nxdomain", {}),
    ("** server can't find web.shop.svc.cluster.local: SERVFAIL", "web.shop.svc.cluster.local", None, "dns", {}),
    ("Host web.shop not found: 3(NXDOMAIN)", "web.shop", None, "nxdomain", {}),
    ('psql: error: connection to server at "db.databases" (10.43.2.3), port 5432 failed: Connection timed out',
     "db.databases", 5432, "timeout", {"address": "10.43.2.3"}),
    ("ERROR 2003 (HY000): Can't connect to MySQL server on 'db.databases:3306' (111)", "db.databases", 3306, "refused", {}),
    ("ERROR 2003 (HY000): Can't connect to MySQL server on 'db.databases:3306' (110)", "db.databases", 3306, "timeout", {}),
    ("ERROR 2005 (HY000): Unknown MySQL server host 'db.databases' (-2)", "db.databases", None, "nxdomain", {}),
    ("Could not connect to Redis at redis.databases:6379: Connection refused", "redis.databases", 6379, "refused", {}),
    ("ssh: connect to host web.shop port 22: Connection timed out", "web.shop", 22, "timeout", {}),
    ('[INFO] 10.42.0.5:43210 - 12345 "A IN web.shop.svc.cluster.local. udp 45 false 512" NXDOMAIN qr,aa,rd 138 0.0001s',
     "web.shop.svc.cluster.local", None, "nxdomain", {}),
    ("[ERROR] plugin/errors: 2 api.example.com. A: read udp 10.42.0.4:39->9.9.9.9:53: i/o timeout", "api.example.com",
     None, "dns", {}),
)  # fmt: skip

PROXIES: tuple[Case, ...] = (
    ("2026/11/22 05:45:40 [error] 29#29: *1 connect() failed (111: Connection refused) while connecting to upstream"
     + _NGINX + 'upstream: "http://10.42.0.7:8080/cart", host: "shop.example.com"', "10.42.0.7", 8080, "refused",
     {"kind": "URL", "url": "http://10.42.0.7:8080/cart"}),
    ("2026/11/22 05:45:40 [error] 29#29: *1 upstream timed out (110: Connection timed out) while connecting to upstream"
     + _NGINX + 'upstream: "http://10.42.0.7:8080/cart"', "10.42.0.7", 8080, "timeout", {}),
    ("2026/11/22 05:45:40 [error] 29#29: *1 upstream prematurely closed connection while reading response header from "
     "upstream" + _NGINX + 'upstream: "http://10.42.0.7:8080/"', "10.42.0.7", 8080, "reset", {}),
    ("2026/11/22 05:45:40 [error] 29#29: *1 connect() failed (113: Host is unreachable) while connecting to upstream"
     + _NGINX + 'upstream: "http://10.42.0.7:8080/"', "10.42.0.7", 8080, "no-route", {}),
    ('nginx: [emerg] host not found in upstream "web.shop" in /etc/nginx/conf.d/default.conf:5', "web.shop", None,
     "nxdomain", {}),
    ("2026/11/22 05:45:40 [error] 29#29: *1 web.shop could not be resolved (3: Host not found)" + _NGINX, "web.shop",
     None, "nxdomain", {}),
    ("10.42.0.1 - - [22/Nov/2026:05:45:40 +0000] \"GET / HTTP/1.1\" 502 150 \"-\" \"curl/8\" 83 0.001 [shop-web-80] [] "
     "10.42.0.7:8080 0 0.000 502 4f1", "10.42.0.7", 8080, "http", {"status": 502}),
    ('[2026-11-22T05:45:40.000Z] "GET / HTTP/1.1" 503 UF upstream_reset_before_response_started{connection_failure} - '
     '"-" 0 91 3 - "-" "curl/8" "id" "web" "10.42.0.7:8080" outbound|80||web.shop.svc.cluster.local - 10.43.7.9:80',
     "web.shop.svc.cluster.local", 80, "http", {"status": 503}),
    ('{"authority":"web.shop","response_code":503,"response_flags":"UF","upstream_host":"10.42.0.7:8080",'
     '"path":"/cart x"}', "10.42.0.7", 8080, "http", {"status": 503}),
    ("web.shop:80: upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
     "web.shop", 80, "timeout", {"status": 503}),
    ("http://web.shop/: upstream connect error or disconnect/reset before headers. reset reason: connection failure",
     "web.shop", 80, "http", {"status": 503}),
    ("from http://web.shop/: upstream connect error or disconnect/reset before headers. retried and the latest reset "
     "reason: remote connection failure, transport failure reason: delayed connect error: 111", "web.shop", 80,
     "refused", {"status": 503}),
    ("time=\"2026-11-22T05:45:40Z\" level=debug msg=\"'502 Bad Gateway' caused by: dial tcp 10.42.0.7:8080: connect: "
     "connection refused\"", "10.42.0.7", 8080, "refused", {"status": 502}),
    ('{"ServiceURL":"http://10.42.0.7:8080","OriginStatus":504,"msg":"504 Gateway Timeout"}', "10.42.0.7", 8080, "http",
     {"status": 504}),
    ("GET http://web.shop/cart -> HTTP/1.1 503 Service Unavailable", "web.shop", 80, "http", {"status": 503}),
    ("request to https://shop.example.com/cart returned error: 504 Gateway Time-out", "shop.example.com", 443, "http",
     {"status": 504}),
)  # fmt: skip

LOGS: tuple[Case, ...] = (
    ("[pod/web-7d8f9c5b6d-x2x4q/app] dial tcp 10.43.7.9:5432: i/o timeout", "10.43.7.9", 5432, "timeout",
     {"pod": "web-7d8f9c5b6d-x2x4q", "namespace": ""}),
    ("[pod/web-0/app] java.net.UnknownHostException: db.databases", "db.databases", None, "nxdomain", {"pod": "web-0"}),
    ("shop web-7d8f9c5b6d-x2x4q app Error: connect ECONNREFUSED 10.43.1.2:80", "10.43.1.2", 80, "refused",
     {"pod": "web-7d8f9c5b6d-x2x4q", "namespace": "shop"}),
    ("web-7d8f9c5b6d-x2x4q app Error: connect ECONNREFUSED 10.43.1.2:80", "10.43.1.2", 80, "refused",
     {"pod": "web-7d8f9c5b6d-x2x4q", "namespace": ""}),
    ('level=error pod=api-0 namespace=shop msg="dial tcp 10.43.7.9:5432: i/o timeout"', "10.43.7.9", 5432, "timeout",
     {"pod": "api-0", "namespace": "shop"}),
    ('{"log":"Get \\"http://web.shop/\\": dial tcp 10.43.7.9:80: i/o timeout\\n","kubernetes":{"pod_name":"api-0",'
     '"namespace_name":"shop"}}', "web.shop", 80, "timeout", {"pod": "api-0", "namespace": "shop"}),
    ('{"msg":"read tcp 10.42.0.5:43210-\\u003e10.43.7.9:5432: read: connection reset by peer"}', "10.43.7.9", 5432,
     "reset", {}),
    ('E1122 05:45:40.000000 1 reflector.go:147] "Failed" pod="shop/api-0" err="dial tcp 10.43.0.1:443: i/o timeout"',
     "10.43.0.1", 443, "timeout", {"pod": "api-0", "namespace": "shop"}),
    ("Nov 22 05:45:40 api-5b9f7c6d4-kx2lz app[12]: dial tcp 10.43.7.9:5432: i/o timeout", "10.43.7.9", 5432, "timeout",
     {"pod": "api-5b9f7c6d4-kx2lz"}),
    ("Nov 22 05:45:40 node-a app[12]: main.go:42: dial tcp 10.43.7.9:5432: i/o timeout", "10.43.7.9", 5432, "timeout",
     {"pod": ""}),
    ("/var/log/containers/api-0_shop_app-0a1b.log: dial tcp 10.43.7.9:5432: i/o timeout", "10.43.7.9", 5432, "timeout",
     {"pod": "api-0", "namespace": "shop"}),
    ("\x1b[31mError:\x1b[0m connect ECONNREFUSED 10.43.1.2:80", "10.43.1.2", 80, "refused", {}),
    ("Traceback (most recent call last):\n  File \"/app/main.py\", line 7, in <module>\n    connect()\n"
     "ConnectionRefusedError: [Errno 111] Connection refused: ('web.shop:80')", "web.shop", 80, "refused", {}),
    ("[GET http://web.shop/cart]: connection refused", "web.shop", 80, "refused", {"url": "http://web.shop/cart"}),
    ("cannot reach http://[fd00:10:43::7]: connection refused", "fd00:10:43::7", 80, "refused", {"kind": "URL"}),
    ("dial tcp 10.43.7.9:99999: refused, then web.shop:80 refused", "web.shop", 80, "other", {}),
    ("failed to open http://app:hunter2@web.shop/: connection refused", "web.shop", 80, "refused",
     {"url": "http://web.shop/"}),
)  # fmt: skip

LINES: tuple[Case, ...] = (*GO, *JAVA, *PYTHON, *NODE, *TOOLS, *PROXIES, *LOGS)

# Lines that tell a kind of failure and not of what: what the error must repeat of them.
WITHOUT_TARGET: tuple[tuple[str, str], ...] = (
    ("curl: (28) Connection timed out after 5001 milliseconds", "a timeout"),
    ("context deadline exceeded", "a timeout"),
    ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", "a timeout"),
    ("java.net.ConnectException: Connection refused (Connection refused)", "a refused connection"),
    ("Error: read ECONNRESET in app", "a connection that was broken off"),
    ("upstream connect error or disconnect/reset before headers. reset reason: connection failure", "an HTTP error (503)"),
    ("502 Bad Gateway", "an HTTP error (502)"),
    ("x509: certificate has expired or is not yet valid", "a TLS error"),
    ("[pod/web-0/app] context deadline exceeded", "a timeout in pod web-0"),
    ("dial unix /var/run/docker.sock: connect: no such file: error", "an error"),
    ("main.go:42 failed", "an error"),
)  # fmt: skip
