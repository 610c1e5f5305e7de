#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/api/openapi.json says what the API really answers: every answer here is held
against it, with nothing more and nothing less.
"""
from api_client import *

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "null": type(None)}


class Schemas:
    """As much of JSON Schema as the document uses; what it does not know it
    refuses."""

    KNOWN = {"$ref", "type", "properties", "required", "additionalProperties",
             "items", "enum", "oneOf", "pattern", "format", "minimum",
             "maximum", "maxItems", "description"}

    def __init__(self, document):
        self.schemas = document["components"]["schemas"]

    def is_type(self, value, name):
        if name == "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        if name == "number":
            return isinstance(value, (int, float)) and \
                not isinstance(value, bool)
        return isinstance(value, TYPES[name])

    def fault(self, schema, value, at="$"):
        """What is wrong with the value, or None."""
        check(set(schema) <= self.KNOWN, "unknown in", at, set(schema))
        if "$ref" in schema:
            return self.fault(self.schemas[schema["$ref"].split("/")[-1]],
                              value, at)
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        if types and not any(self.is_type(value, t) for t in types):
            return "%s is no %s: %r" % (at, types, value)
        if "enum" in schema and value not in schema["enum"]:
            return "%s is none of %s: %r" % (at, schema["enum"], value)
        if "oneOf" in schema:
            faults = [self.fault(s, value, at) for s in schema["oneOf"]]
            if faults.count(None) != 1:
                return "%s: %s" % (at, faults)
        return self.fault_inside(schema, value, at)

    def fault_inside(self, schema, value, at):
        if isinstance(value, dict):
            return self.fault_of_object(schema, value, at)
        if isinstance(value, list):
            if len(value) > schema.get("maxItems", len(value)):
                return at + " is too long"
            return next((f for f in (
                self.fault(schema["items"], v, "%s[%d]" % (at, i))
                for i, v in enumerate(value)) if f), None)
        if isinstance(value, str) and "pattern" in schema and \
                not re.search(schema["pattern"], value):
            return "%s does not match: %r" % (at, value)
        if isinstance(value, str) and schema.get("format") == "date-time" and \
                not re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}\.\d{3}Z",
                                 value):
            return "%s is no time: %r" % (at, value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if not schema.get("minimum", value) <= value <= \
                    schema.get("maximum", value):
                return "%s is out of range: %r" % (at, value)
        return None

    def fault_of_object(self, schema, value, at):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                return "%s lacks %s" % (at, name)
        for name, inner in value.items():
            inner_schema = properties.get(
                name, schema.get("additionalProperties", {}))
            if inner_schema is False:
                return "%s has %s" % (at, name)
            fault = self.fault(inner_schema, inner, at + "." + name)
            if fault:
                return fault
        return None


class Api:
    """A server whose every answer is held against the document."""

    def __init__(self, server):
        self.server = server
        answer = server.get("/api/openapi.json")
        same(answer.status, 200)
        self.document = answer.json()
        self.schemas = Schemas(self.document)
        self.seen = set()

    def ask(self, method, path, *fields, body=None):
        answer = self.server.ask(method, path, *fields, body=body)
        shape, operation = self.operation(method, path)
        responses = operation["responses"]
        check(str(answer.status) in responses, method, path, answer.status,
              "is not described")
        self.seen.add((method, shape, answer.status))
        content = responses[str(answer.status)].get("content", {})
        kind = (answer.field("Content-Type") or "").partition(";")[0]
        same(kind in content, bool(content), method, path, kind)
        if kind == "application/json":
            fault = self.schemas.fault(content[kind]["schema"], answer.json())
            check(fault is None, method, path, fault)
        return answer

    def operation(self, method, path):
        path = path.partition("?")[0]
        for shape, item in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", shape), path):
                check(method.lower() in item, method, path, "is not described")
                return shape, item[method.lower()]
        raise AssertionError(path + " is not described")

    def events(self, number):
        with self.server.events(number) as stream:
            for event in stream:
                schema = {"job": "Import", "reject": "Reject"}.get(event.name)
                if schema:
                    fault = self.schemas.fault(
                        {"$ref": "#/components/schemas/" + schema}, event.data)
                    check(fault is None, event.name, fault)


def sent(content, name="list.csv", **options):
    return form(form_part(json.dumps(options).encode(), "options", None),
                form_part(content, file_name=name))


@case
def every_answer_is_as_described(folder):
    sqlite(folder, "out.sqlite", "CREATE TABLE list (number INTEGER NOT NULL, "
           "word TEXT)")
    with Service(folder, "--target", "down=postgresql://127.0.0.1:1/x",
                 "--max-upload", "1") as server:
        api = Api(server)
        post = lambda path, body: api.ask("POST", path, FORM, body=body)
        made = post("/api/imports", sent(b"number,word\n1,a\n,b\n")).json()
        api.events(made["id"])
        failed = post("/api/imports", sent(numbers(1), target="down")).json()
        api.events(failed["id"])
        slow = post("/api/imports", sent(numbers(50000), table="slow",
                                         method="sequential")).json()
        for job in (made, failed, slow):
            api.ask("GET", job["links"]["self"])
            for query in ("", "?format=csv", "?format=xlsx", "?format=x"):
                api.ask("GET", job["links"]["rejects"] + query)
        api.ask("GET", "/api/imports")
        api.ask("GET", "/api/targets")
        api.ask("POST", made["links"]["self"] + "/retry", body=b"")
        api.ask("POST", failed["links"]["self"] + "/retry", body=b"")
        server.ended(failed["id"])
        api.ask("DELETE", slow["links"]["self"])
        server.ended(slow["id"])
        api.ask("DELETE", slow["links"]["self"])
        for path in ("", "/events", "/rejects"):
            api.ask("GET", "/api/imports/x" + path)
        api.ask("DELETE", "/api/imports/x")
        api.ask("POST", "/api/imports/x/retry", body=b"")
        for path in ("/api/imports", "/api/previews"):
            post(path, form())
            post(path, sent(b"\x89PNG", "a.png"))
            post(path, sent(numbers(1), method="x"))
            post(path, sent(numbers(200000)))
        post("/api/previews", sent(b"number,word\n1,a\n,b\n"))
        post("/api/previews", sent(b"shoe\n1\n"))
        post("/api/previews", sent(b"PK\3\4" + bytes(100), "a.xlsx"))
        post("/api/previews", sent(numbers(1), target="down"))
        # What is described was seen, but for streams and troubles of a server.
        described = {(m.upper(), p, int(s))
                     for p, item in api.document["paths"].items()
                     for m, o in item.items() if m != "parameters"
                     for s in o["responses"]}
        rest = {d for d in described - api.seen
                if not d[1].endswith("events") and
                d[2] not in (408, 409, 429, 503, 507)}
        same(rest, {("GET", "/api/openapi.json", 200)})


@case
def every_route_is_described(folder):
    with open(os.path.join(ROOT, "src/sluice/serve/api.c")) as f:
        routes = re.findall(r'\{"(\w+)", "(/api/[^"]*)"', f.read())
    with open(os.path.join(ROOT, "src/sluice/serve/openapi.json")) as f:
        paths = json.load(f)["paths"]
    same({(m, p) for m, p in routes},
         {(m.upper(), p) for p in paths for m in paths[p]
          if m != "parameters"})


main()
