"""The command line. Each file holds one command or group; the work is done by the verbs and by the
server.
"""
