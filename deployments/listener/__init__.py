"""The listener joins the message bus to the Prefect server: messages start runs, and the ends of runs are answered.

A deployment with the tag `escavador` or `executador` reads the stream of its name; a message there becomes a run of it,
and when that has ended, in whatever way, the listener answers. So who writes a collector or an executor writes an
ordinary job and nothing about messages. On `oraculo` messages start conversations; on `trabalhos` the ends of all jobs
are announced.

Ends are found by a poll. Prefect's event stream drops what a slow subscriber has not read and gives no more than a
thousand events again after a lost connection; an automation makes a run of its own for each end, or posts it once and
never again. A poll of an indexed column costs some milliseconds, and what was missed is there the next time.
"""
