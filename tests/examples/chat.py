#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chat: rooms, names, history; slow and vanished clients; the end."""
import struct

from example_test import *

MANY = 60 if SANITIZED else 200


class ChatServer(Started):
    def __init__(self, *arguments):
        super().__init__("--listen", "127.0.0.1:0", *arguments)
        self.port = int(self.wait_for("listening on tcp://").split()[2]
                        .rsplit(":", 1)[1])


class Client:
    """Lines to and from a server; the server's greeting has been read."""

    def __init__(self, server, nick=None):
        self.socket = socket.create_connection(("127.0.0.1", server.port),
                                               TIMEOUT)
        self.file = self.socket.makefile("rb")
        self.greeting = self.line()
        if nick:
            self.say("/nick " + nick)
            while not self.line().startswith("* this is lobby"):
                pass

    def say(self, text):
        self.socket.sendall(text.encode() + b"\n")

    def members(self):
        """How many the room has."""
        self.say("/who")
        found = None
        while not found:
            found = re.match(r"\* (\d+) in \w+:", self.line())
        return int(found.group(1))

    def line(self):
        """None at the end."""
        line = self.file.readline()
        return line.decode()[:-1] if line else None

    def wait_for(self, line):
        """The lines up to this one, with it."""
        found = []
        while not found or found[-1] not in (line, None):
            found.append(self.line())
        return found

    def ask(self, text):
        self.say(text)
        return self.line()

    def reset(self):
        """Vanishes without a word."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()


server = ChatServer()
ann = Client(server)
check("one is greeted", ann.greeting == "* welcome, say /nick NAME")
check("no name, no word", ann.ask("hello") == "! first say /nick NAME" and
      ann.ask("/join x") == "! first say /nick NAME")
for name in ("", "two words", "x" * 21, "esc\033", "\u00e9"):
    check("no name: %r" % name, ann.ask("/nick " + name).startswith(
        "! a name has 1 to 20 letters"))
ann.say("/nick ann")
check("into the lobby", ann.line() == "* this is lobby, 1 here" and
      ann.line() == "* ann is here")
bob = Client(server)
check("a name that is taken", bob.ask("/nick ann") == "! ann is taken")
bob.say("/nick bob")
check("what was said before is told", bob.wait_for("* bob is here") ==
      ["* this is lobby, 2 here", "* ann is here", "* bob is here"])
check("the others hear of it", ann.line() == "* bob is here")
bob.say("hello,\x1b[2J\tann\r")
check("all hear what is said, without commands to a terminal",
      ann.line() == bob.line() == "bob: hello, [2J ann")
check("unknown commands", ann.ask("/dance") ==
      "! there are /nick, /join, /who and /quit")
check("who is there", sorted(ann.ask("/who").split()) ==
      sorted("* 2 in lobby: ann bob".split()))
bob.say("/nick robert")
check("another name", ann.line() == bob.line() == "* bob is now robert")
bob.say("/join den")
check("another room", bob.wait_for("* robert is here")[0] ==
      "* this is den, 1 here" and ann.line() == "* robert has left")
ann.say("alone")
bob.say("alone too")
check("rooms do not hear each other", ann.line() == "ann: alone" and
      bob.line() == "robert: alone too")
check("no room", bob.ask("/join a/b") == "! which room?")
bob.say("y" * 512)
check("the longest line", bob.line() == "robert: " + "y" * 512)
bob.say("x" * 513)
check("a line too long", bob.line() == "! more than 512 bytes are no line")
bob.say("z" * 100000 + "\nafter")
check("a line far too long", bob.wait_for("robert: after")[:-1] ==
      ["! more than 512 bytes are no line"])
bob.say("/quit")
check("quit ends the connection", bob.line() is None)
bob.close()
bob = Client(server, "bob")
bob.wait_for("* bob is here")
check("the name is free again", ann.line() == "* bob is here")
bob.reset()
check("one that vanishes is gone for the others", ann.line() ==
      "* bob has left")
for n in range(30):
    ann.say("line %d" % n)
ann.wait_for("ann: line 29")
late = Client(server)
late.say("/nick late")
check("twenty lines of history", late.wait_for("* late is here") ==
      ["* this is lobby, 2 here"] + ["ann: line %d" % n for n in range(10, 30)]
      + ["* late is here"])
late.close()
ann.wait_for("* late has left")

done = run("--connect", "127.0.0.1:%d" % server.port, "--nick", "terminal",
           input="good day\n/who\n")
check("the client of the terminal", done.status == 0 and
      "\nterminal: good day\n" in done.out and "* 2 in lobby:" in done.out and
      ann.wait_for("* terminal has left")[-2] == "terminal: good day", done)
done = run("--connect", "127.0.0.1:%d" % server.port, "--nick", "ann",
           input="/quit\n")
check("whose name is taken", done.status == 0 and "! ann is taken" in done.out,
      done)
typed = write("typed", "from a file\n")
with open(typed) as f:
    program = Started("--connect", "127.0.0.1:%d" % server.port, "--nick",
                      "file", stdin=f)
    done = program.finish()
check("its input is a file", done.status == 0 and
      "file: from a file\n" in done.out, done)
ann.wait_for("* file has left")
program = Started("--connect", "127.0.0.1:%d" % server.port, "--nick", "idle",
                  stdin=subprocess.PIPE)
program.wait_for("* idle is here")
program.signal(signal.SIGINT)
done = program.finish()
program.process.stdin.close()
check("Ctrl-C in the client", done.status == 130 and
      done.err == "chat: interrupted\n", done)
ann.wait_for("* idle has left")
program = Started("--connect", "127.0.0.1:%d" % server.port, "--nick", "guest",
                  stdin=subprocess.PIPE)
program.wait_for("* guest is here")
silent = Client(server)
server.signal(signal.SIGTERM)
check("the end is told", ann.wait_for(None)[-2] == "* the server ends" and
      silent.wait_for(None) == ["* the server ends", None])
done = program.finish()
program.process.stdin.close()
check("to the client of the terminal, too", done.status == 0 and
      done.out.endswith("* the server ends\n"), done)
done = server.finish()
check("SIGTERM is a good end", done.status == 0 and done.err == "", done)
ann.close()
silent.close()

# Many at once, one of whom never reads: the others hear every line, in order.
server = ChatServer("--slow-ms", 2000)
lazy = Client(server)
lazy.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
lazy.say("/nick lazy")
clients = [Client(server, "c%d" % n) for n in range(MANY)]
first = clients[0]
ROUNDS = 40
for n in range(ROUNDS):
    clients[n % MANY].say("%d %s" % (n, "." * 400))
    first.wait_for("c%d: %d %s" % (n % MANY, n, "." * 400))
wanted = ["c%d: %d %s" % (n % MANY, n, "." * 400) for n in range(ROUNDS)]
heard = []
for client in clients[1:]:
    heard.append([line for line in client.wait_for(wanted[-1])
                  if line.startswith("c")])
check("%d clients hear the same" % MANY, all(h == wanted for h in heard),
      [h for h in heard if h != wanted][:1])
bystander = threading.Event()


def flood():
    """Until the one who does not read is dropped."""
    n = 0
    while not bystander.is_set():
        for _ in range(100):
            first.say("%d %s" % (n, "-" * 500))
            n += 1
        first.wait_for("c0: %d %s" % (n - 1, "-" * 500))


flooder = threading.Thread(target=flood)
second = clients[1]
for client in clients[2:]:
    client.close()
while second.members() > 3:  # large rooms are not told who comes and goes
    pass
flooder.start()
line = second.line()
while line is not None and line != "* lazy has left":
    line = second.line()
bystander.set()
check("one that never reads is dropped, others go on",
      line == "* lazy has left")
flooder.join()
first.say("still here")
check("and are heard", first.wait_for("c0: still here")[-1])
server.signal(signal.SIGINT)
check("Ctrl-C is a good end", first.wait_for(None)[-2] == "* the server ends")
done = server.finish()
check("for the server", done.status == 0 and done.err == "", done)
for client in (lazy, first, second):
    client.close()

server = ChatServer("--clients", 1, "--slow-ms", 1)
one = Client(server, "one")
two = Client(server)
check("no more than so many", two.greeting == "! the server is full" and
      two.line() is None)
two.close()
one.say("/quit")
one.wait_for(None)
three = Client(server)
while three.greeting == "! the server is full":  # until one's place is free
    three.close()
    three = Client(server)
check("a place that is free again", three.greeting.startswith("* welcome"))
server.signal(signal.SIGTERM)
check("and ends", three.wait_for(None)[-2] == "* the server ends" and
      server.finish().status == 0)
one.close()
three.close()
with socket.create_server(("127.0.0.1", 0)) as listener:
    closed = "127.0.0.1:%d" % listener.getsockname()[1]
done = run("--connect", closed)
check("nobody there", done.status == 1 and
      done.err.startswith("chat: %s: " % closed), done)
bad_addresses()
common()
end()
