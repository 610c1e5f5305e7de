#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gateway: deadlines handed on, a breaker, trace ids, partial answers."""
import json

from example_test import *

WHOLE = {"catalog": {"name": "Teapot"}, "prices": {"cents": 3900},
         "stock": {"left": 17}}
LONG = 60000  # ms that no test waits


class Gateway(Server):
    def item(self, **headers):
        """(status, answer without the trace, trace)"""
        connection = self.connect()
        connection.request("GET", "/item", headers={
            name.replace("_", "-"): str(value)
            for name, value in headers.items()})
        got = connection.getresponse()
        answer = json.loads(got.read())
        connection.close()
        return got.status, answer, answer.pop("trace")

    def end(self):
        self.signal(signal.SIGTERM)
        return self.finish()

    def service(self, name):
        """The port of a service, which the log has told."""
        return int(re.search(r"^%s on http://[\d.]+:(\d+)$" % name,
                             "".join(self.lines), re.M).group(1))


def without(*names):
    return {name: None if name in names else part
            for name, part in WHOLE.items()}


def log_of(done, trace):
    """{who: [what, ...]} of the lines with that trace."""
    found = {}
    for who, what in re.findall(r"^trace=%s (\w+): (.*)$" % re.escape(trace),
                                done.out, re.M):
        found.setdefault(who, []).append(what)
    return found


gateway = Gateway("--timeout-ms", LONG, "--unit-ms", 1)
status, answer, trace = gateway.item()
check("three services, one answer", (status, answer) == (200, WHOLE), answer)
status, answer, mine = gateway.item(X_Trace_Id="me-1")
check("the caller's trace id", mine == "me-1" and answer == WHOLE)
bad = [gateway.item(X_Trace_Id=text)[2] for text in ("a b", "x" * 33, "{}")]
check("not what is none", all(re.fullmatch("[0-9a-f]{16}", t) for t in bad),
      bad)
check("nor a bad deadline", gateway.item(X_Deadline_Ms="soon")[0] == 200)
check("a deadline that has passed", gateway.item(X_Deadline_Ms=-1, X_Trace_Id=
      "past")[:2] == (504, without(*WHOLE)))
for _ in range(4):
    gateway.item(X_Deadline_Ms=0)
check("those in a hurry do not open a breaker",
      gateway.item()[:2] == (200, WHOLE))
check("another path", gateway.ask("GET", "/other")[0] == 404)
own = http.client.HTTPConnection("127.0.0.1", gateway.service("stock"),
                                 timeout=TIMEOUT)
own.request("GET", "/item", headers={"X-Trace-Id": "direct"})
check("a service by itself", json.loads(own.getresponse().read()) ==
      WHOLE["stock"])
own.close()
answers = [None] * 20


def ask(n):
    answers[n] = gateway.item(X_Trace_Id="t%d" % n)


at_once(20, ask)
check("many at once, each with its own trace", answers ==
      [(200, WHOLE, "t%d" % n) for n in range(20)], answers)
done = gateway.end()
check("SIGTERM is a good end", done.status == 0 and done.err == "", done)
logs = [log_of(done, t) for t in [trace, "me-1"] + ["t%d" % n
                                                    for n in range(20)]]
check("the trace is in the log lines of all", all(
    log["gateway"][0].startswith("3 of 3 parts") and
    [len(log[name]) for name in WHOLE] == [1, 1, 1] for log in logs), logs)

gateway = Gateway("--timeout-ms", LONG, "--unit-ms", 1, "--slow", "stock")
before = time.monotonic()
status, answer, _ = gateway.item(X_Deadline_Ms=2000, X_Trace_Id="slow")
check("what is too late is left out", status == 200 and
      answer["stock"] is None and time.monotonic() - before >= 2, answer)
# The service is told of the deadline, and stops by itself.
gateway.wait_for("trace=slow stock: gave up")
done = gateway.end()
check("and its service gives up", "trace=slow stock: gave up\n" in done.out,
      done)

gateway = Gateway("--timeout-ms", LONG, "--unit-ms", 1, "--fail", "prices",
                  "--open-ms", LONG)
answers = [gateway.item(X_Trace_Id="f%d" % n)[:2] for n in range(5)]
check("one that fails is left out", answers == [(200, without("prices"))] * 5,
      answers)
done = gateway.end()
check("and not asked after three failures",
      [log_of(done, "f%d" % n).get("prices") for n in range(5)] ==
      [["failed"]] * 3 + [None] * 2 and
      log_of(done, "f4")["gateway"][0] ==
      "without prices: it is not asked now", done)

gateway = Gateway("--timeout-ms", LONG, "--unit-ms", 1, "--fail", "prices",
                  "--failures", 3, "--open-ms", 100)
for _ in range(3):
    gateway.item()
last = None
while last != WHOLE:  # refused until the time is over
    last = gateway.item(X_Trace_Id="again")[1]
check("asked again later, and well", gateway.item()[1] == WHOLE)
gateway.end()

gateway = Gateway("--timeout-ms", LONG, "--unit-ms", 300)
connection = gateway.connect()
connection.request("GET", "/item", headers={"X-Trace-Id": "flight"})
gateway.wait_for("trace=flight catalog: answered")
gateway.signal(signal.SIGINT)
flight = connection.getresponse()
check("what is in flight is finished", flight.status == 200 and
      json.loads(flight.read()) == {"trace": "flight", **WHOLE})
connection.close()
check("Ctrl-C is a good end", gateway.finish().status == 0)

gateway = Gateway("--timeout-ms", LONG, "--slow", "catalog")
own = http.client.HTTPConnection("127.0.0.1", gateway.service("catalog"),
                                 timeout=TIMEOUT)
own.request("GET", "/item", headers={"X-Trace-Id": "alone"})
other = gateway.connect()
other.request("GET", "/item", headers={"X-Trace-Id": "other",
                                       "X-Deadline-Ms": "300"})
gateway.wait_for("trace=other gateway: ")
done = gateway.end()
check("a service that is at work does not hold up the end", done.status == 0,
      done)
own.close()
other.close()

for option in ("--slow", "--fail"):
    done = run(option, "kitchen")
    check("%s: a service that there is not" % option, done.status == 2 and
          "kitchen" in done.err, done)
bad_addresses()
common()
end()
