#!/usr/bin/env python3
"""A name server that answers as the cluster's CoreDNS does, for what the lists ask."""
import socket
import struct
import threading

ZONE = "cluster.local."
DOMAIN = "default.svc.cluster.local."
RECORDS = {
    ("web." + DOMAIN, 1): ["10.96.0.80"],
    ("kubernetes." + DOMAIN, 1): ["10.96.0.1"],
    ("kube-dns.kube-system.svc.cluster.local.", 1): ["10.96.0.10"],
    ("80.0.96.10.in-addr.arpa.", 12): ["web." + DOMAIN],
    ("1.0.96.10.in-addr.arpa.", 12): ["kubernetes." + DOMAIN],
    ("10.0.96.10.in-addr.arpa.", 12): ["kube-dns.kube-system.svc.cluster.local."],
    ("web." + DOMAIN, 33): [(0, 50, 80, "web." + DOMAIN), (0, 50, 8080, "web." + DOMAIN)],
    ("_http._tcp.web." + DOMAIN, 33): [(0, 100, 80, "web." + DOMAIN)],
}
SERIAL = 1767603603


def name(text):
    labels = text.rstrip(".").split(".") if text != "." else []
    return b"".join(bytes([len(l)]) + l.encode() for l in labels) + b"\0"


SOA = (ZONE, 6, name("ns.dns." + ZONE) + name("hostmaster." + ZONE) + struct.pack("!5I", SERIAL, 7200, 1800, 86400, 30))
ROOT = (".", 6, name("a.root-servers.net.") + name("nstld.verisign-grs.com.") + struct.pack("!5I", 2026010500, 7200, 3600, 1209600, 3600))
RECORDS[ZONE, 2] = ["kube-dns.kube-system.svc.cluster.local."]
EXISTS = {name for name, _ in RECORDS} | {ZONE, "svc.cluster.local.", "default.svc.cluster.local."}


def read_name(data, at):
    labels = []
    while data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].decode("latin1"))
        at += 1 + data[at]
    return ".".join(labels) + ".", at + 1


def answer(data):
    number, flags, questions, _, _, more = struct.unpack("!6H", data[:12])
    asked, at = read_name(data, 12)
    kind, _ = struct.unpack("!2H", data[at : at + 4])
    question = data[12 : at + 4]
    edns = data[at + 4 :] if more else b""
    key = asked.lower()
    # Addresses without a name fall through to the servers outside, as the Corefile has it.
    inside = key.endswith(ZONE) or (key, kind) in RECORDS
    code, records, authority, extra = 0, [], [], []
    found = RECORDS.get((key, kind), []) if inside else []
    for value in found:
        if kind == 1:
            content = socket.inet_aton(value)
        elif kind == 33:
            content = struct.pack("!3H", *value[:3]) + name(value[3])
            for address in RECORDS.get((value[3], 1), []):
                extra.append((value[3], 1, socket.inet_aton(address)))
        else:
            content = name(value)
        records.append((asked, kind, content))
    if not found:
        # The kubernetes plugin has an answer without records for SOA questions below its zone.
        code = 0 if inside and (key in EXISTS or kind == 6) else 3
        (authority if key != ZONE or kind != 6 else records).append(SOA if inside else ROOT)
    pack = lambda all: b"".join(
        name(n) + struct.pack("!HHIH", k, 1, 30, len(c)) + c for n, k, c in all
    )
    bits = 0x8000 | (flags & 0x0110) | code | (0x0400 if inside else 0x0080)
    counts = (len(records), len(authority), len(extra) + (1 if edns else 0))
    head = struct.pack("!6H", number, bits, 1, *counts)
    if edns:
        # CoreDNS gives the question's EDNS record back, flag and cookie too; a server outside has no cookie.
        size, _, bits, length = struct.unpack("!HHHH", edns[3:11])
        options = edns[11 : 11 + length] if inside else b""
        edns = b"\0" + struct.pack("!HHHHH", 41, size, 0, bits & 0x8000, len(options)) + options
    return head + question + pack(records) + pack(authority) + pack(extra) + edns


def over_udp(server):
    while True:
        data, peer = server.recvfrom(4096)
        try:
            server.sendto(answer(data), peer)
        except (struct.error, IndexError):
            pass  # no question


def over_tcp(server):
    while True:
        client, _ = server.accept()
        try:
            size = struct.unpack("!H", client.recv(2))[0]
            reply = answer(client.recv(size))
            client.sendall(struct.pack("!H", len(reply)) + reply)
        except (struct.error, IndexError, OSError):
            pass
        client.close()


def silent(address, port):
    """A Service has no rule for its other ports: what is sent there is lost, as into a full queue."""
    lost = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()]
    for one in lost:
        one.bind((address, port))
    lost[1].listen(0)
    for _ in range(3):
        caller = socket.socket()
        caller.setblocking(False)
        caller.connect_ex((address, port))
        lost.append(caller)
    return lost


unanswered = [silent(*place) for place in [("10.96.0.10", 54), ("10.96.0.10", 443), ("10.96.0.10", 853), ("10.96.0.80", 443)]]
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("10.96.0.10", 53))
tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.bind(("10.96.0.10", 53))
tcp.listen(8)
threading.Thread(target=over_tcp, args=(tcp,), daemon=True).start()
over_udp(udp)
