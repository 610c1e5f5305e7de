#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""images: a pool of workers over a folder of pictures, some of them broken.

Pictures are PNG made here; the program itself makes JPEG of them.
"""
import struct
import zlib

from example_test import *


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + \
        struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, pixels=None):
    """An RGB picture: red to the right, green downwards."""
    if pixels is None:
        pixels = b"".join(
            b"\0" + b"".join(bytes((255 * x // width, 255 * y // height, 100))
                             for x in range(width)) for y in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
        ">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + \
        chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def size_of(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:4] == b"\x89PNG":
        return ("png",) + struct.unpack(">II", data[16:24])
    at = 2
    while data[at + 1] not in (0xc0, 0xc2):  # the frame has the size
        at += 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
    height, width = struct.unpack(">HH", data[at + 5:at + 9])
    return "jpeg", width, height


def new_folder(name, files):
    path = os.path.join(folder.name, name)
    os.mkdir(path)
    for file, data in files.items():
        write(os.path.join(path, file), data)
    return path


def out(name):
    return os.path.join(folder.name, name)


count = 8 if SANITIZED else 30
photos = new_folder("photos", {"p%02d.png" % n: png(60 + n, 40)
                               for n in range(count)})
done = run("resize", photos, out("small"), "--size", 30)
check("every picture is resized", done.status == 0 and
      done.out.endswith("%d of %d pictures done\n" % (count, count)), done)
check("to the size asked for", all(
    size_of(out("small") + "/p%02d.png" % n) == ("png", 30, 30 * 40 // (60 + n))
    for n in range(count)), sorted(os.listdir(out("small"))))
done = run("resize", photos, out("same"), "--size", 5000)
check("a small picture is not made larger",
      size_of(out("same") + "/p00.png") == ("png", 60, 40), done)

done = run("convert", photos, out("jpegs"), "--quality", 95)
check("converted to JPEG", done.status == 0 and
      size_of(out("jpegs") + "/p03.png.jpg") == ("jpeg", 63, 40), done)
done = run("compress", out("jpegs"), out("less"), "--quality", 20)
check("compressed", done.status == 0 and sum(
    os.path.getsize(out("less") + "/" + n) for n in os.listdir(out("less"))) <
      sum(os.path.getsize(out("jpegs") + "/" + n)
          for n in os.listdir(out("jpegs"))), done)
done = run("convert", out("jpegs"), out("back"))
check("and back to PNG", done.status == 0 and
      size_of(out("back") + "/p03.png.jpg.png") == ("png", 63, 40), done)
done = run("resize", out("jpegs"), out("tiny"), "--size", 1, "--workers", 1)
check("one pixel", done.status == 0 and
      size_of(out("tiny") + "/p03.png.jpg") == ("jpeg", 1, 1), done)

good = png(50, 50)
with open(out("jpegs") + "/p00.png.jpg", "rb") as f:
    jpeg = f.read()
broken = {"empty.png": b"", "text.jpg": b"no picture", "cut.png": good[:-40],
          "cut.jpg": jpeg[:len(jpeg) // 2], "head.jpg": b"\xff\xd8\xff",
          "sum.png": good[:60] + b"\0\0\0\0" + good[64:],
          "huge.png": png(60000, 60000, b"")}
mixed = new_folder("mixed", {**broken, "good.png": good, "good.JPG": jpeg,
                             "notes.txt": "no picture, and none by its name"})
os.mkdir(mixed + "/folder.png")
os.mkfifo(mixed + "/pipe.png")
done = run("resize", mixed, out("rest"), "--size", 10)
check("broken pictures are named, the rest goes on", done.status == 1 and
      all("images: %s: " % n in done.err for n in broken) and
      done.out.endswith("2 of %d pictures done\n" % (len(broken) + 4)), done)
check("no half file is left", sorted(os.listdir(out("rest"))) ==
      ["good.JPG", "good.png"], os.listdir(out("rest")))
check("its size is not believed", "huge.png: too large" in done.err, done)

done = run("resize", new_folder("none", {}), out("nothing"))
check("an empty folder", done.status == 0 and
      done.out == "0 of 0 pictures done\n", done)
done = run("resize", out("not there"), out("x"))
check("a folder that is not there", done.status == 1 and
      "not there" in done.err, done)
done = run("resize", photos, write("file", ""))
check("a target that is a file", done.status == 1 and "0 of" in done.out and
      "images: p00.png: " in done.err, done)
done = run("rotate", photos, out("x"))
check("an operation that is none", done.status == 2 and '"rotate"' in done.err,
      done)
black = png(700, 700, b"\0" * (2101 * 700))
many = new_folder("many", {"p%03d.png" % n: black for n in range(150)})
check_interrupt("Ctrl-C in the middle", "convert", many, out("part"),
                after=None)
check("no half file then", not any(n.endswith(".part") for n in
                                   os.listdir(out("part"))))
done = run("resize", photos)
check("an argument is missing", done.status == 2, done)
common()
end()
