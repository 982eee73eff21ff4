"""
The post step: `python -m cloud66_redeploy.cleanup`. Runs when the job was cancelled or failed.

If the step was killed before it could cancel its deployment (or before it could see that the cancellation took), this
does it, with minutes instead of seconds. It never fails the job.
"""

import sys

from cloud66_redeploy.clock import Interrupts


def main() -> int:
    """Wire the real things together and cancel what was left running."""
    interrupts = Interrupts()
    interrupts.install()
    import os  # noqa: PLC0415 - after the handlers, as in __main__

    from cloud66_redeploy.api.connecting import Session  # noqa: PLC0415
    from cloud66_redeploy.clock import SystemClock  # noqa: PLC0415
    from cloud66_redeploy.left_over import cancel_left_over  # noqa: PLC0415
    from cloud66_redeploy.report.reporter import Reporter, open_closed_streams  # noqa: PLC0415
    from cloud66_redeploy.report.text import Cleaner  # noqa: PLC0415

    open_closed_streams()
    reporter = Reporter(os.environ, Cleaner())
    with Session() as session:
        cancel_left_over(os.environ, reporter, session, SystemClock(interrupts), interrupts.window)
    return 0


if __name__ == "__main__":
    sys.exit(main())
