"""
Every pause, grace and time limit of the action, in seconds, each with its reason. Constants only.

The time limits of a single call are the profiles in `api.transport`.
"""

# The records of Cloud 66

CLOCK_SKEW_SECONDS = 5.0
"""Two records of one job are written by different processes; their times differ a little."""

SAME_FINISH_SECONDS = 10.0
"""A deployment and its action end together, within seconds."""

RECORD_LAG_SECONDS = 15.0
"""How long the slower of the two records (deployment, action) gets to catch up with the faster one."""

REFERENCE_LAG_SECONDS = 60.0
"""How long after a POST without an answer its action may still appear."""

LATEST_RECORD_SECONDS = 120.0
"""A stack that is free begins a redeploy at once, and its record is there by then; behind others it may take longer."""

# A no that is asked again before it is believed

ASK_AGAIN_SECONDS = 2.5
"""How soon a no is asked again."""

BELIEVED_AFTER_SECONDS = 5.0
"""So a no is believed when it has come three times in a row."""

REFUSED_ACTIONS_SECONDS = 60.0
"""How long no actions are read that this token has been refused; then it is found out again."""

# Pauses between looks

MIN_PAUSE_SECONDS = 2.0
"""A share of the time waited is next to nothing at first: looks come no closer than this."""

MAX_PAUSE_SECONDS = 15.0
"""For what the past says nothing of. At 240 looks an hour, the 3,000 calls of an hour are enough for a dozen jobs."""

SHORTEST_PAUSE_SECONDS = 1.0
"""However likely the end is now, looks come no closer than the shortest poll_interval that can be given."""

LONGEST_SLOWED_PAUSE_SECONDS = 90.0
"""However few calls are left, news come once in that time."""

PAUSE_WHILE_SETTLING_SECONDS = 5.0
"""It is over, but for what the slower record may still say."""

SAME_ROUND_SECONDS = 1.0
"""Looks that are due so close to each other are made in one round."""

SAY_AGAIN_SECONDS = 60.0
"""How long the log doesn't repeat itself."""

# What the server asks for

THROTTLED_PAUSE_SECONDS = 60.0
"""The hourly limit is used up for all jobs of the user: one call a minute finds the new hour without hammering."""

LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""The hourly limit is the longest that Cloud 66 makes anyone wait."""

ABSURD_RETRY_AFTER_SECONDS = 86_400.0
"""What is longer than a day was not meant."""

# Requests that are sent again

FIRST_RETRY_PAUSE_SECONDS = 1.0
"""A GET or DELETE that failed is made again after 1, 2, 4 … seconds: most trouble is a moment's."""

FIRST_RESEND_PAUSE_SECONDS = 2.0
"""A POST that was not accepted is sent again after 2, 4, 8 … seconds."""

LONGEST_RESEND_PAUSE_SECONDS = 60.0
"""However long a stack has been busy or locked, the request is sent again within a minute."""

ROLLBACK_PAUSE_SECONDS = 3.0
"""Between two looks at a stack that is about to be rolled back."""

# Cancellations

ALARM_AGAIN_SECONDS = 1.0
"""How often the alarm of a call rings: what comes just before the call blocks, or in a destructor, can be lost."""

POST_GRACE_SECONDS = 1.5
"""What a POST under way still gets when the workflow is cancelled: its answer tells which deployment to cancel."""

ABORT_SECONDS = 5.0
"""How long after the signal it looks whether the cancellation took. The runner kills a cancelled step after 10s."""

ABORT_PAUSE_SECONDS = 0.5
"""So that several looks fit into those few seconds."""

CANCEL_ON_TIMEOUT_SECONDS = 20.0
"""So that what is only inferred can be the only candidate for long enough."""

CANCEL_ON_TIMEOUT_PAUSE_SECONDS = 2.0
"""So that several looks fit into that time, too."""

MAKING_WAY_SECONDS = 300.0
"""A deployment that is not cancelled by then won't be soon."""

CLEANUP_SECONDS = 240.0
"""The post step: the runner gives a cancelled job five minutes in all."""

CLEANUP_PAUSE_SECONDS = 3.0
"""The post step has minutes, so it looks less often than a step that is about to be killed."""

# Inputs and commands

LONGEST_INPUT_SECONDS = 86_400
"""A duration of more than a day is taken for a slip."""

STATUS_SECONDS = 120
"""`status` is one look: so long it is tried again where Cloud 66 does not answer."""

# The application's health

VISIT_CONNECT_SECONDS = 5.0
"""Half a visit: so a host whose first address is dead may still answer at its second."""

VISIT_SECONDS = 10.0
"""A visitor would have gone by then."""

BETWEEN_GOOD_VISITS_SECONDS = 2.0
"""While a restart rolls from process to process, good answers and bad ones come in turns."""

# The hourly limit

HOUR_SECONDS = 3600.0
"""The API counts the calls of each hour."""

BURN_WINDOW_SECONDS = 240.0
"""Over how long the burning of calls is measured: shorter jumps about, longer doesn't see new jobs come."""

SHORTEST_BURN_WINDOW_SECONDS = 20.0
"""Over less, a few calls in a row would pass for the pace of all jobs."""

LEAST_NEEDED_SECONDS = 300.0
"""A job that ends soon leaves something to those that don't."""
