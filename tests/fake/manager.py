#!/usr/bin/env python3
"""manager.py - a service manager: opens sockets, starts a program with them, and prints what it is told.

manager.py NOTIFY-SOCKET WATCHDOG-MS [PORT CONTROL-SOCKET UI-PORT] -- PROGRAM [ARGUMENT...]

Prints "pid N", then for each message its lines, apart by blanks, and at the end "exit CODE".  The program
is the main process until a message says otherwise (MAINPID=); with that one's end the manager ends too.
"""
import os
import signal
import socket
import sys
import time


def tcp_at(port):
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind(("127.0.0.1", port))
    tcp.listen(512)
    return tcp


def listeners(port, path, ui_port):
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    control.bind(path)
    os.chmod(path, 0o660)
    control.listen(64)
    return [("janusd.socket", tcp_at(port)), ("janusd.socket", control), ("ui", tcp_at(ui_port))]


def start(program, passed, watchdog_ms):
    pid = os.fork()
    if pid != 0:
        return pid
    for i, (_, sock) in enumerate(passed):
        os.dup2(sock.fileno(), 103 + i)
    for i, _ in enumerate(passed):
        os.dup2(103 + i, 3 + i)
        os.close(103 + i)
    if passed:
        os.environ["LISTEN_FDS"] = str(len(passed))
        os.environ["LISTEN_PID"] = str(os.getpid())
        os.environ["LISTEN_FDNAMES"] = ":".join(name for name, _ in passed)
    if watchdog_ms:
        os.environ["WATCHDOG_USEC"] = str(watchdog_ms * 1000)
        os.environ["WATCHDOG_PID"] = str(os.getpid())
    os.execvp(program[0], program)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def main():
    split = sys.argv.index("--")
    options, program = sys.argv[1:split], sys.argv[split + 1 :]
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(options[0])
    notify.settimeout(0.05)
    os.environ["NOTIFY_SOCKET"] = options[0]
    passed = listeners(int(options[2]), options[3], int(options[4])) if len(options) > 2 else []
    child = start(program, passed, int(options[1]))
    for _, sock in passed:
        sock.close()  # ours: refused is refused
    main_pid, code = child, None
    print("pid", child, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(main_pid, signal.SIGTERM))
    while True:
        try:
            text = notify.recv(4096).decode()
            print(int(time.monotonic() * 1000), " ".join(text.split("\n")), flush=True)
            for line in text.split("\n"):
                if line.startswith("MAINPID="):
                    main_pid = int(line[8:])
        except TimeoutError:
            pass
        if code is None:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                print("exit", code, flush=True)
        if not alive(main_pid) and (code is not None or main_pid != child):
            break


main()
