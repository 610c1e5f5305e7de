#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""batch_email: a mailing to an SMTP server that also refuses, stalls, breaks."""
import socket

from example_test import *


class SmtpSink:
    """Takes letters. What a recipient's name says, happens to it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "smtp://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.letters, self.seen, self.connections = [], {}, 0
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection = self.listener.accept()[0]
            threading.Thread(target=self.serve, args=(connection,),
                             daemon=True).start()

    def serve(self, connection):
        with self.lock:
            self.connections += 1
        try:
            with connection, connection.makefile("rb") as lines:
                self.talk(connection, lines)
        except OSError:
            pass

    def talk(self, connection, lines):
        def say(text):
            connection.sendall(text.encode() + b"\r\n")

        say("220 sink")
        recipient = ""
        for line in lines:
            word = line[:4].upper()
            if word in (b"EHLO", b"HELO"):
                say("250 sink")
            elif word == b"RCPT":
                recipient = line.split(b"<")[1].split(b">")[0].decode()
                with self.lock:
                    times = self.seen[recipient] = \
                        self.seen.get(recipient, 0) + 1
                if "refused" in recipient:
                    say("550 no such mailbox")
                elif "busy" in recipient and times == 1:
                    say("450 try again later")
                elif "broken" in recipient and times == 1:
                    return
                elif "stalled" in recipient:
                    lines.read()
                    return
                else:
                    say("250 fine")
            elif word == b"DATA":
                say("354 go on")
                letter = b""
                while not letter.endswith(b"\r\n.\r\n"):
                    part = lines.readline()
                    if not part:
                        return
                    letter += part
                with self.lock:
                    self.letters.append((recipient, letter[:-5]))
                say("250 taken")
            elif word == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 fine")


text = write("letter.txt", "News for {name}\nDear {name},\n.\n.. dots\nBye.\n")
sink = SmtpSink()


def mail(addresses, *options):
    return run("--server", sink.url, "--from", "me@example.org", "--text",
               text, "--pause-ms", 1, *options,
               write("list", "".join(a + "\n" for a in addresses)))


count = 20 if SANITIZED else 100
names = ["user%d@example.org" % n for n in range(count)]
done = mail(["%s,User %d" % (name, n) for n, name in enumerate(names)])
check("a line for each address", done.status == 0 and sorted(
    done.out.splitlines()[:-1]) == sorted("sent: " + n for n in names), done)
check("each letter arrived once",
      sorted(l[0] for l in sink.letters) == sorted(names), sink.letters)
letter = dict(sink.letters).get(names[7], b"")
check("with its name, and dots as they were", letter.startswith(b"Date: ") and
      b"\r\nTo: <user7@example.org>\r\nSubject: News for User 7\r\n\r\n"
      b"Dear User 7,\r\n..\r\n... dots\r\nBye.\r\n" in letter, letter)
check("over a few connections", sink.connections <= 8, sink.connections)

sink.letters.clear()
done = mail(["busy@x.org", "broken@x.org", "good@x.org"])
check("what fails for now is tried again", done.status == 0 and
      "3 of 3 letters sent" in done.out and
      sink.seen["busy@x.org"] == 2 and sink.seen["broken@x.org"] == 2, done)
done = mail(["refused@x.org", "good@x.org"])
check("what is refused is not", done.status == 1 and
      "failed: refused@x.org: RCPT failed: 550" in done.out and
      "sent: good@x.org" in done.out and sink.seen["refused@x.org"] == 1, done)
done = mail(["stalled@x.org"], "--timeout-ms", 200, "--tries", 2)
check("a server that hangs", done.status == 1 and
      sink.seen.get("stalled@x.org", 0) <= 2 and
      "failed: stalled@x.org: " in done.out, done)
done = mail(["no address", "@", "a@b@c", "<x@y>", "", "good@x.org"])
check("lines that are no address are named", done.status == 1 and
      "line 1: " in done.err and "line 4: " in done.err and
      "1 of 1 letters sent" in done.out, done)
done = mail([])
check("an empty list", done.status == 0 and
      done.out == "0 of 0 letters sent\n", done)

with socket.create_server(("127.0.0.1", 0)) as listener:
    closed = listener.getsockname()[1]
lists = write("list", "a@x.org\n")
done = run("--server", "smtp://127.0.0.1:%d" % closed, "--from", "me@x.org",
           "--text", text, "--tries", 2, "--pause-ms", 1, lists)
check("no server", done.status == 1 and "failed: a@x.org: " in done.out, done)
lists = write("list", "stalled@x.org\n" * 9)
check_interrupt("Ctrl-C while a server hangs", "--server", sink.url, "--from",
                "me@x.org", "--text", text, lists, after=None)
for missing in ("/none/list", folder.name):
    done = run("--server", sink.url, "--from", "me@x.org", "--text", text,
               missing)
    check("a list that cannot be read", done.status == 1 and
          missing in done.err, done)
done = run("--text", text, lists)
check("nobody who sends", done.status == 2 and "--from" in done.err, done)
common()
end()
