"""faults.py - the table of what goes wrong, and how it is done.

A fault is a generator: it does the harm, yields how many seconds that is to last, and takes it away.  What it
may cost clients is in the table, so that everything else is a violation:

    cuts     connections to janusd may break, or be refused
    web      the endpoint "web" may fail
    agents   an agent task is asked of it afterwards, until it is answered
    engine   it needs an engine of its own
"""
import io
import json
import os
import resource
import signal
import tarfile
import time

from world import call, UnixConnection

FAULTS = []


class Fault:
    def __init__(self, name, weight, do, cuts=False, web=False, agents=False, engine=False):
        self.name, self.weight, self.do = name, weight, do
        self.what = name.split()[0].removesuffix("'s")  # of one thing there is one at a time
        self.cuts, self.web, self.agents, self.engine = cuts, web, agents, engine


class NotNow(Exception):
    """There is nothing of the kind to harm at this moment."""


def fault(name, weight, **more):
    def add(do):
        FAULTS.append(Fault(name, weight, do, **more))
        return do
    return add


def one_of(world, lot):
    """A competitor in a pod of ours."""
    return lot.choice(["baseline-agent", "owl"] + (["elk"] if world.own_engine else []))


def process_in(world, competitor, role):
    pid = world.pid_in(competitor, role)
    if not pid:
        raise NotNow(f"no {role} of {competitor}")
    return pid


# --- killed -----------------------------------------------------------------------------

@fault("janusd killed", 8, cuts=True)
def _(world, _lot):
    world.daemons["janusd"].kill()
    yield 0


@fault("janusd killed twice", 2, cuts=True)
def _(world, lot):
    world.daemons["janusd"].kill()
    time.sleep(lot.uniform(0.35, 1.5))  # in the middle of its start
    world.daemons["janusd"].kill()
    yield 0


@fault("janusd told to end", 2, cuts=True)
def _(world, _lot):
    world.daemons["janusd"].may_die(60)
    world.daemons["janusd"].signal(signal.SIGTERM)
    until = time.monotonic() + 40
    pid = world.daemons["janusd"].pid
    while pid and world.daemons["janusd"].pid == pid and time.monotonic() < until:
        time.sleep(0.05)
    yield 0


@fault("janus-platform killed", 4, agents=True)
def _(world, _lot):
    world.daemons["janus-platform"].kill()
    yield 0


@fault("janus-sandboxd killed", 4, agents=True)
def _(world, _lot):
    world.daemons["janus-sandboxd"].kill()
    yield 0


@fault("all three killed", 2, cuts=True, agents=True)
def _(world, lot):
    names = ["janusd", "janus-platform", "janus-sandboxd"]
    lot.shuffle(names)
    for name in names:
        world.daemons[name].kill()
    yield 0


@fault("competitor killed", 6)
def _(world, lot):
    os.kill(process_in(world, one_of(world, lot), "competitor"), signal.SIGKILL)
    yield 0


@fault("link killed", 4)
def _(world, lot):
    os.kill(process_in(world, one_of(world, lot), "link"), signal.SIGKILL)
    yield 0


@fault("pod removed by hand", 2)
def _(world, lot):
    name = one_of(world, lot)
    for c in world.pods() or []:
        if c["Labels"].get("rodeo.janus.competitor") == name:
            world.engine("DELETE", f"/containers/{c['Id']}?force=1")
    yield 0


@fault("sandbox killed", 3, agents=True)
def _(world, lot):
    found = [c for c in world.sandboxes() or [] if c["State"] == "running"]
    if not found:
        raise NotNow("no sandbox")
    world.engine("POST", f"/containers/{lot.choice(sorted(found, key=lambda c: c['Id']))['Id']}/kill")
    yield 0


@fault("endpoint killed", 2, web=True)
def _(world, lot):
    world.daemons["web"].held = True
    world.daemons["web"].kill()
    yield lot.uniform(0.5, 3)
    world.daemons["web"].held = False


