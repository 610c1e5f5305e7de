# SPDX-License-Identifier: Apache-2.0
"""What the tests of the API share: the program as a server, imports, events.

    from api_client import *

    @case
    def loads_a_list(folder):
        with Service(folder) as server:
            job = server.imported(b"a,b\\n1,2\\n", "list.csv")
            same(job["state"], "succeeded")

    main()
"""
from http_client import *  # noqa: F403

LIVE = ("queued", "running")


class Service(Server):
    """`sluice serve` on a free port, into out.sqlite unless told otherwise."""

    def __init__(self, folder, *options, to="sqlite:out.sqlite",
                 state="state", **more):
        self.folder = folder
        super().__init__([SLUICE, "serve", "--listen", "127.0.0.1:0",
                          "--state", state, "--to", to, "--no-access-log",
                          *options], folder, **more)

    def submit(self, content, name="list.csv", **options):
        """The answer to a form with file and options."""
        parts = [form_part(json.dumps(options).encode(), "options", None)] \
            if options else []
        return self.post("/api/imports", form(
            *parts, form_part(content, file_name=name)), FORM)

    def started(self, content, name="list.csv", **options):
        """The id of an import that was taken."""
        answer = self.submit(content, name, **options)
        same(answer.status, 202, answer)
        job = answer.json()
        same(answer.field("Location"), "/api/imports/" + job["id"])
        return job["id"]

    def job(self, number):
        answer = self.get("/api/imports/" + number)
        same(answer.status, 200, answer)
        return answer.json()

    def ended(self, number):
        """The import, when it has ended."""
        with self.events(number) as events:
            for event in events:
                if event.name == "end":
                    return self.job(number)
        raise AssertionError("the events ended before the import")

    def imported(self, content, name="list.csv", **options):
        return self.ended(self.started(content, name, **options))

    def events(self, number=None, *fields, query=""):
        path = "/api/imports/%s/events" % number if number else "/api/events"
        return Events(self, path + query, fields)

    def kill(self):
        self.child.kill()
        self.child.wait()

    def __exit__(self, kind, *error):
        if self.child.returncode == -signal.SIGKILL:
            self.child.stdout.close()
            self.errors.close()
        else:
            super().__exit__(kind, *error)


class Event:
    def __init__(self, block):
        self.number, self.name, data = None, None, []
        for line in block.decode().split("\n"):
            field, _, value = line.partition(": ")
            if field == "id":
                self.number = value
            elif field == "event":
                self.name = value
            elif field == "data":
                data.append(value)
        self.data = json.loads("\n".join(data)) if data else None


class Events:
    """A stream of server-sent events, while it lasts."""

    def __init__(self, server, path, fields):
        self.connection = server.open()
        self.connection.send(request_bytes("GET", path, *fields))
        head = Answer(self.connection.take_head(), b"")
        same(head.status, 200, head)
        same(head.field("Content-Type"), "text/event-stream")
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.connection.socket.close()

    def __iter__(self):
        while True:
            while b"\n\n" not in self.text:
                size = int(self.connection.take_line(), 16)
                self.text += self.connection.take(size)
                same(self.connection.take(2), b"\r\n")
                if size == 0:
                    return
            block, _, self.text = self.text.partition(b"\n\n")
            event = Event(block)
            if event.name:
                yield event

    def until(self, wanted):
        """The first event that is wanted."""
        for event in self:
            if wanted(event):
                return event
        raise AssertionError("the events ended")


def numbers(rows, first=1):
    """A list of two columns as CSV."""
    return ("number,word\n" + "".join(
        "%d,word %d\n" % (n, n) for n in range(first, first + rows))).encode()


def counts(job):
    return tuple(job["counts"][n] for n in ("total", "loaded", "rejected"))
