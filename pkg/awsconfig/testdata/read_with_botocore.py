"""Reads pairs of config and credentials files as botocore does.

stdin: a JSON array of {"config": base64, "credentials": base64 or null}.
stdout: a JSON array of {"error": text} or {"profiles", "sso_sessions", "services"}.
"""

import base64
import json
import os
import sys
import tempfile

import botocore.exceptions
import botocore.session


def read(case, folder, session):
    session._config = None  # a new session for each case takes 13 ms
    for variable, name in (("config_file", "config"), ("credentials_file", "credentials")):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            os.remove(path)
        if case[name] is not None:
            with open(path, "wb") as f:
                f.write(base64.b64decode(case[name]))
        session.set_config_variable(variable, path)
    try:
        config = session.full_config
    except botocore.exceptions.ConfigParseError as e:
        return {"error": str(e)}
    return {key: config.get(key, {}) for key in ("profiles", "sso_sessions", "services")}


def main():
    cases = json.load(sys.stdin)
    session = botocore.session.Session()
    with tempfile.TemporaryDirectory() as folder:
        json.dump([read(case, folder, session) for case in cases], sys.stdout)


main()