def workers(world):
    """Of runs: children of janusd, that outlive it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if b"work" in words[1:2] and any(w.decode(errors="replace").startswith(world.state) for w in words):
            found.append(int(pid))
    return sorted(found)


def worker(world, seconds=3):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = workers(world)
        if found:
            return found[0]
        time.sleep(0.1)
    raise NotNow("no run is under way")


@fault("worker of a run killed", 5)
def _(world, _lot):
    os.kill(worker(world), signal.SIGKILL)
    yield 0


# --- paused -----------------------------------------------------------------------------

def paused(pid, seconds):
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError as err:
        raise NotNow("it has gone") from err
    yield seconds
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        pass


@fault("janusd paused", 4, cuts=True)
def _(world, lot):
    yield from paused(world.daemons["janusd"].pid, lot.uniform(0.5, 4))


@fault("janus-platform paused", 2, agents=True)
def _(world, lot):
    yield from paused(world.daemons["janus-platform"].pid, lot.uniform(0.5, 4))


@fault("janus-sandboxd paused", 2, agents=True)
def _(world, lot):
    yield from paused(world.daemons["janus-sandboxd"].pid, lot.uniform(0.5, 4))


@fault("competitor paused", 3)
def _(world, lot):
    yield from paused(process_in(world, one_of(world, lot), "competitor"), lot.uniform(0.5, 4))


@fault("link paused", 2)
def _(world, lot):
    yield from paused(process_in(world, one_of(world, lot), "link"), lot.uniform(0.5, 4))


@fault("endpoint paused", 2, web=True)
def _(world, lot):
    yield from paused(world.daemons["web"].pid, lot.uniform(0.5, 4))


@fault("worker of a run paused", 2)
def _(world, lot):
    yield from paused(worker(world), lot.uniform(0.5, 4))


# --- the engine -----------------------------------------------------------------------------

@fault("engine's socket gone", 4, agents=True)
def _(world, lot):
    world.daemons["front"].held = True
    world.daemons["front"].kill()
    os.unlink(world.front)
    yield lot.uniform(0.5, 4)
    world.daemons["front"].held = False


def rule(world, match, do, lasting, **more):
    world.play({"match": match, "do": do, **more})
    yield lasting
    world.play()


@fault("engine hangs", 3, agents=True)
def _(world, lot):
    yield from rule(world, ".", "hang", lot.uniform(0.5, 4))


@fault("engine answers 500", 3, agents=True)
def _(world, lot):
    yield from rule(world, ".", "answer", lot.uniform(0.5, 3), status=500, body='{"message":"connection error: desc = transport"}')


@fault("engine's answers lost", 3, agents=True)
def _(world, lot):
    yield from rule(world, "^(POST|DELETE) ", "lost", lot.uniform(1, 4))


@fault("engine's answers cut", 2, agents=True)
def _(world, lot):
    yield from rule(world, ".", "cut", lot.uniform(0.5, 3))


@fault("engine slow", 2, agents=True)
def _(world, lot):
    yield from rule(world, ".", "delay", lot.uniform(1, 4), seconds=round(lot.uniform(0.3, 1.5), 2))


@fault("engine killed", 3, agents=True, engine=True)
def _(world, _lot):
    world.daemons["dockerd"].kill()
    yield 0
    world.engine_is_back()


@fault("engine restarted", 2, agents=True, engine=True)
def _(world, _lot):
    world.daemons["dockerd"].may_die(60)
    pid = world.daemons["dockerd"].pid
    world.daemons["dockerd"].signal(signal.SIGTERM)
    until = time.monotonic() + 40
    while world.daemons["dockerd"].pid == pid and time.monotonic() < until:
        time.sleep(0.05)
    yield 0
    world.engine_is_back()


@fault("engine paused", 2, agents=True, engine=True)
def _(world, lot):
    yield from paused(world.daemons["dockerd"].pid, lot.uniform(0.5, 4))


@fault("engine and janusd killed", 2, cuts=True, agents=True, engine=True)
def _(world, _lot):
    world.daemons["dockerd"].kill()
    world.daemons["janusd"].kill()
    yield 0
    world.engine_is_back()


# --- layers -----------------------------------------------------------------------------

def elk_layer(world):
    """Where the engine keeps the file that elk is."""
    image = world.engine("GET", "/images/" + world.elk + "/json").json()
    for place in [image["GraphDriver"]["Data"]["UpperDir"]] + image["GraphDriver"]["Data"].get("LowerDir", "").split(":"):
        path = os.path.join(place, "hostile")
        if place and os.path.exists(path):
            return path
    raise NotNow("elk's layer was not found")


@fault("layer corrupted on the disk", 2, engine=True)
def _(world, lot):
    path = elk_layer(world)
    with open(path, "rb") as file:
        whole = file.read()
    with open(path + ".new", "wb") as file:
        file.write(bytes(4096) + whole[4096:])
    os.chmod(path + ".new", 0o755)
    os.rename(path, path + ".kept")
    os.rename(path + ".new", path)
    pid = world.pid_in("elk", "competitor")
    if pid:
        os.kill(pid, signal.SIGKILL)
    yield lot.uniform(2, 4)
    os.rename(path + ".kept", path)
    world.until_answered("POST", "/api/v1/competitors/elk/restart")  # as an operator does who has mended it


def image_tar(hostile, stamp):
    """A context to build an image of, with a layer that no other has."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data, mode in (("Dockerfile", b'FROM scratch\nCOPY root /\nLABEL rodeo.janus.manifest="{\\"name\\":\\"chaos\\",\\"port\\":8080}"\n'
                                  b'USER 10001:10001\nCMD ["/hostile","ok"]\n', 0o644),
                                 ("root/hostile", hostile, 0o755), ("root/stamp", stamp, 0o644)):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def build(world, tag, stamp):
    from urllib.parse import quote
    got = call(lambda: UnixConnection(world.engine_socket, 60), "POST", "/build?t=" + quote(tag) + "&forcerm=1",
               image_tar(world.hostile, stamp), {"content-type": "application/x-tar"})
    if not got.ok or b"errorDetail" in got.body:
        raise NotNow(f"an image could not be built: {got}")


