"""The worker of pools whose runs wait: many at once in one process.

A delivery waits for a foreign server, a conversation for the answers of others, for as long as that may take; neither
needs a process of its own, and they must hold no slot that jobs wait for. So each kind has a pool of its own, whose
worker runs each as a task of one event loop: a hundred silent endpoints cost a hundred sockets.
"""
