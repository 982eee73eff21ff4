"""The step: `python -m cloud66_redeploy`."""

import sys

from cloud66_redeploy.start import start, with_real_things


def main() -> int:
    """Run the step with the real things."""
    return with_real_things(start)


if __name__ == "__main__":
    sys.exit(main())
