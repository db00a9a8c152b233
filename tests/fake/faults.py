#!/usr/bin/env python3
"""faults.py - stands between an HTTP client and a server, and plays faults.

    faults.py LISTEN UPSTREAM RULES LOG

LISTEN and UPSTREAM are a unix socket's path or HOST:PORT.  RULES is a file of one JSON array, read
anew when it changes; open streams (/events) are cut then.  The first rule whose "match" (a regular
expression on "METHOD PATH") fits is played, at most "times" times:

    {"match": "...", "do": "hang"}                        no answer, until the client leaves
    {"do": "answer", "status": 200, "body": "...", "head": "retry-after: 3"}   instead of the server's
    {"do": "cut"}                                         the server's answer, half of its body
    {"do": "flip"}                                        one byte in the middle of the body changed
    {"do": "lost"}                                        the server does it, the answer is lost
    {"do": "reset"}                                       the connection is reset, the server not asked
    {"do": "delay", "seconds": 5}                         then as without a fault
    {"do": "hold"}                                        until the rules change, then as without a fault
    {"do": "drip"}                                        a byte of the body now and then
    {"do": "stream", "body": "..."}                       200, the body, then an open connection
    {"do": "kill", "pid": 1, "when": "before"|"after"}    that process, before or after it is done

Each request is a line "METHOD PATH what" of LOG.  Who comes with TLS is not answered.
"""
import json
import os
import re
import select
import signal
import socket
import struct
import sys
import threading
import time

LISTEN, UPSTREAM, RULES, LOG = sys.argv[1:5]
lock = threading.Lock()
rules, stamp, epoch = [], None, 0
log = open(LOG, "a", buffering=1, encoding="utf-8")


def look_at_rules():
    global rules, stamp, epoch
    at = os.stat(RULES)
    if (at.st_mtime_ns, at.st_ino) != stamp:
        with open(RULES, encoding="utf-8") as file:
            rules = json.load(file)
        stamp = (at.st_mtime_ns, at.st_ino)
        epoch += 1


def rule_for(line):
    with lock:
        look_at_rules()
        for rule in rules:
            if rule.get("times", 1 << 30) > 0 and re.search(rule["match"], line):
                rule["times"] = rule.get("times", 1 << 30) - 1
                return rule, epoch
        return {"do": "pass"}, epoch


def address(text):
    if text.startswith("/"):
        return socket.AF_UNIX, text
    host, port = text.rsplit(":", 1)
    return socket.AF_INET, (host, int(port))


def read_head(conn):
    data = b""
    while b"\r\n\r\n" not in data:
        more = conn.recv(65536)
        if not more or (data + more)[:1] == b"\x16":
            return None, b""
        data += more
    head, rest = data.split(b"\r\n\r\n", 1)
    return head, rest


def header(head, name):
    found = re.search(rb"(?im)^" + name + rb":[ \t]*([^\r\n]*)", head)
    return found.group(1) if found else None


def read_body(conn, head, rest):
    """Whole, still framed as it came."""
    length, coding = header(head, b"content-length"), header(head, b"transfer-encoding")
    if coding:
        while not rest.endswith(b"0\r\n\r\n"):
            more = conn.recv(65536)
            if not more:
                break
            rest += more
    elif length:
        while len(rest) < int(length):
            more = conn.recv(65536)
            if not more:
                break
            rest += more
    return rest


def ask(head, body):
    """Ask the server; the connection, to read its answer from."""
    family, to = address(UPSTREAM)
    server = socket.socket(family)
    server.connect(to)
    head = re.sub(rb"(?im)^(connection|expect):[^\r\n]*\r\n", b"", head + b"\r\n")
    server.sendall(head + b"Connection: close\r\n\r\n" + body)
    return server


def whole(server):
    data = b""
    while True:
        more = server.recv(65536)
        if not more:
            return data
        data += more


def wait_gone(conn):
    while True:
        if select.select([conn], [], [], 60)[0] and not conn.recv(65536):
            return


def pump(conn, server, began, is_stream):
    """The answer as it comes, until either end; a stream also until the rules change."""
    while True:
        ready = select.select([conn, server], [], [], 0.1 if is_stream else 60)[0]
        if is_stream:
            with lock:
                look_at_rules()
                if epoch != began:
                    return
        if conn in ready and not conn.recv(65536):
            return
        if server in ready:
            data = server.recv(65536)
            if not data:
                return
            conn.sendall(data)


def kill(rule):
    os.kill(rule["pid"], signal.SIGKILL)


def play(conn, rule, began, head, body):
    do = rule["do"]
    if do == "hang":
        wait_gone(conn)
    elif do == "answer":
        text = b"" if head.startswith(b"HEAD ") else rule.get("body", "").encode()
        more = rule["head"].encode() + b"\r\n" if "head" in rule else b""
        conn.sendall(b"HTTP/1.1 %d Fault\r\n%scontent-length: %d\r\nconnection: close\r\n\r\n%s"
                     % (rule["status"], more, len(text), text))
    elif do == "stream":
        conn.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + rule["body"].encode())
        while began == epoch and not select.select([conn], [], [], 0.1)[0]:
            with lock:
                look_at_rules()
    elif do == "reset":
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif do in ("cut", "flip", "drip"):
        data = whole(ask(head, body))
        at = data.index(b"\r\n\r\n") + 4
        middle = at + (len(data) - at) // 2
        if do == "cut":
            conn.sendall(data[:middle])
        elif do == "flip":
            conn.sendall(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:])
        else:
            conn.sendall(data[:at])
            for byte in data[at:]:
                conn.sendall(bytes([byte]))
                time.sleep(0.5)
    elif do == "lost":
        whole(ask(head, body))
    elif do == "kill" and rule["when"] == "after":
        whole(ask(head, body))
        kill(rule)
    elif do == "kill":
        kill(rule)
    else:
        if do == "delay":
            time.sleep(rule["seconds"])
        while do == "hold" and began == epoch:
            time.sleep(0.05)
            with lock:
                look_at_rules()
        server = ask(head, body)
        pump(conn, server, began, b"/events" in head.split(b"\r\n", 1)[0])


def serve(conn):
    with conn:
        try:
            head, rest = read_head(conn)
            if head is None:
                return
            body = read_body(conn, head, rest)
            line = " ".join(head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")[:2])
            rule, began = rule_for(line)
            log.write(f"{line} {rule['do']}\n")
            play(conn, rule, began, head, body)
        except OSError:
            pass


def main():
    family, at = address(LISTEN)
    if family == socket.AF_UNIX and os.path.exists(at):
        os.unlink(at)
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(at)
    door.listen(128)
    while True:
        conn, _ = door.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()


main()
