#!/usr/bin/python3
"""Compares the operations table with api/openapi.yaml, both ways.

Usage: openapi_test.py PRINT_OPERATIONS OPENAPI_YAML
"""
import json
import re
import subprocess
import sys

import yaml

METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
SCHEMA_WORDS = {"type", "description", "format", "maxLength", "minLength", "pattern", "items", "additionalProperties",
                "required", "properties", "enum", "const", "$ref", "minimum", "maximum", "default", "examples"}
problems = []


def expect(condition, where, message):
    if not condition:
        problems.append(f"{where}: {message}")


def resolve(document, node):
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def check_schema(document, schema, where):
    expect(set(schema) <= SCHEMA_WORDS, where, f"unknown words {set(schema) - SCHEMA_WORDS}")
    if "$ref" in schema:
        resolve(document, schema)
        return
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        expect(name in properties or not properties, where, f"requires {name}, which it does not have")
    for name, inner in properties.items():
        expect(re.fullmatch("[a-z][a-z0-9_]*", name), where, f"{name} is not snake_case")
        check_schema(document, inner, f"{where}.{name}")
    if "items" in schema:
        check_schema(document, schema["items"], where + "[]")


def check_parameters(document, row, path_item, operation, where):
    parameters = [resolve(document, p) for p in path_item.get("parameters", []) + operation.get("parameters", [])]
    named = {kind: sorted(p["name"] for p in parameters if p["in"] == kind) for kind in ("path", "query", "header")}
    expect(named["path"] == sorted(re.findall(r"{(\w+)}", row["path"])), where, f"path parameters {named['path']}")
    expect(named["query"] == sorted(row["query"]), where, f"query parameters {named['query']}, not {row['query']}")
    keyed = row["mutates"] and row["access"] != "everyone"
    expect(named["header"] == (["Idempotency-Key"] if keyed else []), where, f"header parameters {named['header']}")


def check_body(document, row, operation, where):
    body = operation.get("requestBody")
    expect((body is not None) == (row["body_limit"] > 0), where, "has a body in one place only")
    if body is None:
        return
    expect(list(body["content"]) == [row["content_type"]], where, f"the body is not {row['content_type']} alone")
    schema = resolve(document, body["content"][row["content_type"]]["schema"])
    expect(row["content_type"] != "application/json" or schema.get("additionalProperties") is False, where, "the body's schema admits unknown members")
    expect(operation.get("x-body-limit") == row["body_limit"], where, f"x-body-limit is not {row['body_limit']}")


def check_responses(document, row, operation, where):
    responses = operation["responses"]
    good = [status for status in responses if status < "400"]
    expect(good == [str(row["success_status"])], where, f"answers {good}, the table says {row['success_status']}")
    needed = {"default"}
    if row["access"] != "everyone":
        needed |= {"401", "403"}
    if "{" in row["path"]:
        needed.add("404")
    if row["body_limit"] > 0:
        needed |= {"400", "413", "415"}
    if row["query"]:
        needed.add("400")
    if row["limit"] != "none":
        needed.add("429")
    expect(needed <= set(responses), where, f"says nothing of {sorted(needed - set(responses))}")
    for status, response in responses.items():
        response = resolve(document, response)
        if status == "default" or (status >= "400" and status != "503"):
            expect("application/problem+json" in response.get("content", {}), where, f"{status} is no problem+json")


def check_operation(document, row, path_item, operation):
    where = row["name"]
    expect(operation.get("operationId") == row["name"], where, f"operationId is {operation.get('operationId')}")
    expect(operation.get("summary"), where, "has no summary")
    open_to_all = operation.get("security") == []
    expect(open_to_all == (row["access"] == "everyone"), where, "security differs")
    expect(operation.get("x-permission", "") == row["permission"], where, f"x-permission is not {row['permission']}")
    expect(operation.get("x-limit-class") == row["limit"], where, f"x-limit-class is not {row['limit']}")
    expect(operation.get("x-audit-event", "") == row["event_type"], where, f"x-audit-event is not {row['event_type']}")
    check_parameters(document, row, path_item, operation, where)
    check_body(document, row, operation, where)
    check_responses(document, row, operation, where)


def main():
    table = json.loads(subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout)
    with open(sys.argv[2], encoding="utf-8") as file:
        document = yaml.safe_load(file)
    described = {(method, path): (item, item[method])
                 for path, item in document["paths"].items() for method in METHODS & set(item)}
    rows = {(row["method"].lower(), row["path"]): row for row in table if row["face"] != "frame"}
    for key in sorted(rows.keys() - described.keys()):
        problems.append(f"{key[0].upper()} {key[1]} is in the table only")
    for key in sorted(described.keys() - rows.keys()):
        problems.append(f"{key[0].upper()} {key[1]} is in api/openapi.yaml only")
    for key in rows.keys() & described.keys():
        check_operation(document, rows[key], *described[key])
    for name, schema in document["components"]["schemas"].items():
        check_schema(document, schema, name)
    for problem in problems:
        print(problem)
    print(f"{len(rows)} routes compared, {len(problems)} problems")
    return 1 if problems or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
