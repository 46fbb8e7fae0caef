"""The worker of the `webhooks` pool: many deliveries at once in one process.

A delivery waits for a foreign server, for as long as that may take; it needs no process of its own, and must hold no
slot that jobs or other deliveries wait for. So deliveries have a pool of their own, whose worker runs each as a task
of one event loop: a hundred silent endpoints cost a hundred sockets.
"""
