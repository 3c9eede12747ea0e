"""A mail server for tests: aiosmtpd on a free port of loopback, with TLS and AUTH as asked, and what it took as lines of JSON.

Arguments: one JSON object. `folder`: where `taken.jsonl` is written and the faults of the day are read from:
  stall       after a message was written down, wait instead of answering
  die         after a message was written down, end at once
  busy        answer every recipient with 451
`cert`, `key`: PEM files. `implicit`: TLS from the first byte, else STARTTLS. `user`, `password`: AUTH. `port`: 0 takes a free one.
Recipients whose local part begins with `gone` are refused with 550. The port is the first line of standard output.
"""

import asyncio
import email
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

settings = json.loads(sys.argv[1])
folder = settings["folder"]


def fault(name):
    return os.path.exists(os.path.join(folder, name))


def body(message, kind):
    part = message.get_body(preferencelist=(kind,))
    return part.get_content() if part else ""


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone"):
            return f"550 5.1.1 <{address}>: no such mailbox"
        if fault("busy"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        tls = server.transport.get_extra_info("ssl_object")
        taken = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "message_id": str(message["Message-ID"]),
            "subject": str(message["Subject"]),
            "text": body(message, "plain"),
            "html": body(message, "html"),
            "defects": [str(defect) for defect in message.defects],
            "tls": tls.version() if tls else None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
        }
        with open(os.path.join(folder, "taken.jsonl"), "a", encoding="utf-8") as file:
            file.write(json.dumps(taken, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if fault("die"):
            os._exit(1)
        while fault("stall"):
            await asyncio.sleep(0.05)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login.decode(), data.password.decode()) == (settings["user"], settings["password"])
    return AuthResult(success=good, handled=False, auth_data=data if good else None)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["cert"], settings["key"])
    implicit = settings["implicit"]

    def session():
        return SMTP(
            Handler(),
            hostname="localhost",
            tls_context=None if implicit else context,
            require_starttls=not implicit,
            authenticator=authenticate,
            auth_required=True,
            auth_require_tls=not implicit,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", settings["port"], ssl=context if implicit else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started it holds the other end of standard input: it ends with them.
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
