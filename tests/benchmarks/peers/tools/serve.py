"""What every tool's script does: take settings, prepare, run when told to, answer; standard library only.

One JSON document a line: settings in; then `run` or `answer`, and a reply to each. What a tool prints by itself goes to
standard error, since several greet their user on standard output.
"""

import json
import os
import sys
import time


def serve(prepare, run, answer):
    """Talk to the runner.

    `prepare(settings)` gives a job, `run(job)` a result, `answer(job, result)` what to compare.
    """
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def reply(**parts):
        channel.write(json.dumps(parts, default=lambda array: array.tolist()) + "\n")
        channel.flush()

    settings, result = json.loads(sys.stdin.readline()), None
    begin = time.perf_counter()
    job = prepare(settings)
    reply(seconds=time.perf_counter() - begin)
    for line in sys.stdin:
        if line.strip() == "run":
            begin = time.perf_counter()
            result = run(job)
            reply(seconds=time.perf_counter() - begin)
        else:
            reply(answer=answer(job, result))
