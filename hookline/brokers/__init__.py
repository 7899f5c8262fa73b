"""The broker: Dramatiq's messages to the worker's actors, inside this process, over Redis or over RabbitMQ.

It may lose, repeat or reorder anything: a message carries ids, the rows in the database are the truth.
"""
