#!/usr/bin/python3
"""A small server that speaks as much of S3 as the object store uses, and takes nothing that is not signed.

It computes AWS Signature Version 4 anew from the published rules, over the body too, and first checks itself against the values
printed in Amazon's documentation ("Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk").
Prints its port. Parts but the last must have 5 MiB, as S3 demands.
"""
import hashlib
import hmac
import http.server
import re
import sys
import threading
import urllib.parse
from datetime import datetime, timezone

ACCESS, SECRET, REGION, BUCKET = "AKTEST", "SKTEST", "eu-test-1", "unhidra-files"
LEAST_PART = 5 * 1024 * 1024
PAGE = 2  # parts in one listing: paging is used

uploads, objects, lock = {}, {}, threading.Lock()


def signature(secret, region, method, path, query, headers, signed, payload_hash, amz_date):
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    canonical_query = "&".join(f"{urllib.parse.quote(k, safe='-._~')}={urllib.parse.quote(v, safe='-._~')}" for k, v in pairs)
    canonical_headers = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in signed)
    canonical = "\n".join([method, path, canonical_query, canonical_headers, ";".join(signed), payload_hash])
    scope = f"{amz_date[:8]}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", amz_date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (amz_date[:8], region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def check_self():
    secret, date = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524T000000Z"
    empty = hashlib.sha256(b"").hexdigest()
    base = {"host": "examplebucket.s3.amazonaws.com", "x-amz-date": date, "x-amz-content-sha256": empty}
    cases = [
        ("/test.txt", "", {"range": "bytes=0-9"}, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("/", "lifecycle=", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/", "max-keys=2&prefix=J", {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]
    for path, query, more, expected in cases:
        headers = base | more
        got = signature(secret, "us-east-1", "GET", path, query, headers, sorted(headers), empty, date)
        assert got == expected, (path, query, got)


class Refused(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def check_signature(self, path, query, body):
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
                             r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})", self.headers.get("Authorization", ""))
        if not match or match[3] != REGION:
            raise Refused(403, "AccessDenied")
        if match[1] != ACCESS:
            raise Refused(403, "InvalidAccessKeyId")
        headers = {name.lower(): value for name, value in self.headers.items()}
        signed, date = match[4].split(";"), headers.get("x-amz-date", "")
        must = {"host"} | {name for name in headers if name.startswith("x-amz-")}
        if not must <= set(signed) or not set(signed) <= set(headers) or date[:8] != match[2]:
            raise Refused(403, "AccessDenied")
        sent = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        if abs((datetime.now(timezone.utc) - sent).total_seconds()) > 900:
            raise Refused(403, "RequestTimeTooSkewed")
        payload = hashlib.sha256(body).hexdigest()
        if headers.get("x-amz-content-sha256") != payload:
            raise Refused(400, "XAmzContentSHA256Mismatch")
        if signature(SECRET, REGION, self.command, path, query, headers, sorted(signed), payload, date) != match[5]:
            raise Refused(403, "SignatureDoesNotMatch")

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name == "Content-Length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            self.check_signature(path, query, body)
            if not path.startswith(f"/{BUCKET}/"):
                raise Refused(404, "NoSuchBucket")
            with lock:
                self.serve(path, dict(urllib.parse.parse_qsl(query, keep_blank_values=True)), body)
        except Refused as refused:
            self.answer(refused.status, f"<Error><Code>{refused.code}</Code></Error>".encode())

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    def serve(self, key, query, body):
        if "uploads" in query:
            name = f"up load/{len(uploads)}+="  # has to be escaped
            uploads[name] = (key, {})
            return self.answer(200, f"<R><UploadId>{name}</UploadId></R>".encode())
        if "uploadId" in query:
            if query["uploadId"] not in uploads or uploads[query["uploadId"]][0] != key:
                raise Refused(404, "NoSuchUpload")
            return self.serve_upload(key, query, body, uploads[query["uploadId"]][1])
        if self.command == "DELETE":
            objects.pop(key, None)
            return self.answer(204)
        if key not in objects:
            raise Refused(404, "NoSuchKey")
        data = objects[key]
        if self.command == "HEAD":
            return self.answer(200, headers=[("Content-Length", str(len(data)))])
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
        if first >= len(data):
            raise Refused(416, "InvalidRange")
        return self.answer(206, data[first:last + 1])

    def serve_upload(self, key, query, body, parts):
        if self.command == "PUT":
            parts[int(query["partNumber"])] = body
            return self.answer(200, headers=[("ETag", f'"{hashlib.md5(body).hexdigest()}"')])
        if self.command == "DELETE":
            del uploads[query["uploadId"]]
            return self.answer(204)
        tags = {number: f"&quot;{hashlib.md5(data).hexdigest()}&quot;" for number, data in parts.items()}
        if self.command == "GET":
            after = [n for n in sorted(parts) if n > int(query["part-number-marker"])]
            listed = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tags[n]}</ETag><Size>{len(parts[n])}</Size></Part>"
                             for n in after[:PAGE])
            more = "true" if len(after) > PAGE else "false"
            return self.answer(200, f"<R><IsTruncated>{more}</IsTruncated>{listed}</R>".encode())
        asked = re.findall(r"<Part><PartNumber>(\d+)</PartNumber><ETag>([^<]+)</ETag></Part>", body.decode())
        if not asked or any(tags.get(int(number)) != tag for number, tag in asked):
            raise Refused(400, "InvalidPart")
        data = [parts[int(number)] for number, _ in asked]
        if any(len(part) < LEAST_PART for part in data[:-1]):
            raise Refused(400, "EntityTooSmall")
        objects[key] = b"".join(data)
        del uploads[query["uploadId"]]
        return self.answer(200, b"<CompleteMultipartUploadResult/>")


def main():
    check_self()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"port {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
