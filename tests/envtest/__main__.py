"""`python -m tests.envtest`: prints the folder with kube-apiserver and etcd, and builds them when needed."""

import subprocess
import sys

from tests.envtest import build


def main() -> int:
    try:
        folder = build.ensure(lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201
        build.definitions()
    except FileNotFoundError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd[:3])} failed: see above.", file=sys.stderr)  # noqa: T201
        return 1
    print(folder)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
