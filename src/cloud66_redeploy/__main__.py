"""The step: `python -m cloud66_redeploy`. Wiring only."""

import sys

from cloud66_redeploy.clock import Interrupts


def main() -> int:
    """Wire the real things together and run."""
    interrupts = Interrupts()
    interrupts.install()
    # The rest takes most of the start-up time; a signal that comes during it must already be kept.
    import os  # noqa: PLC0415

    from cloud66_redeploy.api.connecting import Session  # noqa: PLC0415
    from cloud66_redeploy.clock import SystemClock  # noqa: PLC0415
    from cloud66_redeploy.report.reporter import Reporter, open_closed_streams  # noqa: PLC0415
    from cloud66_redeploy.report.text import Cleaner  # noqa: PLC0415
    from cloud66_redeploy.run import Run  # noqa: PLC0415

    open_closed_streams()
    reporter = Reporter(os.environ, Cleaner())
    with Session() as session:
        return Run(os.environ, reporter, session, SystemClock(interrupts), interrupts.window).go()


if __name__ == "__main__":
    sys.exit(main())
