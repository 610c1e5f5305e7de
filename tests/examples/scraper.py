#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scraper: a site of 500 pages, robots.txt, no page twice, not too many at once."""
import http.server

from example_test import *

PAGES = 100 if SANITIZED else 500
ROBOTS = """# for all
User-agent: other
Disallow: /

User-agent: *
Allow: /private/open
Disallow: /private/   # keep out
Disallow: /*.zip$
"""
lock = threading.Lock()
stop = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def page(self):
        """(status, type, body, headers)"""
        path, site = self.path, self.server
        if path == "/robots.txt":
            return site.robots
        if path == "/hang":
            site.hanging.set()
            stop.wait(TIMEOUT)
        if path == "/old":
            return 302, "text/html", "", (("Location", "/page/1"),)
        if path == "/text":
            return 200, "text/plain", "<a href='/not-a-link'>x</a>", ()
        if path == "/private/open":
            return 200, "text/html", "<title>open</title>", ()
        if path == "/large":
            return 200, "text/html", "x" * 5000000, ()
        match = re.fullmatch(r"/page/(\d+)", path)
        if path == "/" or match and int(match[1]) < site.pages - 1:
            n = int(match[1]) if match else 0
            return 200, "text/html", site.html(n), ()
        return 404, "text/html", "<a href='/from-404'>x</a>", ()

    def do_GET(self):
        site = self.server
        with lock:
            site.seen[self.path] = site.seen.get(self.path, 0) + 1
            site.agents.add(self.headers["User-Agent"])
            site.open += 1
            site.most = max(site.most, site.open)
        status, kind, body, headers = self.page()
        with lock:
            site.open -= 1
        body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Site(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, robots=(200, "text/plain", ROBOTS, ()), more="",
                 pages=PAGES):
        super().__init__(("127.0.0.1", 0), Handler)
        self.robots, self.more, self.pages = robots, more, pages
        self.seen, self.agents, self.open, self.most = {}, set(), 0, 0
        self.hanging = threading.Event()
        self.url = "http://127.0.0.1:%d/" % self.server_port
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def html(self, n):
        """Links of every kind to pages that were linked to before, and not."""
        links = ["/page/%d" % (2 * n + 1), "%d" % (2 * n + 2) if n else
                 "page/2", "/page/%d#part" % (n // 2), "/page/../page/%d" % n,
                 self.url + "page/0", "//127.0.0.1:%d/page/3" %
                 self.server_port, "mailto:a@example.org", "javascript:x()",
                 "http://other.invalid/", "/private/x", "/file.zip",
                 "http://[broken", ""]
        return "<html><head><title>Page %d &amp; more</title><body>%s<p>" \
            "<A HREF='%s'>unclosed<b>%s" % (
                n, self.more if n == 0 else "", links[0], "".join(
                    '<a href="%s">x</a>' % link for link in links[1:]))

    def handle_error(self, request, client_address):
        pass  # clients hang up here


site = Site()
done = run("--workers", 20, "--per-site", 5, "--timeout-ms", 90000, site.url)
pages = {"/"} | {"/page/%d" % n for n in range(PAGES - 1)}
good = set(re.findall(r"^200 http://127.0.0.1:\d+(\S+)", done.out, re.M))
check("every page is found", good == pages, (pages ^ good, done.err))
check("no page twice", all(n == 1 for n in site.seen.values()),
      [p for p, n in site.seen.items() if n > 1])
check("not more at once than allowed", site.most <= 5, site.most)
check("robots.txt is kept", site.seen["/robots.txt"] == 1 and
      "/private/x" not in site.seen and "/file.zip" not in site.seen and
      done.out.endswith("2 forbidden\n"), done.out[-200:])
check("titles are text", "page/7 Page 7 & more\n" in done.out)
check("what is missing is told", done.status == 1 and
      "404 %spage/%d\n" % (site.url, PAGES - 1) in done.out and
      "/from-404" not in site.seen, done.out[-300:])
check("it says who it is", site.agents == {"runnel-scraper"}, site.agents)

site = Site((404, "text/plain", "", ()),
            "<a href=/old>o</a><a href=/text>t</a><a href=/large>l</a>"
            "<a href=/private/open>p</a>")
done = run("--pages", 8, "--timeout-ms", 90000, site.url)
check("no more pages than asked for", sum(site.seen.values()) == 9 and
      len(done.out.splitlines()) == 9, done)
check("no robots.txt allows everything", "200 %sprivate/open open\n" % site.url
      in done.out, done)
check("a redirect is a link", "302 %sold" % site.url in done.out and
      "/page/1" in site.seen, done)
check("what is no HTML has no links", "/not-a-link" not in site.seen)
check("a page that is too large", "failed %slarge: " % site.url in done.out,
      done)
for robots, text in (((500, "text/plain", "", ()), "failed"),
                     ((200, "text/plain", "user-agent:*\ndisallow:/", ()),
                      "0 pages, 0 links, 0 failed, 1 forbidden")):
    site = Site(robots)
    done = run("--timeout-ms", 90000, site.url)
    check("a site that wants none: " + text, done.status == 1 and
          set(site.seen) == {"/robots.txt"} and text in done.out + done.err,
          done)
first, second = Site(more="<a href=/hang>h</a>"), Site(pages=10)
done = run("--timeout-ms", 3000, "--pages", 30, first.url)
check("a page that hangs", "failed %shang: " % first.url in done.out, done)
third = Site(pages=10)
done = run("--timeout-ms", 90000, second.url, third.url)
check("several sites", all(done.out.count("200 " + s.url) == 10
                           for s in (second, third)), done)
first.hanging.clear()
program = Started("--timeout-ms", 600000, first.url)
first.hanging.wait(TIMEOUT)
program.signal(signal.SIGINT)
done = program.finish()
check("Ctrl-C in the middle", done.status == 130 and
      done.err == "scraper: interrupted\n", done)
with socket.create_server(("127.0.0.1", 0)) as listener:
    closed = listener.getsockname()[1]
done = run("http://127.0.0.1:%d/" % closed)
check("no server", done.status == 1 and "nothing is fetched there" in done.err,
      done)
for address in ("ftp://x/", "file:///etc/passwd", "", "http://"):
    done = run(address)
    check("no address: \"%s\"" % address, done.status == 1 and
          "is no address" in done.err, done)
common()
stop.set()
end()