@fault("layer corrupted on its way", 3, engine=True)
def _(world, lot):
    stamp = f"{lot.randrange(1 << 62)}-{time.time_ns()}"
    name = "c" + stamp.replace("-", "")[-16:]
    tag = f"{world.registry}/chaos/{name}:1"
    build(world, tag, (stamp * 200).encode())
    pushed = call(lambda: UnixConnection(world.engine_socket, 60), "POST", f"/images/{world.registry}/chaos/{name}/push?tag=1",
                  b"", {"x-registry-auth": "e30="})
    if not pushed.ok or b"errorDetail" in pushed.body:
        raise NotNow(f"an image could not be pushed: {pushed}")
    world.engine("DELETE", "/images/" + tag + "?force=1")
    with open(world.registry_rules, "w", encoding="ascii") as file:
        json.dump([{"match": "^GET /v2/.*/blobs/", "do": "flip", "times": lot.randrange(1, 3)}], file)
    yield 0
    made = world.control("POST", "/api/v1/submissions", {"name": name, "image": f"{world.registry_front}/chaos/{name}:1"}).json()

    def not_accepted():
        got = world.control("GET", f"/api/v1/submissions/{made.get('id')}").json()
        return None if got.get("state") == "ready" else f"submission {made} is {got.get('state')} {got.get('state_reason')} {got.get('state_detail')}"

    yield not_accepted
    world.until_answered("DELETE", "/api/v1/competitors/" + name)


# --- the disk, the clock, descriptors, memory ----------------------------------------------

@fault("disk full", 5, cuts=True)
def _(world, lot):
    path = os.path.join(world.state, "filler")
    filler = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    room = os.statvfs(world.state)
    try:
        os.posix_fallocate(filler, 0, max(room.f_bavail * room.f_frsize, 1))
        while True:  # what was freed meanwhile, to the last block
            os.lseek(filler, 0, os.SEEK_END)
            os.write(filler, bytes(4096))
    except OSError:
        pass
    os.close(filler)
    yield lot.uniform(1, 4)
    os.unlink(path)


@fault("disk full, janusd killed", 2, cuts=True)
def _(world, lot):
    full = FAULT["disk full"].do(world, lot)
    seconds = next(full)
    world.daemons["janusd"].may_die(seconds + 10)
    world.daemons["janusd"].kill()
    yield seconds
    next(full, None)


def jumped(world, lot, seconds):
    world.set_clock(seconds)
    yield lot.uniform(1, 4)
    world.set_clock(0)


@fault("clock an hour ahead", 3)
def _(world, lot):
    yield from jumped(world, lot, 3600)


@fault("clock an hour behind", 3)
def _(world, lot):
    yield from jumped(world, lot, -3600)


@fault("clock a day behind, janusd killed", 1, cuts=True)
def _(world, lot):
    world.set_clock(-86400)
    world.daemons["janusd"].kill()
    yield lot.uniform(2, 4)
    world.set_clock(0)


def lowered(world, name, what, value, seconds):
    pid = world.daemons[name].pid
    if not pid:
        raise NotNow(f"{name} has gone")
    world.daemons[name].may_die(seconds + 10)
    was = world.limit(pid, what, value(pid))
    yield seconds
    try:
        resource.prlimit(pid, what, was)
    except ProcessLookupError:
        pass


def few_descriptors(pid):
    return max(int(n) for n in os.listdir(f"/proc/{pid}/fd")) + 1


def little_memory(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmSize:")) * 1024 + (64 << 10)


@fault("janusd without descriptors", 3, cuts=True)
def _(world, lot):
    yield from lowered(world, "janusd", resource.RLIMIT_NOFILE, few_descriptors, lot.uniform(1, 4))


@fault("janus-platform without descriptors", 2, agents=True)
def _(world, lot):
    yield from lowered(world, "janus-platform", resource.RLIMIT_NOFILE, few_descriptors, lot.uniform(1, 4))


@fault("janus-sandboxd without descriptors", 2, agents=True)
def _(world, lot):
    yield from lowered(world, "janus-sandboxd", resource.RLIMIT_NOFILE, few_descriptors, lot.uniform(1, 4))


@fault("janusd without memory", 3, cuts=True)
def _(world, lot):
    yield from lowered(world, "janusd", resource.RLIMIT_AS, little_memory, lot.uniform(1, 4))


@fault("janus-platform without memory", 2, agents=True)
def _(world, lot):
    yield from lowered(world, "janus-platform", resource.RLIMIT_AS, little_memory, lot.uniform(1, 4))


@fault("janus-sandboxd without memory", 2, agents=True)
def _(world, lot):
    yield from lowered(world, "janus-sandboxd", resource.RLIMIT_AS, little_memory, lot.uniform(1, 4))


FAULT = {f.name: f for f in FAULTS}


def possible(world, kinds):
    """Of those that this world can have: a sanitizer needs its address space."""
    return [f for f in FAULTS if (world.own_engine or not f.engine) and not (world.sanitized and "memory" in f.name)
            and (not kinds or any(k in f.name for k in kinds))]
