#!/usr/bin/env python3
"""Solves levels of podhop from what `podhop shell LEVEL --json` answers, and from nothing else.

    python3 examples/solver.py target/release/podhop clusterip headless

Each round plays the whole answer so far from the level's start: reset, files, apply, commands, grade.
What the verdict says of a goal that fails becomes one more change. Standard library alone.
"""

import json
import re
import subprocess
import sys

ROUNDS = 8


class Shell:
    """A level in `podhop shell --json`: a line in, an object out."""

    def __init__(self, podhop, level, seed):
        self.process = subprocess.Popen(
            [podhop, "shell", level, "--json", "--seed", str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer

    def run(self, command):
        return self.ask({"run": command})["stdout"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Answer:
    """Files that have changed, and commands that are typed after they were applied."""

    def __init__(self, shell, files):
        self.shell, self.files, self.commands = shell, dict(files), []

    def line(self, at):
        """A file's lines, and the index of the line that a diagnosis points at."""
        name, number = at.rsplit(":", 1)
        return name, self.files[name].split("\n"), int(number) - 1

    def set_line(self, at, change):
        name, lines, index = self.line(at)
        lines[index] = change(lines[index])
        self.files[name] = "\n".join(lines)

    def objects(self, name):
        """What a file describes, as JSON."""
        quoted = "cat <<'END' | kubectl create --dry-run=client -o json -f -\n"
        return json.loads(self.shell.run(quoted + self.files[name] + "\nEND"))


def one_word_for_another(answer, why):
    """`write 10.244.1.3 instead of testpod1`"""
    found = re.match(r"write (\S+) instead of (\S+?),", why["fix"])
    if not found or not why["at"]:
        return False
    new, old = found.groups()
    answer.set_line(why["at"], lambda line: line.replace(old, new))
    return True


def another_value(answer, why):
    """`write app: backend in the selector (backend.yaml:7)`, at a line that has this key."""
    found = re.match(r"write ([\w.-]+): (\S+?)[,;.]? ", why["fix"] + " ")
    if not found or not why["at"]:
        return False
    key, value = found.groups()
    _, lines, index = answer.line(why["at"])
    if not re.match(r"[\s-]*" + re.escape(key) + ":", lines[index]):
        return False
    answer.set_line(why["at"], lambda line: line[:line.index(key)] + f"{key}: {value}")
    return True


def make_a_controller(answer, why):
    """A bare pod becomes the template of a Deployment, and a Service leads to it."""
    name = why["at"].split(":")[0]
    pod = answer.objects(name)
    labels, called = pod["metadata"]["labels"], pod["metadata"]["name"]
    answer.files[name] = json.dumps({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": called},
        "spec": {"selector": {"matchLabels": labels},
                 "template": {"metadata": {"labels": labels}, "spec": pod["spec"]}}})
    answer.commands.append(f"kubectl expose deployment {called} --port=80")
    answer.service = called
    return True


def call_the_service(answer, why):
    """An address that nobody has gives way to a Service's name."""
    service = getattr(answer, "service", None)
    if not service:
        return False
    answer.set_line(why["at"], lambda line: re.sub(r"(value:\s*).*", r"\g<1>" + service, line))
    return True


def open_the_nodes(answer, why):
    """The Service gets a node port, and whoever dials a node looks it up."""
    services = json.loads(answer.shell.run("kubectl get services -o json"))["items"]
    ours = [s for s in services if s["metadata"]["name"] != "kubernetes"]
    service, port = ours[0]["metadata"]["name"], ours[0]["spec"]["ports"][0]["port"]
    for name, text in answer.files.items():
        answer.files[name] = text.replace("type: ClusterIP", "type: NodePort")
    lookup = f"$(kubectl get service {service} -o jsonpath='{{.spec.ports[0].nodePort}}')"
    answer.set_line(why["at"], lambda line: line.replace(f":{port}", f":{lookup}"))
    return True


def make_it_headless(answer, why):
    """A Service keeps its cluster IP for life: it is deleted, and made anew without one."""
    name, lines, _ = answer.line(why["at"])
    start = next(i for i, line in enumerate(lines) if line == "kind: Service")
    spec = next(i for i in range(start, len(lines)) if lines[i] == "spec:")
    service = next(line.split()[1] for line in lines[start:spec] if line.startswith("  name:"))
    lines.insert(spec + 1, "  clusterIP: None")
    answer.files[name] = "\n".join(lines)
    answer.commands.append(f"kubectl delete service {service}; kubectl apply -f {name}")
    return True


# By the code of a diagnosis; whatever has none here is tried as a change of words.
MOVES = {
    "nothing-brings-it-back": make_a_controller,
    "no-such-pod-address": call_the_service,
    "closed-node-port": open_the_nodes,
    "one-virtual-ip": make_it_headless,
}


def improve(answer, verdict):
    """Changes the answer by what the goals say; whether anything was changed."""
    moved = False
    for goal in verdict["goals"]:
        why = goal.get("diagnosis")
        if not why or goal.get("sameCauseAs"):
            continue
        moves = [MOVES[why["code"]]] if why["code"] in MOVES else [one_word_for_another, another_value]
        moved = any([move(answer, why) for move in moves]) or moved
        if why["code"] in ("closed-node-port", "one-virtual-ip"):
            break
    return moved


def solve(podhop, level, seed=1):
    """The number of rounds it took, or None."""
    shell = Shell(podhop, level, seed)
    try:
        start = shell.ask({"reset": {}})
        locked = {file["name"] for file in start["level"]["files"] if file["locked"]}
        answer = Answer(shell, start["files"])
        for number in range(1, ROUNDS + 1):
            shell.ask({"reset": {}})
            shell.ask({"files": {n: t for n, t in answer.files.items() if n not in locked}})
            shell.ask({"apply": {}})
            for command in answer.commands:
                shell.run(command)
            graded = shell.ask({"grade": {}})
            if graded["done"]:
                return number
            if not improve(answer, graded["verdict"]):
                return None
    finally:
        shell.close()
    return None


def main():
    podhop, levels = sys.argv[1], sys.argv[2:]
    failed = False
    for level in levels:
        rounds = solve(podhop, level)
        failed = failed or rounds is None
        print(f"{level}: " + (f"solved in round {rounds}" if rounds else "not solved"))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
